"""The interface of every hub, and the hub that stays inside a process."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

log = logging.getLogger(__name__)

Handler = Callable[[str], None]

EVERYTHING = "*"
"""Published instead of a text when something may have been missed (a reconnect, a text too long for
the server).
"""


class Hub(Protocol):
    """Topics: `wake` (webhook ids, comma-separated, or one after MANUAL_PREFIX, or one with the id
    of its delivery behind DELIVERY_MARK), `match` (workspace id, mostly with a blank and the match
    version), `activity` (workspace id, blank, position), `token` (id of one that was revoked),
    `listener` (id of a webhook whose requests or answers are to be looked at).
    """

    publish_statement_wakes: bool
    """The statement that publishes events sends their wake-up itself (PostgreSQL), so that it needs
    no announcement.
    """
    is_in_process: bool
    """It reaches this process alone and loses nothing: a message to the same process would repeat
    it.
    """

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def publish(self, topic: str, text: str) -> None:
        """Announces a text to every process, this one too. Returns at once, never raises; the
        announcement may be lost.
        """

    def subscribe(self, topic: str, handler: Handler) -> Callable[[], None]:
        """Calls the handler on the event loop with each text, or with EVERYTHING. Returns the
        function that unsubscribes; it may be called more than once.
        """


class Subscribers:
    """The handlers of a process, by topic."""

    def __init__(self) -> None:
        self._topics: dict[str, list[Handler]] = {}

    def subscribe(self, topic: str, handler: Handler) -> Callable[[], None]:
        handlers = self._topics.setdefault(topic, [])
        handlers.append(handler)

        def unsubscribe() -> None:
            # It may be called again after it has ended.
            with suppress(ValueError):
                handlers.remove(handler)

        return unsubscribe

    def publish(self, topic: str, text: str) -> None:
        # A copy: a handler may subscribe or unsubscribe.
        for handler in tuple(self._topics.get(topic, ())):
            try:
                handler(text)
            # A handler that fails takes neither the others nor the publisher with it.
            except Exception:
                log.exception("a listener of %s failed", topic)

    def publish_missed(self) -> None:
        for topic in self._topics:
            self.publish(topic, EVERYTHING)


class MemoryHub(Subscribers):
    publish_statement_wakes = False
    is_in_process = True

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        self._topics.clear()
