"""The hub over PostgreSQL's NOTIFY. Wake-ups travel in the publish statement itself. Opened by the
runtime.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from hookline.errors import Unavailable
from hookline.messaging.server_hub import (
    ANSWER_SECONDS,
    Announcement,
    PublisherConnection,
    ServerHub,
    SubscriberConnection,
)
from hookline.text import mask_url

_PREFIX = "hookline_"


class PostgresHub(ServerHub):
    publish_statement_wakes = True
    away = (
        OSError,
        asyncio.TimeoutError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        # asyncpg 0.31 raises it after a cut connection ("cannot switch to state").
        asyncpg.InternalClientError,
    )

    def __init__(self, dsn: str, hears_wakes: bool = True) -> None:
        super().__init__(hears_wakes)
        self._dsn = dsn

    async def _open_subscriber(self, handle: Callable[[str, str], None]) -> SubscriberConnection:
        connection = await self._connect({"application_name": "hookline hub"})
        subscriber = _PostgresSubscriber(connection)
        try:
            for topic in self._topics:
                await connection.add_listener(
                    _PREFIX + topic,
                    lambda connection, pid, channel, text: handle(
                        channel.removeprefix(_PREFIX), str(text)
                    ),
                )
        # Also when the start is cancelled: nobody else knows of this connection.
        except BaseException:
            await subscriber.drop()
            raise
        return subscriber

    async def _open_publisher(self) -> PublisherConnection:
        # A connection of its own, since the other one waits for notifications. Nothing that it
        # commits must survive a crash, so it waits for no flush.
        return _PostgresPublisher(
            await self._connect({"application_name": "hookline hub", "synchronous_commit": "off"})
        )

    async def _connect(self, settings: dict[str, str]) -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(
            self._dsn,
            timeout=ANSWER_SECONDS,
            command_timeout=ANSWER_SECONDS,
            server_settings=settings,
        )

    def _no_answer(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"PostgreSQL at {mask_url(self._dsn)} takes no listener ({type(error).__name__}). "
            "Start it, or correct HOOKLINE_PUBSUB_URL "
            "(empty: the database itself)."
        )


class _PostgresSubscriber:
    """A cut connection is known at once; the question finds a half-open one within seconds."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection
        self._lost = asyncio.Event()
        connection.add_termination_listener(lambda connection: self._lost.set())

    async def receive(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._lost.wait()
            # A server that is gone without a word (half open) is found by its silence.
            await self._connection.execute("select 1", timeout=ANSWER_SECONDS)

    async def drop(self) -> None:
        # At once: close() would wait for a server that hangs.
        self._connection.terminate()


class _PostgresPublisher:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def publish(self, announcements: Sequence[Announcement]) -> None:
        topics, texts = (
            [_PREFIX + topic for topic, _ in announcements],
            [text for _, text in announcements],
        )
        # One round trip and one commit for all: each commit with a NOTIFY takes a lock of the whole
        # server.
        await self._connection.execute(
            "select pg_notify(topic, text) from unnest($1::text[], $2::text[]) n(topic, text)",
            topics,
            texts,
        )

    async def drop(self) -> None:
        self._connection.terminate()
