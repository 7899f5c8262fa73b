"""A feed shared by followers that ask the same: each event is encoded once and given to all. The
workspace's feed keeps one for each key. A follower that is behind what a shared feed still holds
goes on alone until it has caught up. Nothing here knows the encoding.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, NamedTuple

from hookline.activity.events import ActivityEvent, FeedBatch
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

# Bounded in bytes, since one event may hold 16 KiB of body.
STEP_BYTES: Final = 64 * 1024
KEPT_BYTES: Final = 256 * 1024
# then the loop turns: with 1,000 followers nothing else waits longer than a few milliseconds
WOKEN_AT_ONCE: Final = 50


class EncodedEvent(NamedTuple):
    """One event, encoded."""

    # Any: the business of the follower.
    content: Any
    size_bytes: int


class ShareKey(NamedTuple):
    """key: followers of one workspace with the same one share what `make` encoded for one of them;
    it gives None for an event that they do not want.
    """

    key: Hashable
    make: Callable[[ActivityEvent], Awaitable[EncodedEvent | None]]


class _Kept(NamedTuple):
    """The events after `begin` and up to `end`; their positions and their encoded forms in the same
    order.
    """

    begin: int
    end: int
    positions: list[int]
    made: list[Any]
    size_bytes: int


class SharedFeed:
    """Holds the newest encoded events: the last step, or 256 KiB for two members or more. Moves
    while a follower waits.
    """

    def __init__(
        self,
        read: Callable[[int], Awaitable[FeedBatch]],
        make: Callable[[ActivityEvent], Awaitable[EncodedEvent | None]],
    ) -> None:
        self.members = 0
        self._read, self._make = read, make
        self._position = self._oldest = 0
        self._kept: deque[_Kept] = deque()
        self._waiting: list[asyncio.Future[bool]] = []
        self._moving: asyncio.Task[None] | None = None

    async def after(self, position: int) -> tuple[int, list[Any]] | None:
        """The encoded events after a position, and the position behind it; waits until there is
        something.

        None when the follower must take its next step alone: it is too far behind, or the others'
        step failed.
        """
        # Without another waiting member, no one needs what lies between: the feed begins anew where
        # this one is.
        if self._moving is None and position > self._position:
            self._position = self._oldest = position
            self._kept.clear()
        while position >= self._position:
            if not await self._moved():
                return None
        if position < self._oldest:
            return None
        # Most often: all wait for the same step and get the very same list.
        if (last := self._kept[-1]).begin == position:
            return last.end, last.made
        return last.end, [
            made
            for kept in self._kept
            for at, made in zip(kept.positions, kept.made, strict=True)
            if at > position
        ]

    async def close(self) -> None:
        if self._moving is not None:
            await end_tasks(self._moving)

    async def _moved(self) -> bool:
        """Waits for the next step. False: there was none."""
        moved: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(moved)
        if self._moving is None:
            self._moving = asyncio.create_task(self._move())
        return await moved

    async def _move(self) -> None:
        """Makes step after step, as long as a follower waits for one."""
        try:
            while self._waiting:
                is_step = await self._step()
                waiting, self._waiting = self._waiting, []
                for start in range(0, len(waiting), WOKEN_AT_ONCE):
                    for moved in waiting[start : start + WOKEN_AT_ONCE]:
                        if not moved.done():
                            moved.set_result(is_step)
                    await asyncio.sleep(0)
        finally:
            self._moving = None

    async def _step(self) -> bool:
        """Makes the next step, if it can be made for all. A failure is not raised: each follower
        meets it, or not, when it goes on alone.
        """
        end, positions, made, size_bytes = self._position, list[int](), list[Any](), 0
        try:
            while not made:
                step = await self._read(end)
                if step.is_gap:
                    return False
                end = step.position
                for event in step.events:
                    one = await self._make(event)
                    if one is None:
                        continue
                    positions.append(event.position)
                    made.append(one.content)
                    size_bytes += one.size_bytes
                    if size_bytes >= STEP_BYTES:
                        end = event.position
                        break
        # Whatever it is, no follower may be left waiting.
        except Exception as fault:  # noqa: BLE001
            log.warning(
                "a step for several followers failed, each goes on alone reason=%s",
                type(fault).__name__,
            )
            return False
        self._keep(_Kept(self._position, end, positions, made, size_bytes))
        return True

    def _keep(self, step: _Kept) -> None:
        self._position = step.end
        self._kept.append(step)
        while len(self._kept) > 1 and (
            self.members < 2 or sum(kept.size_bytes for kept in self._kept) > KEPT_BYTES
        ):
            self._kept.popleft()
        self._oldest = self._kept[0].begin
