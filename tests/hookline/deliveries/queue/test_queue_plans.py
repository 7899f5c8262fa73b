"""At 100,000 deliveries every statement of the hot path touches the rows it handles and no others:
indexes by name, pages by count. Both kinds of plans are looked at: those made for the values at
hand, and those that PostgreSQL keeps for a statement.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.queryset import QuerySet

from hookline import clock
from hookline.db.connection import Database
from hookline.deliveries.queue.base import DEAD_AFTER, ClaimedDelivery, ClaimRequest
from hookline.deliveries.queue.postgres import PostgresQueue
from hookline.runtime import Runtime
from hookline.settings.fields import read_settings
from tests.databases import Databases
from tests.hookline.deliveries.queue.lists import first_pages
from tests.hookline.deliveries.queue.many_deliveries import (
    DEAD,
    HEALTHY,
    Plans,
    fill,
    healthy,
    key_of,
    observed,
)
from tests.making import WORKSPACE, enqueue, make_webhook, new_delivery, new_event, succeeded

# the first test waits for the filling: 5 s, on a busy machine 20
pytestmark = pytest.mark.timeout(180)
both_plans = pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
few_and_many = pytest.mark.parametrize("count", [1, 100])

CLAIM = {
    "pump_pkey",
    "webhook_pkey",
    "workspace_pkey",
    "delivery_due",
    "delivery_manual",
    "delivery_pkey",
    "event_pkey",
    "delivery_body_pkey",
}
CLAIM_NEW = CLAIM - {"delivery_due", "delivery_manual", "delivery_body_pkey"}
RECORD = {"webhook_pkey", "delivery_pkey", "attempt_number", "workspace_activity_pkey"}
WITHOUT_A_LEASE = RECORD - {"workspace_activity_pkey"}
TAKEOVER = RECORD | {"pump_pkey", "delivery_due", "delivery_manual"}
MORE = """
insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status,
  next_attempt_at, attempt_count, schedule_step,
  created_at)
select gen_random_uuid(), workspace_id, webhook_id, event_id, event_type, environment, status,
  next_attempt_at, attempt_count, schedule_step,
  created_at from delivery where webhook_id = $1 and status = 0 limit 20000"""
OF_WEBHOOKS = {"webhook_pkey", "webhook_slug"}
ROWLESS = {"pump", "workspace"}
"""Tables of a few rows, where a scan is no harm."""


@pytest.fixture(scope="module")
def filled(databases: Databases) -> Iterator[str]:
    with databases.made() as url:
        asyncio.run(fill(url))
        yield url


@pytest.fixture
def postgres_database(databases: Databases) -> Iterator[str]:
    """A new one: plans look at the pages of a table, and an emptied one keeps its pages."""
    with databases.made() as url:
        yield url


async def claim(
    queue: PostgresQueue, *webhook_ids: UUID, room: int = 10, limit: int = 100
) -> tuple[UUID, list[ClaimedDelivery]]:
    """The new pump's token and what it claimed."""
    token = uuid4()
    await queue.register(token, "test")
    return token, await queue.claim(
        [ClaimRequest(webhook_id, room) for webhook_id in webhook_ids], token, limit
    )


def busy(count: int, start: int = 0) -> list[UUID]:
    """Healthy webhooks with 30 or more due rows: each fifth has none."""
    return [key for number, key in enumerate(healthy(HEALTHY)) if number % 5][start : start + count]


def check(
    plans: Plans, indexes: set[str], most_pages: int, *, reads_all_open: bool = False
) -> None:
    """reads_all_open: either of the two indexes of open rows will do."""
    assert plans.scanned() <= ROWLESS
    found = {
        "delivery_due" if reads_all_open and name == "delivery_open" else name
        for name in plans.indexes()
    }
    assert found == indexes
    assert 0 < plans.buffers() <= most_pages


@both_plans
@few_and_many
async def test_claim_uses_the_due_index(filled: str, mode: str, count: int) -> None:
    async with observed(filled, mode) as (queue, plans):
        _, rows = await plans.of(claim(queue, *busy(10), limit=count))
        assert len(rows) == count
        check(plans, CLAIM, 100 + 40 * count)


