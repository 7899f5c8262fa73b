"""An apply is planned, and its secrets sealed, before it takes the lock: what changes until it has
the lock counts all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from hookline.db.connection import UnitOfWork
from hookline.models import SyncRevision, Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import preparing, store
from hookline.sync.apply.applying import ApplyOutcome
from hookline.sync.apply.writing import Writing
from hookline.sync.options import Options
from hookline.sync.plan.changes import ChangeKind
from hookline.sync.policy import DriftPolicy
from hookline.webhooks.change import (
    delete_webhook,
    release_webhook,
    set_webhook_active,
    update_webhook,
)
from hookline.webhooks.columns import canonical
from hookline.webhooks.secrets import rotate_secret
from tests.hookline.sync.apply.state import BY_HAND, FORCER
from tests.hookline.sync.files import ORDERS, apply, codes, told, webhooks
from tests.making import WORKSPACE, make_webhook
from tests.waiting import eventually

Change = Callable[[UnitOfWork], Awaitable[object]]
OTHER = ORDERS.replace("crm.", "erp.")


async def apply_while(
    change: Change, runtime: Runtime, caplog: pytest.LogCaptureFixture, wanted: Any, **given: Any
) -> tuple[ApplyOutcome, bool]:
    """Applies; the change is made once the apply waits for the lock, planned and all. Returns
    the outcome, and whether it was planned again.
    """
    caplog.clear()
    caplog.set_level("DEBUG", "hookline.sync.apply.applying")
    held = asyncio.Event()

    async def hold() -> None:
        patience = timedelta(seconds=5)
        async with store.locked(runtime.database, WORKSPACE, "storefront", patience) as work:
            held.set()
            await eventually(lambda: "sync prepared" in caplog.text)
            await change(work)

    holder = asyncio.create_task(hold())
    await held.wait()
    outcome = await apply(runtime, wanted, **given)
    await holder
    return outcome, "sync prepared again" in caplog.text


def setting(columns: str, slug: str = "orders") -> Change:
    """Sets columns as a change does: with another version for the matching, too."""

    async def change(work: UnitOfWork) -> None:
        await work.execute(f"update webhook set {columns} where slug = $1", slug)
        if "version" in columns:
            await work.execute("update workspace set match_version = match_version + 1")

    return change


async def row(slug: str = "orders") -> Webhook:
    return await Webhook.get(slug=slug, deleted_at=None)


async def test_what_stays_the_same_is_planned_once(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = webhooks(orders=ORDERS, other=OTHER)
    outcome, is_again = await apply_while(setting("version = 1"), runtime, caplog, wanted)
    assert (told(outcome.plan)[0].split()[:2], is_again) == (["CREATE", "orders"], False)
    wanted = webhooks(orders=ORDERS + "timeout: 20s", other=OTHER)
    outcome, is_again = await apply_while(setting("version = 1"), runtime, caplog, wanted)
    assert (told(outcome.plan), is_again) == (["UPDATE orders timeout"], False)
    assert ((await row()).timeout_ms, (await row()).version) == (20_000, 2)


async def test_a_field_that_somebody_changes_before_the_lock_is_drift(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s", other=OTHER))
    change = setting("timeout_ms = 40000, version = version + 1")
    wanted = webhooks(orders=ORDERS + "timeout: 20s", other=OTHER + "timeout: 30s")
    outcome, is_again = await apply_while(change, runtime, caplog, wanted)
    assert (codes(outcome), is_again) == ({"drift"}, True)
    assert ((await row()).timeout_ms, (await row("other")).timeout_ms) == (40_000, 15_000)
    assert await SyncRevision.all().count() == 1


async def test_a_field_of_others_that_changes_before_the_lock_stays(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    change = setting("description = 'by hand', version = version + 1")
    wanted = webhooks(orders=ORDERS + "timeout: 20s")
    outcome, is_again = await apply_while(change, runtime, caplog, wanted)
    assert (outcome.blocked, is_again) == ((), True)
    changed = await row()
    assert (changed.description, changed.timeout_ms, changed.version) == ("by hand", 20_000, 3)


async def test_what_deliveries_write_before_the_lock_stays(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=OTHER))
    change = setting("consecutive_failures = 3, last_status_code = 500", "other")
    # A new URL lets the failures count anew, of this webhook alone.
    moved = ORDERS.replace("crm.", "new.")
    wanted = webhooks(orders=moved, other=OTHER + "timeout: 30s")
    outcome, is_again = await apply_while(change, runtime, caplog, wanted)
    assert (len(told(outcome.plan)), is_again) == (2, False)
    other = await row("other")
    assert (other.consecutive_failures, other.last_status_code, other.timeout_ms) == (
        3,
        500,
        30_000,
    )
    assert (await row()).consecutive_failures == 0


async def test_secrets_that_are_sealed_anew_before_the_lock_stay(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    [sealed] = (await row()).signing_secrets
    change = setting("signing_secrets = replace(signing_secrets, 'createdAt', 'madeAt')")
    secret = {"SIGN": "whsec_" + "a" * 43 + "="}
    wanted = webhooks("", "storefront", secret, orders=ORDERS + "signingSecret: ${env:SIGN}")
    outcome, is_again = await apply_while(change, runtime, caplog, wanted)
    assert (outcome.blocked, outcome.problems, is_again) == ((), (), True)
    new, old = (await row()).signing_secrets
    assert (old["sealed"], old["madeAt"]) == (sealed["sealed"], sealed["createdAt"])
    assert canonical(await row(), runtime.vault)["signingSecret"]["fingerprint"]
    assert new != old


async def test_a_webhook_that_is_deleted_and_made_again_before_the_lock_is_not_the_planned_one(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    planned = await make_webhook(runtime, name="orders")

    async def replace(work: UnitOfWork) -> None:
        await work.execute("delete from webhook where id = $1", planned.id)
        await make_webhook(runtime, name="orders")

    wanted = webhooks(orders=ORDERS)
    outcome, is_again = await apply_while(replace, runtime, caplog, wanted, options=Options(True))
    assert (outcome.blocked, is_again) == ((), True)
    assert ((await row()).id, (await row()).sync_set) != (planned.id, None)
    assert (await row()).sync_set == "storefront"


async def test_an_apply_that_another_one_overtakes_plans_again(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    change: Change = lambda work: work.execute(  # noqa: E731
        "update sync_set set last_applied_at = last_applied_at + $1", step(runtime)
    )
    wanted = webhooks(orders=ORDERS + "timeout: 20s")
    outcome, is_again = await apply_while(change, runtime, caplog, wanted)
    assert (told(outcome.plan), is_again) == (["UPDATE orders timeout"], True)


@pytest.mark.parametrize("name", ["update", "switch", "rotate", "release", "delete", "make"])
async def test_every_change_by_people_before_the_lock_is_seen(
    runtime: Runtime, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=OTHER))
    key = (await row("other")).id
    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "update": lambda: update_webhook(runtime, FORCER, key, {"description": "x"}),
        "switch": lambda: set_webhook_active(runtime, FORCER, key, False),
        "rotate": lambda: rotate_secret(runtime, FORCER, key),
        "release": lambda: release_webhook(runtime, FORCER, key, force=BY_HAND),
        "delete": lambda: delete_webhook(runtime, FORCER, key, force=BY_HAND),
        "make": lambda: make_webhook(runtime, name="third"),
    }
    wanted = webhooks(orders=ORDERS + "timeout: 20s", other=OTHER, third=OTHER)
    _, is_again = await apply_while(lambda _: changes[name](), runtime, caplog, wanted)
    assert is_again


async def test_a_change_of_a_webhook_that_is_none_of_the_set_lets_the_plan_stand(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    wanted = webhooks(orders=ORDERS + "timeout: 20s")
    outcome, is_again = await apply_while(
        lambda _: make_webhook(runtime, name="elsewhere"), runtime, caplog, wanted
    )
    assert (told(outcome.plan), is_again) == (["UPDATE orders timeout"], False)


async def test_no_snapshot_is_open_while_an_apply_is_planned_and_encoded(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL ends a transaction that is idle for 30 s, and 10,000 webhooks take seconds."""
    await apply(runtime, webhooks(orders=ORDERS, other=OTHER))
    await update_webhook(
        runtime, FORCER, (await row()).id, {"url": "https://mine.example.com/"}, force=BY_HAND
    )
    opened, seen = 0, list[int]()
    reading, planned, prepare = store.reading, preparing.planned, Writing.prepare

    @asynccontextmanager
    async def counted(runtime: Runtime) -> AsyncIterator[store.RowReader]:
        nonlocal opened
        async with reading(runtime) as reads:
            opened += 1
            yield reads
            opened -= 1

    def noting(step: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            seen.append(opened)
            return step(*given)

        return noted

    monkeypatch.setattr(store, "reading", counted)
    monkeypatch.setattr(preparing, "planned", noting(planned))
    monkeypatch.setattr(Writing, "prepare", noting(prepare))
    keep = Options(on_drift=DriftPolicy.KEEP)
    wanted = webhooks(orders=ORDERS, other=OTHER + "timeout: 20s")
    outcome = await apply(runtime, wanted, keep)
    assert (outcome.blocked, seen) == ((), [0, 0])
    # Who it was is read all the same.
    [drift] = [change for change in outcome.plan.changes if change.kind is ChangeKind.DRIFT]
    assert drift.fields[0].author
    assert drift.fields[0].author.reason == BY_HAND.reason


def step(runtime: Runtime) -> Any:
    return 1 if runtime.database.dialect == "sqlite" else timedelta(seconds=1)
