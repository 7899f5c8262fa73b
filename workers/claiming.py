"""Claims due deliveries for webhooks that have room, in turn, and puts them into their lanes. Run
by the pump, which sends what comes back.

Signals only say "look now": losing, repeating or reordering them changes nothing.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from typing import Final
from uuid import UUID

from hookline.clock import monotonic
from hookline.deliveries.queue.base import ClaimedDelivery, ClaimRequest, NothingClaimed, Queue
from hookline.deliveries.registry import Registry
from workers.lanes import LEASED_LIMIT, SLOW_LIMIT, Lane
from workers.leases import AWAY, Leases
from workers.paced_claiming import PacedClaimer

log = logging.getLogger(__name__)

_REQUESTS_LIMIT: Final = 200
"""Webhooks that one claim asks for, so that its statement stays short."""
_CLAIM_LIMIT: Final = 200


class Claimer:
    """Webhooks with a rate limit are claimed for beside the others (`paced`), so that neither
    waits for the other.
    """

    def __init__(self, queue: Queue, registry: Registry, leases: Leases) -> None:
        self._queue, self._registry, self._leases = queue, registry, leases
        self.paced = PacedClaimer(queue, leases)
        self._pending: dict[UUID, UUID | None] = {}
        """Webhooks to ask for, in turn: named by a signal or the sweep, or not emptied by the last
        claim. With the new delivery that a signal named, if no other one is to be looked for.
        """
        self._manual: set[UUID] = set()
        """Webhooks of which a delivery was asked for by hand: a full lane is asked for too."""
        self._is_woken = asyncio.Event()
        self._is_claiming = False

    @property
    def is_idle(self) -> bool:
        return not self._is_claiming and self.paced.is_idle

    def is_pending(self, webhook_id: UUID) -> bool:
        """True when it may have more in the database than it had room for."""
        return webhook_id in self._pending

    def wake(self, webhook_ids: Iterable[UUID] = ()) -> None:
        """Claims for these webhooks, and for those that had no room when they were named."""
        for webhook_id in webhook_ids:
            target = self._registry.target(webhook_id)
            if target is not None and target.rate is not None:
                self._pass_to_paced(webhook_id)
            else:
                self._pending[webhook_id] = None
        self.paced.wake()
        if self._pending:
            self._is_woken.set()

    def wake_new(self, webhook_id: UUID, delivery_id: UUID) -> None:
        """Claims a delivery that was just made, with less work than a look for all that is due."""
        is_first = webhook_id not in self._pending
        self.wake([webhook_id])
        if is_first and webhook_id in self._pending:
            self._pending[webhook_id] = delivery_id

    def wake_manual(self, webhook_id: UUID) -> None:
        """Claims at least one delivery, however full the webhook's lane is."""
        self._manual.add(webhook_id)
        self.wake([webhook_id])

    def _pass_to_paced(self, webhook_id: UUID) -> None:
        self._manual.discard(webhook_id)
        self.paced.add(webhook_id)

    def forget_unknown(self) -> None:
        """Keeps nothing of webhooks that are not known any more."""
        known = self._registry.target_ids()
        self._manual &= known
        self.paced.forget_others(known)

    async def run(self) -> AsyncIterator[list[Lane]]:
        """Claims for as long as it is iterated; gives the lane of each claimed row that is held."""
        while True:
            await self._is_woken.wait()
            self._is_woken.clear()
            # Without a token there is nothing to lease under. A new token makes the sweeper look,
            # whose answer wakes this loop.
            if self._leases.claiming_token is None:
                continue
            try:
                await self._drop_unknown()
                while (token := self._leases.claiming_token) and (requests := self._requests()):
                    yield await self._claim(token, requests)
            except NothingClaimed as error:
                log.warning("nothing claimed, the next sweep names it again: %s", error)
                # The others that are pending don't wait for that sweep.
                self._is_woken.set()
            except AWAY as error:
                self._leases.claim_failed(error)

    async def _drop_unknown(self) -> None:
        """Forgets named webhooks that are unknown, after one look: a new one may be among them."""
        # The wake-up may come before the announcement that a webhook was made.
        if any(self._registry.target(key) is None for key in self._pending):
            await self._registry.refresh()
            for key in [key for key in self._pending if self._registry.target(key) is None]:
                del self._pending[key]

    def _requests(self) -> list[ClaimRequest]:
        """Returns a request for each pending webhook that has room, in turn. A full lane is left
        out: it asks again when it has drained.
        """
        # Cleared before the names are read: a wake that comes while this claim runs is asked for in
        # the next one.
        self._is_woken.clear()
        self._pass_on_limited()
        requests, leased = list[ClaimRequest](), self._leases.count
        slow_room = SLOW_LIMIT - self._leases.slow_count
        for key, delivery_id in self._pending.items():
            if len(requests) == _REQUESTS_LIMIT or leased >= LEASED_LIMIT:
                break
            lane = self._leases.lane(key)
            if lane is None:
                continue
            # What was asked for by hand is claimed though the lane is full: it goes before what is
            # leased already.
            asked = int(key in self._manual and not lane.is_paused)
            wanted = max(lane.claim_size(leased), asked)
            if lane.is_slow:
                wanted = min(wanted, max(slow_room, 0))
                slow_room -= wanted
            if wanted:
                requests.append(ClaimRequest(key, wanted, delivery_id))
                leased += wanted
        return requests

    def _pass_on_limited(self) -> None:
        """Leaves webhooks that have a rate limit by now to the other loop: it may have come after
        they were named, or they were unknown then.
        """
        limited = [
            key
            for key in self._pending
            if (target := self._registry.target(key)) is not None and target.rate is not None
        ]
        for key in limited:
            del self._pending[key]
            self._pass_to_paced(key)
        if limited:
            self.paced.wake()

    async def _claim(self, token: UUID, requests: list[ClaimRequest]) -> list[Lane]:
        # Names are taken out before the database is asked: a wake-up during the claim names its
        # webhook again and is not lost.
        for request in requests:
            del self._pending[request.webhook_id]
            self._manual.discard(request.webhook_id)
        # The version that the claim returns was true at some time after the question, so it counts
        # from before it.
        asked_at, limit = monotonic(), min(_CLAIM_LIMIT, LEASED_LIMIT - self._leases.count)
        self._is_claiming = True
        try:
            rows = await self._queue.claim(requests, token, limit)
            lanes = await self._leases.take(token, asked_at, rows)
        finally:
            self._is_claiming = False
        self._requeue(requests, rows, is_cut=len(rows) >= limit)
        return lanes

    def _requeue(
        self, requests: list[ClaimRequest], rows: list[ClaimedDelivery], is_cut: bool
    ) -> None:
        """Puts the webhooks that may have more at the end of the turn; those that a cut claim did
        not reach stay first.
        """
        got = Counter([row.webhook_id for row in rows])
        missed = [
            request.webhook_id for request in requests if is_cut and request.webhook_id not in got
        ]
        served = [
            request.webhook_id
            for request in requests
            if (is_cut and request.webhook_id in got) or got[request.webhook_id] >= request.room
        ]
        # Webhooks are asked in turn: of 60 busy ones 23 got nothing within 12 s while they were
        # asked in the order of a hash (2026-11-25).
        if missed:
            self._pending = dict.fromkeys([*missed, *self._pending])
        for key in served:
            self._pending.pop(key, None)
            self._pending[key] = None