@both_plans
async def test_claim_of_a_backlog_uses_the_due_index(filled: str, mode: str) -> None:
    async with observed(filled, mode) as (queue, plans):
        _, rows = await plans.of(claim(queue, DEAD, room=50))
        assert len(rows) == 50
        check(plans, CLAIM, 100 + 40 * 50)


@both_plans
async def test_claim_of_a_named_delivery_searches_nothing(filled: str, mode: str) -> None:
    webhook_id, token = busy(1)[0], uuid4()
    async with observed(filled, mode) as (queue, plans):
        assert plans.connection is not None
        key = await plans.connection.fetchval(
            "select id from delivery where webhook_id = $1 and status = 0 and attempt_count = 0 "
            "and next_attempt_at <= now() and lease_token is null limit 1",
            webhook_id,
        )
        await queue.register(token, "test")
        rows = await plans.of(queue.claim([ClaimRequest(webhook_id, 10, key)], token, 100))
        assert [row.id for row in rows] == [key]
        check(plans, CLAIM_NEW, 100)


async def test_claim_of_others_costs_the_same_with_and_without_a_backlog(filled: str) -> None:
    async with observed(filled) as (queue, plans):
        _, rows = await plans.of(claim(queue, *busy(10, 20)))
        beside = plans.buffers() / len(rows)
    async with observed(filled) as (queue, plans):
        await queue._work.execute("delete from delivery where webhook_id = $1", DEAD)
        _, rows = await plans.of(claim(queue, *busy(10, 40)))
        alone = plans.buffers() / len(rows)
    assert beside <= alone * 1.25


@both_plans
@few_and_many
async def test_record_uses_keys_only(filled: str, mode: str, count: int) -> None:
    async with observed(filled, mode) as (queue, plans):
        token, rows = await claim(queue, *busy(10, 60), limit=count)
        assert await plans.of(queue.record(token, WORKSPACE, [succeeded(row) for row in rows])) == (
            count,
            False,
            (),
        )
        check(plans, RECORD, 100 + 60 * count)


@both_plans
async def test_record_without_a_lease_uses_keys_only(filled: str, mode: str) -> None:
    async with observed(filled, mode) as (queue, plans):
        token, rows = await claim(queue, *busy(10, 60))
        await queue.record(token, WORKSPACE, [succeeded(row) for row in rows])
        assert await plans.of(queue.record(token, WORKSPACE, [succeeded(row) for row in rows])) == (
            0,
            False,
            (),
        )
        check(plans, WITHOUT_A_LEASE, 100 + 40 * len(rows))


@both_plans
@few_and_many
async def test_publish_reads_the_version_and_writes(filled: str, mode: str, count: int) -> None:
    events = [new_event(f"new-{uuid4()}") for _ in range(count)]
    async with observed(filled, mode) as (queue, plans):
        first = new_event(f"first-{uuid4()}")  # a session's first publish reads catalogs, too
        assert await queue.publish(
            WORKSPACE, 1, clock.now(), [first], [new_delivery(first, busy(1)[0])]
        )
        written = queue.publish(
            WORKSPACE, 1, clock.now(), events, [new_delivery(event, busy(1)[0]) for event in events]
        )
        assert await plans.of(written)
        check(plans, {"workspace_pkey"}, 200 + 100 * count)


@both_plans
async def test_give_back_uses_the_primary_key(filled: str, mode: str) -> None:
    async with observed(filled, mode) as (queue, plans):
        token, rows = await claim(queue, *busy(10, 80))
        await plans.of(queue.give_back(token, rows))
        check(plans, {"delivery_pkey"}, 100 + 50 * len(rows))


@both_plans
async def test_keys_are_found_and_forgotten_by_index(filled: str, mode: str) -> None:
    async with observed(filled, mode) as (queue, plans):
        assert (
            len(
                await plans.of(
                    queue.key_owners(
                        WORKSPACE, [f"key-{number}" for number in range(25_000, 25_100)]
                    )
                )
            )
            == 100
        )
        check(plans, {"idempotency_pkey", "delivery_event"}, 100 + 20 * 100)
        forgotten = await plans.of(queue.forget_keys())
        assert forgotten >= 1_000
        check(plans, {"idempotency_expiry"}, 100 + 5 * forgotten)


