"""The deliveries that a pump says are under way: those that people see as being sent."""

from typing import Any, cast
from uuid import UUID

import pytest

from hookline.clock import monotonic
from hookline.deliveries import manual
from hookline.deliveries.queue.base import Queue
from hookline.models import Delivery, DeliveryState
from hookline.runtime import Runtime
from tests.making import make_webhook, publish
from tests.receivers import Receiver
from tests.waiting import eventually
from tests.working import pumping
from workers.attempts import RunningAttempt
from workers.leases import Leases
from workers.on_wire import SHOWN_AFTER_SECONDS, OnWire


async def shown(runtime: Runtime) -> set[UUID]:
    async with runtime.database.reading("test", monotonic() + 60) as reader:
        return await manual.on_wire(reader)


async def test_of_three_leased_deliveries_the_one_on_the_wire_is_told(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        receiver.gate.clear()
        webhook = await make_webhook(runtime, receiver.url, concurrency=1)
        await publish(runtime, 3)
        await receiver.wait_for(1)

        async def is_told() -> bool:
            return len(await shown(runtime)) == 1

        await eventually(is_told)
        [sent] = receiver.requests
        [key] = await shown(runtime)
        first = await Delivery.get(id=key)
        assert first.event_id.hex in (sent.header("traceparent") or "")
        receiver.gate.set()

        async def is_over() -> bool:
            done = Delivery.filter(webhook_id=webhook.id, status=DeliveryState.SUCCEEDED)
            return await done.count() == 3 and not await shown(runtime)

        await eventually(is_over)


class Told:
    """A queue that keeps what it was told, and has no database."""

    def __init__(self) -> None:
        self.told = list[list[UUID]]()

    async def set_on_wire(self, token: UUID, delivery_ids: Any) -> None:
        self.told.append(list(delivery_ids))


class Attempt:
    def __init__(self, number: int) -> None:
        self.delivery_id = UUID(int=number)


def attempt(number: int) -> RunningAttempt:
    return cast(RunningAttempt, Attempt(number))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def on_wire(told: Told) -> OnWire:
    leases = Leases(cast(Queue, told), cast(Any, None))
    leases.begin(UUID(int=9), monotonic())
    return OnWire(cast(Queue, told), leases)


async def test_requests_that_end_soon_are_not_told(told: Told, on_wire: OnWire) -> None:
    """Else each would cost a write of its own."""
    for number in range(100):
        running = attempt(number)
        on_wire.begin(running)
        await on_wire.tell_changes()
        on_wire.end(running)
    assert told.told == []


async def test_nothing_is_written_while_the_same_are_under_way(told: Told, on_wire: OnWire) -> None:
    began, running = monotonic(), attempt(1)
    on_wire.begin(running)
    await eventually(lambda: monotonic() - began > SHOWN_AFTER_SECONDS)
    for _ in range(3):
        await on_wire.tell_changes()
    on_wire.end(running)
    for _ in range(3):
        await on_wire.tell_changes()
    assert told.told == [[running.delivery_id], []]
