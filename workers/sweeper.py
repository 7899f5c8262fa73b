"""Each second: finds what no signal named, takes dead pumps over, cancels what deleted webhooks left. Runs beside the pump in every worker."""

import asyncio
import logging
import random
from collections.abc import Callable
from uuid import UUID

from hookline.db.connection import FAULTS
from hookline.errors import Unavailable
from hookline.queue.base import DEAD_AFTER, Queue
from hookline.registry import Registry

log = logging.getLogger("hookline.sweeper")

_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.7, 1.0  # spread, so that many workers don't sweep at once
_KEYS_EVERY = 60


class Sweeper:
    """found: is called with the webhooks that have something due."""

    def __init__(self, queue: Queue, registry: Registry, found: Callable[[set[UUID]], None]) -> None:
        self._queue, self._registry, self._found = queue, registry, found

    async def run(self) -> None:
        has_more_keys = False
        for count in range(2**62):
            try:
                await self.sweep()
                if count % _KEYS_EVERY == 0 or has_more_keys:
                    has_more_keys = await self._queue.forget_keys() > 0
            except (*FAULTS, Unavailable) as error:
                log.warning("sweep failed, the next one follows: %r", error)
            except Exception:  # without a sweep, what a signal lost would never be found
                log.exception("sweep failed")
            await asyncio.sleep(random.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS))

    async def sweep(self) -> None:
        await self._registry.look()
        while (taken := await self._queue.take_over(DEAD_AFTER)) >= 0:
            log.warning("took over a dead worker's %d deliveries", taken)
        self._found(set(await self._queue.due()))
        while await self._queue.cancel_deleted():
            pass
