"""Ends of background tasks, signals to stop that come twice, and the end of a process whose parent
is gone: it would work for ever, beyond the reach of any stop. The watch is a thread and never logs:
the loop and the logger may hang in a write that nobody reads any more.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

Handler = Callable[[int, FrameType | None], Any]

_RETRY_DELAY_SECONDS: Final = 2.0


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancels the tasks until all of them have ended. What they raise is dropped.

    A cancellation can get lost: asyncio.wait_for of Python 3.11 gives a result that comes in the
    same turn, and redis-py 8.1 went on after one.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_RETRY_DELAY_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


_SAME_SIGNAL_SECONDS: Final = 5.0
"""Dramatiq's main process passes a signal on within milliseconds; on a busy machine 2 s were too
few.
"""


def once(handler: Handler) -> Handler:
    """Gives a handler of signals that takes those which follow the first one within 5 s for the
    same request to stop, and drops them.
    """
    unseen = iter((True,))
    begun_at: list[float] = []

    def handle(number: int, frame: FrameType | None) -> None:
        # The next signal may interrupt this function anywhere, so the first is taken in one step.
        if next(unseen, False):
            begun_at.append(time.monotonic())
            handler(number, frame)
        elif begun_at and time.monotonic() - begun_at[0] > _SAME_SIGNAL_SECONDS:
            handler(number, frame)

    return handle


# Python offers no signal for the death of a parent, so its pid is looked at instead.
_POLL_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 10.0
"""For an end beyond what `shutdown_seconds` gives to requests: records, connections, the rest."""


def end_with_parent(parent: int, shut_down: Callable[[], None]) -> None:
    """Begins to watch. When the process `parent` is no longer the parent, calls `shut_down`, which
    waits as long as a clean end may take, and then ends this process without any further care.
    """
    threading.Thread(
        target=_watch, args=(parent, shut_down), name="parent-watch", daemon=True
    ).start()


def _watch(parent: int, shut_down: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    try:
        shut_down()
    finally:
        os._exit(1)


def discard_log(pipe: int) -> None:
    """From now on reads what this process writes into a pipe that its parent alone had read.

    A forked child holds the reading end too, so that its writes do not fail when the parent dies:
    they fill the pipe and then wait for ever. Elsewhere than on Linux this does nothing.
    """
    threading.Thread(target=_discard, args=(pipe,), name="log-discard", daemon=True).start()


def _discard(pipe: int) -> None:
    try:
        # the reading end that was inherited has no name here: this opens another one
        reading = os.open(f"/proc/self/fd/{pipe}", os.O_RDONLY)
    except OSError:
        return
    while os.read(reading, 65_536):
        pass
