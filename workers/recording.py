"""Writes ended attempts in batches, one transaction each, and announces them after the commit. Used
by the pump, which gets the size of each batch that was written.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

from hookline.clock import monotonic
from hookline.db.faults import FAULTS, REFUSALS
from hookline.deliveries.announcing import announce
from hookline.deliveries.queue.base import AttemptResult, Queue, RowsHeld
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.hub import Hub
from hookline.models import AttemptCause, AttemptOutcome
from hookline.outages import Outage

log = logging.getLogger(__name__)

GATHER_SECONDS: Final = 0.05
"""Time that a batch is gathered. The log and subscriptions show an attempt so much later, and a
crash repeats so much more of what was sent; docs/performance.md has what it saves.
"""
BUSY_SECONDS: Final = 0.025
"""The same after a batch of more than `_BUSY_AT`: more would save nothing."""
HURRIED_SECONDS: Final = 0.002
"""The same where somebody waits for a result, or the next attempts depend on it."""
_BUSY_AT: Final = 20
"""Results of a batch after which nobody's hurry shortens the next one."""
# Under load a pause only lets results pile up, which a crash would repeat.
_FULL: Final = 200
"""Results that are written without gathering any longer."""
_BATCH_LIMIT: Final = 500
_RETRY_DELAY_SECONDS: Final = 0.5
_HELD_POLL_SECONDS: Final = 0.25
"""Between two looks at rows that another transaction holds."""
_SUCCEEDED: Final = AttemptOutcome.SUCCEEDED
_WATCHED: Final = frozenset((AttemptCause.TEST, AttemptCause.MANUAL))
_REFUSED: Final = "The answer could not be stored; it was left out of the log."

Batch = tuple[UUID, UUID]
"""Token of the lease and workspace: what one record call takes."""


class WrittenBatch(NamedTuple):
    """A batch of that many results that has left memory. has_lost: one of them could not be written
    at all, so its lease is left to a takeover. held: webhooks whose results can't be written yet.
    """

    size: int
    has_lost: bool
    held: frozenset[UUID]


