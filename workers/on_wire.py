"""Deliveries whose requests are under way, told to the database for people who look: a lease does
not tell, since a lane holds up to 50 ahead. Filled by delivering; the loop is run by the pump.
"""

import asyncio
from contextlib import suppress
from typing import Final
from uuid import UUID

from hookline.clock import monotonic
from hookline.deliveries.queue.base import Queue
from workers.attempts import RunningAttempt
from workers.leases import AWAY, Leases

# A write for each request would double what it costs; nobody sees one that ends sooner.
_TELL_SECONDS: Final = 0.5
SHOWN_AFTER_SECONDS: Final = 0.25
"""A request that takes no longer is not told of."""


class OnWire:
    def __init__(self, queue: Queue, leases: Leases) -> None:
        self._queue, self._leases = queue, leases
        self._attempts = dict[RunningAttempt, float]()
        """The oldest first, with the monotonic seconds at which each began. A delivery that was
        taken over may be on the wire twice.
        """
        self._told = list[UUID]()
        self._told_token: UUID | None = None

    def begin(self, attempt: RunningAttempt) -> None:
        self._attempts[attempt] = monotonic()

    def end(self, attempt: RunningAttempt) -> None:
        del self._attempts[attempt]

    async def tell(self) -> None:
        """Tells what is under way, for as long as it runs."""
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            # The heartbeat logs that the database is away; the next look tells again.
            with suppress(*AWAY):
                await self.tell_changes()

    async def tell_changes(self) -> None:
        """Writes what is under way, unless that is known: nothing, for a new token."""
        token, shown = self._leases.token, self._shown()
        known = self._told if token is self._told_token else []
        if token is not None and shown != known:
            await self._queue.set_on_wire(token, shown)
            self._told, self._told_token = shown, token

    def _shown(self) -> list[UUID]:
        latest, shown = monotonic() - SHOWN_AFTER_SECONDS, list[UUID]()
        for attempt, began in self._attempts.items():
            if began > latest:
                break
            shown.append(attempt.delivery_id)
        return shown
