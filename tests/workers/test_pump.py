"""Deliveries from the published event to a real receiver at the other end."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from standardwebhooks import Webhook as Verifier

from hookline import ids
from hookline.activity.events import ActivityKind
from hookline.deliveries import manual
from hookline.models import (
    Attempt,
    AttemptCause,
    AttemptOutcome,
    Delivery,
    DeliveryState,
    Event,
    Webhook,
)
from hookline.outbound.addresses import AddressPolicy
from hookline.runtime import Runtime
from hookline.webhooks import secrets
from tests.making import ENVIRONMENT, SOMEBODY, TYPE, activity, make_webhook, publish
from tests.receivers import Receiver, Reply, hostile, redirects
from tests.waiting import eventually
from tests.working import pumping
from workers.pump import Pump
from workers.sending import Sender

pytestmark = pytest.mark.usefixtures("unstalled")


async def all_done(count: int) -> bool:
    return await Delivery.exclude(status=DeliveryState.OPEN).count() == count


async def attempts_of(webhook_id: UUID, count: int) -> list[Attempt]:
    """The webhook's attempts, as soon as there are so many."""

    async def enough() -> list[Attempt] | None:
        found = await Attempt.filter(webhook_id=webhook_id).order_by("delivery_id", "number")
        return found if len(found) >= count else None

    found = await eventually(enough)
    assert found is not None
    return found


async def test_event_is_delivered_logged_and_told(runtime: Runtime) -> None:
    async with Receiver([Reply(201, [("X-Seen", "yes")], b"thanks")]) as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url)
        [event_id] = await publish(runtime, data={"total": 12})
        [request] = await receiver.wait_for(1)
        [attempt] = await attempts_of(webhook.id, 1)
    event = await Event.get(id=event_id)
    body = orjson.loads(request.body)
    assert list(body) == ["id", "type", "environment", "timestamp", "data"]
    assert (body["id"], body["type"], body["environment"], body["data"]) == (
        ids.encode("evt", event_id),
        TYPE,
        ENVIRONMENT,
        {"total": 12},
    )
    assert body["timestamp"] == event.occurred_at.isoformat().replace("+00:00", "Z")
    assert (attempt.outcome, attempt.cause, attempt.number) == (
        AttemptOutcome.SUCCEEDED,
        AttemptCause.PUBLISH,
        1,
    )
    assert (attempt.request_url, attempt.status_code, attempt.response_body) == (
        receiver.url,
        201,
        b"thanks",
    )
    assert ["X-Seen", "yes"] in attempt.response_headers
    assert (await Delivery.get(event_id=event_id)).status == DeliveryState.SUCCEEDED
    assert attempt.id in [
        subject for _, kind, subject in await activity(runtime) if kind == ActivityKind.ATTEMPT
    ]
    assert (await Webhook.get(id=webhook.id)).last_status_code == 201


@pytest.mark.engines("sqlite")
async def test_official_library_verifies_what_arrives(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url)
        await publish(runtime, data={"ü": "€", "n": 1.5})
        [request] = await receiver.wait_for(1)
    _, secret = await secrets.reveal_secret(runtime, SOMEBODY, webhook.id)
    verified = Verifier(secret).verify(
        request.body, {name.lower(): value for name, value in request.headers}
    )
    assert verified["data"] == {"ü": "€", "n": 1.5}


@pytest.mark.engines("sqlite")
async def test_own_headers_and_secrets_are_sent_and_secrets_are_not_logged(
    runtime: Runtime,
) -> None:
    secrets: dict[str, Any] = {
        "secretHeader": {"name": "X-Webhook-Secret", "value": "s3cret"},
        "basicAuth": {"username": "u", "password": "p4ss-0f-sh0p"},
    }
    headers = [{"name": "X-Shop", "value": "7"}, {"name": "X-Api-Key", "value": "k3y-0f-sh0p"}]
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, headers=headers, **secrets)
        await publish(runtime)
        [request] = await receiver.wait_for(1)
        [attempt] = await attempts_of(webhook.id, 1)
    assert (
        request.header("X-Shop"),
        request.header("X-Api-Key"),
        request.header("X-Webhook-Secret"),
    ) == ("7", "k3y-0f-sh0p", "s3cret")
    assert request.header("Authorization") == "Basic dTpwNHNzLTBmLXNoMHA="
    logged = dict(attempt.request_headers)
    assert (
        logged["X-Shop"],
        logged["X-Api-Key"],
        logged["X-Webhook-Secret"],
        logged["Authorization"],
    ) == ("7", None, None, None)
    row = (await runtime.database.reader().rows("select * from webhook"))[0]
    assert not [
        text
        for text in ("s3cret", "p4ss-0f-sh0p", "k3y-0f-sh0p")
        if text in repr(row) or text in repr(attempt.request_headers)
    ]


async def test_failed_attempt_is_repeated_with_the_same_id_and_body(runtime: Runtime) -> None:
    async with Receiver([Reply(500), Reply(200)]) as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, retry={"schedule": ["1s"]})
        await publish(runtime)
        first, second = await receiver.wait_for(2)
        one, two = await attempts_of(webhook.id, 2)
    assert (first.body, first.header("webhook-id")) == (second.body, second.header("webhook-id"))
    assert [(one.outcome, one.cause), (two.outcome, two.cause)] == [
        (AttemptOutcome.FAILED, AttemptCause.PUBLISH),
        (AttemptOutcome.SUCCEEDED, AttemptCause.RETRY),
    ]
    assert two.started_at - one.started_at >= timedelta(seconds=0.8)
    assert (one.error_code, one.next_attempt_at is not None) == ("STATUS", True)
    # there is one
    assert (await Delivery.all().first()).status == DeliveryState.SUCCEEDED  # type: ignore[union-attr]