@both_plans
async def test_sweep_asks_each_webhook_once_however_many_rows_it_has(
    filled: str, mode: str
) -> None:
    async with observed(filled, mode) as (queue, plans):
        assert DEAD in await plans.of(queue.due())
        check(plans, {"delivery_due", "delivery_manual", "webhook_pkey"}, 100 + 20 * HEALTHY)
        before = plans.buffers()
        await queue._work.execute(MORE, DEAD)
        assert DEAD in await plans.of(queue.due())
        assert plans.buffers() <= before + 20


@both_plans
async def test_cancelling_uses_the_due_index(filled: str, mode: str) -> None:
    async with observed(filled, mode) as (queue, plans):
        assert await plans.of(queue.cancel_deleted()) == 1_000
        check(plans, {"delivery_due", "webhook_pkey", "delivery_pkey"}, 2_000 + 50 * 1_000)


@both_plans
async def test_takeover_and_leaving_read_open_rows_and_those_by_hand_only(
    filled: str, mode: str
) -> None:
    async with observed(filled, mode) as (queue, plans):
        lost = await plans.of(queue.take_over(DEAD_AFTER))
        assert lost == 1_000
        check(plans, TAKEOVER, 60_000 + 100 * lost, reads_all_open=True)
        token, _ = await claim(queue, *busy(1))
        await plans.of(queue.unregister(token))
        check(plans, {"pump_pkey", "delivery_due", "delivery_manual"}, 60_000, reads_all_open=True)


async def test_bounds_notice_that_an_index_is_gone(filled: str) -> None:
    async with observed(filled) as (queue, plans):
        await queue._work.execute("drop index delivery_due")
        await plans.of(claim(queue, *busy(10)))
        with pytest.raises(AssertionError):
            check(plans, CLAIM, 10**9)
        assert plans.buffers() > 100 + 40 * 100


@pytest.mark.engines("postgres")
async def test_plans_made_while_the_tables_are_empty_use_the_same_indexes(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    async with observed(runtime.settings.postgres_dsn, "force_generic_plan") as (queue, plans):
        await plans.of(claim(queue, webhook.id))
        assert plans.indexes() - OF_WEBHOOKS == CLAIM - OF_WEBHOOKS
        await plans.of(queue.due())
        assert plans.indexes() - OF_WEBHOOKS == {"delivery_due", "delivery_manual"}
        await plans.of(queue.key_owners(WORKSPACE, ["none"]))
        check(plans, {"idempotency_pkey", "delivery_event"}, 100)


@pytest.mark.engines("postgres")
async def test_claim_writes_no_index(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id, 100)
    async with observed(runtime.settings.postgres_dsn) as (queue, _):
        _, rows = await claim(queue, webhook.id)
        written = await queue._work.fetchrow(
            "select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables where relname = "
            "'delivery'"
        )
        assert written is not None
        assert tuple(written) == (len(rows), len(rows)) == (10, 10)


WHILE_OPEN = {"delivery_open"}
"""Indexes of what is open: lists of something rare are searched in them. There is much open only
while a receiver is down.
"""


async def test_first_pages_of_the_lists_use_an_index(filled: str, tmp_path: Path) -> None:
    database = Database(read_settings(database_url=filled, home=tmp_path))
    await database.open()
    try:
        for indexes, lists in first_pages(busy(1)[0], key_of("eeee", 1), key_of("dddd", 1)).items():
            for parts in lists:
                plans = Plans(found=[await explained(database, rows) for rows in parts])
                assert plans.scanned() == set()
                assert set() < plans.indexes() - OF_WEBHOOKS <= set(indexes.split())
                assert plans.passed_over() < 200 or plans.indexes() >= WHILE_OPEN, indexes
    finally:
        await database.close()


async def explained(database: Database, rows: QuerySet[Any]) -> dict[str, Any]:
    page = rows.order_by("-id").limit(21)
    page.sql()
    sql, values = page.query.get_parameterized_sql()
    [row] = await database.reader().rows("explain (analyze, format json) " + sql, *values)
    [plan] = json.loads(row["QUERY PLAN"])
    return dict(plan)
