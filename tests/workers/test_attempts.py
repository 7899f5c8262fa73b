"""From a leased delivery to its request, and from the answer to the row in the log. Nothing is sent
here.
"""

import asyncio
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus

import orjson
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from hookline import clock, ids
from hookline.deliveries.queue.base import AttemptResult, ClaimedDelivery
from hookline.deliveries.retries import AttemptError
from hookline.deliveries.target import Target
from hookline.errors import HooklineError
from hookline.ids import uuid7
from hookline.models import AttemptCause, AttemptOutcome, DeliveryState
from hookline.outbound.signing import new_secret
from hookline.secrets.vault import KeyRing, Vault
from hookline.secrets.webhook_columns import (
    BASIC_AUTH,
    HEADERS,
    SECRET_HEADER,
    SIGNING,
    secret_location,
)
from tests.tables import each_of
from workers.answers import ReceiverAnswer
from workers.attempts import RunningAttempt
from workers.bodies import plain

VAULT = Vault(KeyRing([b"k" * 32]), Vault.new_fingerprint_key())
SECRETS = [new_secret(), new_secret()]
OK = ReceiverAnswer(200, 12)


def target(
    ends: tuple[str | None, str | None] = (None, None), secret: str = "s3cret", **changes: Any
) -> Target:
    """A webhook with a header of each kind and two current signing secrets, as the queue
    loads it.
    """
    key, workspace = uuid7(), uuid7()

    def sealed(text: str, column: str, name: str = "") -> str:
        return VAULT.seal(text, secret_location(workspace, key, column, name))

    row = {
        "id": key,
        "workspace_id": workspace,
        "url": "http://127.0.0.1/in",
        "environments": "\nproduction\n",
        "events": "\norder.*.*\n",
    }
    row |= {
        "is_active": True,
        "auto_disabled_at": None,
        "event_filter": None,
        "rate_per_minute": None,
        "payload_template": None,
        "version": 3,
        "timeout_ms": 15_000,
        "concurrency": 10,
        "retry_schedule": "[60, 600]",
    }
    headers = [
        {"name": "X-Shop", "value": "7"},
        {"name": "X-Api-Key", "sealed": sealed("k3y-0f-sh0p", HEADERS, "X-Api-Key")},
    ]
    row |= {
        HEADERS: orjson.dumps(headers),
        "secret_header_name": "X-Webhook-Secret",
        SECRET_HEADER: sealed(secret, SECRET_HEADER, "X-Webhook-Secret"),
    }
    row |= {"basic_auth_username": "u", BASIC_AUTH: sealed("p4ss-0f-sh0p", BASIC_AUTH, "u")}
    entries = [
        {"sealed": sealed(signing, SIGNING), "expiresAt": end}
        for signing, end in zip(SECRETS, ends, strict=True)
    ]
    row |= {SIGNING: orjson.dumps(entries)}
    return Target({**row, **changes}, VAULT)


BODY = b'{"id":"evt_1"}'


def claimed(**changes: Any) -> ClaimedDelivery:
    row = ClaimedDelivery(
        uuid7(),
        uuid7(),
        uuid7(),
        uuid7(),
        1,
        "order.order.create",
        "production",
        '{"b":1,"a":2}',
        clock.now(),
        0,
        False,
        None,
        1,
    )
    return row._replace(**changes)


def result(answer: ReceiverAnswer, **changes: Any) -> AttemptResult:
    attempt = RunningAttempt(claimed(**changes), target(), clock.monotonic())
    attempt.request(BODY)
    return attempt.result(answer)


def move(answer: ReceiverAnswer, **changes: Any) -> tuple[int, float | None, int]:
    ended = result(answer, **changes)
    return ended.state, ended.wait_seconds, ended.step


