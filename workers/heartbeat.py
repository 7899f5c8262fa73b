"""The beat of a pump's token. When it stops, other workers take over what is leased to the token.
Run by the pump, on the leases.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4

from hookline.clock import monotonic
from hookline.db.faults import FAULTS
from hookline.deliveries.queue.base import Queue
from hookline.outages import Outage
from workers.leases import Leases

log = logging.getLogger(__name__)

# Three beats in a row may get lost before sending stops at 8 s (leases.STALE_SECONDS); others take
# over at 10 s.
BEAT_SECONDS: Final = 2.0
_RETRY_DELAY_SECONDS: Final = 0.2


class Heartbeat:
    def __init__(self, queue: Queue, leases: Leases) -> None:
        self._queue, self._leases = queue, leases
        self._outage = Outage(log, "no beat")

    async def new_tokens(self) -> AsyncIterator[UUID]:
        """Beats for as long as it is iterated; gives each new token, once it is registered."""
        while True:
            # The beat counts from when it was asked: the database has written its time some while
            # after that.
            asked_at = monotonic()
            pause = BEAT_SECONDS
            try:
                token = await self._beat(asked_at)
                self._outage.back()
                if token is not None:
                    yield token
            except FAULTS as error:
                self._outage.away(error)
                pause = _RETRY_DELAY_SECONDS
            # a pump whose beat has ended would never send again (a standby refuses writes, say)
            except Exception:
                log.exception("no beat")
            if not self._leases.is_fresh:
                self._leases.give_up()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._leases.given_up.wait()
                    self._leases.given_up.clear()

    async def _beat(self, asked_at: float) -> UUID | None:
        """Confirms the token, or takes one. Returns the token if it is a new one."""
        token = self._leases.token
        if token is None:
            token = uuid4()
            await self._queue.register(token, f"{socket.gethostname()}:{os.getpid()}")
            self._leases.begin(token, asked_at)
            return token
        is_known = await self._queue.beat(token)
        if not is_known:
            # Another worker took this pump over, which missed its beats for 10 s by the database's
            # clock.
            self._leases.give_up()
        # While the question was under way the token may have been given up; an old answer must not
        # freshen the next one.
        elif token is self._leases.token:
            self._leases.confirm(asked_at)
        return None