@pytest.mark.engines("sqlite")
async def test_delivery_fails_when_the_schedule_is_used_up(runtime: Runtime) -> None:
    async with Receiver([Reply(503)]) as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, retry={"schedule": ["1s"]})
        await publish(runtime)
        await eventually(lambda: all_done(1))
        assert len(await attempts_of(webhook.id, 2)) == 2
    delivery = await Delivery.get(webhook_id=webhook.id)
    assert (delivery.status, delivery.schedule_step) == (DeliveryState.FAILED, 2)
    assert (await Webhook.get(id=webhook.id)).consecutive_failures == 2


@pytest.mark.engines("sqlite")
async def test_gone_ends_the_delivery_at_once(runtime: Runtime) -> None:
    async with Receiver([Reply(410)]) as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url)
        await publish(runtime)
        await eventually(lambda: all_done(1))
    assert (await Delivery.get(webhook_id=webhook.id)).status == DeliveryState.FAILED


@pytest.mark.engines("sqlite")
async def test_redirect_is_a_failure_that_names_itself(runtime: Runtime) -> None:
    async with hostile(redirects) as url, pumping(runtime):
        webhook = await make_webhook(runtime, url)
        await publish(runtime)
        [attempt] = await attempts_of(webhook.id, 1)
    assert (attempt.status_code, attempt.error_code) == (307, "STATUS")
    assert "Redirects are not followed" in (attempt.error_message or "")


@pytest.mark.engines("sqlite")
async def test_refused_address_ends_the_delivery_visibly(runtime: Runtime) -> None:
    async with Sender(AddressPolicy((), frozenset())) as strict:
        pump = Pump(runtime, strict)
        await pump.start()
        webhook = await make_webhook(runtime)
        await publish(runtime)
        [attempt] = await attempts_of(webhook.id, 1)
        await pump.stop()
    assert (attempt.error_code, attempt.status_code) == ("REFUSED_ADDRESS", None)
    assert "127.0.0.1" not in (attempt.error_message or "")
    assert (await Delivery.get(webhook_id=webhook.id)).status == DeliveryState.FAILED
    assert (await Webhook.get(id=webhook.id)).consecutive_failures == 0


async def test_every_event_of_a_crowd_arrives_once(runtime: Runtime) -> None:
    async with Receiver() as one, Receiver() as two, pumping(runtime):
        await make_webhook(runtime, one.url)
        await make_webhook(runtime, two.url, concurrency=3)
        event_ids = [event_id for _ in range(4) for event_id in await publish(runtime, 100)]
        await eventually(lambda: all_done(800))
    expected = Counter(ids.encode("evt", event_id) for event_id in event_ids)
    assert Counter(request.header("webhook-id") for request in one.requests) == expected
    assert Counter(request.header("webhook-id") for request in two.requests) == expected
    assert await Attempt.all().count() == 800


async def test_backlog_is_found_at_the_start(runtime: Runtime) -> None:
    async with Receiver() as receiver:
        await make_webhook(runtime, receiver.url)
        await publish(runtime, 150)
        async with pumping(runtime):
            await eventually(lambda: all_done(150))
        assert len(receiver.requests) == 150


async def test_manual_retry_sends_once_more(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url)
        await publish(runtime)
        await eventually(lambda: all_done(1))
        await manual.retry(
            runtime.database,
            runtime.wakeups,
            SOMEBODY,
            (await Delivery.get(webhook_id=webhook.id)).id,
        )
        first, second = await receiver.wait_for(2)
        one, two = await attempts_of(webhook.id, 2)
    assert first.header("webhook-id") == second.header("webhook-id")
    assert (one.cause, two.cause) == (AttemptCause.PUBLISH, AttemptCause.MANUAL)


@pytest.mark.parametrize("refused", [b"poison"])
async def test_answer_that_the_database_refuses_does_not_hold_the_others(
    runtime: Runtime, refused: bytes
) -> None:
    sqlite = (
        "create trigger t before insert on attempt when new.response_body = x'706f69736f6e' "
        "begin select raise(abort, 'no'); end"
    )
    postgres = (
        "alter table attempt add constraint no_poison check (response_body <> 'poison'::bytea)"
    )
    async with runtime.database.unit_of_work() as work:
        await work.execute(sqlite if work.dialect == "sqlite" else postgres)
    async with Receiver([Reply(body=refused)]) as poisonous, Receiver() as good, pumping(runtime):
        poisoned, _ = (
            await make_webhook(runtime, poisonous.url),
            await make_webhook(runtime, good.url),
        )
        await publish(runtime, 5)
        await eventually(lambda: all_done(10))
    found = await attempts_of(poisoned.id, 5)
    assert {(attempt.outcome, attempt.status_code) for attempt in found} == {
        (AttemptOutcome.SUCCEEDED, 200)
    }
    assert not any(attempt.response_body for attempt in found)
    assert all("could not be stored" in (attempt.error_message or "") for attempt in found)
