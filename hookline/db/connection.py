"""The one database of a process: reads, units of work, raw statements.

Opened by wiring.open_runtime. Everything that writes, except the hot path
(hookline.deliveries.queue), goes through `unit_of_work`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError
from tortoise.transactions import in_transaction

from hookline.db import postgres
from hookline.db.decoding import decode_rows
from hookline.db.faults import faults_as_unavailable, is_fault
from hookline.db.statements import for_sqlite, sqlite_value
from hookline.errors import Misconfigured, Unavailable
from hookline.text import mask_url
from hookline.turns import Turns

log = logging.getLogger(__name__)

APP = "models"
READS = "reads"
"""Tortoise's name for the read pool."""
CHECKS = "checks"
"""And for the connection of token checks, on SQLite."""
CONNECT_SECONDS = 5

Row = dict[str, Any]  # Any: a column's value


class DatabaseSettings(Protocol):
    """The settings that name the database; hookline.settings.fields.Settings has them."""

    @property
    def is_sqlite(self) -> bool: ...
    @property
    def sqlite_path(self) -> Path: ...
    @property
    def database_url(self) -> str: ...
    @property
    def postgres_dsn(self) -> str: ...
    @property
    def database_readers(self) -> int: ...
    @property
    def operation_seconds(self) -> float: ...


class Reader:
    """Statements with `$1` placeholders on either engine. UUIDs and datetimes go in and come out as
    such: on SQLite a column is known by its name (hookline.db.decoding).
    """

    def __init__(self, dialect: str, client: BaseDBAsyncClient) -> None:
        self.dialect = dialect
        self._client = client

    @property
    def client(self) -> BaseDBAsyncClient:
        """The same connections for the models: `rows.using_db(reader.client)`."""
        return self._client

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows that the statement returns, also those of a `returning` clause."""
        if self.dialect == "sqlite":
            rows = await self._client.execute_query_dict(
                for_sqlite(sql), [sqlite_value(value) for value in values]
            )
            decode_rows(rows)
            return rows
        return await self._client.execute_query_dict(sql, list(values))

    async def many_rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows of a statement that reads thousands, as the engine has them. Made off the loop:
        10,000 webhooks hold it up for 0.1 s otherwise (2026-11).
        """
        if self.dialect == "sqlite":
            sql, values = for_sqlite(sql), tuple(sqlite_value(value) for value in values)
        _, found = await self._client.execute_query(sql, list(values))
        return await asyncio.to_thread(_as_dicts, found)

    async def execute(self, sql: str, *values: Any) -> int:
        """Runs the statement and returns the number of rows that it touched."""
        if self.dialect == "sqlite":
            return (
                await self._client.execute_query(
                    for_sqlite(sql), [sqlite_value(value) for value in values]
                )
            )[0]
        return (await self._client.execute_query(sql, list(values)))[0]


def _as_dicts(found: Any) -> list[Row]:  # Any: a list of the driver's rows
    rows = [dict(row) for row in found]
    # Here, as it frees all of them.
    found.clear()
    return rows


class UnitOfWork(Reader):
    """One transaction. What must follow its commit (hub, broker, network) goes on the after-commit
    list.
    """

    async def execute_for_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs the statement, with `?` placeholders, for each of the rows. For SQLite, where that
        costs no way to a server.
        """
        await self._client.execute_many(sql, rows)  # type: ignore[arg-type]  # lists by its word

    async def copy(self, table: str, columns: Sequence[str], lines: bytes) -> None:
        """Writes new rows from lines of COPY's text format. For PostgreSQL."""
        await postgres.copy(self._client, table, columns, lines)

    def __init__(
        self, dialect: str, client: BaseDBAsyncClient, at_end: list[Callable[[], None]]
    ) -> None:
        """at_end: is given the calls of `at_end`."""
        super().__init__(dialect, client)
        self._after_commit: list[Callable[[], None]] = []
        self._at_end = at_end

    def after_commit(self, call: Callable[[], None]) -> None:
        self._after_commit.append(call)

    def at_end(self, call: Callable[[], None]) -> None:
        """Calls it when the transaction has ended, committed or not, after the after-commit calls.
        It must not raise.
        """
        self._at_end.append(call)

    def committed(self) -> None:
        for call in self._after_commit:
            call()


