"""Beginnings of new connections, a few in each turn of the loop. Used by workers.sending for
requests without a kept connection. No I/O.
"""

import asyncio
from collections import deque
from typing import Final

AT_ONCE: Final = 25
"""A socket and its connect take 0.1 ms: the 500 requests of a process, all at once, held the loop
for 45 to 80 ms (2026-11-28).
"""


class DialTurns:
    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._loop = asyncio.get_running_loop()
        self._at_once = self._left = at_once
        self._waiting = deque[asyncio.Future[None]]()

    async def wait(self) -> None:
        """Returns at once, or in a later turn of the loop when so many have begun in this one: in
        the order in which they came.
        """
        if not self._left or self._waiting:
            turn = self._loop.create_future()
            self._waiting.append(turn)
            await turn
            return
        self._take()

    def _take(self) -> None:
        # Once for all that begin in a turn.
        if self._left == self._at_once:
            self._loop.call_soon(self._renew)
        self._left -= 1

    def _renew(self) -> None:
        self._left = self._at_once
        while self._waiting and self._left:
            turn = self._waiting.popleft()
            # Cancelled: its deadline is over, or the process stops.
            if not turn.done():
                turn.set_result(None)
                self._take()
