"""The places on the wire of one process, and the lanes that wait for one. Used by the pump alone; no I/O.

Who has nothing on the wire goes first, and a quarter of the places is kept for such; webhooks that time out share a half.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from workers.lanes import Lane

ON_WIRE_LIMIT: Final = 500
"""Requests of this process on the wire."""
SHARED_ON_WIRE_LIMIT: Final = ON_WIRE_LIMIT * 3 // 4
"""Beyond it only lanes that have none get a place, one each."""
SLOW_ON_WIRE_LIMIT: Final = ON_WIRE_LIMIT // 2
"""Of all places, those of webhooks whose last attempt timed out."""


class Wire:
    def __init__(self) -> None:
        self._taken = self._slow = 0
        self._first, self._others, self._slow_ones = deque[Lane](), deque[Lane](), deque[Lane]()

    def take(self, lane: Lane) -> bool:
        """A place for one more request of the lane; without one it waits in line."""
        if not self._has_place(lane):
            if not lane.is_waiting:
                lane.is_waiting = True
                self._line(lane).append(lane)
            return False
        lane.pace.on_wire += 1
        self._taken += 1
        self._slow += lane.is_slow
        return True

    def leave(self, lane: Lane, was_slow: bool) -> None:
        """was_slow: when it took the place."""
        lane.pace.on_wire -= 1
        self._taken -= 1
        self._slow -= was_slow

    def next_in_line(self) -> Iterator[Lane]:
        """Lanes whose turn it is, as long as there are places. Each is out of the line when it is given."""
        for line in (self._first, self._others, self._slow_ones):
            while line and (line is not self._line(line[0]) or self._has_place(line[0])):
                lane = line.popleft()
                lane.is_waiting = False
                yield lane

    def _has_place(self, lane: Lane) -> bool:
        limit = SHARED_ON_WIRE_LIMIT if lane.pace.on_wire else ON_WIRE_LIMIT
        return self._taken < limit and not (lane.is_slow and self._slow >= SLOW_ON_WIRE_LIMIT)

    def _line(self, lane: Lane) -> deque[Lane]:
        if lane.is_slow:
            return self._slow_ones
        return self._others if lane.pace.on_wire else self._first