class Database:
    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self.dialect = "sqlite" if settings.is_sqlite else "postgres"
        self._config = tortoise_config(settings)
        self._context = TortoiseContext()
        # As many as the read pool has connections: whoever has a place never waits for one.
        # Statements of one caller that hang leave half of them to the others.
        readers = settings.database_readers
        self._reads = Turns(readers, max(1, readers // 2))

    async def open(self) -> None:
        """Connects. One database per process and event loop: the models find it through Tortoise's
        global context.

        Raises Misconfigured or Unavailable with what to do.
        """
        # Tortoise 1.1.9 keeps statements by connection name: one engine's would meet the next one
        # opened
        EXECUTOR_CACHE.clear()
        # Only while it opens: its token belongs to one task (Tortoise 1.1.9).
        with self._context:
            await self._context.init(config=self._config, _enable_global_fallback=True)
        with connecting(self._settings):
            # Tortoise connects at the first query: a wrong URL is to be told at the start.
            await self.client.execute_query("select 1")

    async def close(self) -> None:
        await self._context.close_connections()

    @property
    def client(self) -> BaseDBAsyncClient:
        return get_connection("default")

    @property
    def checks(self) -> BaseDBAsyncClient:
        """The connections for reads that each request waits for. On SQLite one that nothing else
        uses: the one that writes is taken for as long as a transaction takes, a sync's 7 s of
        10,000 webhooks (2026-11), and those of the pool by lists.
        """
        return get_connection(CHECKS if self.dialect == "sqlite" else "default")

    def reader(self) -> Reader:
        return Reader(self.dialect, self.client)

    @asynccontextmanager
    async def reading(self, caller: Hashable, until: float) -> AsyncIterator[Reader]:
        """Reads on the read pool, whose connections nothing else uses: publishing, claiming and
        token checks never wait behind a list. Callers take turns. until: the loop's time at which
        the statement under way is cancelled, at the server too; so it is when the task is.

        Raises Unavailable when it is not done by then.
        """
        with faults_as_unavailable():
            async with asyncio.timeout_at(until), self._reads.place(caller):
                yield Reader(self.dialect, get_connection(READS))

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """One transaction; models used inside are part of it. Commits at the end, rolls back on any
        exception.

        After-commit calls run only after a commit.

        Raises Unavailable when the database gives no connection or no answer in time (the outcome
        of a lost commit is unknown).
        """
        at_end = list[Callable[[], None]]()
        try:
            with faults_as_unavailable():
                async with in_transaction("default") as client:
                    work = UnitOfWork(self.dialect, client, at_end)
                    yield work
            # Outside of the transaction: hub, broker and network come after the commit, or a failed
            # one would have announced what never was.
            work.committed()
        finally:
            for call in at_end:
                call()


class connecting:
    """Turns what a first connection fails with into a sentence that names the setting; everything
    else passes.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if error is None or not (is_fault(error) or isinstance(error, asyncpg.PostgresError)):
            return
        if self._settings.is_sqlite:
            raise Unavailable(
                f"{self._settings.sqlite_path} cannot be opened: {error}. Mend that, or correct "
                "HOOKLINE_DATABASE_URL."
            ) from error
        url, cause = (
            mask_url(self._settings.database_url),
            error.__cause__ if isinstance(error, DBConnectionError) and error.__cause__ else error,
        )
        if isinstance(cause, asyncpg.InvalidCatalogNameError):
            raise Misconfigured(
                f"There is no such database at {url}. Make it (createdb), or correct "
                "HOOKLINE_DATABASE_URL."
            ) from error
        if isinstance(cause, asyncpg.InvalidAuthorizationSpecificationError):
            raise Misconfigured(
                f"PostgreSQL refused the user or the password of {url}. Correct "
                "HOOKLINE_DATABASE_URL."
            ) from error
        if isinstance(cause, asyncpg.ProtocolViolationError) and "startup parameter" in str(cause):
            raise Misconfigured(
                f"A pooler (PgBouncer?) answers at {url}. Set HOOKLINE_DATABASE_URL to PostgreSQL "
                "itself."
            ) from error
        why = (
            f"no answer within {CONNECT_SECONDS} s"
            if isinstance(cause, TimeoutError)
            else str(cause) or type(cause).__name__
        )
        raise Unavailable(
            f"PostgreSQL at {url} takes no connection: {why}. Start it, or correct "
            "HOOKLINE_DATABASE_URL."
        ) from error


def tortoise_config(settings: DatabaseSettings) -> dict[str, Any]:
    """Tortoise's configuration: connections `default`, and `reads` for lists, on one of our two
    engines. They are opened when they are first used.
    """
    apps = {
        APP: {
            "models": ["hookline.models"],
            "default_connection": "default",
            "migrations": "hookline.db.migrations",
        }
    }
    if settings.is_sqlite:
        file = {"file_path": str(settings.sqlite_path)}
        connections = {
            "default": {"engine": "hookline.db.sqlite", "credentials": file},
            READS: {
                "engine": "hookline.db.sqlite_readers",
                "credentials": {**file, "readers": settings.database_readers},
            },
            CHECKS: {
                "engine": "hookline.db.sqlite_readers",
                "credentials": {**file, "readers": 1},
            },
        }
    else:
        usual = _postgres_credentials(settings.database_url)
        connections = {
            "default": {"engine": "hookline.db.postgres", "credentials": usual},
            READS: {"engine": "hookline.db.postgres", "credentials": _for_reads(usual, settings)},
        }
    return {"connections": connections, "apps": apps}


def _for_reads(usual: dict[str, Any], settings: DatabaseSettings) -> dict[str, Any]:
    # The server ends by itself what a process that died, or a network that broke, can't cancel.
    timeout_ms = int(settings.operation_seconds * 1_000) + 1_000
    return {
        **usual,
        # No connection at all in a process that reads no lists, as a worker.
        "minsize": 0,
        "maxsize": settings.database_readers,
        "command_timeout": settings.operation_seconds + 1,
        "server_settings": {
            **usual["server_settings"],
            "statement_timeout": str(timeout_ms),
            "default_transaction_read_only": "on",
        },
    }


def _postgres_credentials(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "host": query.pop("host", None) or parts.hostname,
        "port": parts.port or 5432,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path[1:]),
        "minsize": 1,
        "maxsize": 8,
        # A query fails after at most 12 s so: these 10, and 2 until its connection is given up
        # (db/postgres.py).
        "command_timeout": 10,
        # asyncpg would wait a minute for a server that takes the connection and says nothing.
        "timeout": CONNECT_SECONDS,
        "server_settings": {**postgres.SERVER_SETTINGS, **postgres.LIST_PLANS},
        **({"ssl": query["sslmode"]} if "sslmode" in query else {}),
    }
