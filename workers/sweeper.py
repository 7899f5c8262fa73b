"""Each second: finds what no signal named, takes dead pumps over, cancels what deleted webhooks
left. Runs beside the pump in every worker.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from hookline.clock import monotonic
from hookline.db.connection import FAULTS
from hookline.deliveries.queue.base import DEAD_AFTER, Queue
from hookline.deliveries.registry import Registry
from hookline.errors import Unavailable

log = logging.getLogger(__name__)

_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.7, 1.0  # spread, so that many workers don't sweep at once
_HURRY_SECONDS = 0.02
"""Between two looks that something asked for: a hub that says "look everywhere" may say
it often.
"""


class Sweeper:
    """found: is called with the webhooks that have something due."""

    def __init__(
        self, queue: Queue, registry: Registry, found: Callable[[set[UUID]], None]
    ) -> None:
        self._queue, self._registry, self._found = queue, registry, found
        self._is_hurried = asyncio.Event()

    def hurry(self) -> None:
        """Something may be due, nobody knows to whom: look for it now instead of at the
        next sweep.
        """
        self._is_hurried.set()

    async def run(self) -> None:
        while True:
            try:
                await self.sweep()
                await self._until_next()
            except (*FAULTS, Unavailable) as error:
                log.warning("sweep failed, the next one follows: %r", error)
                await asyncio.sleep(_pause_seconds())
            except Exception:  # without a sweep, what a signal lost would never be found
                log.exception("sweep failed")
                await asyncio.sleep(_pause_seconds())

    async def _until_next(self) -> None:
        """Waits for the next sweep's time; finds what is due meanwhile as often as it
        is hurried.
        """
        until = monotonic() + _pause_seconds()
        while monotonic() < until and await self._is_hurried_before(until):
            self._found(set(await self._queue.due()))
            await asyncio.sleep(_HURRY_SECONDS)

    async def _is_hurried_before(self, until: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(until - monotonic()):
                await self._is_hurried.wait()
        is_hurried = self._is_hurried.is_set()
        self._is_hurried.clear()
        return is_hurried

    async def sweep(self) -> None:
        await self._registry.look()
        while (taken := await self._queue.take_over(DEAD_AFTER)) >= 0:
            log.warning("took over a dead worker's %d deliveries", taken)
        self._found(set(await self._queue.due()))
        while await self._queue.cancel_deleted():
            pass


def _pause_seconds() -> float:
    return random.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS)
