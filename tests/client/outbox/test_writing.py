"""Events written in the caller's own transaction, over each kind of connection. SQLAlchemy and
Django are imported where they are used: 0.5 s of CPU in each process that collects the tests.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import aiosqlite
import asyncpg
import psycopg
import pytest

from hookline_client import Refused, outbox
from hookline_client.outbox.table import create_table, with_markers
from tests.client.outbox.shop import Shop
from tests.tables import each_of


class Undone(Exception):
    """Ends a transaction without its commit."""


def write(connection: Any, number: int) -> None:
    outbox.publish(connection, "order.order.create", {"number": number}, environment="production")
    if number < 0:
        raise Undone


async def write_async(connection: Any, number: int) -> None:
    await outbox.publish_async(
        connection, "order.order.create", {"number": number}, environment="production"
    )
    if number < 0:
        raise Undone


def with_driver(shop: Shop, number: int) -> None:
    with shop.transaction() as connection:
        write(connection, number)


def with_subclass(shop: Shop, number: int) -> None:
    class Ours(sqlite3.Connection):
        pass

    if shop.is_sqlite:
        with closing(sqlite3.connect(path_of(shop), factory=Ours)) as connection, connection:
            write(connection, number)
    else:
        with_driver(shop, number)


def with_engine(shop: Shop, number: int) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(shop.url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.begin() as connection:
            write(connection, number)
    finally:
        engine.dispose()


def with_session(shop: Shop, number: int) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(shop.url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with Session(engine) as session, session.begin():
            write(session, number)
    finally:
        engine.dispose()


def with_django(shop: Shop, number: int) -> None:
    from django.db import connections, transaction

    alias = f"shop_{id(shop)}"
    connections.databases[alias] = database_of_django(shop)
    try:
        with transaction.atomic(using=alias):
            write(connections[alias], number)
    finally:
        connections[alias].close()
        del connections[alias]


def path_of(shop: Shop) -> str:
    return shop.url.removeprefix("sqlite:///")


def database_of_django(shop: Shop) -> dict[str, Any]:
    import django
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        settings.configure(USE_TZ=True)
        django.setup()
    if shop.is_sqlite:
        given = {"ENGINE": "django.db.backends.sqlite3", "NAME": path_of(shop)}
    else:
        parts = psycopg.conninfo.conninfo_to_dict(shop.url)
        given = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts["dbname"],
            "USER": parts.get("user", ""),
            "PASSWORD": parts.get("password", ""),
            "HOST": parts.get("host", ""),
            "PORT": parts.get("port", ""),
        }
    complete: dict[str, Any] = connections.configure_settings({"default": given})["default"]
    return complete


async def with_async_driver(shop: Shop, number: int) -> None:
    if shop.is_sqlite:
        async with aiosqlite.connect(path_of(shop)) as connection:
            await write_async(connection, number)
            await connection.commit()
        return
    async with await psycopg.AsyncConnection.connect(shop.url) as connection:
        await write_async(connection, number)


async def with_asyncpg(shop: Shop, number: int) -> None:
    if shop.is_sqlite:
        await with_async_driver(shop, number)
        return
    connection = await asyncpg.connect(shop.url)
    try:
        async with connection.transaction():
            await write_async(connection, number)
    finally:
        await connection.close()


async def with_async_session(shop: Shop, number: int) -> None:
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    url = shop.url.replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:").partition("?")[0])
    try:
        async with AsyncSession(engine) as session, session.begin():
            await write_async(session, number)
    finally:
        await engine.dispose()


PLAIN: list[Callable[[Shop, int], None]] = [
    with_driver,
    with_subclass,
    with_engine,
    with_session,
    with_django,
]
WITH_A_LOOP: list[Callable[[Shop, int], Awaitable[None]]] = [
    with_async_driver,
    with_asyncpg,
    with_async_session,
]


def test_the_event_exists_if_the_transaction_was_committed(shop: Shop) -> None:
    for way in PLAIN:
        way(shop, 1)
        with pytest.raises(Undone):
            way(shop, -1)
        check(shop, way.__name__)


async def test_the_same_with_an_event_loop(shop: Shop) -> None:
    for way in WITH_A_LOOP:
        await way(shop, 1)
        with pytest.raises(Undone):
            await way(shop, -1)
        await asyncio.to_thread(check, shop, way.__name__)


def check(shop: Shop, way: str) -> None:
    [(kind, environment, data, key, at, sent)] = shop.rows(
        "type, environment, data, idempotency_key, occurred_at, sent_at"
    )
    assert (kind, environment, data) == ("order.order.create", "production", '{"number":1}'), way
    assert len(key) == 32
    assert abs(datetime.now(UTC) - datetime.fromisoformat(at)) < timedelta(hours=1)
    assert sent is None
    with shop.transaction() as connection:
        connection.execute("delete from hookline_outbox")


def outside_of_sqlite3(shop: Shop) -> None:
    with closing(sqlite3.connect(path_of(shop), isolation_level=None)) as connection:
        write(connection, 1)


def outside_of_psycopg(shop: Shop) -> None:
    with psycopg.connect(shop.url, autocommit=True) as connection:
        write(connection, 1)


def outside_of_django(shop: Shop) -> None:
    from django.db import connections

    alias = f"shop_{id(shop)}"
    connections.databases[alias] = database_of_django(shop)
    try:
        write(connections[alias], 1)
    finally:
        connections[alias].close()
        del connections[alias]


def outside_of_connection(shop: Shop) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(shop.url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            write(connection, 1)
    finally:
        engine.dispose()


def outside_of_session(shop: Shop) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    url = shop.url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with Session(engine) as session:
            write(session, 1)
    finally:
        engine.dispose()


def outside_of_asyncpg(shop: Shop) -> None:
    async def publish() -> None:
        connection = await asyncpg.connect(shop.url)
        try:
            await write_async(connection, 1)
        finally:
            await connection.close()

    asyncio.run(publish())


def test_a_connection_without_a_transaction_is_refused(shop: Shop) -> None:
    own = [outside_of_sqlite3] if shop.is_sqlite else [outside_of_psycopg, outside_of_asyncpg]
    for way in [*own, outside_of_django, outside_of_connection, outside_of_session]:
        with pytest.raises(outbox.NoTransaction, match="begin one"):
            way(shop)
    assert shop.rows("id") == []


def test_an_explicit_transaction_of_an_autocommit_connection_is_enough(shop: Shop) -> None:
    if shop.is_sqlite:
        with closing(sqlite3.connect(path_of(shop), isolation_level=None)) as connection:
            connection.execute("begin")
            write(connection, 1)
            connection.execute("commit")
    else:
        with (
            psycopg.connect(shop.url, autocommit=True) as connection,
            connection.transaction(),
        ):
            write(connection, 1)
    assert shop.rows("data") == [('{"number":1}',)]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(create_table("sqlite"))
        yield connection


def test_a_key_of_the_callers_leaves_the_time_to_the_server(connection: sqlite3.Connection) -> None:
    key = outbox.publish(
        connection, "order.order.create", 1, environment="production", idempotency_key="o-17"
    )
    at = datetime(2026, 11, 1, tzinfo=UTC)
    outbox.publish(connection, "order.order.create", 1, environment="production", occurred_at=at)

    found = connection.execute("select idempotency_key, occurred_at from hookline_outbox")
    assert key == "o-17"
    [first, (_, second)] = found.fetchall()
    assert first == ("o-17", None)
    assert second == at.isoformat()


@each_of(
    "given, path",
    [
        ({"type": "Order"}, "type"),
        ({"environment": ""}, "environment"),
        ({"data": float("inf")}, "data"),
        ({"idempotency_key": "é"}, "idempotencyKey"),
    ],
)
def test_an_event_that_no_server_takes_is_refused_at_once(
    given: dict[str, Any], path: str, connection: sqlite3.Connection
) -> None:
    right: dict[str, Any] = {"type": "order.order.create", "data": 1, "environment": "production"}
    with pytest.raises(Refused) as caught:
        outbox.publish(connection, **(right | given))
    assert caught.value.problems[0].field == (path,)
    assert connection.execute("select count(*) from hookline_outbox").fetchone() == (0,)


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(TypeError, match="no connection of DB-API, SQLAlchemy or Django"):
        outbox.publish(object(), "order.order.create", 1, environment="production")
    with pytest.raises(TypeError, match="parameter style named"):
        with_markers("?", "named")
