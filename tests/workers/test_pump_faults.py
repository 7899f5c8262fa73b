"""Workers that die, freeze, stop or lose their database: nothing accepted is lost, and little is
sent twice.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from hookline import ids
from hookline.deliveries.queue.base import DEAD_AFTER, Queue
from hookline.errors import Unavailable
from hookline.models import Attempt, AttemptOutcome, Delivery, DeliveryState
from hookline.runtime import Runtime
from tests.making import Hand, ago, make_webhook, publish
from tests.processes import kill_group
from tests.receivers import Received, Receiver
from tests.waiting import eventually
from tests.workers.pumping_process import start_pumping
from tests.working import pumping
from workers.answers import ReceiverAnswer
from workers.leases import STALE_SECONDS
from workers.pump import Pump
from workers.sending import OutboundRequest, Sender, StillWanted

pytestmark = pytest.mark.usefixtures("unstalled")

SOON = {"schedule": ["1s", "1s", "1s"]}


async def succeeded(count: int) -> bool:
    return await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == count


async def pump_tokens(runtime: Runtime) -> int:
    return len(await runtime.database.reader().rows("select token from pump"))


async def silence_all(runtime: Runtime) -> None:
    """As if no pump had beaten for a while."""
    async with runtime.database.unit_of_work() as work:
        await work.execute("update pump set beat_at = $1", ago(11))


def arrivals(requests: list[Received]) -> Counter[str | None]:
    return Counter(request.header("webhook-id") for request in requests)


async def test_dead_workers_deliveries_are_taken_over_and_sent_under_the_same_id(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver:
        webhook = await make_webhook(runtime, receiver.url, retry=SOON)
        event_ids = await publish(runtime, 3)
        hand = await Hand.begin(runtime)
        assert len(await hand.claim(webhook.id)) == 3
        await hand.fall_silent(runtime)
        async with pumping(runtime):
            await eventually(lambda: succeeded(3))
    assert arrivals(receiver.requests) == Counter(
        ids.encode("evt", event_id) for event_id in event_ids
    )
    outcomes = Counter((attempt.number, attempt.outcome) for attempt in await Attempt.all())
    assert outcomes == {(1, AttemptOutcome.UNKNOWN): 3, (2, AttemptOutcome.SUCCEEDED): 3}


@pytest.mark.engines("sqlite")
async def test_start_on_sqlite_takes_its_predecessor_over_at_once(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await publish(runtime, 2)
    await (await Hand.begin(runtime)).claim(webhook.id)
    async with Sender(runtime.addresses) as sender:
        pump = Pump(runtime, sender)
        await pump.start()
        assert await Attempt.filter(outcome=AttemptOutcome.UNKNOWN).count() == 2
        await pump.stop()


async def test_worker_killed_in_mid_flight_loses_nothing(runtime: Runtime) -> None:
    async with Receiver() as receiver:
        receiver.gate.clear()
        await make_webhook(runtime, receiver.url, concurrency=5, retry=SOON)
        event_ids = await publish(runtime, 40)
        await killed_while_sending(runtime, receiver, 5)
        leased = await Delivery.filter(lease_token__isnull=False).count()
        receiver.gate.set()
        await silence_all(runtime)
        async with pumping(runtime):
            await eventually(lambda: succeeded(40))
    counts = arrivals(receiver.requests)
    assert set(counts) == {ids.encode("evt", event_id) for event_id in event_ids}
    assert counts.total() - 40 <= 5 <= leased
    assert await Attempt.filter(outcome=AttemptOutcome.UNKNOWN).count() == leased


async def killed_while_sending(runtime: Runtime, receiver: Receiver, count: int) -> None:
    """Runs a worker process until so many requests hang at the receiver, then ends it
    with SIGKILL.
    """
    process = start_pumping(runtime.settings)
    try:
        await receiver.wait_for(count)
    finally:
        kill_group(process)


@pytest.mark.engines("sqlite")
async def test_frozen_worker_that_wakes_sends_nothing_that_others_took_over(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, Sender(runtime.addresses) as sender:
        receiver.gate.clear()
        webhook = await make_webhook(
            runtime, receiver.url, concurrency=1, retry={"schedule": ["1h"]}
        )
        pump = Pump(runtime, sender)
        await pump.start()
        await publish(runtime, 6)
        await receiver.wait_for(1)
        await eventually(lambda: holds(webhook.id, 6))
        # as after a freeze: the clocks went on, nothing else did
        pump.leases._confirmed_at -= STALE_SECONDS + 1
        await silence_all(runtime)
        assert await runtime.queue.take_over(DEAD_AFTER) == 6
        receiver.gate.set()
        await eventually(lambda: evidence(1))
        await eventually(lambda: pump.leases.is_fresh)
        assert len(receiver.requests) == 1
        await pump.stop()
    assert await Attempt.filter(outcome=AttemptOutcome.UNKNOWN).count() == 5
    assert (
        await Delivery.filter(
            status=DeliveryState.OPEN, lease_token__isnull=True, attempt_count=1
        ).count()
        == 6
    )


async def holds(webhook_id: UUID, count: int) -> bool:
    return await Delivery.filter(webhook_id=webhook_id, lease_token__isnull=False).count() == count


async def evidence(count: int) -> bool:
    return await Attempt.filter(outcome=AttemptOutcome.SUCCEEDED).count() == count


async def test_worker_that_lost_its_token_goes_on_under_a_new_one(runtime: Runtime) -> None:
    async with Receiver() as receiver, Sender(runtime.addresses) as sender:
        webhook = await make_webhook(runtime, receiver.url)
        pump = Pump(runtime, sender)
        await pump.start()
        token = await eventually(lambda: pump.leases.token)
        await silence_all(runtime)
        await runtime.queue.take_over(DEAD_AFTER)
        await eventually(lambda: pump.leases.token not in (None, token))
        await publish(runtime)
        await eventually(lambda: succeeded(1))
        await pump.stop()
    assert webhook.id == (await Attempt.all())[0].webhook_id


async def test_stop_gives_back_what_was_not_sent_and_records_the_rest(runtime: Runtime) -> None:
    async with Receiver() as receiver, Sender(runtime.addresses) as sender:
        receiver.gate.clear()
        await make_webhook(runtime, receiver.url, concurrency=2)
        pump = Pump(runtime, sender)
        await pump.start()
        await publish(runtime, 20)
        await receiver.wait_for(2)
        stopping = asyncio.create_task(pump.stop())
        await eventually(lambda: untouched(18))
        receiver.gate.set()
        await stopping
    assert len(receiver.requests) == 2
    assert (
        await Delivery.filter(
            status=DeliveryState.SUCCEEDED, lease_token__isnull=True, attempt_count=1
        ).count()
        == 2
    )
    assert await pump_tokens(runtime) == 0


async def untouched(count: int) -> bool:
    return (
        await Delivery.filter(
            status=DeliveryState.OPEN, lease_token__isnull=True, attempt_count=0
        ).count()
        == count
    )


@pytest.mark.engines("sqlite")
async def test_stop_past_its_deadline_leaves_the_rest_to_a_takeover(runtime: Runtime) -> None:
    async with Receiver() as receiver, Sender(runtime.addresses) as sender:
        receiver.gate.clear()
        await make_webhook(runtime, receiver.url, concurrency=2)
        pump = Pump(runtime, sender)
        await pump.start()
        await publish(runtime, 5)
        await receiver.wait_for(2)
        await pump.stop(within_seconds=0.2)
    assert await Delivery.filter(lease_token__isnull=False).count() == 2
    await silence_all(runtime)
    assert await runtime.queue.take_over(timedelta(seconds=10)) == 2


async def test_stopped_pump_sends_nothing_more(runtime: Runtime) -> None:
    async with Receiver() as receiver:
        webhook = await make_webhook(runtime, receiver.url)
        async with pumping(runtime) as pump:
            await publish(runtime)
            await eventually(lambda: succeeded(1))
        await publish(runtime)
        pump.wake([webhook.id])
        async with pumping(runtime):
            await eventually(lambda: succeeded(2))
    assert len(receiver.requests) == 2


@pytest.mark.engines("postgres")
async def test_connections_that_are_cut_again_and_again_lose_and_double_nothing_recorded(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, pumping(runtime):
        await make_webhook(runtime, receiver.url, retry=SOON)
        event_ids = list[UUID]()
        for _ in range(5):
            event_ids += await publish(runtime, 40)
            await cut_connections(runtime.settings.postgres_dsn)
            event_ids += await publish(runtime, 10)
        await eventually(lambda: succeeded_after_silence(runtime, 250))
    assert set(arrivals(receiver.requests)) == {
        ids.encode("evt", event_id) for event_id in event_ids
    }
    assert len(set(event_ids)) == 250


async def cut_connections(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = "
        "current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()


async def succeeded_after_silence(runtime: Runtime, count: int) -> bool:
    """True when all is done; tokens that were given up needn't wait for their ten seconds."""
    # Of the last cut a server may still be busy with ending connections.
    with suppress(Unavailable):
        async with runtime.database.unit_of_work() as work:
            await work.execute(
                "update pump set beat_at = $1 where token not in (select token from pump order by "
                "beat_at desc limit 1)",
                ago(11),
            )
        return await succeeded(count)
    return False


