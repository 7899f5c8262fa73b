"""No webhook delays another one."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hookline import ids
from hookline.deliveries import manual
from hookline.models import Attempt, Delivery, DeliveryState
from hookline.runtime import Runtime
from tests.making import SOMEBODY, make_webhook, publish
from tests.receivers import Receiver, Reply, Server, hangs, hostile, read_request
from tests.waiting import eventually
from tests.working import pumping
from workers.lanes import LEASED_LIMIT
from workers.slots import SLOW_ON_WIRE_LIMIT

pytestmark = [pytest.mark.usefixtures("unstalled"), pytest.mark.engines("sqlite")]


@dataclass
class Gauge:
    """A receiver that hangs (or answers, when told to) and knows how many requests it holds. seen:
    each number that it held.
    """

    held: int = 0
    seen: list[int] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            self.held += 1
            self.seen.append(self.held)
            left, told = (
                asyncio.create_task(reader.read(1)),
                asyncio.create_task(self.answers.wait()),
            )
            await asyncio.wait([left, told], return_when=asyncio.FIRST_COMPLETED)
            self.held -= 1
            for task in (left, told):
                task.cancel()
            await asyncio.gather(left, told, return_exceptions=True)
            if not self.answers.is_set():
                return
            writer.write(Reply().encoded())
            await writer.drain()


@pytest.mark.engines("sqlite", "postgres")
async def test_hanging_receiver_costs_a_failed_attempt_and_delays_nobody(runtime: Runtime) -> None:
    async with hostile(hangs) as url, Receiver() as healthy, pumping(runtime):
        hanging = await make_webhook(runtime, url, timeout="2s", retry={"schedule": ["1h"]})
        good = await make_webhook(runtime, healthy.url)
        await publish(runtime, 60)
        await healthy.wait_for(60)
        # not one of the sixty waited for a timeout
        assert await Attempt.filter(webhook_id=hanging.id).count() == 0
        first = await eventually(lambda: Attempt.filter(webhook_id=hanging.id).first())
        await eventually(lambda: done(good.id, 60))
    assert first is not None
    assert (first.error_code, first.status_code) == ("TIMEOUT", None)
    delivery = await Delivery.get(id=first.delivery_id)
    assert (delivery.status, delivery.schedule_step) == (DeliveryState.OPEN, 1)


async def done(webhook_id: object, count: int) -> bool:
    return (
        await Delivery.filter(webhook_id=webhook_id, status=DeliveryState.SUCCEEDED).count()
        == count
    )


async def test_after_a_timeout_one_slot_is_left_until_the_receiver_answers(
    runtime: Runtime,
) -> None:
    gauge = Gauge()
    async with Server(gauge.serve) as server, pumping(runtime):
        webhook = await make_webhook(
            runtime, server.url, timeout="1s", concurrency=5, retry={"schedule": ["1h"]}
        )
        await publish(runtime, 30)
        await eventually(lambda: gauge.held == 5)
        await eventually(lambda: len(gauge.seen) == 7)  # five hung, then one, then another one
        assert max(gauge.seen[5:]) == 1
        assert await Delivery.filter(webhook_id=webhook.id, lease_token__isnull=False).count() <= 3
        gauge.answers.set()
        await eventually(lambda: done(webhook.id, 24))  # the six before it have hung to their end
        assert max(gauge.seen) <= 5


async def test_webhook_has_no_more_on_the_wire_than_its_concurrency(runtime: Runtime) -> None:
    gauge = Gauge()
    async with Server(gauge.serve) as server, pumping(runtime):
        webhook = await make_webhook(runtime, server.url, concurrency=3)
        await publish(runtime, 20)
        await eventually(lambda: gauge.held == 3)
        gauge.answers.set()
        await eventually(lambda: done(webhook.id, 20))
    assert max(gauge.seen) == 3


@pytest.mark.engines("sqlite", "postgres")
async def test_large_backlog_does_not_delay_another_webhook(runtime: Runtime) -> None:
    async with Receiver() as busy, Receiver() as idle, pumping(runtime):
        busy.gate.clear()
        await make_webhook(runtime, busy.url, events=["order.bulk.*", "order.order.*"])
        for _ in range(3):
            await publish(runtime, 1_000)
        await busy.wait_for(10)
        await make_webhook(runtime, idle.url)
        await publish(runtime)
        await idle.wait_for(1)
        assert len(busy.requests) == 10
        assert await Delivery.filter(lease_token__isnull=False).count() <= 62
        busy.gate.set()


async def test_webhooks_that_hang_take_half_the_room_at_most(runtime: Runtime) -> None:
    gauge, count = Gauge(), SLOW_ON_WIRE_LIMIT + 50
    async with Server(gauge.serve) as server, Receiver() as healthy, pumping(runtime):
        for _ in range(count):
            # Long enough for a slow machine to have half of them on the wire at once.
            await make_webhook(runtime, server.url, timeout="8s", retry={"schedule": ["1h"]})
        await publish(runtime)
        await eventually(lambda: all_timed_out(count))
        gauge.seen.clear()
        await publish(runtime)
        await eventually(lambda: gauge.held == SLOW_ON_WIRE_LIMIT)
        await make_webhook(runtime, healthy.url)
        await publish(runtime)
        await healthy.wait_for(1)
        assert max(gauge.seen) == SLOW_ON_WIRE_LIMIT
        gauge.answers.set()


async def all_timed_out(count: int) -> bool:
    return await Attempt.filter(error_code="TIMEOUT").count() == count


@pytest.mark.parametrize(
    "fields",
    [{"timeout": "2s"}, {"timeout": "2s", "concurrency": 1}],
    ids=["ten slots", "one slot"],
)
async def test_webhooks_that_begin_to_hang_leave_room_for_a_newcomer(
    runtime: Runtime, fields: dict[str, Any]
) -> None:
    async with hostile(hangs) as url, Receiver() as healthy, pumping(runtime):
        hanging = [
            await make_webhook(runtime, url, retry={"schedule": ["1h"]}, **fields)
            for _ in range(25)
        ]
        await publish(runtime, 70)
        await eventually(lambda: leased_at_least(25))
        good = await make_webhook(runtime, healthy.url)
        await publish(runtime)
        await healthy.wait_for(1)
        # it waited for no timeout
        assert await Attempt.filter(webhook_id__in=[webhook.id for webhook in hanging]).count() == 0
        await eventually(lambda: done(good.id, 1))
    assert await Delivery.filter(lease_token__isnull=False).count() <= LEASED_LIMIT


async def leased_at_least(count: int) -> bool:
    return await Delivery.filter(lease_token__isnull=False).count() >= count


async def test_many_busy_webhooks_get_their_turns(runtime: Runtime) -> None:
    busy = [Receiver() for _ in range(40)]
    async with AsyncExitStack() as stack:
        for receiver in busy:
            await stack.enter_async_context(receiver)
            receiver.gate.clear()
            await make_webhook(runtime, receiver.url, concurrency=2)
        await publish(runtime, 20)
        await stack.enter_async_context(pumping(runtime))
        # not one waits for another one's backlog
        await eventually(lambda: all(len(receiver.requests) == 2 for receiver in busy))
        for receiver in busy:
            receiver.gate.set()
        for receiver in busy:
            await receiver.wait_for(20)
    assert [
        len({request.header("webhook-id") for request in receiver.requests}) for receiver in busy
    ] == [20] * 40


async def test_token_that_was_lost_gives_no_webhook_more_than_its_concurrency(
    runtime: Runtime,
) -> None:
    gauge = Gauge()
    async with Server(gauge.serve) as server, pumping(runtime) as pump:
        await make_webhook(runtime, server.url, concurrency=2)
        await publish(runtime, 12)
        for _ in range(3):
            await eventually(lambda: gauge.held == 2 and pump.leases.token)
            pump.leases.give_up()  # what one failed claim does
        await eventually(lambda: leased_at_least(10))
        gauge.answers.set()
        await eventually(lambda: len(gauge.seen) >= 12)
    assert max(gauge.seen) == 2


async def test_what_is_asked_for_by_hand_goes_before_what_is_leased(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, concurrency=1)
        [first] = await publish(runtime)
        await eventually(lambda: done(webhook.id, 1))
        receiver.gate.clear()
        await publish(runtime, 120)
        await eventually(lambda: leased_at_least(51))
        await manual.retry(
            runtime.database, runtime.wakeups, SOMEBODY, (await Delivery.get(event_id=first)).id
        )
        await eventually(lambda: leased_at_least(52))
        receiver.gate.set()
        await receiver.wait_for(4)
    again = [
        place
        for place, request in enumerate(receiver.requests)
        if request.header("webhook-id") == ids.encode("evt", first)
    ]
    assert again[1] <= 2  # after the one that was on the wire


async def test_webhooks_of_one_host_share_what_may_be_on_the_wire_to_it(runtime: Runtime) -> None:
    gauge = Gauge()
    gauge.answers.set()
    limited = replace(runtime, settings=runtime.settings.model_copy(update={"host_concurrency": 2}))
    async with Server(gauge.serve) as server, Server(gauge.serve) as neighbour, pumping(limited):
        first = await make_webhook(limited, server.url)
        await publish(limited, 200)
        second = await make_webhook(limited, neighbour.url)
        await publish(limited, 5)
        await eventually(lambda: done(second.id, 5))
        await eventually(lambda: done(first.id, 205))
    assert max(gauge.seen) <= 2
