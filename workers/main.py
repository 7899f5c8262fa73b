"""The module that `dramatiq workers.main` imports: a broker with the actors, whose process opens
the worker. `hookline worker` starts the same.

The one module that does something at import: Dramatiq's command looks for a broker in it.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import AsyncExitStack
from typing import NoReturn

import uvloop
from dramatiq import Broker, Worker, set_broker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.middleware import AsyncIO, MiddlewareError

from hookline import logs
from hookline.errors import HooklineError
from hookline.loop_watch import LoopWatch
from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.messages import OWN
from hookline.settings.fields import Settings, read_settings
from hookline.settings.processes import check_lone_worker
from hookline.shutdown import GRACE_SECONDS, discard_log, end_with_parent, once
from hookline.text import printable_lines
from hookline.wiring import open_runtime
from workers.actors import make_broker
from workers.context import ContextHolder, running_worker

log = logging.getLogger(__name__)

# A worker that Dramatiq was still starting waits for its parent in the main thread and never sees
# the signal.
_ORPHAN_SECONDS = 5.0


class OwnLoop(ContextHolder, AsyncIO):
    """Dramatiq's middleware for async actors; opens runtime and context on its loop before the
    first message, and closes them after the last.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._has_begun_to_close = threading.Event()

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        _pass_on_sigterm_once()
        # as it was at the fork: the main process may be gone before the first look
        if (main := multiprocessing.parent_process()) and main.pid:
            end_with_parent(main.pid, self._end_as_orphan)
        # Dramatiq's --queues: what a worker enqueues to itself is always read
        if worker.consumer_whitelist:
            worker.consumer_whitelist.add(OWN)
        # Before the first message: async actors run on it, and it alone touches the database.
        self._thread = _LoopThread()
        self._thread.start(timeout=5)
        set_event_loop_thread(self._thread)
        try:
            assert isinstance(broker, WorkerBroker)  # as make_broker gave it
            self._thread.run_coroutine(self._open(broker))
        except HooklineError as error:
            self._thread.stop()
            _leave(error)
        except Exception as error:
            self._thread.stop()
            # Any other exception Dramatiq would log, and go on without a context (2.2.1).
            raise MiddlewareError("the worker could not start") from error

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self._has_begun_to_close.set()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        self._thread.run_coroutine(self._close())
        self._thread.stop()
        set_event_loop_thread(None)

    async def _open(self, broker: WorkerBroker) -> None:
        """Keeps runtime and context open in one task, which `_close` ends."""
        self._is_closing = asyncio.Event()
        is_open = asyncio.Event()
        self._life = asyncio.create_task(self._live(broker, is_open))
        opening = asyncio.create_task(is_open.wait())
        await asyncio.wait((opening, self._life), return_when=asyncio.FIRST_COMPLETED)
        opening.cancel()
        if self._life.done():
            await self._life

    async def _live(self, broker: WorkerBroker, is_open: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            runtime = await stack.enter_async_context(open_runtime(self._settings))
            self.opened = await stack.enter_async_context(running_worker(runtime, broker))
            if self._settings.metrics_port:
                # Here and not above: uvicorn takes 3 MB, and workers have no other use for it.
                from hookline.serving.metrics_port import metrics_port

                await stack.enter_async_context(metrics_port(runtime.metrics, self._settings))
            stack.callback(LoopWatch(runtime.metrics).close)
            is_open.set()
            log.info("delivering")
            await self._is_closing.wait()

    def _end_as_orphan(self) -> None:
        """Dramatiq's main process is gone, and with it the reader of the log."""
        discard_log(sys.stderr.fileno())
        os.kill(os.getpid(), signal.SIGTERM)
        if self._has_begun_to_close.wait(_ORPHAN_SECONDS):
            time.sleep(self._settings.shutdown_seconds + GRACE_SECONDS)

    async def _close(self) -> None:
        self.opened = None
        self._is_closing.set()
        await self._life
        log.info("stopped: what was on the wire is recorded")


class _LoopThread(EventLoopThread):
    """Dramatiq's, on uvloop."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("dramatiq"))
        # Told twice to stop, a worker goes without waiting for this thread.
        self.daemon = True
        # Dramatiq's constructor has made one of asyncio's own, which would stay open.
        self.loop.close()
        self.loop = uvloop.new_event_loop()

    def stop(self) -> None:
        super().stop()  # type: ignore[no-untyped-call]  # Dramatiq left it untyped


def _pass_on_sigterm_once() -> None:
    """Supervisors tell the whole group to stop, and Dramatiq's main process passes it on: without
    this the second one would kill (2.2.1).
    """
    stop = signal.getsignal(signal.SIGTERM)
    # Only the main thread may set a handler; a worker that somebody starts in another one is left
    # alone.
    if callable(stop) and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, once(stop))


def _leave(error: HooklineError) -> NoReturn:
    """Ends the worker process with a sentence instead of a traceback; Dramatiq's main process then
    ends too.
    """
    print(f"Error: {printable_lines(error.message)}", file=sys.stderr, flush=True)  # noqa: T201 - the end of a command
    raise SystemExit(1)


def _start() -> Broker:
    # As hookline.cli.main has it, which `dramatiq workers.main` does not pass: mails may be files.
    os.umask(0o077)
    try:
        settings = read_settings()
        check_lone_worker(settings)
        logs.configure(settings.log_level, settings.log_format)
        host = OwnLoop(settings)
        return make_broker(settings.broker_url, host, host.context)
    except HooklineError as error:
        _leave(error)


broker = _start()
set_broker(broker)
