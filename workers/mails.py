"""Mails that are being sent, on the worker's loop: a mail server that hangs holds no thread.

Begun by the actor `send_mail`, some at a time and in turn by recipients' domains. The receipt's row
is leased when a mail's turn comes; until then the scheduler of another worker may find it.
"""

import asyncio
import logging
from collections import Counter
from typing import Final
from uuid import UUID

from hookline import ids
from hookline.db.faults import FAULTS
from hookline.errors import Unavailable
from hookline.notifications import mails
from hookline.notifications.smtp import Mailer
from hookline.outages import SETTLE_SECONDS, Outage
from hookline.runtime import Runtime
from hookline.shutdown import end_tasks
from hookline.turns import Turns

log = logging.getLogger(__name__)

# A mail server that hangs holds so many tasks for 20 s (smtp.DEADLINE_SECONDS), and no thread.
MAILS_AT_ONCE: Final = 10
# A mail server answers late for recipients whose own server does: they share half of the places.
SLOW_AT_ONCE: Final = MAILS_AT_ONCE // 2
SLOW_SECONDS: Final = 2.0
# Only ids wait here; beyond that many the rows are enough, which a scheduler finds again.
WAITING_LIMIT: Final = 1_000
WAITING_EACH_LIMIT: Final = WAITING_LIMIT // 10
"""Of one domain, so that its mails leave room to wait for the others'."""

Key = tuple[UUID, str]
"""Notification and address."""


class Mails:
    def __init__(self, runtime: Runtime, mailer: Mailer) -> None:
        self._runtime, self._mailer = runtime, mailer
        self._turns = Turns(MAILS_AT_ONCE, MAILS_AT_ONCE, SLOW_AT_ONCE, SLOW_SECONDS)
        self._waiting: dict[Key, asyncio.Task[None]] = {}
        self._waiting_counts = Counter[str]()
        """By domain."""
        self._sending: dict[Key, asyncio.Task[None]] = {}
        self._outage = Outage(log, "mails wait, the database is away", SETTLE_SECONDS)

    def send(self, notification_id: UUID, address: str) -> None:
        """Sends it as soon as its turn comes. What is being sent here is not begun again; what
        finds no room is found by a scheduler.
        """
        key, domain = (notification_id, address), _domain(address)
        has_room = (
            len(self._waiting) < WAITING_LIMIT and self._waiting_counts[domain] < WAITING_EACH_LIMIT
        )
        if has_room and key not in self._sending and key not in self._waiting:
            self._waiting_counts[domain] += 1
            self._waiting[key] = asyncio.create_task(self._wait_and_send(key, domain))

    async def close(self, within_seconds: float) -> None:
        """Begins nothing more and waits for what is under way. What does not end in time is tried
        again after its lease, with the same Message-ID.
        """
        await end_tasks(*self._waiting.values())
        if self._sending:
            # A mail that its server has taken but that is not noted would be sent twice, so those
            # under way may end.
            await asyncio.wait(self._sending.values(), timeout=within_seconds)
        await end_tasks(*self._sending.values())

    async def _wait_and_send(self, key: Key, domain: str) -> None:
        try:
            async with self._turns.place(domain):
                self._sending[key] = self._begin(key, domain)
                await self._send(key)
        finally:
            if key in self._waiting:
                self._begin(key, domain)
            self._sending.pop(key, None)

    def _begin(self, key: Key, domain: str) -> asyncio.Task[None]:
        """Takes it out of those that wait."""
        self._waiting_counts[domain] -= 1
        if not self._waiting_counts[domain]:
            del self._waiting_counts[domain]
        return self._waiting.pop(key)

    async def _send(self, key: Key) -> None:
        try:
            await mails.send_mail(self._runtime, self._mailer, *key)
            self._outage.back()
        except (*FAULTS, Unavailable) as error:
            self._outage.away(error)
        # One row that can't be sent must not hold the others, and its lease ends by itself.
        except Exception:
            log.exception(
                "a mail could not be sent", extra={"notification_id": ids.encode("ntf", key[0])}
            )


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