class Recorder:
    """Results of a webhook whose rows another transaction holds (a sync, an operator's session) are
    put aside until they are free, so that the others' wait for them once, for a second.
    """

    def __init__(self, queue: Queue, hub: Hub, enqueuer: Enqueuer) -> None:
        self._queue, self._hub, self._enqueuer = queue, hub, enqueuer
        self._waiting: dict[Batch, list[AttemptResult]] = {}
        self._aside: dict[Batch, list[AttemptResult]] = {}
        self._held = frozenset[UUID]()
        """Webhooks whose results are put aside."""
        self._look_at = 0.0
        self._has_some = asyncio.Event()
        self._is_hurried = asyncio.Event()
        self._is_stopping = False
        self._last_count = 0
        self._is_writing = False
        self._outage = Outage(log, "attempts are not recorded, they wait")

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._aside and not self._is_writing

    def add(self, token: UUID, workspace_id: UUID, result: AttemptResult) -> None:
        # Behind what was put aside: a webhook's attempts are recorded in the order of their ends.
        is_held = bool(self._held) and result.webhook_id in self._held
        batches = self._aside if is_held else self._waiting
        batches.setdefault((token, workspace_id), []).append(result)
        self._has_some.set()
        # Somebody looks at what was asked for by hand, and failures may turn the webhook off.
        if result.outcome != _SUCCEEDED or result.cause in _WATCHED:
            self.hurry()

    def hurry(self) -> None:
        """Shortens the pause in which results gather, for those that wait now."""
        self._is_hurried.set()

    def stop_gathering(self) -> None:
        """Writes what comes from now on without a pause: the process is about to end."""
        self._is_stopping = True
        self.hurry()

    async def write_next(self) -> WrittenBatch:
        """Waits for results and writes one batch of them, however long the database is away. Size
        0: rows of the batch are held, what is free of it comes next.

        A cancellation leaves the batch to a takeover.
        """
        batch = await self._next()
        if len(self._waiting[batch]) < _FULL:
            await self._gather()
        self._is_writing, results = True, self._take(batch)
        try:
            is_whole = await self._write(batch, results)
            return WrittenBatch(len(results), not is_whole, self._held)
        except RowsHeld as error:
            await self._set_aside(batch, results)
            log.warning(
                "attempts not recorded yet, rows of %d webhooks are held: %r",
                *(len(self._held), error.__cause__),
            )
            return WrittenBatch(0, False, self._held)
        finally:
            self._is_writing = False

    async def _gather(self) -> None:
        if self._is_stopping:
            return
        if self._last_count > _BUSY_AT:
            await asyncio.sleep(BUSY_SECONDS)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER_SECONDS):
                await self._is_hurried.wait()
                await asyncio.sleep(HURRIED_SECONDS)

    async def _next(self) -> Batch:
        """Waits for a batch that may be written."""
        while True:
            if self._held and monotonic() >= self._look_at:
                await self._look(self._aside, frozenset())
            if self._waiting:
                return next(iter(self._waiting))
            self._last_count = 0
            self._has_some.clear()
            if not self._held:
                # A timeout, even one that never comes, costs as much as the rest of a small batch.
                await self._has_some.wait()
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(_HELD_POLL_SECONDS):
                    await self._has_some.wait()

    async def _set_aside(self, batch: Batch, results: list[AttemptResult]) -> None:
        """Puts a batch back, and the results of webhooks whose rows are held aside."""
        self._waiting[batch] = results + self._waiting.pop(batch, [])
        # Of all that waits, so that one wait finds all rows that are held.
        await self._look(self._waiting, self._held)

    async def _look(
        self, batches: dict[Batch, list[AttemptResult]], others: frozenset[UUID]
    ) -> None:
        """Finds out of which webhooks rows are held. others: those that are, without a look."""
        self._look_at = monotonic() + _HELD_POLL_SECONDS
        held = set(others)
        try:
            # A copy: results come in meanwhile.
            for (_, workspace_id), results in list(batches.items()):
                held |= await self._queue.held(workspace_id, results)
        # All stays as it is until the next look.
        except FAULTS as error:
            log.warning("held rows not looked for: %r", error)
            return
        self._hold(frozenset(held))

    def _hold(self, held: frozenset[UUID]) -> None:
        """Puts the results of these webhooks aside, and those of others back in their order."""
        if held == self._held:
            return
        batches = [*self._aside.items(), *self._waiting.items()]
        self._held, self._aside, self._waiting = held, {}, {}
        for (token, workspace_id), results in batches:
            for result in results:
                self.add(token, workspace_id, result)

    def _take(self, batch: Batch) -> list[AttemptResult]:
        results = self._waiting.pop(batch)
        if not self._waiting and not self._is_stopping:
            self._is_hurried.clear()
        if rest := results[_BATCH_LIMIT:]:
            # Behind the other batches, so that one busy workspace does not hold them up.
            self._waiting[batch] = rest
        self._last_count = len(results[:_BATCH_LIMIT])
        return results[:_BATCH_LIMIT]

    async def _write(self, batch: Batch, results: list[AttemptResult]) -> bool:
        """Tries until it is written: recording again changes nothing. What the database refuses is
        tried row by row. False: not all could be written.

        Raises RowsHeld.
        """
        token, workspace_id = batch
        while True:
            try:
                recorded = await self._queue.record(token, workspace_id, results)
                self._outage.back()
                announce(self._hub, self._enqueuer, workspace_id, recorded)
                return True
            # Surely rolled back, so that what is free may be written without the rest.
            except RowsHeld:
                raise
            # A row that the database refuses must not hold the others.
            except REFUSALS as error:
                log.error("a batch of %d attempts was refused: %r", len(results), error)
                return await self._write_apart(batch, results)
            # The database is away, read-only or out of room: what was answered is kept until it is
            # back, since another try would reach the receiver twice.
            except Exception as error:  # noqa: BLE001
                self._outage.away(error)
                await asyncio.sleep(_RETRY_DELAY_SECONDS)

    async def _write_apart(self, batch: Batch, results: list[AttemptResult]) -> bool:
        """Row by row; a row that is refused alone, without its evidence; one that is refused even
        so is left to a takeover.
        """
        if len(results) > 1:
            return all([await self._write(batch, [result]) for result in results])
        # Refused even without what the receiver sent: it would be refused for ever.
        if results[0].error_message == _REFUSED:
            return False
        # What the receiver sent is all in here that may not fit into a row; the verdict is ours and
        # must count.
        bare = results[0]._replace(
            error_message=_REFUSED,
            request_url=None,
            request_headers=None,
            response_headers=None,
            response_body=None,
        )
        return await self._write(batch, [bare])
