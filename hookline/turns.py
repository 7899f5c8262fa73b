"""Shares a few places among many owners, in turn: one that wants many, or keeps each for long,
holds no other one up. Used for the connections that the API reads from, large queries, template
processes, lookups and mails. No I/O.
"""

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Final

_REMEMBERED: Final = 10_000
"""Slow owners that are remembered; beyond that the oldest ones count as quick again."""
_SLOW_FACTOR: Final = 60
"""Times the length of a slow use for which its owner counts as slow. One quick use is no proof:
owners that were slow at every other one kept quick ones waiting for 2 s (2026-11-28).
"""
_SLOW_MOST_SECONDS: Final = 60.0


class Turns:
    """limit: places in all; with half of them taken, only owners that have none get one. each:
    places of one owner. slow_limit: places that the owners share who lately used one for longer
    than slow_seconds, so that quick ones always find another one; without it none counts as slow.
    now: gives monotonic seconds.
    """

    def __init__(
        self,
        limit: int,
        each: int,
        slow_limit: int = 1,
        slow_seconds: float = math.inf,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._each = limit, each
        self._slow_limit, self._slow_seconds = slow_limit, slow_seconds
        self._taken = Counter[Hashable]()
        self._taken_slow = 0
        self._waiting: dict[Hashable, deque[asyncio.Future[bool]]] = {}
        """By owner. The result says whether the place was counted as a slow owner's."""
        self._turn = 0
        self._last_turns: dict[Hashable, int] = {}
        """The last turn of each owner that holds a place or waits for one."""
        self._now = now
        self._slow: dict[Hashable, float] = {}
        """Time until which an owner counts as slow."""

    @asynccontextmanager
    async def place(self, owner: Hashable) -> "AsyncIterator[Use]":
        """Waits for the owner's turn and holds a place until the block ends."""
        is_slow = await self._take(owner)
        use = Use(self._now)
        try:
            yield use
        finally:
            self._note(owner, self._now() - use.began)
            self._give(owner, is_slow)

    async def _take(self, owner: Hashable) -> bool:
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        self._hand_out()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(owner, turn)
            else:
                # Its turn came in the same moment: the place would be lost for good.
                self._give(owner, turn.result())
            raise

    def _give(self, owner: Hashable, is_slow: bool) -> None:
        self._taken[owner] -= 1
        if not self._taken[owner]:
            del self._taken[owner]
            if owner not in self._waiting:
                self._last_turns.pop(owner, None)
        # As counted when it was taken: the owner may have turned slow or quick since.
        self._taken_slow -= is_slow
        self._hand_out()

    def _hand_out(self) -> None:
        """Gives free places to owners in turn."""
        while self._taken.total() < self._limit:
            # In turn, not in the order in which they came: whoever had one longest ago.
            owners = filter(self._may_take, self._waiting)
            owner = min(owners, key=lambda one: self._last_turns.get(one, 0), default=None)
            if owner is None:
                return
            turn = self._waiting[owner].popleft()
            if not self._waiting[owner]:
                del self._waiting[owner]
            # Cancelled a moment ago: its caller has not had the time to leave.
            if turn.done():
                continue
            self._turn += 1
            self._last_turns[owner] = self._turn
            is_slow = self._is_slow(owner)
            self._taken[owner] += 1
            self._taken_slow += is_slow
            turn.set_result(is_slow)

    def _may_take(self, owner: Hashable) -> bool:
        taken, is_half_full = self._taken[owner], self._taken.total() * 2 >= self._limit
        return taken < (1 if is_half_full else self._each) and (
            not self._is_slow(owner) or self._taken_slow < self._slow_limit
        )

    def _forget(self, owner: Hashable, turn: "asyncio.Future[bool]") -> None:
        turns = self._waiting.get(owner, deque())
        # It is gone if a free place came by between the cancellation and this.
        if turn in turns:
            turns.remove(turn)
        if not turns:
            self._waiting.pop(owner, None)
            if owner not in self._taken:
                self._last_turns.pop(owner, None)

    def _is_slow(self, owner: Hashable) -> bool:
        return self._now() < self._slow.get(owner, -math.inf)

    def _note(self, owner: Hashable, seconds: float) -> None:
        if seconds > self._slow_seconds:
            until = self._now() + min(_SLOW_FACTOR * seconds, _SLOW_MOST_SECONDS)
            # At the end, as the oldest ones are forgotten.
            until = max(until, self._slow.pop(owner, until))
            self._slow[owner] = until
            if len(self._slow) > _REMEMBERED:
                del self._slow[next(iter(self._slow))]
        elif not self._is_slow(owner):
            self._slow.pop(owner, None)


class Use:
    """A place that is held. began: when its owner's use of it began; what is got ready for anybody
    does not count.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.began = now()

    def begin(self) -> None:
        self.began = self._now()
