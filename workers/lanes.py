"""A lane per webhook: its deliveries leased here, and how many may be on the wire. Kept by leases.

No I/O. Room is counted in deliveries: the process's falls at the claim and rises at the record, so
that what a crash would repeat stays bounded.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hookline.clock import monotonic
from hookline.deliveries.queue.base import ClaimedDelivery
from hookline.deliveries.target import Target

PREFETCH: Final = 50
"""Deliveries that a lane holds leased beyond those on the wire, so that a claim's latency is hidden
(none: 0.301, not 0.231 CPU s per 1,000).
"""
# What a crash may send twice is bounded by it, and so is the memory for rows and results.
LEASED_LIMIT: Final = 1_000
"""Deliveries leased to this process and not yet recorded."""
PREFETCH_LIMIT: Final = LEASED_LIMIT // 2
"""With so many leased, lanes prefetch no more."""
ONE_EACH_LIMIT: Final = LEASED_LIMIT * 3 // 4
"""With so many leased, only lanes that have nothing get one each: however many are busy or hang,
another one begins at once.
"""
# With one slot each, thousands of hanging webhooks could still fill the process.
SLOW_LIMIT: Final = LEASED_LIMIT // 2
"""Deliveries leased to webhooks whose last attempt timed out."""
# One on the wire and one ahead: more would sit leased behind a receiver that hangs for its whole
# timeout.
_SLOW_CAPACITY: Final = 2
PAUSE_LIMIT_SECONDS: Final = 30.0
"""Longest pause between two tries of a webhook that meets a fault of our own."""
_SHORTEST_PAUSE_SECONDS: Final = 1.0
_DOUBLED: Final = 5
"""Times that the pause doubles until it is the longest."""


@dataclass(slots=True)
class Pace:
    """State of a webhook's receiver; it outlives the lane, which goes with its token."""

    on_wire: int = 0
    has_timed_out: bool = False
    set_back_count: int = 0
    """Times in a row that a delivery went back without an attempt, for a fault of our own."""
    paused_until: float = 0.0
    """Monotonic seconds: nothing is claimed or sent before. In memory: another process may have
    what this one lacks, and a crash forgets the pause, not the delivery.
    """
    is_held: bool = False
    """True while results of the webhook can't be recorded: those of more requests would take the
    room of the others.
    """

    def set_back(self, now: float) -> None:
        """Lengthens the pause; those that fail together count once."""
        if now >= self.paused_until:
            longer = _SHORTEST_PAUSE_SECONDS * 2 ** min(self.set_back_count, _DOUBLED)
            self.paused_until = now + min(longer, PAUSE_LIMIT_SECONDS)
            self.set_back_count += 1


class Lane:
    """token: of the pump that leased everything in here. slots: how many may be on the wire; one
    after a timeout, until the receiver answers.
    """

    def __init__(self, target: Target, token: UUID, pace: Pace) -> None:
        self.target, self.token, self.pace = target, token, pace
        self.queue: deque[ClaimedDelivery] = deque()
        self.reserved = 0
        """Leased by a publish that is not committed yet."""
        self.is_waiting = False
        """True while it waits for a slot."""

    @property
    def is_slow(self) -> bool:
        return self.pace.has_timed_out

    @property
    def is_paused(self) -> bool:
        """True while nothing is to be leased or sent: results can't be recorded, or a fault of our
        own, met lately, is not to be tried again yet.
        """
        pace = self.pace
        return pace.is_held or (pace.set_back_count > 0 and monotonic() < pace.paused_until)

    @property
    def slots(self) -> int:
        # After a fault of our own one delivery tries whether it is over.
        is_single = self.pace.has_timed_out or self.pace.set_back_count
        return 1 if is_single else self.target.concurrency

    @property
    def leased_count(self) -> int:
        """Deliveries that are leased to it."""
        return self.pace.on_wire + len(self.queue) + self.reserved

    @property
    def may_begin(self) -> bool:
        """True when it has something to send and a slot for it."""
        return bool(self.queue) and self.pace.on_wire < self.slots and not self.is_paused

    def room(self, leased: int) -> int:
        """Number of deliveries that it may hold in addition. leased: to the whole process."""
        if self.is_paused:
            return 0
        if self.pace.set_back_count:
            return int(leased < LEASED_LIMIT and not self.leased_count)
        # Seventeen busy lanes could lease all 1,000 and leave nothing to a webhook that just woke
        # up (2026-11-25).
        if leased >= ONE_EACH_LIMIT:
            return int(leased < LEASED_LIMIT and not self.leased_count)
        most = (
            _SLOW_CAPACITY
            if self.is_slow
            else self.slots + (PREFETCH if leased < PREFETCH_LIMIT else 0)
        )
        return max(0, most - self.leased_count)

    def paced_room(self, leased: int) -> int:
        """Number of deliveries that it may hold in addition under a rate limit: none ahead; those
        without a slot wait in the database.
        """
        return max(0, min(self.slots - self.leased_count, self.room(leased)))

    def claim_size(self, leased: int) -> int:
        """Number of deliveries to lease next: with a stock ahead none before half of it is gone, so
        that a claim is worth its round trip.
        """
        room = self.room(leased)
        # A lane that is slow or was set back holds no stock: waiting for half of it to go would
        # leave it idle.
        has_stock = not self.is_slow and not self.pace.set_back_count
        return 0 if has_stock and leased < PREFETCH_LIMIT and room <= PREFETCH // 2 else room

    def add(self, row: ClaimedDelivery) -> None:
        """Queues a delivery; those that were asked for by hand go first."""
        if row.is_manual:
            # Somebody is watching for it; it may not wait behind up to 50 that are leased ahead.
            self.queue.appendleft(row)
        else:
            self.queue.append(row)

    def take_out(
        self, keep: int, also: Callable[[ClaimedDelivery], bool] = lambda row: True
    ) -> list[ClaimedDelivery]:
        """Removes queued deliveries behind the first `keep` that `also` names."""
        kept, gone = deque[ClaimedDelivery](), list[ClaimedDelivery]()
        for place, row in enumerate(self.queue):
            if place >= keep and also(row):
                gone.append(row)
            else:
                kept.append(row)
        self.queue = kept
        return gone

    def slow_down(self) -> list[ClaimedDelivery]:
        """Leaves one slot and one delivery ahead after a timeout. Returns the surplus."""
        self.pace.has_timed_out = True
        return self.take_out(keep=1)

    def speed_up(self) -> None:
        """Gives all slots back: the receiver answered."""
        self.pace.has_timed_out = False
