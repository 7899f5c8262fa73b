"""Writes events into the outbox, in the caller's own transaction. Called by applications; never
commits, and never speaks to a server.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import time
from typing import Any, NamedTuple

from hookline_client.errors import Refused
from hookline_client.events import Event, completed, json_of, problems_of
from hookline_client.outbox.table import INSERT, with_markers
from hookline_client.problems import Problem

# Any: connections of DB-API, SQLAlchemy, Django, asyncpg and others have no type in common.
Connection = Any


class NoTransaction(RuntimeError):
    """The connection has no transaction open, so that the event would be written whatever becomes
    of the rest.
    """

    def __init__(self) -> None:
        super().__init__(
            "The connection is in autocommit and has no transaction open: begin one (atomic() of "
            "Django, transaction() of psycopg and asyncpg, BEGIN) and write the event within it."
        )


def publish(
    connection: Connection,
    type: str,
    data: Any,  # any JSON
    *,
    environment: str,
    idempotency_key: str | None = None,
    occurred_at: datetime | None = None,
) -> str:
    """Writes an event that the relay publishes once the caller's transaction is committed. Returns
    its idempotency key.

    connection: of sqlite3, psycopg or another DB-API driver; Connection or Session of SQLAlchemy;
    `django.db.connection`. It must be within a transaction. occurred_at: by default now; with a
    key of the caller's none, so that the same event written twice is published once.

    Raises Refused, NoTransaction, and what the driver raises.

    Example: `outbox.publish(connection, "order.order.create", {"id": 7}, environment="production")`
    """
    row = _row(type, data, environment, idempotency_key, occurred_at)
    # A Session of SQLAlchemy leads to its Connection, and one of either to the driver.
    if hasattr(connection, "get_bind"):
        connection = connection.connection()
    if hasattr(connection, "exec_driver_sql"):
        if _commits_each(connection):
            raise NoTransaction
        connection.exec_driver_sql(with_markers(INSERT, connection.dialect.paramstyle), row)
        return row.key
    if _is_outside(connection):
        raise NoTransaction
    statement = with_markers(INSERT, _paramstyle(connection))
    cursor = connection.cursor()
    try:
        cursor.execute(statement, row)
    finally:
        cursor.close()
    return row.key


async def publish_async(
    connection: Connection,
    type: str,
    data: Any,  # any JSON
    *,
    environment: str,
    idempotency_key: str | None = None,
    occurred_at: datetime | None = None,
) -> str:
    """Does what `publish` does, on a connection with an event loop: asyncpg, psycopg's
    AsyncConnection, aiosqlite, AsyncConnection and AsyncSession of SQLAlchemy.

    Raises Refused, NoTransaction, and what the driver raises.
    """
    if hasattr(connection, "run_sync"):

        def write(plain: Connection) -> str:
            return publish(
                plain,
                type,
                data,
                environment=environment,
                idempotency_key=idempotency_key,
                occurred_at=occurred_at,
            )

        key: str = await connection.run_sync(write)
        return key
    row = _row(type, data, environment, idempotency_key, occurred_at)
    if _is_outside(connection):
        raise NoTransaction
    if hasattr(connection, "is_in_transaction"):
        await connection.execute(with_markers(INSERT, "numeric_dollar"), *row)
    else:
        await connection.execute(with_markers(INSERT, _paramstyle(connection)), row)
    return row.key


class _Row(NamedTuple):
    key: str
    type: str
    environment: str
    data: str
    occurred_at: str | None
    created_at: float


def _row(
    type: str, data: Any, environment: str, key: str | None, occurred_at: datetime | None
) -> _Row:
    """Returns what is written.

    Raises Refused: an event that no server takes is the caller's mistake, not the relay's.
    """
    if occurred_at is None and key is None:
        occurred_at = datetime.now(UTC)
    event = completed(Event(type, data, environment, key, occurred_at), None)
    problems = problems_of(event, 0)
    try:
        text = json_of(data)
    except ValueError as error:
        text = ""
        problems.append(Problem(f"The data is no JSON: {error}.", field=("data",)))
    if problems:
        raise Refused(problems)
    at = occurred_at.isoformat() if occurred_at else None
    return _Row(event.idempotency_key or "", type, environment, text, at, time())


def _paramstyle(connection: Connection) -> str:
    """Returns the style that the connection's driver asks for (PEP 249). Django's connections take
    `format` whatever the driver is.
    """
    if hasattr(connection, "vendor"):
        return "format"
    for kind in connection.__class__.__mro__:
        name = kind.__module__.partition(".")[0]
        style = getattr(sys.modules[name], "paramstyle", None)
        if isinstance(style, str):
            return style
    raise TypeError(
        f"{connection.__class__.__qualname__} is no connection of DB-API, SQLAlchemy or Django."
    )


def _commits_each(connection: Connection) -> bool:
    """True of a connection of SQLAlchemy in autocommit, by an option of its own or of its engine.
    Asking the driver would not do: SQLAlchemy begins with the first statement.
    """
    own = connection.get_execution_options().get("isolation_level")
    # SQLAlchemy 2.1 has no public name for what create_engine was given.
    level = own or getattr(connection.dialect, "_on_connect_isolation_level", None)
    return bool(level == "AUTOCOMMIT")


def _is_outside(connection: Connection) -> bool:
    """True if the connection says that a statement would be committed by itself."""
    if hasattr(connection, "in_atomic_block"):  # Django
        return not connection.in_atomic_block and bool(connection.get_autocommit())
    if hasattr(connection, "is_in_transaction"):  # asyncpg
        is_inside: Callable[[], bool] = connection.is_in_transaction
        return not is_inside()
    if hasattr(connection, "in_transaction"):  # sqlite3, aiosqlite; a number or -1 since 3.12
        commits = connection.isolation_level is None
        commits = commits and getattr(connection, "autocommit", -1) is not False
        return commits and not connection.in_transaction
    if hasattr(connection, "info") and getattr(connection, "autocommit", False):  # psycopg
        return int(getattr(connection.info, "transaction_status", 0)) == 0
    return False
