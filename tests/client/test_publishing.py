"""Publishing with both clients, on a real server behind a gate that makes trouble."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from hookline_client import (
    AsyncClient,
    Client,
    Event,
    HooklineError,
    NotAllowed,
    Published,
    Refused,
    Retries,
    Unavailable,
    UnexpectedAnswer,
)
from tests.client.gate import Gate, answers, drops, loses_answer
from tests.client.published import stored_events
from tests.flows.installation import Installation
from tests.tables import each_of

AT = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
FAST = Retries(first_wait_seconds=0.001)
BOTH = pytest.mark.parametrize("kind", ["sync", "async"])


async def publish(
    kind: str, url: str, token: str, events: Sequence[Event], retries: Retries = FAST
) -> list[Published]:
    """Publishes with one of the clients."""
    options: Any = {"environment": "production", "retries": retries, "timeout_seconds": 60}
    if kind == "async":
        async with AsyncClient(url, token, **options) as client:
            return await client.publish_batch(events)

    def in_thread() -> list[Published]:
        with Client(url, token, **options) as client:
            return client.publish_batch(events)

    return await asyncio.to_thread(in_thread)


@BOTH
async def test_an_event_is_stored_with_all_that_was_given(
    hookline: Installation, kind: str
) -> None:
    data = {"text": 'é \u2028 "', "list": [1, 2.5, None, True], "large": 2**60}

    [published] = await publish(
        kind,
        hookline.url,
        hookline.token,
        [Event("order.order.create", data, idempotency_key="k 1", occurred_at=AT)],
    )

    [event] = await stored_events(hookline)
    assert event["id"] == published.event_id
    assert event["data"] == data
    assert (event["type"], event["idempotencyKey"]) == ("order.order.create", "k 1")
    assert datetime.fromisoformat(event["occurredAt"]) == AT
    assert (published.is_duplicate, published.delivery_count) == (False, 0)


@BOTH
async def test_passing_failures_are_tried_again_with_the_same_key(
    hookline: Installation, kind: str
) -> None:
    unavailable = b'{"errors": [{"message": "m", "extensions": {"code": "UNAVAILABLE"}}]}'
    trouble = [drops, answers(502), answers(200, unavailable), answers(429), loses_answer]
    async with Gate(hookline.url, *trouble) as gate:
        [published] = await publish(
            kind, gate.url, hookline.token, [Event("order.order.create", 1)]
        )

    keys = [request[0]["idempotencyKey"] for request in gate.requests]
    assert len(keys) == 6
    assert len(set(keys)) == 1
    # The fifth try was stored and its answer lost, so the sixth is a repeat.
    assert published.is_duplicate
    assert [event["idempotencyKey"] for event in await stored_events(hookline)] == keys[:1]


@BOTH
async def test_it_gives_up_after_all_tries_and_keeps_what_remains(
    hookline: Installation, kind: str
) -> None:
    retries = Retries(tries=3, first_wait_seconds=0.001)
    async with Gate(hookline.url, *[loses_answer] * 3) as gate:
        with pytest.raises(Unavailable, match="Tried 3 times") as caught:
            await publish(kind, gate.url, hookline.token, [Event("order.order.create", 1)], retries)
        assert len(gate.requests) == 3
        [again] = await publish(kind, gate.url, hookline.token, caught.value.remaining)

    assert caught.value.code == "ANSWER_LOST"
    assert again.is_duplicate
    assert len(await stored_events(hookline)) == 1


@BOTH
async def test_what_no_repeat_would_change_is_tried_once(hookline: Installation, kind: str) -> None:
    async def caught(behaviour: Any, *events: Event, token: str = hookline.token) -> HooklineError:
        behaviours = [behaviour] if behaviour else []
        async with Gate(hookline.url, *behaviours) as gate:
            with pytest.raises(HooklineError) as caught:
                await publish(kind, gate.url, token, events)
            assert len(gate.requests) == 1
        return caught.value

    event = Event("order.order.create", 1)
    redirect = await caught(answers(301, location="https://elsewhere.test/graphql"), event)
    assert isinstance(redirect, UnexpectedAnswer)
    assert "redirects are not followed" in redirect.message
    assert isinstance(await caught(answers(404, b"<html>"), event), UnexpectedAnswer)
    assert isinstance(await caught(answers(200, b'{"data": {}}'), event), UnexpectedAnswer)
    unknown = await caught(None, event, token="hl_unknown")
    assert isinstance(unknown, NotAllowed)
    assert unknown.code == "UNAUTHENTICATED"
    refused = await caught(None, Event("order.order.create", 1, environment="mars"))
    assert isinstance(refused, Refused)
    [problem] = refused.problems
    assert (problem.index, problem.field) == (0, ("environment",))
    assert "Known are" in problem.message


@BOTH
async def test_a_longer_wait_than_the_deadline_is_not_begun(
    hookline: Installation, kind: str
) -> None:
    async with Gate(hookline.url, answers(503, retry_after="3600")) as gate:
        with pytest.raises(Unavailable) as caught:
            await publish(kind, gate.url, hookline.token, [Event("order.order.create", 1)])

    assert caught.value.retry_after_seconds == 3600
    assert caught.value.tries == 1


@BOTH
async def test_a_large_batch_is_split_and_its_results_are_in_order(
    hookline: Installation, kind: str
) -> None:
    # Of 40 times 220 KiB, 8 MiB hold 37; then 1,000 are one request's most.
    large = [Event("order.order.create", "x" * 220 * 1024) for _ in range(40)]
    small = [Event("order.order.create", n, idempotency_key=f"n{n}") for n in range(1_100)]
    async with Gate(hookline.url, loses_answer) as gate:
        results = await publish(kind, gate.url, hookline.token, [*large, *small])

    assert [len(request) for request in gate.requests] == [37, 37, 1_000, 103]
    assert len({result.event_id for result in results}) == 1_140
    ids = {event["data"]: event["id"] for event in await stored_events(hookline)}
    last = [result.event_id for result in results[40:]]
    assert len(ids) == 100
    assert all(last[number] == event_id for number, event_id in ids.items())


@BOTH
async def test_a_refused_part_says_what_was_published_before(
    hookline: Installation, kind: str
) -> None:
    events = [Event("order.order.create", n) for n in range(1_002)]
    events[1_001] = Event("order.order.create", 1, environment="mars")

    with pytest.raises(Refused) as caught:
        await publish(kind, hookline.url, hookline.token, events)

    assert [problem.index for problem in caught.value.problems] == [1_001]
    assert len(caught.value.published) == 1_000
    assert [event.data for event in caught.value.remaining] == [1_000, 1]


@each_of(
    "event, path",
    [
        (Event("Order", 1), ("type",)),
        (Event("order.order.create", float("nan")), ("data",)),
        (Event("order.order.create", datetime.now(UTC)), ("data",)),
        (Event("order.order.create", "\ud800"), ("data",)),
        (Event("order.order.create", 1, idempotency_key=" k"), ("idempotencyKey",)),
        (Event("order.order.create", 1, idempotency_key=""), ("idempotencyKey",)),
        (Event("order.order.create", 1, occurred_at=AT.replace(tzinfo=None)), ("occurredAt",)),
    ],
)
def test_what_is_wrong_everywhere_is_told_before_anything_is_sent(
    event: Event, path: tuple[str, ...]
) -> None:
    # Nobody listens there.
    with (
        Client("http://127.0.0.1:1", "t", environment="production") as client,
        pytest.raises(Refused) as caught,
    ):
        client.publish_batch([Event("order.order.create", 1), event])

    [problem] = caught.value.problems
    assert (problem.index, problem.field) == (1, path)


def test_an_environment_is_asked_for_where_none_is_given() -> None:
    with Client("http://127.0.0.1:1", "t") as client, pytest.raises(Refused) as caught:
        client.publish("order.order.create", 1)
    assert caught.value.code == "REQUIRED"


def test_no_server_is_tried_within_bounds_and_told() -> None:
    retries = Retries(tries=2, first_wait_seconds=0.001)
    with (
        Client("http://127.0.0.1:1", "t", environment="production", retries=retries) as client,
        pytest.raises(Unavailable, match=r"No server answers .* Tried 2 times") as caught,
    ):
        client.publish("order.order.create", 1)
    assert caught.value.code == "UNREACHABLE"


@each_of(
    "server, token", [("", "t"), ("hooks.test", "t"), ("http://h.test", ""), ("h", "t\n\u00e9")]
)
def test_a_client_without_server_or_token_says_what_is_missing(
    server: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOKLINE_SERVER", raising=False)
    monkeypatch.delenv("HOOKLINE_TOKEN", raising=False)
    with pytest.raises(ValueError, match=r"HOOKLINE_(SERVER|TOKEN)"):
        Client(server, token)
