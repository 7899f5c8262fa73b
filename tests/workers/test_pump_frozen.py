"""A worker process that is stopped in the middle of a send, is taken over, and wakes up: it changes
nothing that another recorded.
"""

import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from uuid import UUID

import pytest

from hookline.deliveries import manual
from hookline.deliveries.queue.base import DEAD_AFTER
from hookline.models import Attempt, AttemptOutcome, Delivery, DeliveryState, Webhook
from hookline.runtime import Runtime
from tests.making import SOMEBODY, Hand, activity, ago, enqueue, failed, make_webhook, succeeded
from tests.processes import Process, kill_group
from tests.receivers import Receiver
from tests.waiting import eventually
from tests.workers.pumping_process import start_pumping


@asynccontextmanager
async def frozen_while_sending(runtime: Runtime, receiver: Receiver) -> AsyncIterator[Process]:
    """A worker process that got SIGSTOP after its request had arrived; its pump looks dead."""
    process = start_pumping(runtime.settings)
    try:
        await receiver.wait_for(1)
        await stop_between_writes(runtime, process)
        async with runtime.database.unit_of_work() as work:
            await work.execute("update pump set beat_at = $1", ago(11))
        yield process
    finally:
        kill_group(process)


async def stop_between_writes(runtime: Runtime, process: Process) -> None:
    """A process that is stopped inside a write of SQLite holds the whole file: such a stop is taken
    back.
    """
    while True:
        process.send_signal(signal.SIGSTOP)
        await eventually(lambda: is_stopped(process.pid))
        if not runtime.settings.is_sqlite or is_writable(runtime.settings.sqlite_path):
            return
        process.send_signal(signal.SIGCONT)


def is_writable(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("begin immediate")
        except sqlite3.OperationalError:
            return False
        return True


def is_stopped(pid: int) -> bool:
    """True when each thread is: one after the other hears of the signal."""
    stats = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


async def recorded_by_another(runtime: Runtime, delivery_id: UUID, is_success: bool) -> None:
    """Another worker takes over, sends the second attempt and ends the delivery with it."""
    assert await runtime.queue.take_over(DEAD_AFTER) == 1
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, delivery_id)
    hand = await Hand.begin(runtime)
    row = (await hand.claim((await Delivery.get(id=delivery_id)).webhook_id))[0]._replace(
        is_manual=False
    )
    ended = (
        succeeded(row) if is_success else failed(row, state=DeliveryState.FAILED, wait_seconds=None)
    )
    assert await hand.record(ended) > 0


async def state_of(runtime: Runtime, delivery_id: UUID) -> object:
    """Everything that a record moves: the delivery, its webhook's health, the activity."""
    return (
        await Delivery.filter(id=delivery_id).values(),
        await Webhook.all().values(),
        await activity(runtime),
    )


@pytest.mark.parametrize("is_success", [True, False], ids=["succeeded", "failed"])
async def test_worker_that_wakes_after_its_takeover_overwrites_nothing(
    runtime: Runtime, is_success: bool
) -> None:
    async with Receiver() as receiver:
        receiver.gate.clear()
        webhook = await make_webhook(runtime, receiver.url)
        [key] = await enqueue(runtime, webhook.id)
        async with frozen_while_sending(runtime, receiver) as process:
            await recorded_by_another(runtime, key, is_success)
            before = await state_of(runtime, key)
            receiver.gate.set()
            process.send_signal(signal.SIGCONT)
            await eventually(
                lambda: Attempt.filter(
                    delivery_id=key, number=1, outcome=AttemptOutcome.SUCCEEDED
                ).exists()
            )
    assert await state_of(runtime, key) == before
    assert (await Delivery.get(id=key)).status == (
        DeliveryState.SUCCEEDED if is_success else DeliveryState.FAILED
    )
    outcomes = [
        attempt.outcome for attempt in await Attempt.filter(delivery_id=key).order_by("number")
    ]
    assert outcomes == [
        AttemptOutcome.SUCCEEDED,
        AttemptOutcome.SUCCEEDED if is_success else AttemptOutcome.FAILED,
    ]
    assert len(receiver.requests) == 1
