"""Claims for webhooks with a rate limit. Beside the pump's other claims, so that neither waits for
the other; used by the pump alone.

What waits for its slot is leased to nobody: a timer asks again when the next one is free, and the
sweep finds what a lost timer does not.
"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from hookline.deliveries.queue.base import Ask, Claimed, Queue

_ASKS = 100
_SHORTEST_SECONDS = 0.005
"""Between two claims for one webhook, so that a fast rate is claimed in batches; less than a
burst's 100 ms.
"""


class Pacing:
    """token: the pump's, None when it has none or must not claim; room: of a webhook's lane; hold:
    takes what was claimed; failed: is called with a fault of the claim.
    """

    def __init__(
        self,
        queue: Queue,
        token: Callable[[], UUID | None],
        room: Callable[[UUID], int],
        hold: Callable[[UUID, float, list[Claimed]], Awaitable[None]],
        failed: Callable[[Exception], None],
        now: Callable[[], float],
    ) -> None:
        self._queue, self._token, self._room, self._hold, self._failed, self._now = (
            queue,
            token,
            room,
            hold,
            failed,
            now,
        )
        self._named: dict[UUID, None] = {}
        self._timers: dict[UUID, asyncio.TimerHandle] = {}
        self.task: asyncio.Task[None] | None = None

    def wake(self, *keys: UUID) -> None:
        """Look for what is due to these webhooks, and to those that had no room when they were
        named.
        """
        self._named.update(dict.fromkeys(keys))
        if self._named and self.task is None and self._token() is not None:
            self.task = asyncio.create_task(self._claim_all())

    def forget(self, known: set[UUID]) -> None:
        """Keeps nothing of webhooks that are not known any more."""
        for key in self._named.keys() - known:
            del self._named[key]
        for key in self._timers.keys() - known:
            self._timers.pop(key).cancel()

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    async def _claim_all(self) -> None:
        try:
            while (token := self._token()) is not None and (asks := self._asks()):
                for ask in asks:
                    del self._named[ask.webhook_id]
                asked_at = self._now()
                paced = await self._queue.claim_paced(asks, token)
                for key, seconds in paced.waits.items():
                    self._ask_again(key, max(seconds, _SHORTEST_SECONDS))
                await self._hold(token, asked_at, paced.rows)
                self._name_again(asks, paced.rows, paced.waits)
        except Exception as error:  # noqa: BLE001  # the pump knows which of them are faults
            self._failed(error)
        finally:
            self.task = None

    def _asks(self) -> list[Ask]:
        rooms = ((key, self._room(key)) for key in self._named)
        return [Ask(key, room) for key, room in rooms if room > 0][:_ASKS]

    def _name_again(self, asks: list[Ask], rows: list[Claimed], waits: dict[UUID, float]) -> None:
        """Those that got all they had room for may have more once a place is free."""
        got = dict[UUID, int]()
        for row in rows:
            got[row.webhook_id] = got.get(row.webhook_id, 0) + 1
        for ask in asks:
            if got.get(ask.webhook_id, 0) >= ask.room and ask.webhook_id not in waits:
                self._named.setdefault(ask.webhook_id)

    def _ask_again(self, key: UUID, seconds: float) -> None:
        if (old := self._timers.pop(key, None)) is not None:
            old.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, self._slot_is_free, key)

    def _slot_is_free(self, key: UUID) -> None:
        self._timers.pop(key, None)
        self.wake(key)
