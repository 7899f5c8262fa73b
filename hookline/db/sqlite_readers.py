"""Tortoise's SQLite engine for the read pool (named by the `engine` key of its configuration): some
read-only connections, each with a thread, beside the one that writes. A statement whose task is
cancelled is interrupted in its thread. WAL gives each statement a snapshot, whoever writes.
"""

import asyncio
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any

import aiosqlite
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient

from hookline.db.sqlite import PRAGMAS, adapt_values, uuid_blob

# 4 MB a connection: what lists read again soon is in the system's cache.
_PRAGMAS = {
    "busy_timeout": PRAGMAS["busy_timeout"],
    "cache_size": -4_000,
    "temp_store": "MEMORY",
    "query_only": "ON",
}
# sqlite3_interrupt ends what runs at that moment; a statement may begin a moment later.
_INTERRUPT_AGAIN_SECONDS = 0.02


class SqliteReadersClient(SqliteClient):
    """readers: connections at the most; each is opened when it is first needed."""

    def __init__(self, file_path: str, readers: int, **options: Any) -> None:
        super().__init__(file_path, **options)
        adapt_values()
        self._uri = f"{Path(file_path).resolve().as_uri()}?mode=ro"
        self._opened: list[aiosqlite.Connection] = []
        # None: a connection that is still to be opened. Last in, first out: few are opened.
        self._idle: asyncio.LifoQueue[aiosqlite.Connection | None] = asyncio.LifoQueue()
        for _ in range(readers):
            self._idle.put_nowait(None)
        self._returning: set[asyncio.Task[Any]] = set()

    async def create_connection(self, with_db: bool) -> None:
        await BaseDBAsyncClient._post_connect(self)

    async def close(self) -> None:
        if self._returning:
            await asyncio.wait(self._returning)
        for connection in self._opened:
            # Nothing may be at work any more; what is would hold the end up.
            await connection.interrupt()
            await connection.close()
        self._opened.clear()

    def acquire_connection(self) -> Any:  # Any: Tortoise's own signature
        return _BorrowedReader(self)

    async def borrow(self) -> aiosqlite.Connection:
        connection = await self._idle.get()
        if connection is not None:
            return connection
        # In a task of its own: cut off in the middle, a connection would leave its thread behind
        # (aiosqlite 0.22), and its place would be given to another one.
        opening = asyncio.create_task(self._open())
        try:
            return await asyncio.shield(opening)
        except BaseException:
            self._returning.add(opening)
            opening.add_done_callback(self._give_back_opened)
            raise

    def _give_back_opened(self, opening: "asyncio.Task[aiosqlite.Connection]") -> None:
        """Gives the place of a connection back whose caller has gone, or has had its error."""
        self._returning.discard(opening)
        has_failed = opening.cancelled() or opening.exception() is not None
        self._idle.put_nowait(None if has_failed else opening.result())

    async def _open(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(self._uri, uri=True, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            for name, value in _PRAGMAS.items():
                await connection.execute_fetchall(f"pragma {name} = {value}")
            await connection.create_function("uuid_blob", 1, uuid_blob, deterministic=True)
            await BaseDBAsyncClient._post_connect(self)
        except BaseException:
            await connection.close()
            raise
        self._opened.append(connection)
        return connection

    def give_back(self, connection: aiosqlite.Connection) -> None:
        self._idle.put_nowait(connection)

    async def end_and_give_back(self, connection: aiosqlite.Connection) -> None:
        """Interrupts what the connection still runs, and gives it back when its thread is free; a
        second cancellation does not stop that.
        """
        task = asyncio.create_task(self._end(connection))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)
        await asyncio.shield(task)

    async def _end(self, connection: aiosqlite.Connection) -> None:
        # It waits in the thread behind the statement; without a transaction it does nothing.
        free = asyncio.ensure_future(connection.rollback())
        while not free.done():
            await connection.interrupt()
            await asyncio.wait({free}, timeout=_INTERRUPT_AGAIN_SECONDS)
        self.give_back(connection)


class _BorrowedReader:
    """A connection for one statement."""

    __slots__ = ("_client", "_connection")

    def __init__(self, client: SqliteReadersClient) -> None:
        self._client = client

    async def __aenter__(self) -> aiosqlite.Connection:
        self._connection = await self._client.borrow()
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # An error of SQLite's own leaves nothing running.
        if error is None or isinstance(error, Exception):
            self._client.give_back(self._connection)
        else:
            await self._client.end_and_give_back(self._connection)


client_class = SqliteReadersClient


def get_client_class(db_info: dict[str, Any]) -> type[SqliteReadersClient]:
    return SqliteReadersClient
