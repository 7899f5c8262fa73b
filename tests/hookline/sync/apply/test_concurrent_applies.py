"""Applies that meet others: retries, stale plans, older commits, races for slugs and the lock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hookline.errors import Code, Refused
from hookline.models import SyncRevision, Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import store
from hookline.sync.options import Options
from hookline.sync.request import Source
from tests.hookline.sync.apply.state import SECRETIVE, SECRETS, one
from tests.hookline.sync.files import ORDERS, apply, codes, preview, webhooks
from tests.making import WORKSPACE, make_webhook
from tests.waiting import eventually


async def test_a_retried_apply_returns_the_revision_it_made(runtime: Runtime) -> None:
    first = await apply(
        runtime,
        webhooks(orders=ORDERS),
        plan_digest=(await preview(runtime, webhooks(orders=ORDERS))).plan.digest,
        idempotency_key="k",
    )
    again = await apply(
        runtime, webhooks(orders=ORDERS), plan_digest=first.plan.digest, idempotency_key="k"
    )
    assert first.revision is not None
    assert again.revision is not None
    assert (again.revision.id, again.plan.changes, again.blocked) == (first.revision.id, (), ())
    with pytest.raises(Refused) as refused:
        await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"), idempotency_key="k")
    assert refused.value.code == Code.IDEMPOTENCY_CONFLICT
    assert await SyncRevision.all().count() == 1


async def test_a_plan_that_is_no_longer_right_is_stale(runtime: Runtime) -> None:
    planned = await preview(runtime, webhooks(orders=ORDERS + "timeout: 20s"))
    await apply(runtime, webhooks(orders=ORDERS))
    outcome = await apply(
        runtime, webhooks(orders=ORDERS + "timeout: 20s"), plan_digest=planned.plan.digest
    )
    assert (codes(outcome), outcome.revision, (await one()).timeout_ms) == ({"stale"}, None, 15_000)


async def test_a_plan_of_another_limit_is_stale(runtime: Runtime) -> None:
    few, many = "policy: { maxRemovals: 3 }\n", "policy: { maxRemovals: 5 }\n"
    planned = await preview(runtime, webhooks(few, orders=ORDERS))
    assert (
        planned.plan.changes == (await preview(runtime, webhooks(many, orders=ORDERS))).plan.changes
    )
    digest = planned.plan.digest
    outcome = await apply(runtime, webhooks(many, orders=ORDERS), plan_digest=digest)
    assert codes(outcome) == {"stale"}


async def test_a_secret_that_changed_makes_a_plan_stale(runtime: Runtime) -> None:
    await apply(runtime, webhooks("", "storefront", SECRETS, orders=SECRETIVE))
    planned = await preview(
        runtime, webhooks("", "storefront", {**SECRETS, "API": "second"}, orders=SECRETIVE)
    )
    outcome = await apply(
        runtime,
        webhooks("", "storefront", {**SECRETS, "API": "third"}, orders=SECRETIVE),
        plan_digest=planned.plan.digest,
    )
    assert codes(outcome) == {"stale"}


async def test_an_older_commit_is_blocked(runtime: Runtime) -> None:
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    await apply(runtime, webhooks(orders=ORDERS), source=Source(committed_at=at))
    older = Source(committed_at=at - timedelta(hours=1))
    assert codes(await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"), source=older)) == {
        "older"
    }
    assert (
        await apply(
            runtime, webhooks(orders=ORDERS + "timeout: 20s"), Options(allow_older=True), older
        )
    ).revision is not None


async def test_of_two_applies_at_once_one_makes_the_webhooks(runtime: Runtime) -> None:
    outcomes = await asyncio.gather(
        *(apply(runtime, webhooks(orders=ORDERS, other=ORDERS)) for _ in range(4))
    )
    assert sorted(outcome.revision is not None for outcome in outcomes) == [
        False,
        False,
        False,
        True,
    ]
    assert (await Webhook.all().count(), await SyncRevision.all().count()) == (2, 1)


async def test_two_sets_that_want_one_slug_end_with_one_owner(runtime: Runtime) -> None:
    outcomes = await asyncio.gather(
        *(apply(runtime, webhooks("", name, orders=ORDERS)) for name in ("one", "two", "three"))
    )
    assert sorted(len(codes(outcome)) for outcome in outcomes) == [0, 1, 1]
    assert {code for outcome in outcomes for code in codes(outcome)} == {"owned-elsewhere"}
    assert await Webhook.all().count() == 1


async def test_a_slug_that_somebody_takes_meanwhile_is_seen(runtime: Runtime) -> None:
    made, done = asyncio.Event(), asyncio.Event()

    async def make() -> None:
        async with runtime.database.unit_of_work():
            await make_webhook(runtime, name="orders")
            made.set()
            await done.wait()

    async def is_waiting() -> bool:
        if runtime.database.dialect == "sqlite":
            return True  # the apply has not begun: there is one writer
        sql = (
            "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = "
            "current_database()"
        )
        return bool(await runtime.database.reader().rows(sql))

    maker = asyncio.create_task(make())
    await made.wait()
    applying = asyncio.create_task(apply(runtime, webhooks(orders=ORDERS)))
    await eventually(is_waiting)
    done.set()
    await maker
    assert codes(await applying) == {"adopt"}
    assert await Webhook.all().count() == 1


async def test_whoever_waits_too_long_for_the_lock_is_told(runtime: Runtime) -> None:
    held, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with store.locked(runtime.database, WORKSPACE, "storefront", timedelta(seconds=5)):
            held.set()
            await done.wait()

    holder = asyncio.create_task(hold())
    await held.wait()
    outcome = await apply(
        runtime, webhooks(orders=ORDERS), Options(lock_timeout=timedelta(milliseconds=200))
    )
    done.set()
    await holder
    assert (codes(outcome), outcome.revision) == ({"locked"}, None)
    assert (await apply(runtime, webhooks(orders=ORDERS))).revision is not None


@pytest.mark.engines("postgres")
async def test_applies_that_wait_for_one_set_hold_no_other_sets_apply_up(runtime: Runtime) -> None:
    held, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with store.locked(runtime.database, WORKSPACE, "storefront", timedelta(seconds=5)):
            held.set()
            await done.wait()

    holder = asyncio.create_task(hold())
    await held.wait()
    # More than there are connections.
    patient = Options(lock_timeout=timedelta(seconds=60))
    count = runtime.settings.database_pool * 2
    waiting = [
        asyncio.create_task(apply(runtime, webhooks(orders=ORDERS), patient)) for _ in range(count)
    ]
    other = webhooks("", "warehouse", stock=ORDERS)
    assert (await apply(runtime, other)).revision is not None
    assert not any(task.done() for task in waiting)
    done.set()
    await asyncio.gather(holder, *waiting)
