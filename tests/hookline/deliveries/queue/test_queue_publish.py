"""Writing a publish on both databases: all of it or nothing, at one match version, each
key once.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from hookline import clock
from hookline.activity.writer import bump_match_version
from hookline.deliveries.queue.base import EventExists, KeyTaken, NewEvent
from hookline.deliveries.queue.postgres_publishing import write_publish
from hookline.models import Delivery, DeliveryState, Event
from hookline.runtime import Runtime
from tests.making import WORKSPACE, ago, make_webhook, make_workspace, new_delivery, new_event


async def version_of(runtime: Runtime) -> int:
    return (await runtime.queue.versions())[WORKSPACE]


async def write(runtime: Runtime, *events: NewEvent) -> bool:
    """Without deliveries, at the current version."""
    return await runtime.queue.publish(
        WORKSPACE, await version_of(runtime), clock.now(), events, []
    )


async def expire(runtime: Runtime, key: str) -> None:
    async with runtime.database.unit_of_work() as work:
        await work.execute("update idempotency set expires_at = $1 where key = $2", ago(1), key)


async def test_event_delivery_and_key_are_there_after_a_publish(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    event, received_at = new_event("k"), clock.now()
    delivery = new_delivery(event, webhook.id)
    assert await runtime.queue.publish(
        WORKSPACE, await version_of(runtime), received_at, [event], [delivery]
    )
    stored = await Event.get(id=event.id)
    assert (stored.type, stored.environment, stored.data, stored.idempotency_key) == (
        event.type,
        event.environment,
        event.data,
        "k",
    )
    assert (stored.occurred_at, stored.received_at) == (event.occurred_at, received_at)
    row = await Delivery.get(id=delivery.id)
    assert (row.event_id, row.webhook_id, row.workspace_id) == (event.id, webhook.id, WORKSPACE)
    assert (row.status, row.attempt_count, row.schedule_step) == (DeliveryState.OPEN, 0, 0)
    assert row.lease_token is None
    assert abs(row.next_attempt_at - received_at) < timedelta(seconds=5)
    owner = (await runtime.queue.key_owners(WORKSPACE, ["k", "other"]))["k"]
    assert owner == (event.id, b"print", 1)


@pytest.mark.parametrize(
    "types", [("a.b.c", "a.b.c", "a.b.c"), ("a.b.c", "a.b.d", "a.b.c")], ids=["same", "own"]
)
async def test_each_event_of_a_commit_keeps_its_own_type_and_environment(
    runtime: Runtime, types: tuple[str, ...]
) -> None:
    webhook = await make_webhook(runtime)
    events = [new_event()._replace(type=name, environment=name.replace(".", "-")) for name in types]
    # Of the second event there are none.
    deliveries = [new_delivery(event, webhook.id) for event in (events[0], events[2], events[0])]
    assert await runtime.queue.publish(
        WORKSPACE, await version_of(runtime), clock.now(), events, deliveries
    )
    for event in events:
        stored = await Event.get(id=event.id)
        assert (stored.type, stored.environment) == (event.type, event.environment)
    for delivery in deliveries:
        row = await Delivery.get(id=delivery.id)
        assert (row.event_id, row.event_type) == (delivery.event_id, delivery.event_type)
        assert row.environment == delivery.environment


async def test_publish_with_many_deliveries_writes_all_or_nothing(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    first, *others = [new_event() for _ in range(3)]
    taken = new_event("k")
    await write(runtime, taken)
    deliveries = [new_delivery(event, webhook.id) for event in others for _ in range(5_500)]
    version = await version_of(runtime)
    late = [new_delivery(first, webhook.id)]
    now = clock.now()
    queue = runtime.queue
    assert not await queue.publish(WORKSPACE, version + 1, now, others, deliveries)
    with pytest.raises(KeyTaken):
        await queue.publish(WORKSPACE, version, now, [*others, new_event("k")], deliveries)
    # What can't be written comes last: two deliveries have one id.
    twice = [*deliveries, deliveries[0]]
    with pytest.raises((EventExists, sqlite3.IntegrityError)):
        await queue.publish(WORKSPACE, version, now, others, twice)
    assert await Delivery.all().count() == 0
    assert await queue.publish(WORKSPACE, version, now, [first, *others], [*deliveries, *late])
    assert await Event.all().count() == 4
    assert await Delivery.all().count() == 11_001
    [row] = await runtime.database.reader().rows(
        "select count(*) as n from delivery where status = 0 and attempt_count = 0 and "
        "schedule_step = 0 and created_at = $1 and workspace_id = $2",
        now,
        WORKSPACE,
    )
    assert row["n"] == 11_001


@pytest.mark.engines("postgres")
async def test_no_statement_of_a_publish_has_more_than_a_few_thousand_deliveries(
    runtime: Runtime, database_url: str
) -> None:
    sizes = list[int]()
    webhook, event = await make_webhook(runtime), new_event()
    deliveries = [new_delivery(event, webhook.id) for _ in range(12_000)]

    async def log(connection: "asyncpg.Connection[Any]") -> None:
        connection.add_query_logger(lambda query: sizes.append(rows_of(query.args)))

    async with asyncpg.create_pool(database_url, min_size=1, max_size=1, init=log) as pool:
        version = await version_of(runtime)
        assert await write_publish(
            pool, WORKSPACE, version, clock.now(), [event], deliveries, "", False
        )
    assert [size for size in sizes if size > 100] == [5_000, 5_000, 2_000]


def rows_of(arguments: Sequence[Any]) -> int:
    """Returns the length of the longest column of a statement."""
    return max((len(one) for one in arguments if isinstance(one, list | tuple)), default=0)


async def test_publish_at_another_match_version_writes_nothing(runtime: Runtime) -> None:
    event = new_event("k")
    assert not await runtime.queue.publish(
        WORKSPACE, await version_of(runtime) + 1, clock.now(), [event], []
    )
    assert await Event.all().count() == 0
    assert await runtime.queue.key_owners(WORKSPACE, ["k"]) == {}


async def test_publish_waits_for_a_change_in_flight_and_then_knows_of_it(runtime: Runtime) -> None:
    version = await version_of(runtime)
    async with runtime.database.unit_of_work() as work:
        await bump_match_version(work, runtime.hub, WORKSPACE)
        publishing = asyncio.create_task(
            runtime.queue.publish(WORKSPACE, version, clock.now(), [new_event()], [])
        )
        await asyncio.wait([publishing], timeout=0.1)
        assert not publishing.done()
    assert await publishing is False
    assert await Event.all().count() == 0


async def test_taken_key_undoes_the_whole_group(runtime: Runtime) -> None:
    first = new_event("taken")
    await write(runtime, first)
    with pytest.raises(KeyTaken):
        await write(runtime, new_event("free"), new_event("taken"), new_event())
    assert [event.id for event in await Event.all()] == [first.id]
    assert set(await runtime.queue.key_owners(WORKSPACE, ["free", "taken"])) == {"taken"}


async def test_expired_key_is_free_again(runtime: Runtime) -> None:
    await write(runtime, new_event("k"))
    await expire(runtime, "k")
    assert await runtime.queue.key_owners(WORKSPACE, ["k"]) == {}
    second = new_event("k")
    assert await write(runtime, second)
    assert (await runtime.queue.key_owners(WORKSPACE, ["k"]))["k"].event_id == second.id


async def test_only_expired_keys_are_forgotten(runtime: Runtime) -> None:
    await write(runtime, new_event("old"), new_event("young"))
    await expire(runtime, "old")
    assert await runtime.queue.forget_keys() == 1
    assert await runtime.queue.forget_keys() == 0
    rows = await runtime.database.reader().rows("select key from idempotency")
    assert [row["key"] for row in rows] == ["young"]


async def test_keys_are_kept_for_a_day(runtime: Runtime) -> None:
    await write(runtime, new_event("k"))
    sql = "select count(*) as n from idempotency where expires_at between $1 and $2"
    day = clock.now() + timedelta(hours=24)
    [row] = await runtime.database.reader().rows(
        sql, day - timedelta(minutes=1), day + timedelta(minutes=1)
    )
    assert row["n"] == 1


async def test_key_belongs_to_its_workspace(runtime: Runtime) -> None:
    other = await make_workspace(runtime)
    await write(runtime, new_event("k"))
    assert await runtime.queue.publish(other, 1, clock.now(), [new_event("k")], [])
    assert len(await runtime.queue.key_owners(other, ["k"])) == 1


async def test_group_that_was_committed_before_says_so(runtime: Runtime) -> None:
    event = new_event()
    await write(runtime, event)
    with pytest.raises(EventExists):
        await write(runtime, event, new_event())
    assert await Event.all().count() == 1


async def test_keys_in_opposite_order_end_without_a_deadlock(runtime: Runtime) -> None:
    keys = [f"k{n}" for n in range(40)]
    groups = [[new_event(key) for key in (keys if n % 2 else keys[::-1])] for n in range(6)]
    outcomes = await asyncio.gather(
        *(write(runtime, *group) for group in groups), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["KeyTaken"] * 5 + ["bool"]
    assert await Event.all().count() == 40
