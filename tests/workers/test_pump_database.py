"""A pump whose database refuses it for a while: it goes on when the database is back, and ends in
time when it is not.
"""

import asyncio

import pytest

from hookline.models import Attempt, Delivery, DeliveryState
from hookline.runtime import Runtime
from tests.hookline.deliveries.queue.test_queue_locks import HOLD_WEBHOOK, holding
from tests.making import enqueue, make_webhook, make_workspace
from tests.receivers import Receiver
from tests.refusing import refusing_connections
from tests.waiting import eventually
from tests.working import pumping
from workers.pump import Pump
from workers.sending import Sender

pytestmark = [
    pytest.mark.engines("postgres"),
    pytest.mark.usefixtures("unstalled"),
]


async def succeeded(count: int) -> bool:
    return await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == count


async def test_pump_goes_on_after_its_database_refused_every_connection(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    def was_refused(what: str) -> bool:
        return any(record.getMessage().startswith(what) for record in caplog.records)

    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url)
        await enqueue(runtime, webhook.id)
        await eventually(lambda: succeeded(1))
        async with refusing_connections(runtime.settings.postgres_dsn):
            await eventually(lambda: was_refused("no beat") and was_refused("no sweeps"))
        await enqueue(runtime, webhook.id, 5)
        await eventually(lambda: succeeded(6))


async def test_pump_stops_in_time_while_its_database_refuses_it(runtime: Runtime) -> None:
    async with Receiver() as receiver, Sender(runtime.addresses) as sender:
        receiver.gate.clear()
        webhook = await make_webhook(runtime, receiver.url)
        pump = Pump(runtime, sender)
        await pump.start()
        [key] = await enqueue(runtime, webhook.id)
        await receiver.wait_for(1)
        async with refusing_connections(runtime.settings.postgres_dsn):
            receiver.gate.set()
            await eventually(lambda: not pump.recorder.is_idle)
            async with asyncio.timeout(20):
                await pump.stop(within_seconds=0.5)
            assert pump.recorder.is_idle
    delivery = await eventually(lambda: Delivery.get_or_none(id=key))
    assert delivery is not None
    # a takeover sends it again
    assert (delivery.status, delivery.lease_token is None) == (
        DeliveryState.OPEN,
        False,
    )


async def test_answer_that_came_while_the_database_refused_everything_is_recorded_later(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, pumping(runtime) as pump:
        receiver.gate.clear()
        webhook = await make_webhook(runtime, receiver.url)
        await enqueue(runtime, webhook.id)
        await receiver.wait_for(1)
        async with refusing_connections(runtime.settings.postgres_dsn):
            receiver.gate.set()
            await eventually(lambda: not pump.recorder.is_idle)
        await eventually(lambda: succeeded(1))
    [attempt] = await Attempt.all()
    assert (attempt.number, attempt.status_code, len(receiver.requests)) == (1, 200, 1)
    assert attempt.error_message is None


async def test_webhook_whose_row_is_held_stops_nobody_elses_deliveries(runtime: Runtime) -> None:
    elsewhere = await make_workspace(runtime)
    async with Receiver() as receiver, Receiver() as others, pumping(runtime) as pump:
        held = await make_webhook(runtime, receiver.url, concurrency=2)
        neighbour = await make_webhook(runtime, others.url)
        stranger = await make_webhook(runtime, others.url, elsewhere)
        async with holding(runtime, HOLD_WEBHOOK, held.id):
            await enqueue(runtime, held.id, 100)
            # Nothing more of it is sent: the room that is left is the others'.
            await eventually(lambda: pump.leases.is_held(held.id))
            for _ in range(3):
                await enqueue(runtime, neighbour.id)
                await enqueue(runtime, stranger.id, 1, elsewhere)
            await eventually(lambda: succeeded(6))
            assert not await Attempt.filter(webhook_id=held.id).exists()
        await eventually(lambda: succeeded(106))
    assert len(receiver.requests) == 100
