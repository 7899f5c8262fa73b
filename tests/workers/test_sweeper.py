"""One sweep over both databases: it finds, takes over and cancels what no message told, and goes on
after a fault.
"""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, cast
from uuid import UUID

import pytest

from hookline.deliveries.queue.base import Queue
from hookline.messaging.hub import MemoryHub
from hookline.models import Attempt, AttemptOutcome, Delivery, DeliveryState
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active
from tests.making import SOMEBODY, Hand, ago, enqueue, make_webhook, set_column
from tests.waiting import eventually
from tests.working import Counting
from workers.sweeper import Sweeper


async def swept(runtime: Runtime) -> set[UUID]:
    """Runs one sweep; returns what it found."""
    sweeper = Sweeper(runtime.queue, runtime.registry)
    found = await sweeper.sweep()
    await sweeper.cancel_deleted()
    return found


async def collect(sweeper: Sweeper, found: list[set[UUID]]) -> None:
    async for webhook_ids in sweeper.due_webhooks():
        found.append(webhook_ids)


async def test_sweep_names_the_webhooks_that_have_something_due(runtime: Runtime) -> None:
    due, later = await make_webhook(runtime), await make_webhook(runtime)
    await make_webhook(runtime)
    await enqueue(runtime, due.id, 2)
    await set_column(
        runtime, "delivery", "next_attempt_at", ago(-60), await enqueue(runtime, later.id)
    )
    assert await swept(runtime) == {due.id}


async def test_sweep_takes_every_dead_pump_over_and_no_living_one(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, retry={"schedule": ["1h"]})
    await enqueue(runtime, webhook.id, 4)
    dead, dead_too, living = [await Hand.begin(runtime) for _ in range(3)]
    for hand in (dead, dead_too, living):
        await hand.claim_one(webhook.id)
    await dead.fall_silent(runtime)
    await dead_too.fall_silent(runtime)
    assert await swept(runtime) == {webhook.id}
    assert await Attempt.filter(outcome=AttemptOutcome.UNKNOWN).count() == 2
    assert [
        delivery.lease_token for delivery in await Delivery.filter(lease_token__isnull=False)
    ] == [living.token]


async def test_sweep_cancels_all_that_a_deleted_webhook_left(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id, 1_200)  # more than one chunk
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert await swept(runtime) == set()
    assert await Delivery.filter(status=DeliveryState.CANCELLED).count() == 1_200


async def test_sweep_learns_of_a_change_that_nobody_told(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await eventually(lambda: runtime.registry.target(webhook.id))
    await set_webhook_active(replace(runtime, hub=MemoryHub()), SOMEBODY, webhook.id, False)
    await swept(runtime)
    target = runtime.registry.target(webhook.id)
    assert target is not None
    assert not target.is_on


class Faulty:
    """The real queue, whose next question about what is due raises these."""

    def __init__(self, queue: Queue, *faults: Exception) -> None:
        self._queue, self.faults = queue, list(faults)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def due(self) -> list[UUID]:
        if self.faults:
            raise self.faults.pop(0)
        return await self._queue.due()


@pytest.mark.parametrize(
    "fault", [ConnectionRefusedError(), RuntimeError("unforeseen")], ids=["away", "unforeseen"]
)
async def test_sweeps_go_on_after_one_that_failed(runtime: Runtime, fault: Exception) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id)
    found = list[set[UUID]]()
    sweeper = Sweeper(cast(Queue, Faulty(runtime.queue, fault)), runtime.registry)
    sweeps = asyncio.create_task(collect(sweeper, found))
    await eventually(lambda: found)
    sweeps.cancel()
    await asyncio.gather(sweeps, return_exceptions=True)
    assert found[0] == {webhook.id}


def has_found(found: list[set[UUID]], seen: int, webhook_id: UUID) -> bool:
    return {webhook_id} in found[seen:]


async def test_look_that_is_asked_for_does_not_wait_for_a_sweep(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id)
    found, queue = list[set[UUID]](), Counting(runtime.queue)
    sweeper = Sweeper(cast(Queue, queue), runtime.registry)
    sweeps = asyncio.create_task(collect(sweeper, found))
    for _ in range(20):
        seen = len(found)
        sweeper.sweep_now()
        await eventually(partial(has_found, found, seen, webhook.id))
    sweeps.cancel()
    await asyncio.gather(sweeps, return_exceptions=True)
    assert queue.sweeps <= 10
