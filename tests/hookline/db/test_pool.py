"""A connection that goes back into the pool asks the server nothing, and takes nothing of its last
user to the next one; a new one asks for no types that are the same everywhere.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from hookline.db.postgres_pool import KEPT_SECONDS, BoundedPool, open_pool
from hookline.runtime import Runtime
from tests.waiting import eventually


@pytest.fixture
async def pool(postgres_database: str) -> AsyncIterator[BoundedPool]:
    pool = await open_pool(postgres_database, min_size=1, max_size=1)
    yield pool
    await pool.close()


async def test_the_last_statement_of_a_connection_is_its_last_users(
    pool: BoundedPool, postgres_database: str
) -> None:
    process = await pool.fetchval("select pg_backend_pid() as last_of_all")
    other = await asyncpg.connect(postgres_database)
    try:
        last = await other.fetchval("select query from pg_stat_activity where pid = $1", process)
    finally:
        await other.close()
    assert last == "select pg_backend_pid() as last_of_all"


async def test_statements_in_a_row_keep_their_connection(pool: BoundedPool) -> None:
    first = await pool.fetchval("select pg_backend_pid()")
    assert pool.get_idle_size() == 0
    assert (await pool.fetchrow("select pg_backend_pid()"))[0] == first
    # for a second, so that it does not grow old outside the pool
    await eventually(lambda: pool.get_idle_size() == 1)
    assert [row[0] for row in await pool.fetch("select pg_backend_pid()")] == [first]
    assert await pool.execute("select 1") == "SELECT 1"


async def test_a_kept_connection_is_for_whoever_takes_one(pool: BoundedPool) -> None:
    first = await pool.fetchval("select pg_backend_pid()")
    async with pool.acquire(timeout=0.5) as connection:
        assert await connection.fetchval("select pg_backend_pid()") == first


async def test_whoever_waits_gets_the_connection_when_the_statement_ends(
    pool: BoundedPool,
) -> None:
    running = asyncio.create_task(pool.fetchval("select pg_sleep(0.2)"))
    await eventually(lambda: pool.get_idle_size() == 0)
    async with asyncio.timeout(KEPT_SECONDS / 2), pool.acquire():
        await running


async def test_a_statement_that_fails_keeps_nothing(pool: BoundedPool) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await pool.fetchval("select 1 / 0")
    assert pool.get_idle_size() == 1


async def test_a_statement_that_is_cancelled_keeps_nothing(pool: BoundedPool) -> None:
    running = asyncio.create_task(pool.fetchval("select pg_sleep(60)"))
    await eventually(lambda: pool.get_idle_size() == 0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    # none where the server took longer than the pool waits for it to end the statement
    assert pool.get_idle_size() == pool.get_size()
    assert await pool.fetchval("select 1") == 1


async def test_a_kept_connection_that_the_server_ended_is_replaced(
    pool: BoundedPool, postgres_database: str
) -> None:
    process = await pool.fetchval("select pg_backend_pid()")
    other = await asyncpg.connect(postgres_database)
    try:
        await other.execute("select pg_terminate_backend($1)", process)
    finally:
        await other.close()
    # another one took its place
    await eventually(lambda: pool.get_idle_size() == 1)
    assert await pool.fetchval("select pg_backend_pid()") != process


async def test_statements_at_once_have_a_connection_each(postgres_database: str) -> None:
    pool = await open_pool(postgres_database, min_size=1, max_size=2)
    pids = await asyncio.gather(
        *(pool.fetchval("select pg_backend_pid() from pg_sleep(0.2)") for _ in range(4))
    )
    assert len(set(pids)) == 2
    assert pool.get_idle_size() == 1
    async with asyncio.timeout(KEPT_SECONDS / 2):
        await pool.close()


async def test_an_open_transaction_is_rolled_back(pool: BoundedPool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("begin")
        await connection.execute("create temporary table left_open (id int)")
    assert await pool.fetchval("select to_regclass('left_open')") is None


@pytest.mark.engines("postgres")
async def test_so_it_is_in_the_pool_of_the_models(runtime: Runtime, postgres_database: str) -> None:
    statement = "select pg_backend_pid() as pid"
    [row] = await runtime.database.reader().rows(statement)
    other = await asyncpg.connect(postgres_database)
    try:
        last = await other.fetchval("select query from pg_stat_activity where pid = $1", row["pid"])
    finally:
        await other.close()
    assert last == statement


async def test_only_types_of_the_database_itself_are_asked_for_by_each_connection(
    postgres_database: str,
) -> None:
    await asked_by_a_connection(postgres_database, "select $1::uuid[]", [uuid4()])
    arrays = await asked_by_a_connection(postgres_database, "select $1::uuid[]", [uuid4()])
    connection = await asyncpg.connect(postgres_database)
    await connection.execute("create type colour as enum ('red')")
    await connection.close()
    own = [
        await asked_by_a_connection(postgres_database, "select $1::colour[]", ["red"])
        for _ in range(2)
    ]

    assert arrays == ["select $1::uuid[]"]
    assert [len(asked) > 1 for asked in own] == [True, True]


async def asked_by_a_connection(url: str, sql: str, value: list[object]) -> list[str]:
    """All that a new connection asks its server for the value, which comes back."""
    pool = await open_pool(url, min_size=1, max_size=1)
    asked = list[str]()
    async with pool.acquire() as connection:
        with connection.query_logger(lambda record: asked.append(record.query)):
            assert await connection.fetchval(sql, value) == value
    await pool.close()
    return asked
