"""Deliveries that a publish hands straight to the pump of its own process (SQLite only): nothing is
lost when either of them stops, fails or is gone.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from hookline import ids
from hookline.db.sqlite import SafeSqliteClient
from hookline.deliveries.queue.base import DEAD_AFTER, Queue
from hookline.events.checking import EventLimits
from hookline.events.publishing import Publisher
from hookline.messaging.hub import MemoryHub
from hookline.models import Attempt, AttemptOutcome, Delivery, DeliveryState, Event
from hookline.runtime import Runtime
from tests.making import ago, make_webhook, publish
from tests.receivers import Receiver
from tests.waiting import eventually
from workers.pump import Pump
from workers.sending import Sender

pytestmark = pytest.mark.engines("sqlite")


class Watched:
    """The real queue, whose publishes and claims are counted and may go wrong. before, after:
    raised by one publish each, around its commit.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.calls = Counter[str]()
        self.before, self.after = list[Exception](), list[Exception]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def publish(self, *given: Any) -> bool:
        self.calls["unleased" if given[5] is None else "leased"] += 1
        if self.before:
            raise self.before.pop()
        written = await self._queue.publish(*given)
        if self.after:
            raise self.after.pop()
        return written

    async def claim(self, *given: Any) -> Any:
        rows = await self._queue.claim(*given)
        self.calls["claimed"] += len(rows)
        return rows


@asynccontextmanager
async def watched_pump(runtime: Runtime) -> AsyncIterator[tuple[Runtime, Watched, Pump]]:
    """A pump and a publisher of one process over a watched queue; the pump has begun to beat."""
    queue = Watched(runtime.queue)
    limits = EventLimits(runtime.settings.environments, runtime.settings.max_event_bytes)
    publisher = Publisher(
        cast(Queue, queue), runtime.registry, runtime.wakeups, limits, runtime.metrics
    )
    over = replace(runtime, queue=cast(Queue, queue), publisher=publisher)
    async with Sender(runtime.addresses) as sender:
        pump = Pump(over, sender)
        await pump.start()
        try:
            await eventually(lambda: pump.leases.token)
            yield over, queue, pump
        finally:
            await pump.stop(within_seconds=2)


async def make_known_webhook(runtime: Runtime, url: str, **fields: Any) -> None:
    """A webhook that the process has loaded, so that the next publish matches it at once."""
    webhook = await make_webhook(runtime, url, **fields)
    await eventually(lambda: runtime.registry.target(webhook.id))


async def succeeded(count: int) -> bool:
    return (
        await Delivery.filter(status=DeliveryState.SUCCEEDED, lease_token__isnull=True).count()
        == count
    )


async def new_token(pump: Pump, old: UUID | None) -> UUID:
    """The pump's token, as soon as it is another one."""
    await eventually(lambda: pump.leases.token not in (None, old))
    return cast(UUID, pump.leases.token)


async def silence_all_but(runtime: Runtime, token: UUID) -> None:
    async with runtime.database.unit_of_work() as work:
        await work.execute("update pump set beat_at = $1 where token <> $2", ago(11), token)


def arrived_once(receiver: Receiver, event_ids: list[UUID]) -> bool:
    return Counter(request.header("webhook-id") for request in receiver.requests) == Counter(
        ids.encode("evt", key) for key in event_ids
    )


def has_all_its_room(pump: Pump) -> Callable[[], bool]:
    return lambda: pump.leases.count == 0 and pump.leases.is_idle


async def test_published_deliveries_are_sent_without_a_claim(runtime: Runtime) -> None:
    async with Receiver() as receiver, watched_pump(runtime) as (over, queue, pump):
        await make_known_webhook(over, receiver.url)
        event_ids = await publish(over, 20)
        await eventually(lambda: succeeded(20))
        await eventually(has_all_its_room(pump))
        assert (queue.calls["leased"], queue.calls["claimed"]) == (1, 0)
    assert arrived_once(receiver, event_ids)
    assert {attempt.number for attempt in await Attempt.all()} == {1}


async def test_what_the_lane_has_no_room_for_is_claimed_later(runtime: Runtime) -> None:
    async with Receiver() as receiver, watched_pump(runtime) as (over, queue, pump):
        await make_known_webhook(over, receiver.url)
        event_ids = await publish(over, 150)
        await eventually(lambda: succeeded(150))
        await eventually(has_all_its_room(pump))
        assert queue.calls["claimed"] == 90  # 60 went directly
    assert arrived_once(receiver, event_ids)


