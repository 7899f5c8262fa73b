"""Reads the database from outside, over a connection of its own each time, so that it may restart
meanwhile.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from hookline.db.faults import FAULTS
from hookline.ids import encode
from tests.chaos.ledger import Attempted, Ledger, Recorded

LEASED = """select p.token, p.process, d.event_id, w.slug, d.attempt_count from pump p left join
  delivery d on d.lease_token = p.token
left join webhook w on w.id = d.webhook_id"""
EVENTS = "select id, data from event"
DELIVERIES = """select d.id, d.event_id, w.slug, d.status, d.attempt_count, d.lease_token from
  delivery d join webhook w on w.id = d.webhook_id"""
ATTEMPTS = "select delivery_id, number, outcome, status_code from attempt"
OPEN = "select count(*) from delivery where status = 0 or lease_token is not null"

_PATIENCE_SECONDS = 30

Row = tuple[Any, ...]  # Any: a column's value


class Pump(NamedTuple):
    """A pump's row. leased: (event id, webhook, number of the attempt)."""

    token: UUID
    pid: int
    leased: set[tuple[str, str, int]]


class Books:
    def __init__(self, database_url: str) -> None:
        self._url = database_url

    async def pumps(self) -> list[Pump]:
        """Every pump that the database knows, dead or alive."""
        found: dict[UUID, Pump] = {}
        for token, process, event_id, webhook, number in await self._rows(LEASED):
            pump = found.setdefault(
                _uuid(token), Pump(_uuid(token), int(process.rpartition(":")[2]), set())
            )
            if event_id is not None:
                pump.leased.add((_event(event_id), webhook, number))
        return list(found.values())

    @asynccontextmanager
    async def no_more_pumps(self) -> AsyncIterator[list[Pump]]:
        """Gives every pump; none is added until the block ends, or PostgreSQL does."""
        connection = await asyncpg.connect(self._url, timeout=5)
        try:
            await connection.execute("begin; lock table pump in share mode", timeout=60)
            yield await self.pumps()
        finally:
            connection.terminate()

    async def open_count(self) -> int:
        """Deliveries that are not finished, or still leased."""
        return int((await self._rows(OPEN))[0][0])

    async def fill(self, ledger: Ledger) -> None:
        """Adds the recorded deliveries and attempts to the ledger."""
        ledger.events = {
            _event(key): orjson.loads(data)["tag"] for key, data in await self._rows(EVENTS)
        }
        deliveries = dict[UUID, Recorded]()
        for key, event_id, webhook, state, count, token in await self._rows(DELIVERIES):
            deliveries[_uuid(key)] = ledger.recorded[_event(event_id), webhook] = Recorded(
                state, count, token is not None
            )
        for key, *attempt in await self._rows(ATTEMPTS):
            deliveries[_uuid(key)].attempts.append(Attempted(*attempt))

    async def _rows(self, sql: str) -> list[Row]:
        """Reads rows, again while the database is away."""
        until = monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return await self._read(sql)
            except FAULTS:
                if monotonic() > until:
                    raise
                await asyncio.sleep(0.05)

    async def _read(self, sql: str) -> list[Row]:
        if self._url.startswith("sqlite"):
            with closing(
                sqlite3.connect(f"file:{self._url.removeprefix('sqlite:///')}?mode=ro", uri=True)
            ) as db:
                return db.execute(sql).fetchall()
        connection = await asyncpg.connect(self._url, timeout=5)
        try:
            return [tuple(row) for row in await connection.fetch(sql, timeout=120)]
        finally:
            await connection.close(timeout=5)


def _event(key: Any) -> str:  # Any: a UUID as the driver gives it
    return encode("evt", _uuid(key))


def _uuid(value: Any) -> UUID:
    """A key as the driver gives it: SQLite's are bytes."""
    return value if isinstance(value, UUID) else UUID(bytes=value)
