"""Tortoise's asyncpg engine (named by the `engine` key of its configuration), made safe. Tortoise
1.1.9 loses a pool connection when a task is cancelled while a transaction begins, and waits for a
free one without end. The pool is the hot path's too (hookline.deliveries.queue.postgres).
"""

import asyncio
import logging
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import asyncpg
from asyncpg.protocol import Record
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    PoolConnectionWrapper,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections

from hookline.outages import SETTLE_SECONDS, Outage

log = logging.getLogger(__name__)

# Without it, a pool whose connections all hang would be waited for without end.
ACQUIRE_SECONDS = 5.0
_RELEASE_SECONDS = 2.0
SERVER_SETTINGS = {
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "application_name": "hookline",
}

LIST_PLANS = {"plan_cache_mode": "force_custom_plan", "random_page_cost": "1.1"}
"""Partial indexes are found for the values at hand only; and from memory or an SSD rows by an index
cost little more than rows in their order.
"""

_FIRST_VARYING_OID = 10_000
"""Below it types have numbers for good, whatever the version of PostgreSQL."""
_known_types: dict[frozenset[int], list[Record]] = {}
_NO_STATEMENT = SimpleNamespace(name="none")
"""Tells asyncpg that no statement took the place of the one that it prepares."""


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that is not reset when it goes back into its pool: nothing here outlasts a
    statement or a transaction (no session locks, no settings).

    asyncpg's own way is a round trip for each release, before the statement's answer is handed on.
    An open transaction it still rolls back.
    """

    def get_reset_query(self) -> str:
        return ""

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float) -> Any:
        """Asks the server about types that came up in a statement, once a process for those that
        are the same on every server. asyncpg (0.32) knows few arrays by itself: each connection
        asked three or four times, 10 ms of the server's CPU each (2026-11).
        """
        if max(typeoids) >= _FIRST_VARYING_OID:
            return await super()._introspect_types(typeoids, timeout)
        asked = frozenset(typeoids)
        if asked not in _known_types:
            _known_types[asked], _ = await super()._introspect_types(typeoids, timeout)
        return _known_types[asked], _NO_STATEMENT


class BoundedPool(asyncpg.Pool):  # type: ignore[misc]  # asyncpg has no types
    """A pool for which no caller waits without end, in either direction: a connection that does not
    answer is cut off.

    asyncpg 0.32 waits as long as it was ready to wait for the connection, without end by default,
    until a server that hangs has confirmed that a statement was cancelled (15 s became 30,
    2026-11-26). One half-open connection is a sign that all are.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._outage = Outage(log, "connections to the database do not answer", SETTLE_SECONDS)

    def acquire(self, *, timeout: float | None = None) -> Any:
        return super().acquire(timeout=timeout or ACQUIRE_SECONDS)

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:
        try:
            await super().release(connection, timeout=timeout or _RELEASE_SECONDS)
            self._outage.back()
        # It is cut off by now, and what the statement came to is known without it.
        except TimeoutError:
            self._outage.away("all are made anew")
            # One half-open connection is a sign that all are.
            await self.expire_connections()


async def open_pool(dsn: str | None, **options: Any) -> BoundedPool:
    """options: of asyncpg.create_pool, of which no other class of pools can be had."""
    options = {
        "max_queries": 50_000,
        "max_inactive_connection_lifetime": 300.0,
        "loop": None,
        **options,
    }
    # asyncpg 0.32 writes a traceback for each try to open a connection again: whoever waits for the
    # database tells that it is away.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    pool: BoundedPool = await BoundedPool(
        dsn, **{"connection_class": PooledConnection, "record_class": Record, **options}
    )
    return pool


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


client_class = SafeAsyncpgClient


def get_client_class(db_info: dict[str, Any]) -> type[SafeAsyncpgClient]:
    return SafeAsyncpgClient
