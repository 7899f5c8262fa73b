"""A file against the database, on both engines: rows that an apply writes, and that a preview can't
write at all.
"""

import logging
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hookline import clock
from hookline.activity.events import ActivityKind
from hookline.errors import Code, Refused
from hookline.form.webhook_fields import DEFAULTS
from hookline.models import Delivery, SyncRevision, SyncSet, Webhook, Workspace
from hookline.runtime import Runtime
from hookline.sync.apply import store
from hookline.sync.options import Options
from hookline.sync.read.file import decoded
from hookline.sync.read.references import LocalReferences
from hookline.sync.request import Source
from hookline.webhooks.change import set_webhook_active
from hookline.webhooks.columns import canonical
from tests.hookline.sync.apply.state import COMMIT, SECRETIVE, SECRETS, kinds, match_version, one
from tests.hookline.sync.files import BOUNDS, FILE, ORDERS, apply, preview, told, webhooks
from tests.making import SOMEBODY, WORKSPACE, publish

pytestmark = pytest.mark.engines("sqlite")


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
        "revision": 1,
        "by": "ci",
        "claimed": {"commit": COMMIT.commit, "branch": "main"},
    }
    assert canonical(made, runtime.vault)["signingSecret"]["fingerprint"]
    assert told(outcome.plan) == ["CREATE orders url,environments,events,timeout"]
    assert await kinds(runtime) == [ActivityKind.SYNC_APPLIED, ActivityKind.WEBHOOK_CREATED]


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
    assert (await kinds(runtime))[2:] == [ActivityKind.SYNC_APPLIED, ActivityKind.WEBHOOK_UPDATED]


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
    with pytest.raises(Refused, match="owned this before the webhook left the file"):
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
        ActivityKind.SYNC_APPLIED,
        ActivityKind.WEBHOOK_DEACTIVATED,
        ActivityKind.SYNC_APPLIED,
        ActivityKind.WEBHOOK_ACTIVATED,
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


async def test_unknown_secrets_are_planned_and_never_applied(runtime: Runtime) -> None:
    await apply(runtime, webhooks("", "storefront", SECRETS, orders=SECRETIVE))
    unknown = webhooks("", "storefront", None, orders=SECRETIVE)
    planned = (await preview(runtime, unknown)).plan
    assert (told(planned), planned.unchanged) == ([], 1)
    with pytest.raises(Refused) as refused:
        await apply(runtime, unknown)
    assert refused.value.code == Code.NOT_ALLOWED


async def test_a_new_webhook_has_the_defaults_of_what_its_file_leaves_out(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=ORDERS + "timeout: 20s\nactive: false\n"))
    for slug, given in (("orders", {}), ("other", {"timeout": "20s", "active": False})):
        form = canonical(await Webhook.get(slug=slug), runtime.vault)
        assert {name: form[name] for name in DEFAULTS} == {**DEFAULTS, **given}


@pytest.mark.engines("sqlite", "postgres")
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


@pytest.mark.engines("sqlite", "postgres")
async def test_a_preview_cannot_write(runtime: Runtime) -> None:
    async with store.reading(runtime) as reads:
        with pytest.raises(Exception, match=r"read-?only"):
            await reads.rows("update workspace set name = 'written'")
    assert (await Workspace.get(id=WORKSPACE)).name != "written"


@pytest.mark.engines("sqlite", "postgres")
async def test_a_preview_of_a_new_set_leaves_no_trace(runtime: Runtime) -> None:
    outcome = await preview(runtime, webhooks(orders=ORDERS))
    assert (outcome.plan.changes[0].kind, outcome.base) == ("CREATE", None)
    assert (await SyncSet.all().count(), await Webhook.all().count()) == (0, 0)


@pytest.mark.engines("sqlite", "postgres")
@pytest.mark.parametrize("count", [1, 100])
async def test_an_apply_takes_as_many_statements_for_many_webhooks_as_for_one(
    runtime: Runtime,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
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

    monkeypatch.setattr("hookline.sync.apply.writing._MANY_ROWS", 1)
    await apply(runtime, many("stays|", "changes|", "goes|"))
    with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
        wanted = many("made|", "changes|timeout: 20s", "stays|", line="x-note: everything moves\n")
        outcome = await apply(runtime, wanted, Options(allow_removals=count), idempotency_key="k")
    statements = [record for record in caplog.records if record.name == "tortoise.db_client"]
    if runtime.database.dialect == "postgres":
        # Those of its transaction: what is read before its lock is another one.
        lock = next(n for n, record in enumerate(statements) if store.LOCK in record.getMessage())
        statements = statements[lock:]
    revision = outcome.revision
    assert revision is not None
    assert (revision.created, revision.updated, revision.disabled) == (count, count, count)
    assert 8 <= len(statements) + len(("begin", "commit")) <= 12


SHARED_LINES = """    environments: [production]
    events: [order.*.*, product.*.*]
    headers:
      X-Shop: "7"
    secretHeader:
      name: X-Secret
      value: ${env:KEY}
    retry:
      schedule: [5s, 5m]
    labels: {team: shop}
    rateLimit: RATE
"""


async def test_an_apply_writes_into_nothing_that_webhooks_have_in_common(runtime: Runtime) -> None:
    references = LocalReferences({"KEY": "in-clear"}, Path("/nowhere"), Path("/nowhere"))
    # Equal lines are read once, and so are their values.
    for rate in ("20/s", "30/s"):
        hooks = "".join(
            f"  hook-{number}:\n    url: https://a.example.com/{number}\n{SHARED_LINES}"
            for number in range(3)
        ).replace("RATE", rate)
        data = f"version: 1\nset: storefront\nwebhooks:\n{hooks}".encode()
        document = decoded(data, FILE, BOUNDS, references).document
        assert document is not None
        shared: Any = document.content["webhooks"]
        first, second, _ = shared.values()
        assert first["events"] is second["events"]
        before = deepcopy((document.webhooks, document.content, document.secrets))
        outcome = await apply(runtime, document)
        assert len(outcome.plan.changes) == 3
        assert (document.webhooks, document.content, document.secrets) == before
