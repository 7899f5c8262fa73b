"""Connections to PostgreSQL for the hot path (hookline.deliveries.queue.postgres) and Tortoise
(hookline.db.postgres): asyncpg's pool, bounded, and without what it does between two statements.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import asyncpg
from asyncpg.protocol import Record

from hookline.outages import SETTLE_SECONDS, Outage

log = logging.getLogger(__name__)

ACQUIRE_SECONDS: Final = 5.0
"""Without it, a pool whose connections all hang would be waited for without end."""
KEPT_SECONDS: Final = 1.0
"""A connection is kept out of the pool for so long, from one statement to the next."""
_LOOK_SECONDS: Final = 1.5 * KEPT_SECONDS
"""So much later is looked for one that no statement brought back: with statements in a row it is
another one by then, and the look takes none away from the next statement.
"""
_RELEASE_SECONDS: Final = 2.0

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
        self._kept: _Taken | None = None
        self._waiting = 0
        self._look: asyncio.TimerHandle | None = None
        self._releases = set[asyncio.Task[None]]()

    async def execute(self, *given: Any, **options: Any) -> Any:
        return await self._run("execute", given, options)

    async def fetch(self, *given: Any, **options: Any) -> Any:
        return await self._run("fetch", given, options)

    async def fetchrow(self, *given: Any, **options: Any) -> Any:
        return await self._run("fetchrow", given, options)

    async def fetchval(self, *given: Any, **options: Any) -> Any:
        return await self._run("fetchval", given, options)

    async def _run(self, method: str, given: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """Runs one statement. Its connection is kept for the next one, if nobody waits for it: the
        way out of the pool and back again is two tasks and four timers, 0.08 ms of CPU, and twice
        that where statements are rare (asyncpg 0.32, Python 3.11, 2026-11).
        """
        taken = self._kept_one() or _Taken(await self.acquire(), time.monotonic() + KEPT_SECONDS)
        try:
            answer = await getattr(taken.connection, method)(*given, **options)
        except BaseException:
            await self.release(taken.connection)
            raise
        is_late = time.monotonic() >= taken.until
        if self._kept or self._waiting or is_late or self.is_closing():
            await self.release(taken.connection)
        else:
            self._keep(taken)
        return answer

    def _keep(self, taken: "_Taken") -> None:
        self._kept = taken
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._on_look)

    def _kept_one(self) -> "_Taken | None":
        taken, self._kept = self._kept, None
        if taken and _is_closed(taken.connection):
            self._release_soon(taken)
            return None
        return taken

    def _on_look(self) -> None:
        self._look = None
        if (taken := self._kept_one()) is None:
            return
        if time.monotonic() < taken.until:
            self._keep(taken)
        else:
            self._release_soon(taken)

    def _release_soon(self, taken: "_Taken") -> None:
        task = asyncio.create_task(self.release(taken.connection))
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)

    async def _acquire(self, timeout: float | None) -> Any:
        self._waiting += 1
        try:
            await self._release_kept()
            return await super()._acquire(timeout)
        finally:
            self._waiting -= 1

    async def _release_kept(self) -> None:
        if taken := self._kept_one():
            await self.release(taken.connection)

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
            await self._release_kept()

    async def close(self) -> None:
        await self._release_kept()
        await super().close()


@dataclass(frozen=True, slots=True)
class _Taken:
    """A connection out of its pool. until: when it goes back."""

    connection: Any  # asyncpg's proxy of it
    until: float  # of time.monotonic


def _is_closed(connection: Any) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # it is back in the pool already
        return True


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
