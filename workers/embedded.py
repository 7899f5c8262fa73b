"""The worker inside the API process: context and actors on the server's own loop. Started by
`api.lifespan` alone.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from dramatiq import Broker, Worker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.middleware import Middleware

from hookline.runtime import Runtime
from workers.actors import make_broker
from workers.context import THREADS_HELD, ContextHolder, running_worker

# One more than can be held, so that deliveries and mails always find one.
THREADS: Final = THREADS_HELD + 1
# Dramatiq's threads look up that often; a stop waits for two of these looks.
_POLL_MILLIS = 200


@asynccontextmanager
async def embedded_worker(runtime: Runtime) -> AsyncIterator[None]:
    """Delivers until the block ends."""
    host = HostLoop(asyncio.get_running_loop())
    # Opening a broker blocks, up to seconds when its server hangs; the loop also serves requests.
    broker = await asyncio.to_thread(make_broker, runtime.settings.broker_url, host, host.context)
    async with running_worker(runtime, broker) as host.opened:
        # Dramatiq's own command does; without it the time limits are inert (2.2.1)
        broker.emit_after("process_boot")
        worker = Worker(broker, worker_threads=THREADS, worker_timeout=_POLL_MILLIS)
        worker.start()
        try:
            yield
        finally:
            # It joins Dramatiq's threads, which wait for actors on this very loop: called here,
            # both would wait for each other (2.2.1).
            await asyncio.to_thread(worker.stop)


class HostLoop(ContextHolder, Middleware):
    """Dramatiq's middleware for async actors, on the host's own loop."""

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
        # Dramatiq's constructor has made a loop of its own, which would never be closed.
        self.loop.close()
        self.loop = loop
