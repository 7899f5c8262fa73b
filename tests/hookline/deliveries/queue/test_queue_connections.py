"""The PostgreSQL queue's own connections: closing lets go of them cleanly, also when something
still hangs on one.
"""

import asyncio

import asyncpg
import pytest

from hookline.deliveries.queue.postgres import PostgresQueue
from hookline.settings.fields import Settings
from tests.making import WORKSPACE
from tests.waiting import eventually, turns

pytestmark = pytest.mark.engines("postgres")


async def opened(settings: Settings) -> PostgresQueue:
    queue = PostgresQueue(settings.postgres_dsn, 2, False)
    await queue.open()
    return queue


async def steps_of_a_load(settings: Settings) -> int:
    """Number of turns of the loop that a load takes."""
    queue = await opened(settings)
    loading, steps = asyncio.create_task(queue.load(WORKSPACE, {})), 0
    while not loading.done():
        await turns(1)
        steps += 1
    await queue.close()
    return steps


async def test_close_after_a_load_was_cancelled_anywhere_leaves_no_fault_behind(
    settings: Settings,
) -> None:
    steps = await steps_of_a_load(settings)
    faults = list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
    for step in range(0, steps, max(1, steps // 25)):
        queue = await opened(settings)
        loading = asyncio.create_task(queue.load(WORKSPACE, {}))
        await turns(step)
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
        await queue.close()
    assert faults == []


async def test_close_cuts_off_what_hangs(settings: Settings) -> None:
    queue = await opened(settings)
    hanging = asyncio.create_task(queue._work.fetchval("select pg_sleep(60)"))
    await eventually(lambda: is_sleeping(settings))
    await asyncio.wait_for(queue.close(), 30)
    await asyncio.wait([hanging], timeout=5)
    assert isinstance(hanging.exception(), Exception)


async def is_sleeping(settings: Settings) -> bool:
    """The server works on it."""
    connection = await asyncpg.connect(settings.postgres_dsn)
    try:
        return bool(
            await connection.fetchval(
                "select count(*) from pg_stat_activity where datname = current_database() "
                "and wait_event = 'PgSleep'"
            )
        )
    finally:
        await connection.close()
