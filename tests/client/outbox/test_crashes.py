"""A relay that is killed at each point at which something may be lost or doubled: each event is on
the server once, whoever goes on.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.client.gate import Forward, Gate
from tests.client.outbox.shop import Shop
from tests.client.published import stored_events
from tests.flows.installation import Installation
from tests.processes import kill_group
from tests.waiting import eventually

NUMBERS = [1, 2, 3]
END_OTHERS = (
    "select pg_terminate_backend(pid, 60000) from pg_stat_activity "
    "where datname = current_database() and pid <> pg_backend_pid()"
)


async def numbers_on_the_server(hookline: Installation) -> list[int]:
    return sorted(event["data"]["number"] for event in await stored_events(hookline))


async def go_on(shop: Shop, hookline: Installation) -> None:
    """Lets another relay finish once the lease of the dead one is over; every event is there once,
    and nothing is left.
    """
    shop.expire_leases()
    await asyncio.to_thread(shop.run, "relay", "--once", HOOKLINE_SERVER=hookline.url)
    assert await numbers_on_the_server(hookline) == NUMBERS
    assert shop.rows("sent_at is not null") == [(True,)] * 3


async def test_killed_before_the_server_had_the_events(hookline: Installation, shop: Shop) -> None:
    shop.order(*NUMBERS)
    reached, ended = asyncio.Event(), asyncio.Event()

    async def holds_request(forward: Forward) -> bytes:
        reached.set()
        await ended.wait()
        return b""

    async with Gate(hookline.url, holds_request) as gate:
        shop.environment["HOOKLINE_SERVER"] = gate.url
        with shop.relay() as relay:
            await reached.wait()
            kill_group(relay)
        ended.set()
    assert await numbers_on_the_server(hookline) == []
    assert shop.rows("sent_at is null") == [(True,)] * 3

    await go_on(shop, hookline)


async def test_killed_before_it_had_the_answer(hookline: Installation, shop: Shop) -> None:
    shop.order(*NUMBERS)
    reached, ended = asyncio.Event(), asyncio.Event()

    async def holds_answer(forward: Forward) -> bytes:
        answer = await forward()
        reached.set()
        await ended.wait()
        return answer

    async with Gate(hookline.url, holds_answer) as gate:
        shop.environment["HOOKLINE_SERVER"] = gate.url
        with shop.relay() as relay:
            await reached.wait()
            kill_group(relay)
        ended.set()
    assert await numbers_on_the_server(hookline) == NUMBERS
    assert shop.rows("sent_at is null") == [(True,)] * 3

    await go_on(shop, hookline)


@contextmanager
def nobody_else_writes(shop: Shop) -> Iterator[None]:
    """Holds a lock for which every other writer of the outbox waits. What waits at the end never
    happens: PostgreSQL would else do it for a client that is gone.
    """
    connection = shop.connect()
    try:
        if shop.is_sqlite:
            connection.execute("begin immediate")
        else:
            connection.execute("lock table hookline_outbox in share mode")
        yield
        if not shop.is_sqlite:
            connection.execute(END_OTHERS)
    finally:
        connection.rollback()
        connection.close()


async def test_killed_after_the_answer_and_before_it_marked(
    hookline: Installation, shop: Shop
) -> None:
    shop.order(*NUMBERS)
    reached, locked = asyncio.Event(), asyncio.Event()

    async def waits_for_the_lock(forward: Forward) -> bytes:
        reached.set()
        await locked.wait()
        return await forward()

    async with Gate(hookline.url, waits_for_the_lock) as gate:
        shop.environment["HOOKLINE_SERVER"] = gate.url
        with shop.relay() as relay:
            await reached.wait()
            with nobody_else_writes(shop):
                locked.set()
                await eventually(lambda: gate.read_answers == 1)
                kill_group(relay)
    assert await numbers_on_the_server(hookline) == NUMBERS
    assert shop.rows("sent_at is null") == [(True,)] * 3

    await go_on(shop, hookline)


async def test_killed_after_it_marked(hookline: Installation, shop: Shop) -> None:
    shop.order(*NUMBERS)
    with shop.relay() as relay:
        await eventually(lambda: shop.rows("id", "sent_at is null") == [])
        kill_group(relay)

    await go_on(shop, hookline)


APPLICATION = """
import sys
from hookline_client import outbox
url = sys.argv[1]
if url.startswith("sqlite"):
    import sqlite3 as driver
else:
    import psycopg as driver
connection = driver.connect(url.removeprefix("sqlite:///"))
for number in (1, 2, 3):
    connection.execute(f"insert into orders values ({number})")
    outbox.publish(connection, "order.order.create", {"number": number}, environment="production")
if sys.argv[2] == "commits":
    connection.commit()
print("done", flush=True)
sys.stdin.read()
"""


async def test_an_application_killed_before_and_after_its_commit(
    hookline: Installation, shop: Shop
) -> None:
    async def killed(ending: str) -> None:
        application = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", APPLICATION, shop.url, ending),
            env=shop.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert application.stdout
        assert await application.stdout.readline() == b"done\n"
        application.kill()
        await application.communicate()

    await killed("does not")
    assert shop.rows("id") == []
    await killed("commits")

    await go_on(shop, hookline)
