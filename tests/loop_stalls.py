"""Finds what holds the event loop of a test: the CPU time of its thread between two looks, each as
soon as the loop lets it. Not the time that passes, which on a busy machine is others'.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import thread_time
from typing import Final

LIMIT_SECONDS: Final = 0.4
"""Eight times what the code may take. The suites that are watched take 0.1 s at the most, in which
clients, receivers and 500 connections that begin at once share the loop with it (2026-11); the rest
is for slow machines and the collector of garbage.
"""
_PERIOD_SECONDS: Final = 0.005


class Stalls:
    """longest: CPU seconds of one burst."""

    def __init__(self) -> None:
        self.longest, self._seen = 0.0, thread_time()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(_PERIOD_SECONDS, self._look)

    def close(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now = thread_time()
        self.longest, self._seen = max(self.longest, now - self._seen), now
        self._timer = self._loop.call_later(_PERIOD_SECONDS, self._look)


@asynccontextmanager
async def watched_loop(limit_seconds: float = LIMIT_SECONDS) -> AsyncIterator[Stalls]:
    """Watches the running loop until the block ends.

    Raises AssertionError when one burst took more CPU than the limit.
    """
    stalls = Stalls()
    try:
        yield stalls
        # One more look: the burst that ended the block counts too.
        await asyncio.sleep(2 * _PERIOD_SECONDS)
    finally:
        stalls.close()
    assert stalls.longest <= limit_seconds, (
        f"the loop was held for {stalls.longest:.2f} s of CPU at a stretch"
    )
