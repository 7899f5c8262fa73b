"""The hub over PostgreSQL's NOTIFY: one connection listens, another one tells. Announcements are coalesced and sent after their commit.

A lost connection costs its announcements; it is opened again, and everybody is told that something may have been missed.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg

from hookline.db.connection import FAULTS
from hookline.pubsub.base import EVERYTHING, Hear, Listeners

log = logging.getLogger("hookline.hub")

CHANNELS = {"hookline_wake": "wake", "hookline_match": "match", "hookline_activity": "activity"}
_AWAY = (*FAULTS, asyncpg.PostgresError)
"""Whatever the server says (a standby refuses to listen, for one), it is asked again."""
_PAYLOAD_BYTES = 7_900
_WAITING_LIMIT = 1_000
_PING_SECONDS = 5.0
_AGAIN_SECONDS = 0.5


class PostgresHub:
    carries_wakes_in_publish = True

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._listeners = Listeners()
        self._waiting: dict[tuple[str, str], None] = {}
        self._ready = asyncio.Event()
        self._lost = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        connection = await self._connect()
        self._tasks = [asyncio.create_task(self._stay_connected(connection)), asyncio.create_task(self._tell())]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def announce(self, topic: str, text: str) -> None:
        if len(text) > _PAYLOAD_BYTES or len(self._waiting) >= _WAITING_LIMIT:
            text = EVERYTHING
        self._waiting[topic, text] = None
        self._ready.set()

    def listen(self, topic: str, hear: Hear) -> Callable[[], None]:
        return self._listeners.listen(topic, hear)

    async def _connect(self) -> "asyncpg.Connection[Any]":
        connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=5, server_settings={"application_name": "hookline hub"})
        lost = self._lost = asyncio.Event()
        connection.add_termination_listener(lambda connection: lost.set())
        try:
            for channel in CHANNELS:
                await connection.add_listener(channel, self._heard)
        except BaseException:
            _drop(connection)
            raise
        return connection

    def _heard(self, connection: object, pid: int, channel: str, text: object) -> None:
        self._listeners.tell(CHANNELS[channel], str(text))

    async def _stay_connected(self, connection: "asyncpg.Connection[Any] | None") -> None:
        """A cut connection is known at once; the ping finds a half-open one within seconds."""
        while True:
            try:
                if connection is None:
                    connection = await self._connect()
                    self._listeners.tell_all_missed()
                while True:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._lost.wait(), _PING_SECONDS)
                    await connection.execute("select 1", timeout=_PING_SECONDS)
            except _AWAY as error:
                log.warning("hub connection lost, connecting again: %r", error)
                _drop(connection)
                connection = None
                await asyncio.sleep(_AGAIN_SECONDS)
            except asyncio.CancelledError:
                _drop(connection)
                raise

    async def _tell(self) -> None:
        connection: asyncpg.Connection[Any] | None = None
        try:
            while True:
                await self._ready.wait()
                self._ready.clear()
                waiting, self._waiting = self._waiting, {}
                topics = [f"hookline_{topic}" for topic, _ in waiting]
                try:
                    connection = connection or await asyncpg.connect(
                        self._dsn, timeout=5, command_timeout=5, server_settings={"synchronous_commit": "off"}
                    )
                    await connection.execute(
                        "select pg_notify(topic, text) from unnest($1::text[], $2::text[]) n(topic, text)", topics, [text for _, text in waiting]
                    )
                except _AWAY as error:
                    log.warning("announcements lost (sweeps and looks find what they told of): %r", error)
                    _drop(connection)
                    connection = None
                    await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            _drop(connection)


def _drop(connection: "asyncpg.Connection[Any] | None") -> None:
    if connection is not None:
        connection.terminate()
