"""Writes ended attempts in batches, one transaction each, and announces them after the commit. Used
by the pump, which gets the size of each batch that was written.
"""

import asyncio
import logging
from typing import Final, NamedTuple
from uuid import UUID

from hookline.db.connection import REFUSALS
from hookline.deliveries.announcing import announce
from hookline.deliveries.queue.base import AttemptResult, Queue
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.hub import Hub

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 0.002
BUSY_SECONDS: Final = 0.02
"""Time that a batch is gathered: hardly any, unless the last one was large (20 ms always: 0.222,
2 ms always: 0.243 CPU s per 1,000).
"""
_BUSY_AT: Final = 20
# Under load a pause only lets results pile up, which a crash would repeat.
_FULL: Final = 200
"""Results that are written without gathering any longer."""
_BATCH_LIMIT: Final = 500
_RETRY_DELAY_SECONDS: Final = 0.5
_REFUSED: Final = "The answer could not be stored; it was left out of the log."

Batch = tuple[UUID, UUID]
"""Token of the lease and workspace: what one record call takes."""


class WrittenBatch(NamedTuple):
    """A batch of that many results that has left memory. has_lost: one of them could not be written
    at all, so its lease is left to a takeover.
    """

    size: int
    has_lost: bool


class Recorder:
    def __init__(self, queue: Queue, hub: Hub, enqueuer: Enqueuer) -> None:
        self._queue, self._hub, self._enqueuer = queue, hub, enqueuer
        self._waiting: dict[Batch, list[AttemptResult]] = {}
        self._has_some = asyncio.Event()
        self._last_count = 0
        self._is_writing = False

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._is_writing

    def add(self, token: UUID, workspace_id: UUID, result: AttemptResult) -> None:
        self._waiting.setdefault((token, workspace_id), []).append(result)
        self._has_some.set()

    async def write_next(self) -> WrittenBatch:
        """Waits for results and writes one batch of them, however long the database is away.

        A cancellation leaves the batch to a takeover.
        """
        if not self._waiting:
            self._last_count = 0
            self._has_some.clear()
            await self._has_some.wait()
        batch = next(iter(self._waiting))
        if len(self._waiting[batch]) < _FULL:
            await asyncio.sleep(BUSY_SECONDS if self._last_count > _BUSY_AT else IDLE_SECONDS)
        self._is_writing = True
        try:
            results = self._take(batch)
            return WrittenBatch(len(results), not await self._write(batch, results))
        finally:
            self._is_writing = False

    def _take(self, batch: Batch) -> list[AttemptResult]:
        results = self._waiting.pop(batch)
        if rest := results[_BATCH_LIMIT:]:
            # Behind the other batches, so that one busy workspace does not hold them up.
            self._waiting[batch] = rest
        self._last_count = len(results[:_BATCH_LIMIT])
        return results[:_BATCH_LIMIT]

    async def _write(self, batch: Batch, results: list[AttemptResult]) -> bool:
        """Tries until it is written: recording again changes nothing. What the database refuses is
        tried row by row. False: not all could be written.
        """
        token, workspace_id = batch
        while True:
            try:
                recorded = await self._queue.record(token, workspace_id, results)
                announce(self._hub, self._enqueuer, workspace_id, recorded)
                return True
            # A row that the database refuses must not hold the others.
            except REFUSALS as error:
                log.error("a batch of %d attempts was refused: %r", len(results), error)
                return await self._write_apart(batch, results)
            # The database is away, read-only or out of room: what was answered is kept until it is
            # back, since another try would reach the receiver twice.
            except Exception as error:  # noqa: BLE001
                log.warning("attempts not recorded yet, trying again: %r", error)
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