@pytest.mark.parametrize("secret", SECRETS, ids=["newest", "older"])
def test_request_is_signed_under_every_living_secret(secret: str) -> None:
    row = claimed()
    attempt = RunningAttempt(row, target(), clock.monotonic())
    request = attempt.request(plain(row, attempt.message_id))
    headers = {name.lower(): value for name, value in request.headers}
    assert Verifier(secret).verify(request.body, headers)["id"] == ids.encode("evt", row.event_id)


def test_secret_that_has_expired_signs_no_more() -> None:
    past, future = "2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
    request = RunningAttempt(claimed(), target(ends=(future, past)), clock.monotonic()).request(
        BODY
    )
    headers = {name.lower(): value for name, value in request.headers}
    assert Verifier(SECRETS[0]).verify(request.body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRETS[1]).verify(request.body, headers)


def test_every_try_has_the_body_and_the_id_of_the_first_and_a_span_of_its_own() -> None:
    row, webhook = claimed(), target()
    first, second = [
        RunningAttempt(row._replace(number=number), webhook, clock.monotonic()).request(BODY)
        for number in (1, 2)
    ]
    one, two = dict(first.headers), dict(second.headers)
    assert (first.body, one["webhook-id"]) == (second.body, two["webhook-id"])
    assert (
        one["traceparent"].split("-")[:2]
        == two["traceparent"].split("-")[:2]
        == ["00", row.event_id.hex]
    )
    assert one["traceparent"] != two["traceparent"]


def test_data_is_sent_as_it_is_stored_and_nothing_when_it_is_gone() -> None:
    assert b'"data":{"b":1,"a":2}}' in plain(claimed(), "evt_1")
    assert b'"data":null}' in plain(claimed(data="null"), "evt_1")
    with pytest.raises(HooklineError, match="older than it is kept for, so nothing was sent"):
        plain(claimed(data=None), "evt_1")


def test_log_has_every_header_of_the_request_and_no_secret() -> None:
    attempt = RunningAttempt(claimed(), target(), clock.monotonic())
    sent = dict(attempt.request(BODY).headers)
    text = attempt.result(OK).request_headers or ""
    logged = dict(orjson.loads(text))
    assert set(logged) == set(sent)
    hidden = {"X-Api-Key", "X-Webhook-Secret", "Authorization"}
    assert {name for name, value in logged.items() if value is None} == hidden
    assert {name: value for name, value in logged.items() if name not in hidden} == {
        name: sent[name] for name in sent if name not in hidden
    }
    assert not [
        secret for secret in ("k3y-0f-sh0p", "s3cret", "p4ss-0f-sh0p", *SECRETS) if secret in text
    ]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({}, AttemptCause.PUBLISH),
        ({"step": 1, "number": 2}, AttemptCause.RETRY),
        ({"is_manual": True, "step": 1}, AttemptCause.MANUAL),
    ],
)
def test_cause_says_why_it_was_sent(changes: dict[str, Any], cause: AttemptCause) -> None:
    assert result(OK, **changes).cause == cause


def test_success_ends_the_delivery_and_moves_no_schedule() -> None:
    assert move(OK) == (DeliveryState.SUCCEEDED, None, 0)
    assert move(OK, is_manual=True, step=2) == (DeliveryState.SUCCEEDED, None, 2)


def test_failure_uses_a_step_until_none_is_left() -> None:
    state, wait, step = move(ReceiverAnswer(500, 1), step=1)
    assert (state, step) == (DeliveryState.OPEN, 2)
    assert 480 <= (wait or 0) <= 720
    assert move(ReceiverAnswer(500, 1), step=2) == (DeliveryState.FAILED, None, 3)


@each_of(
    "answer",
    [
        ReceiverAnswer(500, 1),
        ReceiverAnswer(410, 1),
        ReceiverAnswer(None, 1, error=AttemptError.REFUSED_ADDRESS, error_message="no"),
    ],
)
@each_of("step", [0, 2])
def test_failure_by_hand_moves_no_schedule_and_ends_nothing(
    answer: ReceiverAnswer, step: int
) -> None:
    assert move(answer, is_manual=True, step=step) == (DeliveryState.OPEN, None, step)


