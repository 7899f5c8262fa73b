"""Writes ended attempts in batches, one transaction each, and announces them after the commit. Fed
by the pump; ends with it.
"""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from hookline.db.connection import REFUSALS
from hookline.deliveries.queue.base import Queue, Result
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.hub import Hub
from hookline.tasks import end_tasks

log = logging.getLogger(__name__)

IDLE_SECONDS, BUSY_SECONDS = 0.002, 0.02
"""How long a batch is gathered: hardly, unless the last one was large (20 ms always: 0.222, 2 ms
always: 0.243 CPU s per 1,000).
"""
_BUSY_AT = 20
_FULL = 200
"""Results that are written without gathering any longer."""
_MOST = 500
_AGAIN_SECONDS = 0.5
_REFUSED = "The answer could not be stored; it was left out of the log."

Batch = tuple[UUID, UUID]
"""Token of the lease and workspace: what one record call takes."""


class Recorder:
    """recorded: is called with the number of results that have left memory; given_up: when one of
    them could not be written at all.
    """

    def __init__(
        self,
        queue: Queue,
        hub: Hub,
        enqueuer: Enqueuer,
        recorded: Callable[[int], None],
        given_up: Callable[[], None],
    ) -> None:
        self._queue, self._hub, self._enqueuer, self._recorded, self._given_up = (
            queue,
            hub,
            enqueuer,
            recorded,
            given_up,
        )
        self._waiting: dict[Batch, list[Result]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        return self._task is None

    def add(self, token: UUID, workspace_id: UUID, result: Result) -> None:
        self._waiting.setdefault((token, workspace_id), []).append(result)
        if self._task is None:
            self._task = asyncio.create_task(self._write_all())

    async def close(self) -> None:
        """Ends now: what is not written yet is left to a takeover."""
        if self._task is not None:
            await end_tasks(self._task)

    async def _write_all(self) -> None:
        last = 0
        try:
            while self._waiting:
                batch = next(iter(self._waiting))
                if len(self._waiting[batch]) < _FULL:
                    await asyncio.sleep(BUSY_SECONDS if last > _BUSY_AT else IDLE_SECONDS)
                results = self._waiting.pop(batch)
                self._waiting.update({batch: rest} if (rest := results[_MOST:]) else {})
                last = len(results[:_MOST])
                await self._write(batch, results[:_MOST])
                self._recorded(last)
        finally:
            self._task = None

    async def _write(self, batch: Batch, results: list[Result]) -> None:
        """Tries until it is written: recording again changes nothing. What the database refuses is
        tried row by row.
        """
        token, workspace_id = batch
        while True:
            try:
                recorded = await self._queue.record(token, workspace_id, results)
                if recorded.has_switched:
                    self._hub.announce("match", str(workspace_id))
                if recorded.position:
                    self._hub.announce("activity", f"{workspace_id} {recorded.position}")
                for mail in recorded.mails:
                    self._enqueuer.send_mail(*mail)
                return
            except REFUSALS as error:  # a row that the database refuses must not hold the others
                log.error("a batch of %d attempts was refused: %r", len(results), error)
                await self._write_apart(batch, results)
                return
            except Exception as error:  # noqa: BLE001  # away, read-only, out of room: what was answered is kept until it is back
                log.warning("attempts not recorded yet, trying again: %r", error)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _write_apart(self, batch: Batch, results: list[Result]) -> None:
        """Row by row; a row that is refused alone, without its evidence; one that is refused even
        so is left to a takeover.
        """
        if len(results) > 1:
            for result in results:
                await self._write(batch, [result])
        elif results[0].error_message != _REFUSED:
            bare = results[0]._replace(
                error_message=_REFUSED,
                request_url=None,
                request_headers=None,
                response_headers=None,
                response_body=None,
            )
            await self._write(batch, [bare])
        else:
            self._given_up()
