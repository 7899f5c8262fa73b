"""A lane per webhook: what is leased to it here, and how much of it may be on the wire. Used by the pump alone; no I/O.

Room is counted in deliveries: the process's falls at the claim and rises at the record, so that what a crash would repeat stays bounded.
"""

from collections import deque
from collections.abc import Callable
from uuid import UUID

from hookline.queue.base import Claimed
from hookline.registry import Target

AHEAD = 50
"""Deliveries that a lane holds leased beyond those on the wire, so that a claim's latency is hidden (none: 0.301, not 0.231 CPU s per 1,000)."""
ON_WIRE_LIMIT = 500
"""Requests of this process on the wire."""
SLOW_ON_WIRE_LIMIT = ON_WIRE_LIMIT // 2
"""Of those, requests to webhooks whose last attempt timed out."""
LEASED_LIMIT = 1_000
"""Deliveries leased to this process and not yet recorded."""


class Lane:
    """token: of the pump that leased everything in here. slots: how many may be on the wire; one after a timeout, until the receiver answers."""

    def __init__(self, target: Target, token: UUID) -> None:
        self.target, self.token = target, token
        self.queue: deque[Claimed] = deque()
        self.on_wire = 0
        self.promised = 0
        """Leased by a publish that is not committed yet."""
        self.slots = target.concurrency

    @property
    def is_slow(self) -> bool:
        return self.slots == 1 and self.target.concurrency > 1

    def wanted(self) -> int:
        """How many more deliveries to lease: none before the lane has drained by half its stock, so that a claim is worth its round trip."""
        room = self.room()
        return room if self.is_slow or room > AHEAD // 2 else 0

    def room(self) -> int:
        """How many more deliveries it may hold."""
        held = self.on_wire + len(self.queue) + self.promised
        return max(0, (2 if self.is_slow else self.target.concurrency + AHEAD) - held)

    def take_out(self, keep: int, also: Callable[[Claimed], bool] = lambda row: True) -> list[Claimed]:
        """Removes queued deliveries behind the first `keep` that `also` names."""
        kept, gone = deque[Claimed](), list[Claimed]()
        for place, row in enumerate(self.queue):
            if place >= keep and also(row):
                gone.append(row)
            else:
                kept.append(row)
        self.queue = kept
        return gone

    def slow_down(self) -> list[Claimed]:
        """After a timeout: one slot, one delivery held ahead. Gives what is too much."""
        self.slots = 1
        return self.take_out(keep=1)

    def speed_up(self) -> None:
        """The receiver answered."""
        self.slots = self.target.concurrency
