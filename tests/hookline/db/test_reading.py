"""The read pool: what it runs ends with its task and its time, at the database too, and holds
nobody up but those who read lists.
"""

import asyncio
import threading
from typing import Any, Final

import pytest

from hookline.access import tokens
from hookline.access.authenticator import Authenticator
from hookline.db.connection import Database
from hookline.errors import Unavailable
from hookline.models import Workspace
from hookline.runtime import Runtime
from hookline.settings.fields import Settings
from hookline.wiring import open_runtime
from tests.conftest import LOOPBACK
from tests.making import WORKSPACE, make_webhook, publish
from tests.waiting import eventually, turns

ENDLESS: Final = {
    "postgres": "select pg_sleep(3600)",
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) "
    "select count(*) as count from n",
}
AT_WORK: Final = """
select count(*) as count from pg_stat_activity
where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
  and query like '%pg_sleep%'"""


def soon(seconds: float = 3_600) -> float:
    return asyncio.get_running_loop().time() + seconds


async def read(
    database: Database, sql: str, until: float | None = None, caller: object = "tester"
) -> Any:
    async with database.reading(caller, soon() if until is None else until) as reader:
        return await reader.rows(sql)


async def at_work(database: Database) -> int:
    """Endless statements that the server works at; SQLite has no server to ask."""
    if database.dialect == "sqlite":
        return 0
    return int((await database.reader().rows(AT_WORK))[0]["count"])


async def all_readers_busy(database: Database, settings: Settings) -> list[asyncio.Task[Any]]:
    """Keeps every connection of the pool at an endless statement."""
    busy = [
        asyncio.create_task(read(database, ENDLESS[database.dialect], caller=number))
        for number in range(settings.database_readers)
    ]
    if database.dialect == "postgres":
        await eventually(lambda: _are_at_work(database, len(busy)))
    await turns(20)
    return busy


async def _are_at_work(database: Database, count: int) -> bool:
    return await at_work(database) == count


async def ended(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_statement_ends_at_the_database_when_its_task_is_cancelled(
    runtime: Runtime, settings: Settings
) -> None:
    database = runtime.database
    for _ in range(3):
        await ended(await all_readers_busy(database, settings))
        await eventually(lambda: _are_at_work(database, 0))
        # Every connection is free again.
        answers = [read(database, "select 1 as one") for _ in range(settings.database_readers * 3)]
        assert await asyncio.gather(*answers) == [[{"one": 1}]] * len(answers)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("turn", range(12))
async def test_a_connection_whose_caller_leaves_while_it_opens_is_the_next_ones(
    settings: Settings, turn: int
) -> None:
    before = set(threading.enumerate())
    async with open_runtime(settings, LOOPBACK) as runtime:
        database = runtime.database
        leaving = [
            asyncio.create_task(read(database, "select 1 as one", caller=number))
            for number in range(settings.database_readers)
        ]
        await turns(turn)
        await ended(leaving)
        answers = [read(database, "select 1 as one") for _ in range(settings.database_readers * 3)]
        assert await asyncio.gather(*answers) == [[{"one": 1}]] * len(answers)
        opened = {thread for thread in threading.enumerate() if "connection" in thread.name}
        # One that writes and one for checks stand beside those that read.
        assert len(opened - before) <= settings.database_readers + 2
    await eventually(lambda: not any(thread.is_alive() for thread in opened - before))


async def test_a_statement_ends_at_the_database_when_its_time_is_over(runtime: Runtime) -> None:
    database = runtime.database
    with pytest.raises(Unavailable):
        await read(database, ENDLESS[database.dialect], soon(0.2))
    await eventually(lambda: _are_at_work(database, 0))
    assert await read(database, "select 1 as one") == [{"one": 1}]


async def test_who_waits_for_a_connection_waits_until_his_time_is_over(
    runtime: Runtime, settings: Settings
) -> None:
    busy = await all_readers_busy(runtime.database, settings)
    with pytest.raises(Unavailable):
        await read(runtime.database, "select 1 as one", soon(0.1))
    await ended(busy)


async def test_a_caller_whose_lists_hang_leaves_half_of_the_pool(
    runtime: Runtime, settings: Settings
) -> None:
    database = runtime.database
    hanging = [
        asyncio.create_task(read(database, ENDLESS[database.dialect], caller="greedy"))
        for _ in range(settings.database_readers * 5)
    ]
    await turns(20)
    for _ in range(20):
        assert await read(database, "select 1 as one", caller="modest") == [{"one": 1}]
    assert not any(task.done() for task in hanging)
    await ended(hanging)
    await eventually(lambda: _are_at_work(database, 0))


async def test_publishing_claims_writes_and_tokens_wait_for_no_list(
    runtime: Runtime, settings: Settings
) -> None:
    webhook = await make_webhook(runtime)
    token, text = await tokens.create(runtime.database, WORKSPACE, "tests", ["deliveries:read"])
    authenticator = Authenticator(runtime.database)
    busy = await all_readers_busy(runtime.database, settings)
    assert len(await publish(runtime, 3)) == 3
    caller = await authenticator.find(text)
    assert caller is not None
    assert caller.token_id == token.id
    assert (await runtime.queue.versions())[WORKSPACE]
    async with runtime.database.unit_of_work():
        await Workspace.filter(id=WORKSPACE).update(name="Renamed")
    assert webhook.id
    assert not any(task.done() for task in busy)
    await ended(busy)
    await authenticator.close()


async def test_the_read_pool_cannot_write(runtime: Runtime) -> None:
    async with runtime.database.reading("tester", soon()) as reader:
        with pytest.raises(Exception, match=r"read-only|readonly"):
            await reader.execute("update workspace set name = 'x'")
    [workspace] = await Workspace.all()
    assert workspace.name != "x"
