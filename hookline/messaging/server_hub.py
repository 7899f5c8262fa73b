"""A hub over a server: one connection subscribes, another one publishes. Announcements are
coalesced and sent after their commit. A lost connection costs its announcements; it is opened
again, and all subscribers get EVERYTHING.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from hookline.errors import Unavailable
from hookline.messaging.hub import EVERYTHING, Handler, Subscribers
from hookline.outages import Outage
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

TOPICS = ("wake", "match", "activity", "token", "listener")
# A half-open connection says nothing: only a question that gets no answer finds it.
ANSWER_SECONDS = 5.0
"""Seconds that the server may take for an answer; a quiet connection is asked as often."""
_TEXT_BYTES = 7_900
"""NOTIFY carries 8,000; a longer text goes as EVERYTHING."""
# A server that hangs must not fill memory; EVERYTHING stands for all that has no room.
_WAITING_LIMIT = 1_000
# a server that is down is asked twice a second, not in a loop
_RETRY_DELAY_SECONDS = 0.5

Announcement = tuple[str, str]
"""Topic and text."""


class SubscriberConnection(Protocol):
    """A connection that is subscribed to the topics."""

    async def receive(self) -> None:
        """Passes announcements on until the connection is lost. Raises then."""

    async def drop(self) -> None: ...


class PublisherConnection(Protocol):
    """A connection that announcements are sent over."""

    async def publish(self, announcements: Sequence[Announcement]) -> None: ...

    async def drop(self) -> None: ...


class ServerHub(ABC):
    publish_statement_wakes = False
    is_in_process = False
    away: ClassVar[tuple[type[Exception], ...]]
    """Exceptions of a server that is away. Whatever it says, it is asked again."""

    def __init__(self, hears_wakes: bool = True) -> None:
        """hears_wakes: False where nothing is claimed. Each publish sends a wake-up, for which this
        process, and PostgreSQL's beside it, would wake up for nothing.
        """
        self._topics = [topic for topic in TOPICS if hears_wakes or topic != "wake"]
        self._subscribers = Subscribers()
        self._waiting: dict[Announcement, None] = {}
        self._ready = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._outage = Outage(log, "hub connection lost, connecting again")
        # Sweeps and looks find what the announcements told of.
        self._sending_outage = Outage(log, "announcements lost")

    @abstractmethod
    async def _open_subscriber(
        self, handle: Callable[[str, str], None]
    ) -> SubscriberConnection: ...

    @abstractmethod
    async def _open_publisher(self) -> PublisherConnection: ...

    @abstractmethod
    def _no_answer(self, error: Exception) -> Unavailable: ...

    async def open(self) -> None:
        """Raises Unavailable when the server does not answer."""
        try:
            subscriber = await self._open_subscriber(self._subscribers.publish)
        except self.away as error:
            raise self._no_answer(error) from error
        self._tasks = [
            asyncio.create_task(self._stay_connected(subscriber)),
            asyncio.create_task(self._send()),
        ]

    async def close(self) -> None:
        await end_tasks(*self._tasks)

    def publish(self, topic: str, text: str) -> None:
        # With EVERYTHING, subscribers look in the database for what the text would have named.
        if len(text) > _TEXT_BYTES or len(self._waiting) >= _WAITING_LIMIT:
            text = EVERYTHING
        # A dict, so that a text that waits already is sent once.
        self._waiting[topic, text] = None
        self._ready.set()

    def subscribe(self, topic: str, handler: Handler) -> Callable[[], None]:
        return self._subscribers.subscribe(topic, handler)

    async def _stay_connected(self, subscriber: SubscriberConnection | None) -> None:
        try:
            while True:
                try:
                    if subscriber is None:
                        subscriber = await self._open_subscriber(self._subscribers.publish)
                        self._outage.back()
                        # Before it listens again: what was announced while the connection was away
                        # is found by looking.
                        self._subscribers.publish_missed()
                    await subscriber.receive()
                except self.away as error:
                    self._outage.away(error)
                    await _drop(subscriber)
                    subscriber = None
                    await asyncio.sleep(_RETRY_DELAY_SECONDS)
        finally:
            await _drop(subscriber)

    async def _send(self) -> None:
        publisher: PublisherConnection | None = None
        try:
            while True:
                await self._ready.wait()
                self._ready.clear()
                waiting, self._waiting = self._waiting, {}
                try:
                    publisher = publisher or await self._open_publisher()
                    await publisher.publish(list(waiting))
                    self._sending_outage.back()
                except self.away as error:
                    # Not tried again: another one would come late, and sweeps and looks find what
                    # these named.
                    self._sending_outage.away(error)
                    await _drop(publisher)
                    publisher = None
                    await asyncio.sleep(_RETRY_DELAY_SECONDS)
        finally:
            await _drop(publisher)


async def _drop(connection: SubscriberConnection | PublisherConnection | None) -> None:
    if connection is not None:
        await connection.drop()
