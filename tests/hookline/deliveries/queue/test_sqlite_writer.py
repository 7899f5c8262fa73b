"""SQLite's one writer: what waits shares a commit, what fails is undone alone, and nobody waits for
an answer that never comes.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from hookline.deliveries.queue.sqlite_writer import SqliteWriter, WriteJob
from tests.waiting import eventually


@pytest.fixture
def turn() -> asyncio.Lock:
    """Keeps the writer's jobs waiting while a test holds it."""
    return asyncio.Lock()


@pytest.fixture
async def writer(tmp_path: Path, turn: asyncio.Lock) -> AsyncIterator[SqliteWriter]:
    writer = SqliteWriter(tmp_path / "some.db", turn)
    await writer.open()
    await writer.run(lambda db: db.execute("create table t (n integer primary key)").close())
    yield writer
    await writer.close()


def add(number: int) -> WriteJob:
    return lambda db: db.execute("insert into t values (?)", (number,)).close()


async def stored(writer: SqliteWriter) -> list[int]:
    return await writer.run(lambda db: [row[0] for row in db.execute("select n from t order by n")])


def _insert(n: int, db: sqlite3.Connection) -> tuple[int, int]:
    return db.execute("insert into t values (?)", (n,)).rowcount, n


async def test_jobs_run_in_order_and_each_hears_its_own_result(writer: SqliteWriter) -> None:
    results = await asyncio.gather(*(writer.run(partial(_insert, n)) for n in range(20)))
    assert results == [(1, n) for n in range(20)]
    assert await stored(writer) == list(range(20))


async def test_job_that_fails_is_undone_alone(writer: SqliteWriter) -> None:
    def half(db: sqlite3.Connection) -> None:
        add(100)(db)
        raise KeyError("half")

    outcomes = await asyncio.gather(
        writer.run(add(1)),
        writer.run(half),
        writer.run(add(1)),
        writer.run(add(2)),
        return_exceptions=True,
    )
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "NoneType",
        "KeyError",
        "IntegrityError",
        "NoneType",
    ]
    assert await stored(writer) == [1, 2]


async def test_nobody_hears_of_success_when_the_commit_fails(writer: SqliteWriter) -> None:
    def commit_early(db: sqlite3.Connection) -> None:
        db.execute("rollback").close()  # as SQLite does by itself when the disk is full

    outcomes = await asyncio.gather(
        writer.run(add(1)), writer.run(commit_early), writer.run(add(2)), return_exceptions=True
    )
    assert all(isinstance(outcome, sqlite3.OperationalError) for outcome in outcomes)
    assert await stored(writer) == []


async def test_caller_that_leaves_holds_nobody(writer: SqliteWriter, turn: asyncio.Lock) -> None:
    async with turn:
        leaving, staying = [asyncio.create_task(writer.run(add(n))) for n in (1, 2)]
        await eventually(lambda: len(writer._waiting) == 2)
        leaving.cancel()
    await staying
    assert await stored(writer) == [1, 2]


async def test_close_lets_what_was_asked_before_be_written(
    tmp_path: Path, turn: asyncio.Lock
) -> None:
    writer = SqliteWriter(tmp_path / "some.db", turn)
    await writer.open()
    async with turn:
        asked = asyncio.create_task(writer.run(lambda db: db.execute("create table t (n)").close()))
        await eventually(lambda: writer._waiting)
        closing = asyncio.create_task(writer.close())
        await eventually(lambda: writer._is_closed)
    await closing
    await asked
    with sqlite3.connect(tmp_path / "some.db") as connection:
        assert connection.execute("select count(*) from t").fetchone() == (0,)
    connection.close()


async def test_call_after_the_close_is_answered_with_an_error(tmp_path: Path) -> None:
    writer = SqliteWriter(tmp_path / "some.db", asyncio.Lock())
    await writer.open()
    await writer.close()
    async with asyncio.timeout(20):
        with pytest.raises(sqlite3.OperationalError, match="closed"):
            await writer.run(add(1))