@pytest.mark.parametrize(
    ("status_code", "is_heard"), [(429, True), (503, True), (500, False), (301, False)]
)
def test_retry_after_is_heard_on_429_and_503(status_code: int, is_heard: bool) -> None:
    _, wait, _ = move(ReceiverAnswer(status_code, 1, [("RETRY-After", "7200")]))
    assert wait is not None
    assert (wait >= timedelta(hours=2).total_seconds()) == is_heard


def test_row_tells_what_came_back() -> None:
    answer = ReceiverAnswer(404, 31, [("X-Seen", "é")], b"\x00gone", True)
    ended = result(answer)
    assert (ended.outcome, ended.status_code, ended.duration_ms, ended.webhook_version) == (
        AttemptOutcome.FAILED,
        404,
        31,
        3,
    )
    assert (ended.error_code, ended.error_message) == ("STATUS", "The receiver answered 404.")
    assert (
        orjson.loads(ended.response_headers or ""),
        ended.response_body,
        ended.is_truncated,
    ) == ([["X-Seen", "é"]], b"\x00gone", True)
    assert (result(OK).error_code, result(OK).error_message, result(OK).response_body) == (
        None,
        None,
        None,
    )
    assert "Redirects are not followed" in (result(ReceiverAnswer(302, 1)).error_message or "")


@each_of(
    "status, value, changes, told",
    [
        (503, "7", {}, "The receiver answered 503 and asked to wait 7 s."),
        (429, "3600", {}, "The receiver answered 429 and asked to wait 3,600 s."),
        (
            *(429, "9" * 4_000, {}),
            "The receiver answered 429 and asked to wait more than 10 hours, of which 10 are "
            "waited.",
        ),
        (503, "soon", {}, "The receiver answered 503."),
        (500, "7", {}, "The receiver answered 500."),
        (503, "7", {"step": 99}, "The receiver answered 503."),
        (503, "7", {"is_manual": True}, "The receiver answered 503."),
    ],
)
def test_an_attempt_says_which_pause_it_was_asked_for_if_it_is_kept(
    status: int, value: str, changes: dict[str, Any], told: str
) -> None:
    answer = ReceiverAnswer(status, 1, [("Retry-After", value)])
    assert result(answer, **changes).error_message == told


def test_request_that_cannot_be_made_is_a_failed_attempt_without_a_request() -> None:
    attempt = RunningAttempt(
        claimed(), target(secret_header_sealed="v1.00000000.AAAA"), clock.monotonic()
    )
    with pytest.raises(HooklineError):
        attempt.request(BODY)
    ended = attempt.unsendable(AttemptError.TEMPLATE, "The template fails.")
    assert (ended.outcome, ended.state, ended.step, ended.status_code) == (
        AttemptOutcome.FAILED,
        DeliveryState.OPEN,
        1,
        None,
    )
    assert (ended.error_code, ended.error_message, ended.request_headers) == (
        "TEMPLATE",
        "The template fails.",
        None,
    )


def test_a_receiver_that_sends_our_request_back_leaves_no_secret_in_the_log() -> None:
    attempt = RunningAttempt(claimed(), target(), clock.monotonic())
    echoed = b"\n".join(
        f"{name}: {value}".encode() for name, value in attempt.request(BODY).headers
    )
    ended = attempt.result(
        ReceiverAnswer(400, 12, headers=[("X-Echo", "s3cret")], body=echoed + b' p4ss-0f-sh0p "7"')
    )
    assert ended.response_headers == '[["X-Echo","***"]]'
    assert ended.response_body is not None
    assert b"X-Webhook-Secret: ***\n" in ended.response_body
    assert b"Authorization: Basic ***" in ended.response_body
    assert ended.response_body.endswith(b' *** "7"')


