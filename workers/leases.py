"""The one owner of a worker process's leases: their token, the lanes that hold them, their number.
Used by claiming, delivering and the pump. A lease has no end of its own: a process that was frozen
finds its last confirmed beat too old, lets everything go and begins again under a new token.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final
from uuid import UUID

from hookline.clock import monotonic
from hookline.db.faults import FAULTS
from hookline.deliveries.queue.base import ClaimedDelivery, Lease, Queue
from hookline.deliveries.registry import Registry
from hookline.deliveries.target import Target
from hookline.errors import Unavailable
from hookline.outages import Outage
from hookline.shutdown import end_tasks
from workers.lanes import LEASED_LIMIT, Lane, Pace

log = logging.getLogger(__name__)

# Two seconds less than the takeover's 10, which another clock counts: this one is the process's
# own, that one the database's.
STALE_SECONDS: Final = 8.0
"""Without a confirmed beat for this long nothing is sent; others take over at 10 s
(queue.base.DEAD_AFTER).
"""
_RETRY_DELAY_SECONDS: Final = 0.25
AWAY: Final = (*FAULTS, Unavailable)
"""Raised by a database that does not answer."""


class Leases:
    """Counts every delivery that is leased to this process: up at the claim, down at the record."""

    def __init__(self, queue: Queue, registry: Registry) -> None:
        self._queue, self._registry = queue, registry
        self.token: UUID | None = None
        self._confirmed_at = 0.0
        self.given_up = asyncio.Event()
        """Set when the token goes, until a new one is taken."""
        self.count = 0
        self._lanes: dict[UUID, Lane] = {}
        self._paces: dict[UUID, Pace] = {}
        self._held = frozenset[UUID]()
        """Webhooks whose results can't be recorded now."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        self._claim_outage = Outage(log, "nothing is claimed")

    # the token

    @property
    def is_fresh(self) -> bool:
        """True when the token was confirmed lately enough for a send."""
        # Monotonic time goes on while a process is stopped (SIGSTOP) and does not jump with the
        # clock of the system.
        return self.token is not None and monotonic() - self._confirmed_at <= STALE_SECONDS

    @property
    def claiming_token(self) -> UUID | None:
        """The token to claim under; None when nothing may be claimed."""
        return None if self._is_stopping else self.token

    def begin(self, token: UUID, asked_at: float) -> None:
        """A token was registered. asked_at: monotonic seconds before the database was asked."""
        self.token, self._confirmed_at = token, asked_at

    def confirm(self, asked_at: float) -> None:
        self._confirmed_at = asked_at

    def give_up(self) -> None:
        """Drops the token and every lane with it: what is queued goes back, the rest is left to a
        takeover, and a new token is taken at once.

        What is on the wire ends, is recorded under the old token and keeps its slot until then.
        """
        if self.token is None:
            return
        # First of all: nothing below may be sent or claimed under a token that others take over.
        self.token = None
        # New lanes for the next token. Paces stay: what is still on the wire counts against the
        # webhook's concurrency.
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            self.give_back(lane, lane.take_out(keep=0))
        # The heartbeat waits for it: without this nothing would be claimed until the next beat, up
        # to 2 s.
        self.given_up.set()

    def claim_failed(self, error: Exception) -> None:
        """A claim whose answer was lost has leased rows that no lane holds: the token goes, and its
        takeover frees them.
        """
        self._claim_outage.away(error)
        self.give_up()

    # lanes

    @property
    def has_room(self) -> bool:
        return self.count < LEASED_LIMIT

    @property
    def slow_count(self) -> int:
        """Deliveries leased to webhooks whose last attempt timed out."""
        return sum(lane.leased_count for lane in self._lanes.values() if lane.is_slow)

    def lane(self, webhook_id: UUID) -> Lane | None:
        """Returns the webhook's lane; None without a token, or for an unknown webhook."""
        lane = self._lanes.get(webhook_id)
        if lane is None and self.token is not None:
            target = self._registry.target(webhook_id)
            if target is not None:
                pace = self._paces.setdefault(webhook_id, Pace())
                lane = self._lanes[webhook_id] = Lane(target, self.token, pace)
        return lane

    async def take(
        self, token: UUID, asked_at: float, rows: Sequence[ClaimedDelivery]
    ) -> list[Lane]:
        """Puts claimed rows into their lanes, under the webhooks as they were at the claim.

        Returns the lane of each row that is held now. asked_at: monotonic seconds before the claim.
        """
        await self._confirm(asked_at, rows)
        return self.fill_lanes(token, rows)

    async def take_paced(
        self, token: UUID, asked_at: float, rows: Sequence[ClaimedDelivery]
    ) -> list[Lane]:
        """Puts rows that were claimed under a rate limit into their lanes, as take does."""
        await self._confirm(asked_at, rows)
        return self._fill(token, rows, may_send)

    async def _confirm(self, asked_at: float, rows: Sequence[ClaimedDelivery]) -> None:
        self._claim_outage.back()
        for workspace_id, version in {(row.workspace_id, row.match_version) for row in rows}:
            # The claim names the match version that it saw. With another one in memory, a webhook
            # may be off or changed: it is loaded before anything is sent.
            if not self._registry.confirm(workspace_id, version, asked_at):
                await self._registry.reload(workspace_id, self._registry.version(workspace_id))
        self.count += len(rows)

    def fill_lanes(self, token: UUID, rows: Sequence[ClaimedDelivery]) -> list[Lane]:
        """Puts counted rows into their lanes, or gives them back: a webhook may be off by now or
        have a rate limit, the token gone, the pump about to stop.
        """
        return self._fill(token, rows, _may_send_unpaced)

    def _fill(
        self,
        token: UUID,
        rows: Sequence[ClaimedDelivery],
        may_hold: Callable[[Target, ClaimedDelivery], bool],
    ) -> list[Lane]:
        lanes, unwanted = list[Lane](), list[ClaimedDelivery]()
        for row in rows:
            target = self._registry.target(row.webhook_id)
            lane = self.lane(row.webhook_id) if token is self.claiming_token else None
            if lane is None or target is None or not may_hold(target, row) or lane.is_paused:
                # Paused: its claim was under way when the fault was met.
                unwanted.append(row)
                continue
            lane.add(row)
            lanes.append(lane)
        if unwanted:
            self.release(len(unwanted))
            # In a task: a publish calls this too, and must not wait for a round trip of these rows.
            self.spawn(self._return(token, unwanted))
        return lanes

    def reserve(self, lane: Lane) -> None:
        """Counts a delivery that a publish is about to write as leased to the lane."""
        lane.reserved += 1
        self.count += 1

    def end_reservations(self, lease: Lease) -> None:
        """The publish has ended; what it wrote is counted still. Lanes of another token never had
        its reservations.
        """
        for webhook_id in lease.webhook_ids.values():
            lane = self._lanes.get(webhook_id)
            # The token may have gone meanwhile; its lanes went with it, and new ones were never
            # reserved anything.
            if lane is not None and lane.token is lease.token:
                lane.reserved -= 1

    def release(self, count: int) -> None:
        """Deliveries that are held no longer: recorded, or left to a takeover."""
        self.count -= count

    def give_back(self, lane: Lane, rows: list[ClaimedDelivery]) -> None:
        """Unleases what was never sent. rows: taken out of the lane by the caller."""
        if rows:
            self.release(len(rows))
            self.spawn(self._return(lane.token, rows))

    def give_all_back(self) -> None:
        for lane in self._lanes.values():
            self.give_back(lane, lane.take_out(keep=0))

    def is_held(self, webhook_id: UUID) -> bool:
        return webhook_id in self._held

    def hold(self, webhook_ids: frozenset[UUID]) -> None:
        """Leases and sends nothing of these webhooks, and of no others, until it is called again:
        their results can't be recorded, and would take all room one by one.
        """
        # Nearly always: none is held.
        if webhook_ids == self._held:
            return
        for webhook_id in self._held ^ webhook_ids:
            # Gone with its webhook, whose results may still be waiting.
            if (pace := self._paces.get(webhook_id)) is not None:
                pace.is_held = webhook_id in webhook_ids
        self._held = webhook_ids
        for webhook_id in webhook_ids & self._lanes.keys():
            lane = self._lanes[webhook_id]
            self.give_back(lane, lane.take_out(keep=0))

    async def _return(self, token: UUID, rows: list[ClaimedDelivery]) -> None:
        until = monotonic() + STALE_SECONDS
        while True:
            try:
                # Held rows stay leased to the token, so nobody else has them: asked for again until
                # they are free, or a takeover has freed them.
                still_leased = await self._queue.give_back(token, rows)
            except AWAY as error:
                # What keeps a request from being sent (no descriptor) may keep them from going back
                # as well, for a moment.
                if self.token is not token or monotonic() > until:
                    self._leave(token, error)
                    return
            else:
                if not still_leased:
                    return
                rows = [row for row in rows if row.id in still_leased]
            await asyncio.sleep(_RETRY_DELAY_SECONDS)

    def _leave(self, token: UUID, error: Exception) -> None:
        """Leaves rows that are leased to the token, and held by nobody here, to a takeover: it
        frees them once the token is gone.
        """
        log.warning("deliveries not given back (a takeover follows): %r", error)
        if self.token is token:
            self.give_up()

    def adopt_webhooks(self) -> None:
        """Gives lanes the webhooks as they are now; what must not be sent any more goes back."""
        for webhook_id, lane in list(self._lanes.items()):
            target = self._registry.target(webhook_id)
            if target is None:
                self.give_back(lane, lane.take_out(keep=0))
                del self._lanes[webhook_id]
                continue
            # What is leased ahead has no slot of the limit, and 50 may be.
            if target.rate is not None and lane.target.rate is None:
                self.give_back(lane, lane.take_out(keep=0))
            lane.target = target
            if not target.is_on:
                self.give_back(lane, lane.take_out(0, lambda row: not row.is_manual))
        # Paces outlive their lanes, so those of deleted webhooks would pile up.
        for webhook_id in self._paces.keys() - self._registry.target_ids():
            del self._paces[webhook_id]

    # work on leased rows

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs work on leased rows. Rows of work that dies are in no lane: the token goes."""
        task = asyncio.create_task(work)
        # The loop keeps only weak references to its tasks (asyncio): one that nobody holds may be
        # collected while it runs.
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.critical("a task of the pump died: %r", error, exc_info=error)
            self.give_up()

    @property
    def is_idle(self) -> bool:
        """True when no leased row is worked on, and no publish is about to write some."""
        return not self._tasks and not any(lane.reserved for lane in self._lanes.values())

    def stop_claiming(self) -> None:
        self._is_stopping = True

    async def close(self, within_seconds: float) -> None:
        """Ends the work, and says that the token needs no takeover if nothing is leased to it."""
        # First the work, then the sign-off: what a task still holds leased must be visible to the
        # statement below.
        await end_tasks(*self._tasks)
        if self.token is None:
            return
        try:
            await asyncio.wait_for(self._queue.unregister(self.token), within_seconds)
        # Whatever the database says now, the process ends; a pump that stays registered is taken
        # over after 10 s.
        except Exception as error:  # noqa: BLE001
            log.warning("not signed off (a takeover follows): %r", error)


def may_send(target: Target, row: ClaimedDelivery) -> bool:
    """True when the webhook is on, or the delivery was asked for by hand."""
    return target.is_on or row.is_manual


def _may_send_unpaced(target: Target, row: ClaimedDelivery) -> bool:
    """As may_send, for what was leased without a slot: not under a limit that came meanwhile."""
    return target.rate is None and may_send(target, row)
