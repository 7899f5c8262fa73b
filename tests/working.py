"""Workers inside a test: a pump alone, one with Dramatiq before it as in every shape, or what
their actors do, by hand.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import dramatiq
from dramatiq import Broker
from dramatiq.asyncio import get_event_loop_thread, set_event_loop_thread

from hookline import clock
from hookline.db.statements import for_dialect
from hookline.deliveries import jobs
from hookline.deliveries.queue.base import Queue
from hookline.messaging.memory_broker import WorkerBroker
from hookline.models.column_types import TimeColumn
from hookline.notifications import mails
from hookline.notifications.smtp import Mailer
from hookline.runtime import Runtime
from tests.waiting import eventually
from workers.actors import SLICE_SECONDS, make_broker
from workers.context import WorkerContext, opened_worker, running_worker
from workers.embedded import HostLoop
from workers.pump import Pump


@asynccontextmanager
async def pumping(runtime: Runtime) -> AsyncIterator[Pump]:
    """A pump that delivers; nobody reads the messages to its actors."""
    host = borrowed_loop()
    async with running_worker(runtime, make_broker("memory://", host, host.context)) as context:
        yield context.pump


@asynccontextmanager
async def working(
    runtime: Runtime,
    url: str = "memory://",
    *,
    is_scheduled: bool = True,
    slice_seconds: float = SLICE_SECONDS,
) -> AsyncIterator[tuple[WorkerContext, WorkerBroker]]:
    """A worker behind that broker, on the test's loop. Without a scheduler it does what messages
    ask for, and its pump's sweeps.
    """
    host = borrowed_loop()
    broker = await asyncio.to_thread(make_broker, url, host, host.context, slice_seconds)
    async with (running_worker if is_scheduled else opened_worker)(runtime, broker) as context:
        host.opened = context
        async with consuming(broker):
            yield context, broker


def borrowed_loop() -> HostLoop:
    """Lends the test's own loop."""
    return _Nested(asyncio.get_running_loop())


class _Nested(HostLoop):
    """One worker inside another one's life: Dramatiq knows one loop per process, here it is the
    same for all.
    """

    def before_worker_boot(self, broker: Broker, worker: dramatiq.Worker) -> None:
        self._outer = get_event_loop_thread()
        super().before_worker_boot(broker, worker)

    def after_worker_shutdown(self, broker: Broker, worker: dramatiq.Worker) -> None:
        set_event_loop_thread(self._outer)


@asynccontextmanager
async def consuming(broker: WorkerBroker) -> AsyncIterator[dramatiq.Worker]:
    """Dramatiq's worker, with two threads as in an embedded one."""
    broker.emit_after("process_boot")
    worker = dramatiq.Worker(broker, worker_threads=2, worker_timeout=50)
    worker.start()
    try:
        yield worker
    finally:
        await asyncio.to_thread(worker.stop, 10_000)
        await asyncio.to_thread(broker.close)
        await asyncio.to_thread(broker.disconnect)


class Counting:
    """The real queue, and how many whole sweeps have asked it."""

    def __init__(self, queue: Queue) -> None:
        self._queue, self.sweeps = queue, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def take_over(self, dead_after: timedelta) -> int:
        self.sweeps += 1
        return await self._queue.take_over(dead_after)


async def due_mails(runtime: Runtime) -> list[tuple[UUID, str]]:
    """Mails that are due, those that were just written among them: SQLite's clock counts whole
    milliseconds, so what was written in this one is due in the next.
    """
    written = clock.now()
    now = for_dialect("select {now} as now", runtime.database.dialect)

    async def is_past() -> bool:
        [row] = await runtime.database.reader().rows(now)
        return bool(TimeColumn().to_python_value(row["now"]) >= written)

    await eventually(is_past)
    return await mails.due(runtime, 1_000)


async def send_due(runtime: Runtime, mailer: Mailer) -> int:
    """Tries every mail that is due, all at once. How many this call has tried. Raises what the
    first of them raised, when all have ended: none goes on beside what the test does next.
    """
    due = await due_mails(runtime)
    tries = [mails.send_mail(runtime, mailer, *key) for key in due]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return ended.count(True)


async def finish_jobs(runtime: Runtime) -> None:
    """Works on what is due until nothing is."""
    while due := await jobs.due(runtime.database, 10):
        for job_id in due:
            await jobs.run(runtime.database, runtime.wakeups, job_id, 0)
