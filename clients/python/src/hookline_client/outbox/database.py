"""The outbox's table as the relay uses it. Each method is one statement and commits by itself."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from hookline_client.events import Event
from hookline_client.outbox import table

_BUSY_SECONDS = 30
"""Time that a statement waits for another writer on SQLite."""
_CONNECT_SECONDS = 10
_OLDEST_SQLITE = (3, 35)
_OLDEST_POSTGRESQL = 120_000


class OutboxError(Exception):
    """The outbox can't be used as it is; the message says what would help."""


class DatabaseAway(Exception):
    """The database did not answer; a later try may succeed."""


@dataclass(frozen=True, slots=True)
class Row:
    """An event of the outbox as it was written. failures: tries that failed because of itself."""

    id: int
    idempotency_key: str
    type: str
    environment: str
    data: str
    occurred_at: str | None
    failures: int

    def event(self) -> Event:
        """Returns the event. Raises ValueError if another program wrote what is none."""
        at = datetime.fromisoformat(self.occurred_at) if self.occurred_at else None
        data = json.loads(self.data)
        return Event(self.type, data, self.environment, self.idempotency_key, at)


class SetAside(NamedTuple):
    """An event that the relay can't publish."""

    id: int
    type: str
    idempotency_key: str
    set_aside_at: float
    error: str


class Outbox:
    """A connection to the database of the outbox. url: sqlite:///path or postgresql://….

    Raises OutboxError (URL, driver, table) and DatabaseAway, as every method does.
    """

    def __init__(self, url: str) -> None:
        scheme = urlsplit(url).scheme.partition("+")[0]
        self.dialect = "postgresql" if scheme == "postgres" else scheme
        if self.dialect not in table.DIALECTS:
            raise OutboxError("The database must be sqlite:///path or postgresql://….")
        self._connection: Any = None  # of sqlite3 or psycopg
        self._faults: tuple[type[Exception], ...]
        if self.dialect == "sqlite":
            self._connect_to_sqlite(url)
        else:
            self._connect_to_postgresql(url)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def lease(self, now: float, seconds: float, count: int) -> list[Row]:
        """Takes the oldest waiting events for so long, in their order. A crash gives them back."""
        statement = table.LEASE.format(skipping=table.SKIPPING[self.dialect])
        rows = self._execute(statement, now, count, now + seconds)
        return sorted((Row(*row) for row in rows), key=lambda row: row.id)

    def mark_sent(self, ids: Sequence[int], now: float) -> None:
        """Marks events as published."""
        self._execute_for(table.MARK_SENT, ids, now)

    def release(self, ids: Sequence[int]) -> None:
        """Gives leased events back."""
        self._execute_for(table.RELEASE, ids)

    def set_aside(self, id: int, error: str, now: float) -> None:
        """Sets an event aside: it is not tried again until somebody puts it back."""
        self._execute(table.SET_ASIDE, now, error, id)

    def count_failure(self, id: int, error: str) -> None:
        """Counts a try that failed because of the event, and gives it back."""
        self._execute(table.COUNT_FAILURE, error, id)

    def delete_sent(self, until: float, count: int) -> None:
        """Deletes so many of the events that were published until then."""
        self._execute(table.DELETE_SENT, until, count)

    def waiting(self) -> tuple[int, float | None]:
        """Returns how many events wait, and when the oldest was written."""
        [(count, oldest)] = self._execute(table.LOOK)
        return count, oldest

    def list_set_aside(self, count: int) -> list[SetAside]:
        """Returns the oldest events that were set aside."""
        return [SetAside(*row) for row in self._execute(table.LIST_SET_ASIDE, count)]

    def put_back(self, ids: Sequence[int] = ()) -> int:
        """Lets events that were set aside be tried again: these, or all. Returns how many."""
        some = f" and id in ({_marks(ids)})" if ids else ""
        self._execute(table.PUT_BACK.format(some=some), *ids)
        count: int = self._count
        return count

    def _execute_for(self, statement: str, ids: Sequence[int], *parameters: object) -> None:
        if ids:
            self._execute(statement.format(ids=_marks(ids)), *parameters, *ids)

    def _execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        style = "qmark" if self.dialect == "sqlite" else "format"
        try:
            cursor = self._connection.execute(table.with_markers(statement, style), parameters)
            # Read to its end: SQLite commits only then.
            rows = cursor.fetchall() if cursor.description else []
            self._count = cursor.rowcount
        except self._faults as error:
            if _is_table_missing(error):
                raise OutboxError(
                    "The table hookline_outbox is missing. Make it in a migration of the "
                    f"application: `hookline outbox table {self.dialect}` prints the statements."
                ) from None
            raise DatabaseAway(f"{type(error).__name__}: {_first_line(error)}") from error
        return rows

    def _connect_to_sqlite(self, url: str) -> None:
        path = unquote(url.partition("://")[2].partition("?")[0]).removeprefix("/")
        # Opening would make an empty file, and hide a wrong path.
        if not Path(path).is_file():
            raise OutboxError(f"There is no SQLite database {path}.")
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise OutboxError(f"This Python has SQLite {sqlite3.sqlite_version}; 3.35 is needed.")
        self._faults = (sqlite3.Error,)
        self._connection = sqlite3.connect(path, _BUSY_SECONDS, isolation_level=None)

    def _connect_to_postgresql(self, url: str) -> None:
        try:
            import psycopg
        except ImportError:
            raise OutboxError(
                "PostgreSQL needs psycopg: pip install 'hookline-client[relay]'."
            ) from None
        self._faults = (psycopg.Error,)
        # Of SQLAlchemy: postgresql+psycopg://
        address = f"postgresql://{url.partition('://')[2]}"
        try:
            self._connection = psycopg.connect(
                address, autocommit=True, connect_timeout=_CONNECT_SECONDS
            )
        except psycopg.Error as error:
            raise DatabaseAway(f"{type(error).__name__}: {_first_line(error)}") from error
        if (version := self._connection.info.server_version) < _OLDEST_POSTGRESQL:
            raise OutboxError(f"The database is PostgreSQL {version // 10_000}; 12 is needed.")


def _marks(ids: Sequence[int]) -> str:
    return ", ".join("?" * len(ids))


def _is_table_missing(error: Exception) -> bool:
    # UndefinedTable of PostgreSQL; SQLite has but the text.
    return getattr(error, "sqlstate", None) == "42P01" or "no such table" in str(error)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "")