@pytest.mark.parametrize("kept", [4, 10, 14])
def test_a_secret_that_the_bound_of_the_body_cuts_is_masked_too(kept: int) -> None:
    attempt = RunningAttempt(claimed(), target(), clock.monotonic())
    headers = dict(attempt.request(BODY).headers)
    secret = headers["Authorization"].encode()
    body = b"x" * 20 + secret[: len(b"Basic ") + kept]
    ended = attempt.result(ReceiverAnswer(400, 12, body=body, is_truncated=True))
    assert ended.response_body == b"x" * 20 + b"Basic ***"
    whole = attempt.result(ReceiverAnswer(400, 12, body=b"x p4s", is_truncated=True))
    assert whole.response_body == b"x p4s"


SECRET = 's3cret/"wörd'


@each_of(
    "encode",
    [
        lambda text: text,
        lambda text: orjson.dumps({"sent": text}).decode(),
        lambda text: json.dumps({"body": json.dumps({"sent": text})}),
        lambda text: json.dumps(json.dumps({"sent": text})).replace("/", "\\/"),
        lambda text: quote(text, safe=""),
        lambda text: quote_plus(text).lower(),
        lambda text: quote(json.dumps([text])),
        lambda text: b64encode(text.encode()).decode(),
        lambda text: b64encode(b"1" + text.encode()).decode(),
        lambda text: urlsafe_b64encode(b"12" + text.encode() + b"?").decode(),
        lambda text: b64encode(orjson.dumps(["x", text])).decode(),
    ],
)
def test_a_secret_is_masked_in_each_form_in_which_it_comes_back(
    encode: Callable[[str], str],
) -> None:
    attempt = RunningAttempt(claimed(), target(secret=SECRET), clock.monotonic())
    attempt.request(BODY)
    told = encode(SECRET)
    for before, after in (("", ""), ("before ", " after")):
        ended = attempt.result(
            ReceiverAnswer(
                400,
                12,
                headers=[("X-Echo", f"{before}{told}{after}".encode().decode("latin-1"))],
                body=f"{before}{told}{after}".encode(),
            )
        )
        assert ended.response_body is not None
        assert ended.response_headers is not None
        for logged in (ended.response_body, ended.response_headers.encode()):
            assert b"***" in logged
            assert b"s3cr" not in logged
            assert told[-8:-3].encode() not in logged
    # What the bound of the body cut off, too.
    cut = encode(SECRET).encode()[:-6]
    ended = attempt.result(ReceiverAnswer(400, 12, body=cut, is_truncated=True))
    assert ended.response_body is not None
    assert ended.response_body.endswith(b"***")


async def test_others_run_while_the_most_secrets_are_looked_for_in_an_answer() -> None:
    # Characters that each encoder writes in another way.
    values = [(f"{place:02}" + '\\"/' * 1_400)[:4_096] for place in range(20)]
    headers = [{"name": f"X-Key-{place}", "value": value} for place, value in enumerate(values)]
    webhook = target(headers=orjson.dumps(headers))
    attempt = RunningAttempt(claimed(), webhook, clock.monotonic())
    attempt.request(BODY)
    # Half of a secret, as far as the bound of the body goes.
    body = b"x" * 14_000 + quote_plus(values[7]).lower().encode()[:2_384]
    judging = asyncio.create_task(attempt.judge(ReceiverAnswer(500, 12, [], body, True)))
    served = 0
    while not judging.done():
        await asyncio.sleep(0)
        served += 1
    # In one go it would be one turn before and one after.
    assert served >= 4
    assert judging.result().response_body == b"x" * 14_000 + b"***"


def test_ordinary_answers_are_logged_as_they_came() -> None:
    attempt = RunningAttempt(claimed(), target(), clock.monotonic())
    attempt.request(BODY)
    body = b'{"ok": true, "token": "c2VjcmV0cw==", "url": "https://a.example/?q=%20s3c"}'
    ended = attempt.result(ReceiverAnswer(200, 12, headers=[("X-A", "\xe9")], body=body))
    assert ended.response_body == body
    assert ended.response_headers == '[["X-A","\xe9"]]'
