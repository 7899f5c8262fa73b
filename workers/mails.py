"""Mails that are being sent, on the worker's loop: a mail server that hangs holds no thread.

Begun by the actor `send_mail`, some at a time. The receipt's row is leased when a mail's turn
comes; until then the scheduler of another worker may find it.
"""

import asyncio
import logging
from typing import Final
from uuid import UUID

from hookline import ids
from hookline.db.connection import FAULTS
from hookline.errors import Unavailable
from hookline.notifications import mails
from hookline.notifications.smtp import Mailer
from hookline.runtime import Runtime
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

# A mail server that hangs holds so many tasks for 20 s (smtp.DEADLINE_SECONDS), and no thread.
MAILS_AT_ONCE: Final = 10
# Only ids wait here; beyond that many the rows are enough, which a scheduler finds again.
WAITING_LIMIT: Final = 1_000

Key = tuple[UUID, str]
"""Notification and address."""


class Mails:
    def __init__(self, runtime: Runtime, mailer: Mailer) -> None:
        self._runtime, self._mailer = runtime, mailer
        self._waiting: dict[Key, None] = {}
        self._sending: dict[Key, asyncio.Task[None]] = {}

    def send(self, notification_id: UUID, address: str) -> None:
        """Sends it as soon as its turn comes. What is being sent here is not begun again; what
        finds no room is found by a scheduler.
        """
        key = (notification_id, address)
        if key not in self._sending and len(self._waiting) < WAITING_LIMIT:
            self._waiting[key] = None
            self._begin()

    async def close(self, within_seconds: float) -> None:
        """Begins nothing more and waits for what is under way. What does not end in time is tried
        again after its lease, with the same Message-ID.
        """
        self._waiting.clear()
        if self._sending:
            # A mail that its server has taken but that is not noted would be sent twice, so those
            # under way may end.
            await asyncio.wait(self._sending.values(), timeout=within_seconds)
        await end_tasks(*self._sending.values())

    def _begin(self) -> None:
        while self._waiting and len(self._sending) < MAILS_AT_ONCE:
            key = next(iter(self._waiting))
            del self._waiting[key]
            self._sending[key] = asyncio.create_task(self._send(key))

    async def _send(self, key: Key) -> None:
        try:
            await mails.send_mail(self._runtime, self._mailer, *key)
        except (*FAULTS, Unavailable) as error:
            log.warning(
                "a mail must wait, the database is away: %r",
                error,
                extra={"notification_id": ids.encode("ntf", key[0])},
            )
        # One row that can't be sent must not hold the others, and its lease ends by itself.
        except Exception:
            log.exception(
                "a mail could not be sent", extra={"notification_id": ids.encode("ntf", key[0])}
            )
        finally:
            del self._sending[key]
            self._begin()