async def test_change_that_nobody_told_gives_the_room_back_and_is_obeyed(runtime: Runtime) -> None:
    async with Receiver() as one, Receiver() as two, watched_pump(runtime) as (over, queue, pump):
        await make_known_webhook(over, one.url)
        await make_webhook(replace(over, hub=MemoryHub()), two.url)
        event_ids = await publish(over, 5)
        assert queue.calls["leased"] == 2
        await eventually(lambda: succeeded(10))
        await eventually(has_all_its_room(pump))
    assert arrived_once(one, event_ids)
    assert arrived_once(two, event_ids)


async def test_taken_key_gives_the_room_back(runtime: Runtime) -> None:
    async with Receiver() as receiver, watched_pump(runtime) as (over, _, pump):
        await make_known_webhook(over, receiver.url)
        [first] = await publish(over, data=1, key="k")
        assert await publish(over, data=1, key="k") == [first]
        await eventually(lambda: succeeded(1))
        await eventually(has_all_its_room(pump))
    assert arrived_once(receiver, [first])


async def test_room_of_a_publish_that_failed_comes_back(runtime: Runtime) -> None:
    """All the room of the process was reserved by one publish, whose outcome nobody knows."""
    async with Receiver() as receiver, watched_pump(runtime) as (over, queue, pump):
        for _ in range(17):
            await make_known_webhook(over, receiver.url)
        queue.before = [ConnectionResetError()]
        await publish(over, 60)
        await eventually(lambda: succeeded(17 * 60))
        await eventually(has_all_its_room(pump))


async def test_commit_whose_answer_was_lost_is_taken_over(runtime: Runtime) -> None:
    async with Receiver() as receiver, watched_pump(runtime) as (over, queue, pump):
        await make_known_webhook(over, receiver.url, retry={"schedule": ["1s"]})
        token = pump.leases.token
        queue.after = [ConnectionResetError()]
        event_ids = await publish(over, 3)
        await silence_all_but(over, await new_token(pump, token))
        await eventually(lambda: succeeded(3))
        await eventually(has_all_its_room(pump))
    assert arrived_once(receiver, event_ids)
    outcomes = Counter((attempt.number, attempt.outcome) for attempt in await Attempt.all())
    assert outcomes == {(1, AttemptOutcome.UNKNOWN): 3, (2, AttemptOutcome.SUCCEEDED): 3}


async def test_pump_that_was_taken_over_leases_nothing_and_takes_a_new_token_at_once(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, watched_pump(runtime) as (over, queue, pump):
        await make_known_webhook(over, receiver.url)
        token = pump.leases.token
        await silence_all_but(over, UUID(int=0))
        assert await runtime.queue.take_over(DEAD_AFTER) == 0
        event_ids = await publish(over, 3)
        assert queue.calls["leased"] + queue.calls["unleased"] == 2
        await new_token(pump, token)
        await eventually(lambda: succeeded(3))
        await eventually(has_all_its_room(pump))
    assert arrived_once(receiver, event_ids)
    assert {attempt.outcome for attempt in await Attempt.all()} == {AttemptOutcome.SUCCEEDED}


@pytest.mark.parametrize("within_seconds", [5.0, 0.0], ids=["that waits", "that does not wait"])
async def test_pump_that_stops_during_a_publish_leaves_its_deliveries_to_the_next(
    runtime: Runtime, within_seconds: float
) -> None:
    async with Receiver() as receiver:
        async with watched_pump(runtime) as (over, _, pump):
            await make_known_webhook(over, receiver.url)
            turn = cast(SafeSqliteClient, runtime.database.client).turn
            async with turn:  # nobody writes
                publishing = asyncio.create_task(publish(over, 3))
                await eventually(lambda: pump.leases.count == 3)
                stopping = asyncio.create_task(pump.stop(within_seconds))
                await eventually(lambda: over.publisher._embedded_pump is None)
            [*event_ids] = await publishing
            await stopping
            await eventually(nothing_is_leased)
            assert await Event.all().count() == 3
            assert receiver.requests == []
        async with watched_pump(runtime):
            await eventually(lambda: succeeded(3))
    assert arrived_once(receiver, event_ids)
    assert [attempt.number for attempt in await Attempt.all()] == [1, 1, 1]


async def nothing_is_leased() -> bool:
    return not await Delivery.filter(lease_token__isnull=False).exists()


async def test_token_that_went_during_a_publish_takes_what_was_leased_to_it_along(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, watched_pump(runtime) as (over, _, pump):
        await make_known_webhook(over, receiver.url)
        async with cast(SafeSqliteClient, runtime.database.client).turn:
            publishing = asyncio.create_task(publish(over, 3))
            await eventually(lambda: pump.leases.count == 3)
            pump.leases.give_up()
        event_ids = await publishing
        await eventually(lambda: succeeded(3))
        await eventually(has_all_its_room(pump))
    assert arrived_once(receiver, event_ids)
    assert {attempt.number for attempt in await Attempt.all()} == {1}
