"""Each second: finds what no signal named, takes dead pumps over, cancels what deleted webhooks
left. Run by the pump of every worker.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from uuid import UUID

from hookline.clock import monotonic
from hookline.db.faults import FAULTS
from hookline.deliveries.queue.base import DEAD_AFTER, Queue
from hookline.deliveries.registry import Registry
from hookline.errors import Unavailable
from hookline.outages import Outage

log = logging.getLogger(__name__)

# Spread, so that many workers don't sweep at once.
_MIN_PERIOD_SECONDS: Final = 0.7
_MAX_PERIOD_SECONDS: Final = 1.0
_MIN_POLL_SECONDS: Final = 0.02
"""Between two queries that something asked for: a hub may publish EVERYTHING often."""


class Sweeper:
    def __init__(self, queue: Queue, registry: Registry) -> None:
        self._queue, self._registry = queue, registry
        self._is_asked = asyncio.Event()
        self._outage = Outage(log, "no sweeps")
        self._takeover_outage = Outage(log, "no takeovers, each sweep tries again")

    def sweep_now(self) -> None:
        """Asks for the webhooks with something due now instead of at the next sweep: a signal said
        that there may be some, not whose.
        """
        self._is_asked.set()

    async def due_webhooks(self) -> AsyncIterator[set[UUID]]:
        """Sweeps for as long as it is iterated; gives the webhooks that have something due, at each
        sweep and as often as it is asked for in between.
        """
        while True:
            try:
                # What is due first: cancelling may take many chunks, and deliveries don't wait for
                # it.
                due = await self.sweep()
                self._outage.back()
                yield due
                await self.cancel_deleted()
                until = monotonic() + _pause_seconds()
                while monotonic() < until and await self._is_asked_before(until):
                    yield set(await self._queue.due())
                    await asyncio.sleep(_MIN_POLL_SECONDS)
            except (*FAULTS, Unavailable) as error:
                self._outage.away(error)
                await asyncio.sleep(_pause_seconds())
            # Without a sweep, what a lost signal named would never be found.
            except Exception:
                log.exception("sweep failed")
                await asyncio.sleep(_pause_seconds())

    async def sweep(self) -> set[UUID]:
        """Learns of changes, takes dead pumps over, and returns the webhooks that have something
        due.
        """
        await self._registry.refresh()
        try:
            await self._take_over()
            self._takeover_outage.back()
        # Somebody may hold a row of the dead pump for long: what is due to others is named all the
        # same. A database that is away fails the next question too.
        except FAULTS as error:
            self._takeover_outage.away(error)
        return set(await self._queue.due())

    async def _take_over(self) -> None:
        # One pump in each transaction: its rows' locks are held only as long as one pump's leases
        # take.
        while (taken := await self._queue.take_over(DEAD_AFTER)) >= 0:
            log.warning("took over a dead worker's %d deliveries", taken)

    async def cancel_deleted(self) -> None:
        """Cancels what deleted webhooks left open, in chunks."""
        # Chunks, in transactions apart from the delete: inside it they deadlock with a record.
        while await self._queue.cancel_deleted():
            pass

    async def _is_asked_before(self, until: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(until - monotonic()):
                await self._is_asked.wait()
        is_asked = self._is_asked.is_set()
        # What was asked until now is answered by the query that follows.
        self._is_asked.clear()
        return is_asked


def _pause_seconds() -> float:
    return random.uniform(_MIN_PERIOD_SECONDS, _MAX_PERIOD_SECONDS)