class Clumsy(Sender):
    """Fails once, in a way that is nobody's but ours."""

    is_warned = False

    async def send(
        self, request: OutboundRequest, still_wanted: StillWanted | None = None
    ) -> ReceiverAnswer:
        if not self.is_warned:
            self.is_warned = True
            raise RuntimeError("clumsy")
        return await super().send(request, still_wanted)


@pytest.mark.engines("sqlite")
async def test_mistake_of_ours_in_a_send_costs_its_delivery_a_takeover_and_no_room(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, Clumsy(runtime.addresses) as sender:
        await make_webhook(runtime, receiver.url, retry=SOON)
        pump = Pump(runtime, sender)
        await pump.start()
        await publish(runtime, 3)
        await eventually(lambda: succeeded_after_silence(runtime, 3))
        await eventually(lambda: pump.leases.count == 0)
        await pump.stop()
    assert len(receiver.requests) == 3
    assert await Attempt.filter(outcome=AttemptOutcome.UNKNOWN).count() == 1


class Stumbling:
    """The real queue, whose next claim fails in an unforeseen way."""

    def __init__(self, queue: Queue) -> None:
        self._queue, self.faults = queue, {"claim"}

    def __getattr__(self, name: str) -> Any:
        if name in self.faults:
            self.faults.discard(name)
            raise RuntimeError("unforeseen")
        return getattr(self._queue, name)


@pytest.mark.engines("sqlite")
async def test_mistake_of_ours_in_a_claim_ends_no_claiming(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    stumbling = replace(runtime, queue=cast(Queue, Stumbling(runtime.queue)))
    async with Receiver() as receiver:
        await make_webhook(runtime, receiver.url)
        await publish(runtime, 3)
        async with pumping(stumbling):
            await eventually(lambda: succeeded(3))
    assert "a task of the pump died: RuntimeError('unforeseen')" in caplog.text
    assert len(receiver.requests) == 3
