"""A pump's token and its beat. What is leased belongs to the token; when its beat stops, others
take the leases over.

A process that was frozen finds its last confirmed beat too old, lets everything go and begins again
under a new token.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID, uuid4

from hookline.clock import monotonic
from hookline.db.connection import FAULTS
from hookline.deliveries.queue.base import Queue

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
STALE_SECONDS = 8.0
"""Without a confirmed beat for this long nothing is sent; others take over at 10 s
(queue.base.DEAD_AFTER).
"""
_AGAIN_SECONDS = 0.2


class Heartbeat:
    """began: called with each new token, lost: called when the token is given up; both on the event
    loop.
    """

    def __init__(self, queue: Queue, began: Callable[[], None], lost: Callable[[], None]) -> None:
        self._queue, self._began, self._lost = queue, began, lost
        self.token: UUID | None = None
        self._confirmed_at = 0.0
        self._given_up = asyncio.Event()

    @property
    def is_fresh(self) -> bool:
        return self.token is not None and monotonic() - self._confirmed_at <= STALE_SECONDS

    def give_up(self) -> None:
        """The token goes: its rows are left to a takeover (or were given back), a new one is taken
        at once.
        """
        if self.token is not None:
            self.token = None
            self._lost()
            self._given_up.set()

    async def run(self) -> None:
        while True:
            asked_at = monotonic()  # what counts is when the question was asked
            try:
                await self._beat(asked_at)
                pause = BEAT_SECONDS
            except FAULTS as error:
                log.warning("no beat: %r", error)
                pause = _AGAIN_SECONDS
            # a pump whose beat has ended would never send again (a standby refuses writes, say)
            except Exception:
                log.exception("no beat")
                pause = BEAT_SECONDS
            if self.token is not None and not self.is_fresh:
                self.give_up()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._given_up.wait()
                    self._given_up.clear()

    async def _beat(self, asked_at: float) -> None:
        if self.token is None:
            token = uuid4()
            await self._queue.register(token, f"{socket.gethostname()}:{os.getpid()}")
            self.token, self._confirmed_at = token, asked_at
            self._began()
            return
        token = self.token
        if not await self._queue.beat(token):
            self.give_up()
        elif token is self.token:
            self._confirmed_at = asked_at
