"""Empty databases with the schema, for the fixtures of conftest: copies of one file on SQLite; on
PostgreSQL a few that one test after the other uses, emptied in between.

A new PostgreSQL database costs 55 ms of CPU and 8 MB of disk, an emptied one 5 ms (2026-11).
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self
from uuid import uuid4

import asyncpg

from hookline.db.migrate import migrate
from hookline.settings.fields import read_settings
from tests.postgresql import PostgreSQL

TEMPLATE = "template_hookline"
_BIG_BYTES = 262_144
"""A table over this is truncated: its dead rows would slow the next tests."""

_TABLES = """
select c.oid::regclass::text as name, pg_relation_size(c.oid) as bytes
from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
order by 1"""
_SHAPE = """
select md5(string_agg(part, ',' order by part)) from (
  select format('%s %s %s', oid, relname, reltuples > 0) from pg_class
    where relnamespace = 'public'::regnamespace
  union all select format('a %s %s %s', attrelid, attnum, a.xmin) from pg_attribute a
    join pg_class c on c.oid = attrelid where relnamespace = 'public'::regnamespace
  union all select format('f %s %s', oid, xmin) from pg_proc
    where pronamespace = 'public'::regnamespace
  union all select format('t %s %s', oid, xmin) from pg_trigger
  union all select format('c %s %s', oid, xmin) from pg_constraint
    where connamespace = 'public'::regnamespace
  union all select format('n %s %s', oid, xmin) from pg_namespace where nspname !~ '^pg_t'
  union all select format('e %s %s', oid, xmin) from pg_event_trigger
  union all select format('s %s', setconfig) from pg_db_role_setting s
    join pg_database d on d.oid = s.setdatabase where datname = current_database()
) as parts(part)"""
"""Everything of a database that a test can change beside its rows: definitions, and whether
statistics were gathered."""
_END_OTHERS = """
select pg_terminate_backend(pid, 60000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()"""


class Databases:
    """Databases of one PostgreSQL server. `url` in any thread that runs no loop."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._runner = asyncio.Runner()
        self._clean = list[str]()
        self._open = dict[str, "asyncpg.Connection[asyncpg.Record]"]()

    def __enter__(self) -> Self:
        self._runner.run(self._make_template())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.run(self._close())
        self._runner.close()

    @contextmanager
    def made(self, template: str = TEMPLATE) -> Iterator[str]:
        """Makes a database, which is dropped afterwards; its URL."""
        name = self._new(template)
        yield self._server.url_of(name)
        self._runner.run(self._drop(name))

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Lends an empty database, which comes back afterwards, whatever was done to it. Gives its
        URL.
        """
        name = self._clean.pop() if self._clean else self._new(TEMPLATE)
        yield self._server.url_of(name)
        if self._runner.run(self._emptied(name)):
            self._clean.append(name)
        else:
            self._runner.run(self._drop(name))

    def _new(self, template: str) -> str:
        name = f"t_{uuid4().hex}"
        self._runner.run(self._on("postgres", f"create database {name} template {template}"))
        return name

    async def _close(self) -> None:
        for connection in self._open.values():
            connection.terminate()

    async def _drop(self, name: str) -> None:
        if connection := self._open.pop(name, None):
            connection.terminate()
        await self._on("postgres", f"drop database {name} (force)")

    async def _make_template(self) -> None:
        await self._on("postgres", f"create database {TEMPLATE}")
        await migrate(read_settings(database_url=self._server.url_of(TEMPLATE)))
        connection = await asyncpg.connect(self._server.url_of(TEMPLATE))
        try:
            self._shape = await connection.fetchval(_SHAPE)
            self._rows = {
                name: rows
                for name, _ in await connection.fetch(_TABLES)
                if (rows := await connection.fetchval(f"select json_agg(t) from {name} t"))
            }
        finally:
            await connection.close()

    async def _on(self, database: str, statement: str) -> None:
        connection = await asyncpg.connect(self._server.url_of(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _emptied(self, name: str) -> bool:
        """Empties the database; False when a test changed more than rows, so that it can't be used
        again.
        """
        connection = await self._alone(name)
        if await connection.fetchval(_SHAPE) != self._shape:
            return False
        await self._empty(connection)
        return True

    async def _alone(self, name: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Returns the connection to the database that stays open, the only one. A new one looks
        the catalogue up again: 12 ms of CPU (2026-11).
        """
        if connection := self._open.pop(name, None):
            # a test may have cut it off, with those of its own
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await connection.execute(_END_OTHERS)
                self._open[name] = connection
                return connection
        connection = self._open[name] = await asyncpg.connect(self._server.url_of(name))
        await connection.execute(_END_OTHERS)
        return connection

    async def _empty(self, connection: "asyncpg.Connection") -> None:
        tables = await connection.fetch(_TABLES)
        big = [name for name, size in tables if size > _BIG_BYTES]
        small = [name for name, size in tables if 0 < size <= _BIG_BYTES]
        statements = [
            "set local session_replication_role = replica",  # foreign keys in any order
            *([f"truncate {', '.join(big)} cascade"] if big else []),
            *(f"delete from {name}" for name in small),
            *(
                f"insert into {name} select * from json_populate_recordset(null::{name}, "
                f"'{json.dumps(json.loads(rows)).replace(chr(39), chr(39) * 2)}')"
                for name, rows in self._rows.items()
            ),
        ]
        async with connection.transaction():
            await connection.execute(";".join(statements))
