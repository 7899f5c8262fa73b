"""Claiming the new delivery that a wake-up named, on PostgreSQL: the row that a look for all that
is due would give, or none; and what asks for it so.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from hookline.deliveries.queue.base import ClaimedDelivery, ClaimRequest, Queue
from hookline.models import Delivery
from hookline.runtime import Runtime
from tests.making import Hand, enqueue, make_webhook, publish, set_column
from tests.receivers import Receiver
from tests.waiting import eventually
from tests.working import pumping

pytestmark = pytest.mark.engines("postgres")

AWAY = {
    "webhook off": "update webhook set is_active = false",
    "webhook off by itself": "update webhook set auto_disabled_at = now()",
    "webhook deleted": "update webhook set deleted_at = now()",
    "rate limit": "update webhook set rate_per_minute = 60",
    "due later": "update delivery set next_attempt_at = now() + interval '1 minute'",
    "cancelled": "update delivery set status = 4, finished_at = now()",
    "tried": "update delivery set attempt_count = 1",
    "asked for by hand": "update delivery set manual_at = now()",
    "leased": "update delivery set lease_token = gen_random_uuid(), attempt_count = 1",
    "pump taken over": "delete from pump",
}


async def claim_new(
    runtime: Runtime, hand: Hand, webhook_id: UUID, key: UUID
) -> list[ClaimedDelivery]:
    return await runtime.queue.claim([ClaimRequest(webhook_id, 5, key)], hand.token, 200)


async def test_it_gives_what_a_look_for_all_gives_and_nothing_else(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    older, newer = await enqueue(runtime, webhook.id, 2)
    await set_column(runtime, "delivery", "next_attempt_at", webhook.created_at, [older])
    hand = await Hand.begin(runtime)
    rows = {row.id: row for row in await hand.claim(webhook.id)}
    await hand.give_back(*rows.values())
    assert await claim_new(runtime, hand, webhook.id, newer) == [rows[newer]]
    leased = await Delivery.filter(lease_token=hand.token)
    assert [(one.id, one.attempt_count) for one in leased] == [(newer, 1)]


@pytest.mark.parametrize("change", AWAY.values(), ids=AWAY)
async def test_it_gives_nothing_that_may_not_be_sent_first(runtime: Runtime, change: str) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    async with runtime.database.unit_of_work() as work:
        await work.execute(change)
    before = await Delivery.get(id=key).values()
    assert await claim_new(runtime, hand, webhook.id, key) == []
    assert await Delivery.get(id=key).values() == before


class WatchedQueue:
    """The real queue, which keeps what claims ask for and has them wait for the gate. Sweeps find
    nothing.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue, self.named, self.gate = queue, list[list[UUID | None]](), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def due(self) -> list[UUID]:
        return []

    async def claim(
        self, requests: Sequence[ClaimRequest], token: UUID, limit: int
    ) -> list[ClaimedDelivery]:
        self.named.append([request.delivery_id for request in requests])
        await self.gate.wait()
        return await self._queue.claim(requests, token, limit)


async def test_an_event_alone_is_claimed_by_name_and_several_by_a_look(runtime: Runtime) -> None:
    queue, heard = WatchedQueue(runtime.queue), list[str]()
    async with Receiver() as receiver, pumping(replace(runtime, queue=cast(Queue, queue))):
        await make_webhook(runtime, receiver.url)
        runtime.hub.subscribe("wake", heard.append)
        await publish(runtime)
        await eventually(lambda: queue.named)
        # while the claim of the first is under way
        await publish(runtime)
        await publish(runtime)
        await eventually(lambda: len(heard) == 3)
        queue.gate.set()
        await receiver.wait_for(3)
        await publish(runtime)
        await receiver.wait_for(4)
    first, _, _, last = [row.id for row in await Delivery.all().order_by("id")]
    assert queue.named == [[first], [None], [last]]


async def test_events_of_two_webhooks_are_claimed_together(runtime: Runtime) -> None:
    queue = WatchedQueue(runtime.queue)
    queue.gate.set()
    async with Receiver() as receiver, pumping(replace(runtime, queue=cast(Queue, queue))):
        for _ in range(2):
            await make_webhook(runtime, receiver.url)
        await publish(runtime)
        await receiver.wait_for(2)
    assert queue.named == [[None, None]]
