"""Claims for webhooks with a rate limit. Part of claiming, in a task of its own.

What waits for its slot is not leased: a timer asks again when the next one is free, and the
sweep finds what a lost timer does not.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from hookline.clock import monotonic
from hookline.deliveries.queue.base import (
    ClaimRequest,
    NothingClaimed,
    Queue,
    RateLimitedClaim,
)
from workers.lanes import Lane
from workers.leases import AWAY, Leases

log = logging.getLogger(__name__)

_REQUESTS_LIMIT: Final = 100
_MIN_WAIT_SECONDS: Final = 0.005
"""Between two claims for one webhook, so that a fast rate is claimed in batches; less than a
burst's 100 ms.
"""


class PacedClaimer:
    def __init__(self, queue: Queue, leases: Leases) -> None:
        self._queue, self._leases = queue, leases
        self._pending: dict[UUID, None] = {}
        self._timers: dict[UUID, asyncio.TimerHandle] = {}
        self._is_woken = asyncio.Event()
        self.is_idle = True

    def add(self, webhook_id: UUID) -> None:
        """Asks for the webhook at the next wake."""
        self._pending.setdefault(webhook_id)

    def wake(self) -> None:
        """Claims for the pending webhooks that have room."""
        if self._pending:
            self._is_woken.set()

    def forget_others(self, known: set[UUID]) -> None:
        for key in self._pending.keys() - known:
            del self._pending[key]
        for key in self._timers.keys() - known:
            self._timers.pop(key).cancel()

    def stop_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    async def run(self) -> AsyncIterator[list[Lane]]:
        """Claims for as long as it is iterated; gives the lane of each claimed row that is held."""
        while True:
            await self._is_woken.wait()
            self._is_woken.clear()
            try:
                while (token := self._leases.claiming_token) and (requests := self._requests()):
                    yield await self._claim(token, requests)
            except NothingClaimed as error:
                log.warning("nothing claimed, the next sweep names it again: %s", error)
                # The others that are pending don't wait for that sweep.
                self._is_woken.set()
            except AWAY as error:
                self._leases.claim_failed(error)

    def _requests(self) -> list[ClaimRequest]:
        self._is_woken.clear()
        rooms = ((key, self._room(key)) for key in self._pending)
        # Each webhook's row stays locked until the statement commits, so one claim asks for no more
        # than these.
        return [ClaimRequest(key, room) for key, room in rooms if room > 0][:_REQUESTS_LIMIT]

    def _room(self, key: UUID) -> int:
        lane = self._leases.lane(key) if self._leases.has_room else None
        return lane.paced_room(self._leases.count) if lane else 0

    async def _claim(self, token: UUID, requests: list[ClaimRequest]) -> list[Lane]:
        for request in requests:
            # Taken out before the question, so that a wake-up meanwhile is not lost.
            del self._pending[request.webhook_id]
        asked_at = monotonic()
        self.is_idle = False
        try:
            paced = await self._queue.claim_paced(requests, token)
            for key, seconds in paced.waits.items():
                self._ask_again(key, max(seconds, _MIN_WAIT_SECONDS))
            lanes = await self._leases.take_paced(token, asked_at, paced.rows)
        finally:
            self.is_idle = True
        self._requeue(requests, paced)
        return lanes

    def _requeue(self, requests: list[ClaimRequest], paced: RateLimitedClaim) -> None:
        """Names the webhooks again that got all they had room for: they may have more due."""
        got = Counter([row.webhook_id for row in paced.rows])
        for request in requests:
            if got[request.webhook_id] >= request.room and request.webhook_id not in paced.waits:
                self._pending.setdefault(request.webhook_id)

    def _ask_again(self, key: UUID, seconds: float) -> None:
        if (old := self._timers.pop(key, None)) is not None:
            # One timer for each webhook: the latest answer knows its slots best.
            old.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, self._slot_is_free, key)

    def _slot_is_free(self, key: UUID) -> None:
        self._timers.pop(key, None)
        self.add(key)
        self.wake()
