"""Tortoise's SQLite engine (named by the `engine` key of its configuration), made safe. Tortoise
1.1.9 leaks its lock when a task is cancelled while a transaction begins, and begins without the
write lock. Every write of this process, the hot path's too, takes `turn` first, so that nothing
inside the process waits on SQLite's busy handler.
"""

import asyncio
import sqlite3
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import NestedTransactionContext, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError

from hookline.models.column_types import Instant, to_micros

# WAL: readers don't wait for the writer. FULL: an accepted event is on disk, and group commit pays
# for it. busy_timeout: other programs may hold the file (a backup, a command).
PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "busy_timeout": 5_000,
    "foreign_keys": "ON",
    "journal_size_limit": 67_108_864,
    "cache_size": -16_000,
    "temp_store": "MEMORY",
}


class SafeSqliteTransaction(SqliteTransactionContext):
    __slots__ = ()

    async def __aenter__(self) -> Any:  # Any: Tortoise's own signature
        # The turn first, then Tortoise's own lock: the hot path's writer takes the turn alone.
        turn = self.connection._parent.turn
        await turn.acquire()
        try:
            await self._trxlock.acquire()
            try:
                await self._begin()
            except BaseException:
                self._trxlock.release()
                raise
        except BaseException:
            turn.release()
            raise
        return self.connection

    async def _begin(self) -> None:
        await self.ensure_connection()
        self.token = get_connections().set(self.connection_name, self.connection)
        try:
            await self.connection.begin()
        except BaseException:
            get_connections().reset(self.token)
            await self._undo()
            raise

    async def _undo(self) -> None:
        # BEGIN or COMMIT may still run in the driver's thread: a rollback queued behind it ends it
        # before the turn is given on
        await asyncio.shield(asyncio.ensure_future(self.connection._connection.rollback()))

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        try:
            try:
                # It releases the engine's own lock.
                await super().__aexit__(exc_type, exc_val, exc_tb)
            except BaseException:
                await self._undo()
                raise
        finally:
            self.connection._parent.turn.release()


class SafeTransactionWrapper(SqliteTransactionWrapper):
    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(SafeTransactionWrapper(self))

    async def begin(self) -> None:
        try:
            # Takes the write lock at once: after a plain BEGIN, two that read and then write find
            # the database locked.
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error


class SafeSqliteClient(SqliteClient):
    def __init__(self, file_path: str, **options: Any) -> None:
        super().__init__(file_path, **{**PRAGMAS, **options})
        self.turn = asyncio.Lock()
        adapt_values()

    async def create_connection(self, with_db: bool) -> None:
        await super().create_connection(with_db)
        if self._connection is not None:
            # unhex() comes with SQLite 3.41
            await self._connection.create_function("uuid_blob", 1, uuid_blob, deterministic=True)

    def _in_transaction(self) -> TransactionContext:
        return SafeSqliteTransaction(SafeTransactionWrapper(self), self._lock)


def adapt_values() -> None:
    """Teaches sqlite3 the values of Tortoise's statements that it does not know itself."""
    sqlite3.register_adapter(UUID, lambda key: key.bytes)
    sqlite3.register_adapter(Instant, to_micros)


def uuid_blob(text: str | None) -> bytes | None:
    """The SQL function of this name: a UUID's text as its column has it."""
    return None if text is None else UUID(text).bytes


client_class = SafeSqliteClient


def get_client_class(db_info: dict[str, Any]) -> type[SafeSqliteClient]:
    return SafeSqliteClient
