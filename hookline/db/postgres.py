"""Tortoise's asyncpg engine (named by the `engine` key of its configuration), made safe.

Tortoise 1.1.9 loses a pool connection when a task is cancelled while a transaction begins, and waits for a free one without end.
"""

import asyncio
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import PoolConnectionWrapper, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections

ACQUIRE_SECONDS = 5.0
SERVER_SETTINGS = {"statement_timeout": "30s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s", "application_name": "hookline"}


class SafeTransactionContext(TransactionContextPooled):
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
            await asyncio.shield(asyncio.ensure_future(pool.release(self.client._connection)))
            raise
        return self.client


class SafePoolConnection(PoolConnectionWrapper[Any]):
    __slots__ = ()

    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        self.connection = await self.client._pool.acquire(timeout=ACQUIRE_SECONDS)
        return self.connection


class SafeAsyncpgClient(AsyncpgDBClient):
    def acquire_connection(self) -> Any:
        return SafePoolConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return SafeTransactionContext(TransactionWrapper(self), self._pool_init_lock)


client_class = SafeAsyncpgClient


def get_client_class(db_info: dict[str, Any]) -> type[SafeAsyncpgClient]:
    return SafeAsyncpgClient
