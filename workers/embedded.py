"""The worker inside the API process: pump and actors on the server's own loop. Started by `api.lifespan` alone."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dramatiq import Broker, Worker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.middleware import Middleware

from hookline.runtime import Runtime
from hookline.wakeups import waking
from workers.actors import make_broker
from workers.engine import pumping

_POLL_MILLIS = 200  # threads of Dramatiq look up that often; a stop waits for two of these looks


@asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[None]:
    """Delivers until the block ends."""
    loop = asyncio.get_running_loop()
    async with pumping(runtime) as pump:
        broker = await asyncio.to_thread(make_broker, runtime.settings.broker_url, _HostLoop(loop), lambda: loop.call_soon_threadsafe(pump.kick))
        broker.emit_after("process_boot")  # Dramatiq's own command does; without it the time limits are inert (2.2.1)
        worker = Worker(broker, worker_threads=1, worker_timeout=_POLL_MILLIS)
        worker.start()
        try:
            with waking(runtime.hub, broker):
                yield
        finally:
            await asyncio.to_thread(worker.stop)


class _HostLoop(Middleware):
    """Async actors run on a loop that belongs to somebody else."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        set_event_loop_thread(_Borrowed(self._loop))

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        set_event_loop_thread(None)


class _Borrowed(EventLoopThread):
    """Never started: Dramatiq asks it for its loop only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(logging.getLogger("dramatiq"))
        self.loop.close()
        self.loop = loop
