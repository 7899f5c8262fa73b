"""Tortoise's asyncpg engine (named by the `engine` key of its configuration), made safe. Tortoise
1.1.9 loses a pool connection when a task is cancelled while a transaction begins, and waits for a
free one without end.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    PoolConnectionWrapper,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.base_postgres.client import translate_exceptions
from tortoise.connection import get_connections

from hookline.db.postgres_pool import (
    ACQUIRE_SECONDS,
    BoundedPool,
    PooledConnection,
    open_pool,
)

SERVER_SETTINGS = {
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "application_name": "hookline",
}

_PIECE_BYTES: Final = 256 * 1_024
"""Bytes of a COPY that go to the socket at once: others have the loop in between."""
COPY_SECONDS: Final = 10.0
"""As long as any statement may take."""

LIST_PLANS = {"plan_cache_mode": "force_custom_plan", "random_page_cost": "1.1"}
"""Partial indexes are found for the values at hand only; and from memory or an SSD rows by an index
cost little more than rows in their order.
"""


class SafePooledTransaction(TransactionContextPooled):
    __slots__ = ()

    async def __aenter__(self) -> Any:  # Any: Tortoise's own signature
        await self.ensure_connection()
        pool = self.client._parent._pool
        self.client._connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
        self.token = get_connections().set(self.connection_name, self.client)
        try:
            await self.client.begin()
        except BaseException:
            get_connections().reset(self.token)
            # Shielded: a second cancellation would lose the connection for good (Tortoise 1.1.9
            # loses it at the first).
            await asyncio.shield(asyncio.ensure_future(pool.release(self.client._connection)))
            raise
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        if isinstance(exc_val, TimeoutError):
            # a rollback would wait as long again; the server makes one for a lost connection
            self.client._connection.terminate()
        await super().__aexit__(exc_type, exc_val, exc_tb)


class SafePoolConnection(PoolConnectionWrapper[Any]):
    __slots__ = ()

    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        self.connection = await self.client._pool.acquire(timeout=ACQUIRE_SECONDS)
        return self.connection


class SafeAsyncpgClient(AsyncpgDBClient):
    # Tortoise names its class to the pool, which would be asyncpg's own.
    connection_class = PooledConnection

    async def create_pool(self, **options: Any) -> BoundedPool:
        return await open_pool(None, **options)

    def acquire_connection(self) -> Any:
        return SafePoolConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return SafePooledTransaction(TransactionWrapper(self), self._pool_init_lock)


@translate_exceptions
async def copy(client: Any, table: str, columns: Sequence[str], lines: bytes) -> None:
    """Writes new rows from lines of COPY's text format by a transaction's client.

    Raises what Tortoise's statements raise, TimeoutError after COPY_SECONDS.
    """

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(lines), _PIECE_BYTES):
            yield lines[start : start + _PIECE_BYTES]

    async with client.acquire_connection() as connection:
        client.log.debug("copy %s", table)
        # asyncpg 0.32 bounds its wait for the answer, and waits without end for a server that takes
        # no more lines; its own time must not be over first.
        async with asyncio.timeout(COPY_SECONDS):
            await connection.copy_to_table(
                table, source=pieces(), columns=columns, timeout=2 * COPY_SECONDS
            )


client_class = SafeAsyncpgClient


def get_client_class(db_info: dict[str, Any]) -> type[SafeAsyncpgClient]:
    return SafeAsyncpgClient
