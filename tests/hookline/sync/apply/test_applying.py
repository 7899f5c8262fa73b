"""A file against the database, on both engines: what an apply writes, what it refuses, and that a
preview can't write at all.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hookline import clock
from hookline.activity.events import Kind
from hookline.errors import Code, Refused
from hookline.models import Delivery, SyncRevision, SyncSet, Webhook, Workspace
from hookline.runtime import Runtime
from hookline.sync.apply import store
from hookline.sync.request import DriftPolicy, Options, Source
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from hookline.webhooks.columns import canonical
from hookline.webhooks.ownership import Force
from tests.hookline.sync.files import ORDERS, apply, codes, preview, told, webhooks
from tests.making import SOMEBODY, WORKSPACE, activity, make_webhook, publish
from tests.waiting import eventually

FORCER = replace(SOMEBODY, scopes=frozenset({"webhooks:force"}))
BY_HAND = Force(True, "incident 7")
COMMIT = Source(
    commit="9f2c1ab0c0ffee", branch="main", author="Ann", run_url="https://ci.example.com/7"
)
SECRETS = {
    "CRM_KEY": "crm-key-in-clear",
    "SHOP": "shop-password-in-clear",
    "API": "api-key-in-clear",
}
SECRETIVE = f"""{ORDERS}
headers: {{ X-Api-Key: "${{env:API}}", X-Plain: seen }}
secretHeader: {{ name: X-Webhook-Secret, value: "${{env:CRM_KEY}}" }}
basicAuth: {{ username: shop, password: "${{env:SHOP}}" }}
"""


async def one(slug: str = "orders") -> Webhook:
    return await Webhook.get(slug=slug, deleted_at=None)


async def match_version() -> int:
    version: int = (await Workspace.get(id=WORKSPACE)).match_version
    return version


async def changed_by_hand(runtime: Runtime, **values: Any) -> Webhook:
    webhook = await one()
    return await update_webhook(runtime, FORCER, webhook.id, values, force=BY_HAND)


async def kinds(runtime: Runtime) -> list[int]:
    return [kind for _, kind, _ in await activity(runtime)]


async def test_a_new_webhook_is_made_with_its_owner_and_a_signing_secret(runtime: Runtime) -> None:
    outcome = await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"), source=COMMIT)
    made = await one()
    assert (made.name, made.url, made.timeout_ms, made.concurrency, made.is_active) == (
        "orders",
        "https://crm.example.com/in",
        20_000,
        10,
        True,
    )
    assert (made.sync_set, made.sync_file, made.sync_line, made.sync_commit) == (
        "storefront",
        "config/webhooks.yaml",
        4,
        COMMIT.commit,
    )
    assert set(made.sync_applied) == {"url", "events", "environments", "timeout"}
    assert made.created_by == {
        "kind": "SYNC",
        "name": "storefront",
        "commit": COMMIT.commit,
        "revision": 1,
    }
    assert canonical(made, runtime.vault)["signingSecret"]["fingerprint"]
    assert told(outcome.plan) == ["CREATE orders url,environments,events,timeout"]
    assert await kinds(runtime) == [Kind.SYNC_APPLIED, Kind.WEBHOOK_CREATED]


async def test_a_revision_tells_who_applied_what(runtime: Runtime) -> None:
    outcome = await apply(runtime, webhooks(orders=ORDERS), source=COMMIT, message="first")
    revision = await SyncRevision.get(number=1)
    assert outcome.revision is not None
    assert (revision.id, revision.digest) == (outcome.revision.id, outcome.revision.digest)
    assert (revision.commit, revision.branch, revision.author, revision.run_url) == (
        COMMIT.commit,
        "main",
        "Ann",
        COMMIT.run_url,
    )
    assert (revision.message, revision.actor) == ("first", {"kind": "TOKEN", "name": "ci"})
    assert (revision.created, revision.updated, revision.disabled) == (1, 0, 0)
    assert revision.snapshot["orders"]["url"] == "https://crm.example.com/in"
    assert [change["kind"] for change in revision.changes] == ["CREATE"]
    assert (await SyncSet.get(name="storefront")).revision_number == 1


async def test_an_update_writes_what_changed_and_a_dropped_field_goes_back_to_its_default(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"))
    before = await one()
    outcome = await apply(runtime, webhooks(orders=ORDERS + "concurrency: 5"))
    after = await one()
    assert [sorted(field.field for field in change.fields) for change in outcome.plan.changes] == [
        ["concurrency", "timeout"]
    ]
    assert (after.timeout_ms, after.concurrency, after.version) == (15_000, 5, before.version + 1)
    assert set(after.sync_applied) == {"url", "events", "environments", "concurrency"}
    assert after.signing_secrets == before.signing_secrets
    assert (await kinds(runtime))[2:] == [Kind.SYNC_APPLIED, Kind.WEBHOOK_UPDATED]


async def test_another_algorithm_or_secret_signs_beside_the_old_one_for_a_day(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    [hmac] = (await one()).signing_secrets
    await apply(runtime, webhooks(orders=ORDERS + "signingAlgorithm: ED25519"))
    webhook = await one()
    new, old = webhook.signing_secrets
    assert canonical(webhook, runtime.vault)["signingAlgorithm"] == "ED25519"
    assert (new["publicKey"][:5], new["expiresAt"], old["sealed"]) == (
        "whpk_",
        None,
        hmac["sealed"],
    )
    assert (
        timedelta(hours=23)
        < datetime.fromisoformat(old["expiresAt"]) - clock.now()
        <= timedelta(hours=24)
    )
    assert (
        told((await preview(runtime, webhooks(orders=ORDERS + "signingAlgorithm: ED25519"))).plan)
        == []
    )
    await apply(runtime, webhooks(orders=ORDERS))
    assert [bool(secret.get("publicKey")) for secret in (await one()).signing_secrets] == [
        False,
        True,
        False,
    ]


async def test_a_webhook_taken_out_is_turned_off_once_and_its_return_turns_it_on(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=ORDERS))
    removal = await apply(runtime, webhooks(other=ORDERS))
    removed = await one()
    assert told(removal.plan) == ["DISABLE orders active"]
    assert (removed.is_active, removed.sync_set, removed.sync_removed_at is not None) == (
        False,
        "storefront",
        True,
    )
    with pytest.raises(Refused, match="owns this"):
        await set_webhook_active(runtime, SOMEBODY, removed.id, True)
    assert told((await preview(runtime, webhooks(other=ORDERS))).plan) == []
    back = await apply(runtime, webhooks(orders=ORDERS, other=ORDERS))
    returned = await one()
    assert told(back.plan) == ["UPDATE orders active"]
    assert (returned.id, returned.is_active, returned.sync_removed_at is None) == (
        removed.id,
        True,
        True,
    )
    assert (await kinds(runtime))[3:] == [
        Kind.SYNC_APPLIED,
        Kind.WEBHOOK_DEACTIVATED,
        Kind.SYNC_APPLIED,
        Kind.WEBHOOK_ACTIVATED,
    ]


async def test_a_webhook_that_comes_back_switched_off_stays_off(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS + "active: true", other=ORDERS))
    await apply(runtime, webhooks(other=ORDERS))
    back = await apply(runtime, webhooks(orders=ORDERS + "active: false", other=ORDERS))
    returned = await one()
    assert (returned.is_active, returned.sync_removed_at is None, back.revision is not None) == (
        False,
        True,
        True,
    )


async def test_an_unmanaged_webhook_is_taken_over_only_when_told(runtime: Runtime) -> None:
    mine = await make_webhook(runtime, name="orders", timeout="20s")
    refused = await apply(runtime, webhooks(orders=ORDERS))
    assert (codes(refused), refused.revision, (await one()).sync_set) == ({"adopt"}, None, None)
    taken = await apply(runtime, webhooks(orders=ORDERS), Options(adopt=True))
    now = await one()
    assert (now.id, now.sync_set, now.url, now.timeout_ms) == (
        mine.id,
        "storefront",
        "https://crm.example.com/in",
        20_000,
    )
    assert told(taken.plan)[0].startswith("ADOPT orders")


async def test_equal_content_changes_nothing_but_commit_and_positions(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS), source=COMMIT)
    version, row, heard = await match_version(), await one(), await kinds(runtime)
    outcome = await apply(
        runtime, webhooks("x-note: one more line\n", orders=ORDERS), source=Source(commit="0ther")
    )
    now, owner = await one(), await SyncSet.get(name="storefront")
    assert (outcome.revision, outcome.plan.changes, outcome.plan.unchanged) == (None, (), 1)
    assert (now.sync_line, now.sync_commit, owner.commit, owner.revision_number) == (
        5,
        "0ther",
        "0ther",
        1,
    )
    assert (now.version, now.modified_at, await match_version(), await kinds(runtime)) == (
        row.version,
        row.modified_at,
        version,
        heard,
    )
    assert await SyncRevision.all().count() == 1


async def test_what_was_forced_by_hand_is_drift_and_blocks(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    await changed_by_hand(runtime, url="https://mine.example.com/")
    outcome = await apply(runtime, webhooks(orders=ORDERS, other=ORDERS))
    assert told(outcome.plan) == ["DRIFT orders url", "CREATE other url,environments,events"]
    assert codes(outcome) == {"drift"}
    assert "incident 7" in outcome.blocked[0].message
    assert (outcome.revision, (await one()).url, await Webhook.all().count()) == (
        None,
        "https://mine.example.com/",
        1,
    )


async def test_drift_is_set_back_when_told(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    await changed_by_hand(runtime, url="https://mine.example.com/")
    outcome = await apply(runtime, webhooks(orders=ORDERS), Options(on_drift=DriftPolicy.OVERWRITE))
    assert told(outcome.plan) == ["DRIFT orders url"]
    assert ((await one()).url, outcome.revision is not None) == ("https://crm.example.com/in", True)
    assert told((await preview(runtime, webhooks(orders=ORDERS))).plan) == []


async def test_drift_is_kept_when_told_and_makes_no_revision_of_its_own(runtime: Runtime) -> None:
    keep = Options(on_drift=DriftPolicy.KEEP)
    await apply(runtime, webhooks(orders=ORDERS))
    await changed_by_hand(runtime, url="https://mine.example.com/")
    kept = await apply(runtime, webhooks(orders=ORDERS), keep)
    assert (kept.revision, (await one()).url) == (None, "https://mine.example.com/")
    beside = await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"), keep)
    now = await one()
    assert (beside.revision is not None, now.url, now.timeout_ms) == (
        True,
        "https://mine.example.com/",
        20_000,
    )
    assert codes(await preview(runtime, webhooks(orders=ORDERS + "timeout: 20s"))) == {"drift"}


async def test_a_webhook_of_another_set_is_never_touched(runtime: Runtime) -> None:
    await apply(runtime, webhooks("", "warehouse", orders=ORDERS))
    outcome = await apply(
        runtime,
        webhooks(orders=ORDERS + "timeout: 20s", other=ORDERS),
        Options(adopt=True, on_drift=DriftPolicy.OVERWRITE),
    )
    assert codes(outcome) == {"owned-elsewhere"}
    assert "warehouse" in outcome.blocked[0].message
    assert ((await one()).timeout_ms, await Webhook.all().count()) == (15_000, 1)


async def test_a_field_that_people_changed_is_released_as_it_is(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"))
    await changed_by_hand(runtime, timeout="25s")
    outcome = await apply(runtime, webhooks(orders=ORDERS))
    now = await one()
    assert told(outcome.plan) == ["RELEASE orders timeout"]
    assert (now.timeout_ms, "timeout" in now.sync_applied) == (25_000, False)
    await update_webhook(runtime, SOMEBODY, now.id, {"timeout": "10s"})
    assert told((await preview(runtime, webhooks(orders=ORDERS))).plan) == []


async def test_owned_fields_are_closed_to_people_and_others_are_not(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS), source=COMMIT)
    webhook = await one()
    with pytest.raises(
        Refused, match=r'"storefront", config/webhooks.yaml:4, commit 9f2c1ab0c0ff'
    ) as refused:
        await update_webhook(runtime, SOMEBODY, webhook.id, {"url": "https://mine.example.com/"})
    assert refused.value.code == Code.FIELD_MANAGED
    await update_webhook(runtime, SOMEBODY, webhook.id, {"timeout": "20s"})
    assert told((await preview(runtime, webhooks(orders=ORDERS))).plan) == []


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


async def test_events_reach_what_the_file_wants_and_nothing_else(runtime: Runtime) -> None:
    async def reached() -> list[str]:
        before = {row.id for row in await Delivery.all()}
        await publish(runtime)
        new = [row for row in await Delivery.all() if row.id not in before]
        return sorted([(await Webhook.get(id=row.webhook_id)).slug for row in new])

    await apply(runtime, webhooks(orders=ORDERS, other=ORDERS))
    assert await reached() == ["orders", "other"]
    await apply(runtime, webhooks(orders=ORDERS))
    assert await reached() == ["orders"]
    await apply(runtime, webhooks(orders=ORDERS + "active: false", other=ORDERS))
    assert await reached() == ["other"]


async def test_what_was_deleted_by_force_is_made_anew(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    gone = await one()
    await delete_webhook(runtime, FORCER, gone.id, force=BY_HAND)
    await apply(runtime, webhooks(orders=ORDERS))
    assert (await one()).id != gone.id


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


async def test_a_file_that_contradicts_what_people_set_is_refused_with_its_place(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    await update_webhook(
        runtime, SOMEBODY, (await one()).id, {"headers": [{"name": "X-Shop", "value": "a"}]}
    )
    outcome = await apply(
        runtime,
        webhooks(
            "",
            "storefront",
            SECRETS,
            orders=ORDERS + 'secretHeader: { name: x-shop, value: "${env:API}" }',
        ),
    )
    assert [
        (problem.code, problem.position.line, problem.path[:2]) for problem in outcome.problems
    ] == [("duplicate-header", 4, ("webhooks", "orders"))]
    assert (outcome.revision is None, (await one()).secret_header_name is None) == (True, True)


async def test_unknown_secrets_are_planned_and_never_applied(runtime: Runtime) -> None:
    await apply(runtime, webhooks("", "storefront", SECRETS, orders=SECRETIVE))
    unknown = webhooks("", "storefront", None, orders=SECRETIVE)
    planned = (await preview(runtime, unknown)).plan
    assert (told(planned), planned.unchanged) == ([], 1)
    with pytest.raises(Refused) as refused:
        await apply(runtime, unknown)
    assert refused.value.code == Code.NOT_ALLOWED


async def test_no_secret_rests_or_is_shown_in_clear(runtime: Runtime) -> None:
    outcome = await apply(runtime, webhooks("", "storefront", SECRETS, orders=SECRETIVE))
    changed = await apply(
        runtime, webhooks("", "storefront", {**SECRETS, "API": "second-in-clear"}, orders=SECRETIVE)
    )
    [field] = changed.plan.changes[0].fields
    assert (field.field, field.is_secret) == ("headers", True)
    tables = ("webhook", "sync_set", "sync_revision", "activity")
    rows = [str(await runtime.database.reader().rows(f"select * from {table}")) for table in tables]
    seen = "".join([*rows, repr(outcome.plan.changes), repr(changed.plan.changes)])
    assert "in-clear" not in seen
    assert "seen" in seen
    assert canonical(await one(), runtime.vault)["headers"][0]["value"] == {
        "fingerprint": runtime.vault.fingerprint("second-in-clear")
    }


async def test_a_preview_cannot_write(runtime: Runtime) -> None:
    async with store.reading(runtime) as reads:
        with pytest.raises(Exception, match=r"read-?only"):
            await reads.rows("update workspace set name = 'written'")
    assert (await Workspace.get(id=WORKSPACE)).name != "written"


async def test_a_preview_of_a_new_set_leaves_no_trace(runtime: Runtime) -> None:
    outcome = await preview(runtime, webhooks(orders=ORDERS))
    assert (outcome.plan.changes[0].kind, outcome.base) == ("CREATE", None)
    assert (await SyncSet.all().count(), await Webhook.all().count()) == (0, 0)


@pytest.mark.parametrize("count", [1, 500])
async def test_an_apply_takes_as_many_statements_for_many_webhooks_as_for_one(
    runtime: Runtime, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    def many(*groups: str, line: str = "") -> Any:
        return webhooks(
            line,
            **{
                f"{group}{n}": ORDERS + more
                for group, more in (g.split("|") for g in groups)
                for n in range(count)
            },
        )

    await apply(runtime, many("stays|", "changes|", "goes|"))
    with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
        wanted = many("made|", "changes|timeout: 20s", "stays|", line="x-note: everything moves\n")
        outcome = await apply(runtime, wanted, Options(allow_removals=count), idempotency_key="k")
    statements = [record for record in caplog.records if record.name == "tortoise.db_client"]
    revision = outcome.revision
    assert revision is not None
    assert (revision.created, revision.updated, revision.disabled) == (count, count, count)
    assert 8 <= len(statements) + len(("begin", "commit")) <= 12
