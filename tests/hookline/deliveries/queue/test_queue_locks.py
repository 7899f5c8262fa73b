"""Rows that another transaction holds, on PostgreSQL: what waits for them, what goes on without
them, and in which order they are locked.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from hookline.clock import monotonic, now
from hookline.deliveries import jobs
from hookline.deliveries.jobs import RetryScope
from hookline.deliveries.queue.base import (
    ClaimRequest,
    NothingClaimed,
    RateLimitedClaim,
    RowsHeld,
)
from hookline.models import Attempt, Delivery, DeliveryState, Notification
from hookline.notifications.notifying import notify_failed_deliveries
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    set_column,
    succeeded,
)
from tests.waiting import eventually
from workers.leases import Leases
from workers.sweeper import Sweeper

pytestmark = pytest.mark.engines("postgres")

HOLD_WEBHOOK = "select 1 from webhook where id = $1 for update"
HOLD_DELIVERY = "select 1 from delivery where webhook_id = $1 for update"
HOLD_ONE_DELIVERY = "select 1 from delivery where id = $1 for update"
HOLD_ACTIVITY = "select 1 from workspace_activity where workspace_id <> $1 for update"
WAITS = """
select pid from pg_stat_activity
where wait_event_type = 'Lock' and datname = current_database()"""

Connection = Any  # asyncpg.Connection's parameter is the type of its rows


@asynccontextmanager
async def connected(runtime: Runtime) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(runtime.settings.postgres_dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def holding(runtime: Runtime, sql: str, *values: Any) -> AsyncIterator[Connection]:
    """A transaction that has locked these rows."""
    async with connected(runtime) as connection, connection.transaction():
        await connection.execute(sql, *values)
        yield connection


async def test_claim_under_a_limit_goes_on_without_a_webhook_that_is_held(
    runtime: Runtime,
) -> None:
    held, free = [await make_webhook(runtime, rateLimit="1/m") for _ in range(2)]
    for webhook in (held, free):
        await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    requests = [ClaimRequest(webhook.id, 5) for webhook in (held, free)]
    async with holding(runtime, HOLD_WEBHOOK, held.id):
        paced = await runtime.queue.claim_paced(requests, hand.token)
    assert [row.webhook_id for row in paced.rows] == [free.id]
    assert paced.waits[held.id] == 0.05
    paced = await runtime.queue.claim_paced(requests[:1], hand.token)
    assert [row.webhook_id for row in paced.rows] == [held.id]


async def test_claim_of_a_named_delivery_that_is_held_waits_for_nothing(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    hand, requests = await Hand.begin(runtime), [ClaimRequest(webhook.id, 5, key)]
    async with holding(runtime, HOLD_ONE_DELIVERY, key):
        assert await runtime.queue.claim(requests, hand.token, 5) == []
    assert [row.id for row in await runtime.queue.claim(requests, hand.token, 5)] == [key]


@pytest.mark.parametrize("rate", [None, "1/m"])
async def test_claim_that_was_rolled_back_says_that_nothing_is_leased(
    runtime: Runtime, rate: str | None
) -> None:
    webhook = await make_webhook(runtime, rateLimit=rate)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)

    async def claim() -> list[Any] | RateLimitedClaim:
        if rate is None:
            return await hand.claim(webhook.id)
        return await runtime.queue.claim_paced([ClaimRequest(webhook.id, 5)], hand.token)

    async with holding(runtime, "select 1 from pump for update"), connected(runtime) as operator:
        claiming = asyncio.create_task(claim())
        process = await eventually(lambda: operator.fetchval(WAITS))
        await operator.execute("select pg_cancel_backend($1)", process)
        with pytest.raises(NothingClaimed):
            await claiming
    assert not await Delivery.filter(lease_token__isnull=False).exists()


async def test_notifying_of_failures_goes_on_without_a_webhook_that_is_held(
    runtime: Runtime,
) -> None:
    webhooks = [await make_webhook(runtime) for _ in range(2)]
    keys = sorted(webhook.id for webhook in webhooks)
    await set_column(runtime, "webhook", "exhausted_count", 1, keys)
    async with holding(runtime, HOLD_WEBHOOK, keys[0]):
        assert await notify_failed_deliveries(runtime) == 1
        assert await notify_failed_deliveries(runtime) == 0
        assert [row.webhook_id for row in await Notification.all()] == [keys[1]]
    assert await notify_failed_deliveries(runtime) == 1


async def test_jobs_step_waits_for_a_record_and_holds_nothing_that_it_needs(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    await hand.record(failed(row, state=DeliveryState.FAILED, wait_seconds=None))
    job = await jobs.retry_deliveries(
        *(runtime.database, runtime.enqueuer, SOMEBODY, webhook.id, RetryScope.FAILED),
        *(ago(60), now(), None),
    )
    # as a late record does: deliveries, then webhooks
    async with holding(runtime, HOLD_ONE_DELIVERY, key) as record, connected(runtime) as operator:
        step = asyncio.create_task(jobs.step(runtime.database, runtime.wakeups, job.id))
        await eventually(lambda: operator.fetchval(WAITS))
        await record.execute(HOLD_WEBHOOK, webhook.id)
    await step
    assert (await Delivery.get(id=key)).status == DeliveryState.OPEN


@pytest.mark.parametrize(
    ("sql", "expected"), [(HOLD_WEBHOOK, [0]), (HOLD_DELIVERY, [0]), (HOLD_ACTIVITY, [0, 1])]
)
async def test_record_writes_nothing_while_rows_are_held_and_it_is_known_whose(
    runtime: Runtime, sql: str, expected: list[int]
) -> None:
    webhooks = [await make_webhook(runtime) for _ in range(2)]
    hand, results = await Hand.begin(runtime), []
    for webhook in webhooks:
        await enqueue(runtime, webhook.id)
        results.append(succeeded(await hand.claim_one(webhook.id)))
    async with holding(runtime, sql, webhooks[0].id):
        with pytest.raises(RowsHeld):
            await hand.record(*results)
        held = await runtime.queue.held(WORKSPACE, results)
    assert held == {webhooks[number].id for number in expected}
    assert not await Attempt.exists()
    assert await runtime.queue.held(WORKSPACE, results) == set()
    await hand.record(*results)
    assert await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == 2


async def test_rows_that_are_gone_are_held_by_nobody(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    result = succeeded(await hand.claim_one(webhook.id))
    await Delivery.all().delete()
    await webhook.delete()
    assert await runtime.queue.held(WORKSPACE, [result]) == set()


async def test_sweep_names_what_is_due_though_a_takeover_meets_a_row_that_is_held(
    runtime: Runtime,
) -> None:
    dead, other = [await make_webhook(runtime) for _ in range(2)]
    for webhook in (dead, other):
        await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.claim_one(dead.id)
    await hand.fall_silent(runtime)
    sweeper = Sweeper(runtime.queue, runtime.registry)
    async with holding(runtime, HOLD_DELIVERY, dead.id):
        assert await sweeper.sweep() == {other.id}
    assert await sweeper.sweep() == {other.id}
    assert await Attempt.filter(webhook_id=dead.id).count() == 1


async def test_deleted_webhooks_deliveries_are_cancelled_without_one_that_is_held(
    runtime: Runtime,
) -> None:
    held, free = [await make_webhook(runtime) for _ in range(2)]
    for webhook in (held, free):
        await enqueue(runtime, webhook.id)
        await delete_webhook(runtime, SOMEBODY, webhook.id)
    async with holding(runtime, HOLD_DELIVERY, held.id):
        assert await runtime.queue.cancel_deleted() == 1
        assert await runtime.queue.cancel_deleted() == 0
    assert await runtime.queue.cancel_deleted() == 1


async def test_row_that_is_held_is_given_back_later_and_costs_nobody_a_lease(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id, 3)
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id)
    await eventually(lambda: runtime.registry.target(webhook.id))
    leases = Leases(runtime.queue, runtime.registry)
    leases.begin(hand.token, monotonic())
    await leases.take(hand.token, monotonic(), rows)
    async with holding(runtime, HOLD_ONE_DELIVERY, rows[0].id):
        leases.give_all_back()
        await eventually(lambda: leased(rows[0].id))
        assert leases.token == hand.token
        assert not leases.is_idle
    await eventually(leased)
    await eventually(lambda: leases.is_idle)
    assert leases.token == hand.token


async def leased(*expected: UUID) -> bool:
    rows = await Delivery.filter(lease_token__isnull=False)
    return {row.id for row in rows} == set(expected)


async def test_giving_back_that_was_rolled_back_leaves_all_leased(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id, 2)
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id)
    async with (
        holding(runtime, "lock table delivery in access exclusive mode"),
        connected(runtime) as operator,
    ):
        giving = asyncio.create_task(runtime.queue.give_back(hand.token, rows))
        process = await eventually(lambda: operator.fetchval(WAITS))
        await operator.execute("select pg_cancel_backend($1)", process)
        assert await giving == {row.id for row in rows}
    assert await runtime.queue.give_back(hand.token, rows) == set()
    assert await leased()
