"""Deliveries to a listener, by both databases: its requests are taken, answered and recorded; one
that is gone, silent or overwhelmed ends in an attempt that says so.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import orjson
import pytest
from standardwebhooks import Webhook as Verifier

from hookline.access.actor import system_actor
from hookline.deliveries import manual
from hookline.errors import Refused
from hookline.ids import uuid7
from hookline.messaging.messages import ACTORS, ActorName
from hookline.models import Attempt, AttemptOutcome, Delivery, DeliveryState, Notification, Webhook
from hookline.outbound.signing import HMAC_SHA256, new_secret
from hookline.runtime import Runtime
from hookline.settings.fields import Settings
from hookline.webhooks import listener_requests, listeners
from hookline.webhooks.change import delete_webhook
from hookline.webhooks.listener_requests import ListenerAnswer, ListenerRequest, Put
from hookline.webhooks.listeners import LeaseWatch
from hookline.wiring import open_runtime
from tests.conftest import LOOPBACK
from tests.making import (
    ENVIRONMENT,
    SOMEBODY,
    WORKSPACE,
    ago,
    make_webhook,
    publish,
    set_column,
)
from tests.receivers import Receiver, Reply
from tests.waiting import eventually
from tests.working import pumping

SECRET = new_secret(HMAC_SHA256)
TAKEN = ListenerAnswer(201, 3, [("X-Seen", "caf\xe9\x1b[2J")], b"\xff\x00thanks")


async def make_listener(runtime: Runtime, **fields: object) -> Webhook:
    form = {"name": "Listener", "events": ["order.*.*"], "environments": [ENVIRONMENT], **fields}
    return await listeners.create_listener(runtime, SOMEBODY, form)


def following(runtime: Runtime, webhook: Webhook) -> AsyncGenerator[ListenerRequest, None]:
    return listener_requests.follow(runtime.database, runtime.hub, webhook.id, SOMEBODY.caller)


async def only_attempt(webhook_id: UUID) -> Attempt:
    attempt = await eventually(lambda: Attempt.filter(webhook_id=webhook_id).first())
    assert attempt is not None
    return attempt


async def rows_left(runtime: Runtime) -> int:
    rows = await runtime.database.reader().rows(
        "select count(*) as left_over from listener_request"
    )
    return int(rows[0]["left_over"])


async def none_left(runtime: Runtime) -> bool:
    return await rows_left(runtime) == 0


async def test_a_request_is_taken_verified_answered_and_recorded(runtime: Runtime) -> None:
    async with pumping(runtime):
        webhook = await make_listener(runtime, signingSecret=SECRET)
        async with aclosing(following(runtime, webhook)) as requests:
            [event_id] = await publish(runtime, data={"total": "12 \u202e"})
            request = await anext(requests)
            Verifier(SECRET).verify(request.body, dict(request.headers))
            await listeners.answer_request(runtime, SOMEBODY, request.id, TAKEN)
            attempt = await only_attempt(webhook.id)
            await eventually(lambda: none_left(runtime))
            with pytest.raises(Refused, match="answered already"):
                await listeners.answer_request(runtime, SOMEBODY, request.id, TAKEN)
    assert orjson.loads(request.body)["data"] == {"total": "12 \u202e"}
    assert (attempt.event_id, attempt.delivery_id) == (event_id, request.delivery_id)
    assert (attempt.outcome, attempt.status_code) == (AttemptOutcome.SUCCEEDED, 201)
    assert attempt.duration_ms is not None
    assert attempt.duration_ms <= 3
    assert attempt.response_headers == [["X-Seen", "caf\xe9\x1b[2J"]]
    assert attempt.response_body == b"\xff\x00thanks"
    assert attempt.request_url == webhook.url


async def test_a_failure_of_the_receiver_is_recorded_without_a_retry_or_a_notification(
    runtime: Runtime,
) -> None:
    refused = ListenerAnswer(None, 1, [], error="CONNECT")
    async with pumping(runtime):
        webhook = await make_listener(runtime)
        async with aclosing(following(runtime, webhook)) as requests:
            for number in range(1, 12):
                await publish(runtime)
                await listeners.answer_request(
                    runtime, SOMEBODY, (await anext(requests)).id, refused
                )
                await eventually(
                    lambda number=number: has_attempts(webhook.id, number)  # type: ignore[misc]
                )
    attempts = await Attempt.filter(webhook_id=webhook.id)
    assert {one.error_code for one in attempts} == {"CONNECT"}
    assert not any(one.status_code or one.next_attempt_at for one in attempts)
    assert {row.status for row in await Delivery.all()} == {DeliveryState.FAILED}
    assert (await Webhook.get(id=webhook.id)).auto_disabled_at is None
    assert await Notification.all().count() == 0


async def has_attempts(webhook_id: UUID, count: int) -> bool:
    return await Attempt.filter(webhook_id=webhook_id).count() == count


@pytest.mark.engines("sqlite")
async def test_two_listeners_and_a_webhook_each_get_every_event(runtime: Runtime) -> None:
    async with Receiver([Reply(200)]) as receiver, pumping(runtime):
        ordinary = await make_webhook(runtime, receiver.url)
        one, other = await make_listener(runtime), await make_listener(runtime)
        async with (
            aclosing(following(runtime, one)) as first,
            aclosing(following(runtime, other)) as second,
        ):
            await publish(runtime)
            # Nobody answers the one: neither the other nor the webhook waits for it.
            held, answered = await anext(first), await anext(second)
            await listeners.answer_request(runtime, SOMEBODY, answered.id, TAKEN)
            for webhook in (other, ordinary):
                assert (await only_attempt(webhook.id)).outcome == AttemptOutcome.SUCCEEDED
            await listeners.answer_request(runtime, SOMEBODY, held.id, TAKEN)
            assert (await only_attempt(one.id)).outcome == AttemptOutcome.SUCCEEDED
    assert one.slug != other.slug


@pytest.mark.engines("sqlite")
async def test_a_request_without_an_answer_ends_with_the_webhooks_timeout(
    runtime: Runtime,
) -> None:
    async with pumping(runtime):
        webhook = await make_listener(runtime, timeout="1s")
        await publish(runtime)
        attempt = await only_attempt(webhook.id)
        await eventually(lambda: none_left(runtime))
    assert (attempt.error_code, attempt.error_message) == (
        "TIMEOUT",
        "No answer came within 1 seconds.",
    )


@pytest.mark.parametrize("is_deleted", [True, False])
async def test_a_request_ends_at_once_when_its_listener_is_gone(
    runtime: Runtime, is_deleted: bool
) -> None:
    async with pumping(runtime):
        webhook = await make_listener(runtime, timeout="60s")
        async with aclosing(following(runtime, webhook)) as requests:
            await publish(runtime)
            await anext(requests)
            if is_deleted:
                await delete_webhook(runtime, system_actor(WORKSPACE), webhook.id)
            else:
                await set_column(runtime, "webhook", "listener_expires_at", ago(1), [webhook.id])
                assert await listeners.end_expired(runtime) == 1
            with pytest.raises(StopAsyncIteration):
                await anext(requests)
        attempt = await only_attempt(webhook.id)
        await eventually(lambda: none_left(runtime))
    assert attempt.error_code == "LISTENER_GONE"
    assert attempt.error_message is not None
    assert "its command has ended" in attempt.error_message


async def test_a_request_outlasts_a_lease_that_could_not_be_renewed(runtime: Runtime) -> None:
    async with pumping(runtime):
        webhook, watch = await make_listener(runtime, timeout="60s"), LeaseWatch()
        async with aclosing(following(runtime, webhook)) as requests:
            for number in range(2):
                # The database is back, and the command has not renewed yet.
                await set_column(runtime, "webhook", "listener_expires_at", ago(1), [webhook.id])
                await publish(runtime)
                key = (await anext(requests)).id
                assert await listeners.end_expired(runtime, watch) == 0
                await listeners.renew_listener(runtime, SOMEBODY, webhook.id)
                await listeners.answer_request(runtime, SOMEBODY, key, TAKEN)
                await eventually(lambda number=number: has_attempts(webhook.id, number + 1))  # type: ignore[misc]
    outcomes = {row.outcome for row in await Attempt.filter(webhook_id=webhook.id)}
    assert outcomes == {AttemptOutcome.SUCCEEDED}


def test_leases_count_once_they_could_be_renewed_for_as_long_as_one_lasts() -> None:
    watch, wall = LeaseWatch(), 1_000.0
    # The first look, and each after an absence, begins the time anew.
    assert [watch.look(now, wall + now) for now in (0.0, 5.0, 21.0)] == [False, False, False]
    assert [watch.look(now, wall + now) for now in (25.0, 34.0, 43.0, 44.0)] == [
        False,
        False,
        True,
        True,
    ]
    assert not watch.look(80.0, wall + 80.0)
    assert [watch.look(now, wall + now) for now in (89.0, 98.0, 102.0)] == [False, False, True]
    # A machine that slept: its monotonic clock stood still.
    assert not watch.look(106.0, wall + 500.0)


async def test_a_listener_that_is_not_renewed_is_deleted_with_what_is_open(
    runtime: Runtime,
) -> None:
    kept, lost = await make_listener(runtime), await make_listener(runtime)
    [event_id] = await publish(runtime)
    await set_column(runtime, "webhook", "listener_expires_at", ago(1), [lost.id, kept.id])
    await listeners.renew_listener(runtime, SOMEBODY, kept.id)

    assert await listeners.end_expired(runtime) == 1
    assert await listeners.end_expired(runtime) == 0
    while await runtime.queue.cancel_deleted():
        pass

    assert [row.id for row in await Webhook.filter(deleted_at__isnull=True)] == [kept.id]
    deleted = await Webhook.get(id=lost.id)
    assert deleted.modified_by == {"kind": "SYSTEM", "name": "hookline"}
    states = {row.webhook_id: row.status for row in await Delivery.filter(event_id=event_id)}
    assert states == {kept.id: DeliveryState.OPEN, lost.id: DeliveryState.CANCELLED}
    with pytest.raises(Refused, match="no such listener"):
        await listeners.renew_listener(runtime, SOMEBODY, lost.id)
    period = ACTORS[ActorName.END_LISTENERS].period_seconds
    assert period is not None
    # A scheduler looks each second, and its periods are up to a fifth longer.
    assert listeners.LEASE.total_seconds() + 1.2 * period + 1 < 30


@pytest.mark.engines("sqlite")
async def test_requests_of_a_listener_are_no_more_than_its_concurrency(runtime: Runtime) -> None:
    webhook = await make_listener(runtime)

    async def put() -> Put:
        request = ListenerRequest(uuid7(), uuid7(), [], b"{}", 1_000)
        put = await listener_requests.put(runtime.database, runtime.hub, [(webhook.id, request)])
        return put[request.id]

    results = await asyncio.gather(*(put() for _ in range(webhook.concurrency + 5)))
    assert set(results) <= {Put.DONE, Put.FULL}
    # Those that met the lock of another one come again.
    while await put() is Put.DONE:
        results.append(Put.DONE)
    assert results.count(Put.DONE) == webhook.concurrency
    # Left by a worker that was killed.
    async with runtime.database.unit_of_work() as work:
        await work.execute("update listener_request set created_at = $1", ago(121))
    assert await listeners.end_expired(runtime) == webhook.concurrency
    assert await put() is Put.DONE
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert await put() is Put.GONE


@pytest.mark.engines("sqlite")
async def test_a_delivery_that_is_sent_again_comes_again(runtime: Runtime) -> None:
    async with pumping(runtime):
        webhook = await make_listener(runtime)
        async with aclosing(following(runtime, webhook)) as requests:
            await publish(runtime)
            first = await anext(requests)
            failed = ListenerAnswer(500, 1, [])
            await listeners.answer_request(runtime, SOMEBODY, first.id, failed)
            await only_attempt(webhook.id)
            await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, first.delivery_id)
            second = await anext(requests)
            await listeners.answer_request(runtime, SOMEBODY, second.id, TAKEN)
            await eventually(lambda: has_attempts(webhook.id, 2))
    assert (first.body, first.delivery_id) == (second.body, second.delivery_id)
    assert (await Delivery.get(id=first.delivery_id)).status == DeliveryState.SUCCEEDED


@pytest.mark.engines("sqlite")
async def test_the_largest_event_and_a_whole_answer_pass(settings: Settings) -> None:
    data, large = "é" * 500_000, settings.model_copy(update={"max_event_bytes": 1_048_576})
    async with open_runtime(large, LOOPBACK) as runtime, pumping(runtime):
        webhook = await make_listener(runtime)
        async with aclosing(following(runtime, webhook)) as requests:
            await publish(runtime, data=data)
            request = await anext(requests)
            whole = ListenerAnswer(200, 1, [], b"x" * 16_384, is_truncated=True)
            await listeners.answer_request(runtime, SOMEBODY, request.id, whole)
        attempt = await only_attempt(webhook.id)
    assert orjson.loads(request.body)["data"] == data
    assert (len(attempt.response_body or b""), attempt.response_truncated) == (16_384, True)
