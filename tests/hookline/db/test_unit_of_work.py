"""A unit of work commits whole or not at all, on both databases, however it is cancelled or cut
off.
"""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from hookline.db.connection import UnitOfWork
from hookline.errors import Unavailable
from hookline.models import Workspace
from hookline.runtime import Runtime
from tests.making import Hand, enqueue, make_webhook, publish, succeeded

RENAME = "update workspace set name = $1"


class Boom(Exception):
    pass


async def rename(
    runtime: Runtime, name: str, after: Callable[[UnitOfWork], Awaitable[None]] | None = None
) -> None:
    async with runtime.database.unit_of_work() as work:
        await work.execute(RENAME, name)
        if after:
            await after(work)


async def name_of(runtime: Runtime) -> str:
    [row] = await runtime.database.reader().rows("select name from workspace")
    return str(row["name"])


async def test_models_and_statements_share_the_transaction(runtime: Runtime) -> None:
    async def fail_halfway() -> None:
        async with runtime.database.unit_of_work() as work:
            await work.execute(RENAME, "half")
            await Workspace.all().update(slug="half")
            raise Boom

    with pytest.raises(Boom):
        await fail_halfway()
    workspace = await Workspace.all().first()
    assert workspace is not None
    assert (workspace.name, workspace.slug) == ("Default", "default")


async def test_ids_and_times_come_back_as_such_also_from_computed_columns(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [row] = await runtime.database.reader().rows(
        "select id, max(created_at) as latest_at, deleted_at, slug, match_version from ("
        "select w.id, w.created_at, w.deleted_at, w.slug, s.match_version from webhook w "
        "join workspace s on s.id = w.workspace_id where w.id = $1) found "
        "group by id, deleted_at, slug, match_version",
        webhook.id,
    )
    assert row["id"] == webhook.id
    assert row["latest_at"] == webhook.created_at
    assert (row["deleted_at"], row["slug"]) == (None, webhook.slug)
    assert isinstance(row["match_version"], int)


async def test_positions_stay_numbers_and_keys_among_them_are_ids(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    rows = await runtime.database.reader().rows("select position, subject_id from activity")
    assert [(row["position"], row["subject_id"]) for row in rows] == [(1, webhook.id)]
    async with runtime.database.unit_of_work() as work:
        await work.execute("insert into retention (name, position) values ('x', $1)", webhook.id)
        assert await work.rows("select position from retention") == [{"position": webhook.id}]


async def test_rows_of_a_returning_clause_come_back(runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as work:
        rows = await work.rows(
            "update workspace set match_version = match_version + $1 returning match_version", 5
        )
    assert [row["match_version"] for row in rows] == [6]


async def test_execute_says_how_many_rows_it_touched(runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as work:
        assert await work.execute(RENAME, "new") == 1
        assert (
            await work.execute("update workspace set name = $1 where name = $2", "a", "nobody") == 0
        )


async def test_after_commit_calls_follow_a_commit_in_order(runtime: Runtime) -> None:
    heard = list[str]()
    async with runtime.database.unit_of_work() as work:
        work.after_commit(lambda: heard.append("first"))
        work.after_commit(lambda: heard.append("second"))
        await work.execute(RENAME, "new")
        assert heard == []
    assert heard == ["first", "second"]


@pytest.mark.parametrize("error", [Boom(), asyncio.CancelledError()])
async def test_nothing_follows_a_rollback(runtime: Runtime, error: BaseException) -> None:
    heard = list[str]()

    async def fail_at_the_end() -> None:
        async with runtime.database.unit_of_work() as work:
            work.after_commit(lambda: heard.append("told"))
            await work.execute(RENAME, "new")
            raise error

    with pytest.raises(type(error)):
        await fail_at_the_end()
    assert heard == []
    assert await name_of(runtime) == "Default"


async def test_four_hundred_cancelled_tasks_leave_the_database_usable(runtime: Runtime) -> None:
    async def work_for_a_while() -> None:
        await rename(runtime, "busy")

    for _ in range(20):
        tasks = [asyncio.create_task(work_for_a_while()) for _ in range(20)]
        for task in tasks:
            asyncio.get_running_loop().call_later(random.uniform(0, 0.01), task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(task.done() for task in tasks)
    await asyncio.gather(*(rename(runtime, f"after {n}") for n in range(20)))
    assert (await name_of(runtime)).startswith("after")
    assert await publish(runtime)


async def test_cancelled_task_writes_nothing_late(runtime: Runtime) -> None:
    reached = asyncio.Event()

    async def hang(work: UnitOfWork) -> None:
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(rename(runtime, "never", hang))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await rename(runtime, "next")
    assert await name_of(runtime) == "next"


async def test_orm_writes_and_the_hot_path_take_turns(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    hand = await Hand.begin(runtime)

    async def work_on(n: int) -> None:
        await enqueue(runtime, webhook.id)
        await rename(runtime, f"turn {n}")
        for row in await hand.claim(webhook.id, room=3):
            await hand.record(succeeded(row))

    await asyncio.gather(*(work_on(n) for n in range(30)))
    [row] = await runtime.database.reader().rows(
        "select count(*) as n from delivery where status = 2"
    )
    assert row["n"] == 30


@pytest.mark.engines("postgres")
async def test_cut_connection_becomes_unavailable_and_the_next_work_goes_on(
    runtime: Runtime,
) -> None:
    async def lose_the_connection() -> None:
        async with runtime.database.unit_of_work() as work:
            [row] = await work.rows("select pg_backend_pid() as pid")
            other = await asyncpg.connect(runtime.settings.postgres_dsn)
            await other.execute("select pg_terminate_backend($1, 5000)", row["pid"])
            await other.close()
            await work.execute(RENAME, "lost")

    with pytest.raises(Unavailable):
        await lose_the_connection()
    await rename(runtime, "found")
    assert await name_of(runtime) == "found"


@pytest.mark.engines("sqlite")
async def test_file_that_another_program_locks_becomes_unavailable(runtime: Runtime) -> None:
    await runtime.database.client.execute_query("pragma busy_timeout = 20")
    other = sqlite3.connect(runtime.settings.sqlite_path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(Unavailable) as caught:
        await rename(runtime, "lost")
    assert caught.value.retry_after_seconds > 0
    other.execute("rollback")
    other.close()
    await rename(runtime, "found")
    assert await name_of(runtime) == "found"
