"""The interface of every hub, and the hub that stays inside a process."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

log = logging.getLogger(__name__)

Handler = Callable[[str], None]

EVERYTHING = "*"
"""Told instead of a text when something may have been missed (a reconnect, a text too long for the
carrier).
"""


class Hub(Protocol):
    """Topics: `wake` (webhook ids, comma-separated, or one after BY_HAND), `match` (a workspace
    id), `activity` (workspace id, blank, position).
    """

    carries_wakes_in_publish: bool
    """The publish statement itself sends the wake-up (PostgreSQL); then it is
    not announced again.
    """
    stays_inside: bool
    """It reaches this process alone and loses nothing: a message to the same process would say it
    twice.
    """

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def announce(self, topic: str, text: str) -> None:
        """Tells every process, this one too. Returns at once, never raises; may be lost."""

    def listen(self, topic: str, hear: Handler) -> Callable[[], None]:
        """hear: is called on the event loop with each text, or with EVERYTHING. Returns a function
        that ends it, once or more.
        """


class Listeners:
    """The fan-out inside a process."""

    def __init__(self) -> None:
        self._topics: dict[str, list[Handler]] = {}

    def listen(self, topic: str, hear: Handler) -> Callable[[], None]:
        hearers = self._topics.setdefault(topic, [])
        hearers.append(hear)

        def end() -> None:
            # It may be called again after it has ended.
            with suppress(ValueError):
                hearers.remove(hear)

        return end

    def tell(self, topic: str, text: str) -> None:
        # A copy: a listener may end, or begin to listen, while it hears.
        for hear in tuple(self._topics.get(topic, ())):
            try:
                hear(text)
            # A listener that fails takes neither its neighbours nor the announcer with it.
            except Exception:
                log.exception("a listener of %s failed", topic)

    def tell_all_missed(self) -> None:
        for topic in self._topics:
            self.tell(topic, EVERYTHING)


class MemoryHub(Listeners):
    carries_wakes_in_publish = False
    stays_inside = True

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        self._topics.clear()

    def announce(self, topic: str, text: str) -> None:
        self.tell(topic, text)
