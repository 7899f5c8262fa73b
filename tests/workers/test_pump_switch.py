"""Off, on, changed, deleted: what is sent while a webhook changes under a running pump."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from hookline.clock import monotonic
from hookline.deliveries import manual
from hookline.deliveries.queue.base import Queue
from hookline.messaging.hub import MemoryHub
from hookline.models import Attempt, AttemptOutcome, Delivery, DeliveryState
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.making import (
    SOMEBODY,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    publish,
    set_column,
)
from tests.receivers import Receiver
from tests.waiting import eventually
from tests.working import pumping
from workers.delivering import REFRESH_SECONDS
from workers.pump import Pump
from workers.sending import Sender

pytestmark = [pytest.mark.usefixtures("unstalled"), pytest.mark.engines("sqlite")]


class DeafHub(MemoryHub):
    """Loses everything."""

    def publish(self, topic: str, text: str) -> None:
        return None


async def leased(webhook_id: UUID) -> int:
    return await Delivery.filter(webhook_id=webhook_id, lease_token__isnull=False).count()


async def test_what_is_held_goes_back_when_the_webhook_goes_off_and_on_again_when_it_comes_back(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, pumping(runtime):
        receiver.gate.clear()
        webhook = await make_webhook(runtime, receiver.url, concurrency=2)
        await publish(runtime, 20)
        await receiver.wait_for(2)
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
        await eventually(lambda: untouched(webhook.id, 18))
        receiver.gate.set()
        await eventually(lambda: nothing_leased(webhook.id))
        assert len(receiver.requests) == 2
        await set_webhook_active(runtime, SOMEBODY, webhook.id, True)
        await receiver.wait_for(20)
        await eventually(lambda: succeeded(webhook.id, 20))
    assert await Attempt.all().count() == 20


async def untouched(webhook_id: UUID, count: int) -> bool:
    """So many deliveries are as if nobody had ever claimed them."""
    return (
        await Delivery.filter(
            webhook_id=webhook_id,
            status=DeliveryState.OPEN,
            lease_token__isnull=True,
            attempt_count=0,
        ).count()
        == count
    )


async def nothing_leased(webhook_id: UUID) -> bool:
    return await leased(webhook_id) == 0


async def succeeded(webhook_id: UUID, count: int) -> bool:
    return (
        await Delivery.filter(webhook_id=webhook_id, status=DeliveryState.SUCCEEDED).count()
        == count
    )


@pytest.mark.engines("sqlite", "postgres")
async def test_switch_that_no_message_told_is_obeyed_within_a_second(runtime: Runtime) -> None:
    silent = replace(runtime, hub=DeafHub())
    async with Receiver() as receiver, Receiver() as other, pumping(runtime):
        receiver.gate.clear()
        webhook = await make_webhook(runtime, receiver.url, concurrency=1)
        await publish(runtime, 30)
        await receiver.wait_for(1)
        await set_webhook_active(silent, SOMEBODY, webhook.id, False)
        await eventually(lambda: untouched(webhook.id, 29), seconds=5)
        receiver.gate.set()
        await make_webhook(runtime, other.url)
        await publish(runtime)
        await other.wait_for(1)
        await eventually(lambda: nothing_leased(webhook.id))
        assert len(receiver.requests) == 1


# two workers, which SQLite does not have
@pytest.mark.engines("postgres")
@pytest.mark.parametrize("end", ["deleted", "turned off by failing"])
async def test_an_end_that_no_message_told_is_obeyed_within_a_second(
    runtime: Runtime, end: str
) -> None:
    hand, deaf = await Hand.begin(runtime), replace(runtime, hub=DeafHub())
    async with Receiver() as receiver:
        receiver.gate.clear()
        any_failure = {"failures": 1, "over": "1s"}
        webhook = await make_webhook(runtime, receiver.url, concurrency=1, autoDisable=any_failure)
        await set_column(runtime, "webhook", "consecutive_failures", 1, [webhook.id])
        await set_column(runtime, "webhook", "failing_since", ago(3 * 86_400), [webhook.id])
        await enqueue(runtime, webhook.id)
        row = await hand.claim_one(webhook.id)  # another worker sends it
        async with pumping(runtime):
            await publish(runtime, 5)
            await receiver.wait_for(1)
            if end == "deleted":
                await delete_webhook(deaf, SOMEBODY, webhook.id)
                await eventually(lambda: cancelled(webhook.id, 4), seconds=5)
            else:
                await hand.record(failed(row))
                await eventually(lambda: untouched(webhook.id, 4), seconds=5)
            receiver.gate.set()
            await eventually(lambda: leased_to_nobody_but(webhook.id, hand.token))
            assert len(receiver.requests) == 1


async def leased_to_nobody_but(webhook_id: UUID, token: UUID) -> bool:
    leases = Delivery.filter(webhook_id=webhook_id, lease_token__isnull=False)
    return not await leases.exclude(lease_token=token).exists()


class SlowBodies:
    """The real queue, which keeps no rendered body until it is let."""

    def __init__(self, queue: Queue) -> None:
        self._queue, self.is_asked, self.gate = queue, asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def store_bodies(self, bodies: Sequence[tuple[UUID, bytes]]) -> None:
        self.is_asked.set()
        await self.gate.wait()
        await self._queue.store_bodies(bodies)


async def test_body_that_was_slow_to_make_is_not_sent_to_a_webhook_that_is_off_by_then(
    runtime: Runtime,
) -> None:
    queue = SlowBodies(runtime.queue)
    slow = replace(runtime, queue=cast(Queue, queue))
    async with Receiver() as receiver, pumping(slow):
        # A connection is kept, so that none is made after the body.
        webhook = await make_webhook(runtime, receiver.url)
        await publish(runtime)
        await eventually(lambda: succeeded(webhook.id, 1))
        form = {"payloadTemplate": "{{ event.id }}"}
        await update_webhook(runtime, SOMEBODY, webhook.id, form)
        await publish(runtime)
        await queue.is_asked.wait()
        await set_webhook_active(replace(runtime, hub=DeafHub()), SOMEBODY, webhook.id, False)
        off_at = monotonic()
        await eventually(lambda: monotonic() - off_at > REFRESH_SECONDS)
        queue.gate.set()
        await eventually(lambda: untouched(webhook.id, 1))
        assert len(receiver.requests) == 1


async def test_manual_retry_goes_out_while_off(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url)
        await publish(runtime)
        await eventually(lambda: succeeded(webhook.id, 1))
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
        await manual.retry(
            runtime.database,
            runtime.wakeups,
            SOMEBODY,
            (await Delivery.get(webhook_id=webhook.id)).id,
        )
        await receiver.wait_for(2)


async def test_deleted_webhook_gets_nothing_more_and_its_log_keeps_what_was_on_the_wire(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, pumping(runtime):
        receiver.gate.clear()
        webhook = await make_webhook(runtime, receiver.url, concurrency=1)
        await publish(runtime, 5)
        await receiver.wait_for(1)
        await delete_webhook(runtime, SOMEBODY, webhook.id)
        await eventually(lambda: cancelled(webhook.id, 4))  # all but what is on the wire
        receiver.gate.set()
        await eventually(lambda: nothing_leased(webhook.id))
        assert len(receiver.requests) == 1
        assert await cancelled(webhook.id, 5)
    [attempt] = await Attempt.all()
    assert attempt.outcome == AttemptOutcome.SUCCEEDED


async def cancelled(webhook_id: UUID, count: int) -> bool:
    return (
        await Delivery.filter(webhook_id=webhook_id, status=DeliveryState.CANCELLED).count()
        == count
    )


async def test_what_is_held_goes_to_the_new_url(runtime: Runtime) -> None:
    async with Receiver() as old, Receiver() as new, pumping(runtime):
        old.gate.clear()
        webhook = await make_webhook(runtime, old.url, concurrency=1)
        await publish(runtime, 4)
        await old.wait_for(1)
        await update_webhook(runtime, SOMEBODY, webhook.id, {"url": new.url})
        await eventually(
            lambda: (target := runtime.registry.target(webhook.id)) and target.url == new.url
        )
        old.gate.set()
        await new.wait_for(3)
        assert len(old.requests) == 1


async def test_wake_that_nobody_hears_is_found_by_the_sweeper(runtime: Runtime) -> None:
    deaf = replace(runtime, hub=DeafHub())
    async with Receiver() as receiver, pumping(deaf):
        webhook = await make_webhook(runtime, receiver.url)
        for count in (1, 2):  # the first may meet the pump's own first look
            await enqueue(deaf, webhook.id)
            # asked before the next round
            await eventually(lambda: succeeded(webhook.id, count))  # noqa: B023
    assert len(receiver.requests) == 2


@pytest.mark.parametrize("change", ["off", "deleted", "moved"])
async def test_change_while_the_name_is_looked_up_reaches_the_request(
    runtime: Runtime, change: str
) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def resolve(host: str) -> list[str]:
        asked.set()
        await answered.wait()
        return ["127.0.0.1"]

    async with Receiver() as receiver, Sender(runtime.addresses, resolve=resolve) as sender:
        webhook = await make_webhook(runtime, f"http://slow.example:{receiver.port}/in")
        pump = Pump(runtime, sender)
        await pump.start()
        await publish(runtime, 3)
        await asked.wait()
        before = runtime.registry.target(webhook.id)
        asked_at = monotonic()
        await eventually(lambda: monotonic() - asked_at > 0.2)  # a connection that takes its time
        if change == "deleted":
            await delete_webhook(runtime, SOMEBODY, webhook.id)
        else:
            changed = (
                {"active": False}
                if change == "off"
                else {"url": f"http://127.0.0.1:{receiver.port}/moved"}
            )
            await update_webhook(runtime, SOMEBODY, webhook.id, changed)
        # within a second, by a look if by nothing else
        await eventually(lambda: runtime.registry.target(webhook.id) is not before)
        answered.set()
        await eventually(
            lambda: unleased(webhook.id) if change != "moved" else succeeded(webhook.id, 3)
        )
        await pump.stop()
    assert {request.path for request in receiver.requests} == (
        {"/moved"} if change == "moved" else set()
    )
    assert await Attempt.filter(webhook_id=webhook.id).count() == len(receiver.requests)


async def unleased(webhook_id: UUID) -> bool:
    return (
        await Delivery.filter(
            webhook_id=webhook_id, lease_token__isnull=True, attempt_count=0
        ).count()
        == 3
    )
