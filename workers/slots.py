"""The slots of one process for requests on the wire, and the lanes that wait for one. No I/O.

Used by delivering alone. A lane with nothing on the wire goes first, and a quarter of the slots is
kept for such; webhooks that time out share a half.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from workers.lanes import Lane

ON_WIRE_LIMIT: Final = 500
"""Requests of this process on the wire."""
SHARED_ON_WIRE_LIMIT: Final = ON_WIRE_LIMIT * 3 // 4
"""With so many taken, only lanes that have nothing on the wire get a slot, one each."""
SLOW_ON_WIRE_LIMIT: Final = ON_WIRE_LIMIT // 2
"""Slots that webhooks whose last attempt timed out share."""


class Slot(NamedTuple):
    """A slot as it was counted when it was taken. host: empty where hosts are not limited."""

    is_slow: bool
    host: str


class Slots:
    """host_limit: how many requests may be on the wire to one host; 0: any number."""

    def __init__(self, host_limit: int = 0) -> None:
        self._taken = self._slow = 0
        self._first, self._others, self._slow_ones = deque[Lane](), deque[Lane](), deque[Lane]()
        self._host_limit = host_limit
        self._hosts = dict[str, int]()
        self._host_lines = dict[str, deque[Lane]]()

    def acquire(self, lane: Lane) -> Slot | None:
        """A slot for one more request of the lane; without one it waits in line."""
        host = lane.target.host if self._host_limit else ""
        if not self._has_slot(lane):
            self._wait(lane, self._line(lane))
        elif host and self._hosts.get(host, 0) >= self._host_limit:
            self._wait(lane, self._host_lines.setdefault(host, deque()))
        else:
            lane.pace.on_wire += 1
            self._taken += 1
            self._slow += lane.is_slow
            if host:
                self._hosts[host] = self._hosts.get(host, 0) + 1
            return Slot(lane.is_slow, host)
        return None

    def release(self, lane: Lane, slot: Slot) -> None:
        lane.pace.on_wire -= 1
        self._taken -= 1
        # As counted when it was taken: the lane may have turned slow or quick since.
        self._slow -= slot.is_slow
        if slot.host:
            self._hosts[slot.host] -= 1
            if not self._hosts[slot.host]:
                del self._hosts[slot.host]

    def may_keep(self, slot: Slot, lane: Lane) -> bool:
        """True when the lane may send its next request from the slot too: not while another lane
        waits for the same host.
        """
        return not slot.host or (
            slot.host == lane.target.host and not self._host_lines.get(slot.host)
        )

    def next_in_line(self) -> Iterator[Lane]:
        """Lanes whose turn it is, as long as there are slots. Each is out of the line when it is
        given.
        """
        # Lanes with nothing on the wire first: however many are busy, another one begins at once.
        for line in (self._first, self._others, self._slow_ones):
            # A lane may belong to another line by now: it is given out too, and lines up anew if it
            # finds no slot.
            while line and (line is not self._line(line[0]) or self._has_slot(line[0])):
                yield self._out_of(line)
        for host, line in list(self._host_lines.items()):
            while line and self._hosts.get(host, 0) < self._host_limit and self._has_slot(line[0]):
                yield self._out_of(line)
            if not line:
                self._host_lines.pop(host, None)

    def _out_of(self, line: deque[Lane]) -> Lane:
        lane = line.popleft()
        lane.is_waiting = False
        return lane

    def _has_slot(self, lane: Lane) -> bool:
        limit = SHARED_ON_WIRE_LIMIT if lane.pace.on_wire else ON_WIRE_LIMIT
        return self._taken < limit and not (lane.is_slow and self._slow >= SLOW_ON_WIRE_LIMIT)

    def _wait(self, lane: Lane, line: deque[Lane]) -> None:
        if not lane.is_waiting:
            lane.is_waiting = True
            line.append(lane)

    def _line(self, lane: Lane) -> deque[Lane]:
        if lane.is_slow:
            return self._slow_ones
        return self._others if lane.pace.on_wire else self._first
