"""A semaphore that callers share fairly: whoever asks for much waits behind himself, not others
behind him. Used for the connections that the API reads from.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class FairSemaphore:
    """A number of permits, of which one caller holds half at the most. Those who wait are served
    caller by caller, and each in its own order.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        # Statements that hang, one caller's or one lock's, leave the other half.
        self._each = max(1, count // 2)
        self._held: Counter[Hashable] = Counter()
        # The caller at the front is served next, and then goes to the back.
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def held(self, caller: Hashable) -> AsyncIterator[None]:
        """Holds a permit; waits for one first."""
        await self._acquire(caller)
        try:
            yield
        finally:
            self._release(caller)

    async def _acquire(self, caller: Hashable) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        self._hand_out()
        try:
            await turn
        except BaseException:
            # Cancelled in the moment in which the permit was handed over: it goes on to the next.
            if turn.done() and not turn.cancelled():
                self._release(caller)
            else:
                self._leave(caller, turn)
            raise

    def _leave(self, caller: Hashable, turn: asyncio.Future[None]) -> None:
        queue = self._waiting.get(caller)
        if queue and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[caller]

    def _release(self, caller: Hashable) -> None:
        self._free += 1
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        self._hand_out()

    def _hand_out(self) -> None:
        # A copy: callers leave and go to the back meanwhile.
        for caller in [*self._waiting]:
            if not self._free:
                return
            if self._held[caller] < self._each:
                self._serve(caller)

    def _serve(self, caller: Hashable) -> None:
        queue = self._waiting.pop(caller)
        turn = queue.popleft()
        if queue:
            self._waiting[caller] = queue
        # A cancelled one has not had the time to leave.
        if turn.done():
            return
        self._free -= 1
        self._held[caller] += 1
        turn.set_result(None)
