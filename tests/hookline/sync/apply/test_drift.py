"""Fields between a file and people: drift, ownership, release, adoption."""

import re
from datetime import timedelta

import pytest

from hookline import clock
from hookline.activity.events import ActivityKind
from hookline.errors import Code, Refused
from hookline.models import SyncRevision, Webhook
from hookline.runtime import Runtime
from hookline.sync import drift
from hookline.sync.options import Options
from hookline.sync.plan.changes import ChangeKind
from hookline.sync.policy import DriftPolicy
from hookline.webhooks.change import delete_webhook, update_webhook
from tests.hookline.sync.apply.state import (
    BY_HAND,
    COMMIT,
    FORCER,
    SECRETS,
    changed_by_hand,
    drifted,
    kinds,
    one,
)
from tests.hookline.sync.files import ORDERS, apply, codes, preview, told, webhooks
from tests.making import SOMEBODY, make_webhook

pytestmark = pytest.mark.engines("sqlite")


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


@pytest.mark.engines("sqlite", "postgres")
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


async def test_headers_in_another_order_are_no_change_by_hand_and_none_by_a_file(
    runtime: Runtime,
) -> None:
    body = ORDERS + "headers: { X-A: a, X-B: b }"
    first = await apply(runtime, webhooks(orders=body))
    before, told_before = await one(), await kinds(runtime)
    turned = [{"name": "x-b", "value": "b"}, {"name": "X-A", "value": "a"}]
    # Neither refused as a change of what the file owns, nor written, nor told as drift.
    await update_webhook(runtime, SOMEBODY, before.id, {"headers": turned})
    await changed_by_hand(runtime, headers=turned)
    again = await apply(runtime, webhooks(orders=ORDERS + "headers: { X-B: b, X-A: a }"))
    assert first.revision is not None
    assert (told(again.plan), again.blocked, again.revision) == ([], (), None)
    assert ((await one()).version, await kinds(runtime)) == (before.version, told_before)


async def test_headers_set_back_in_another_order_are_no_drift_any_more(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS + "headers: { X-A: a, X-B: b }"))
    pairs = [{"name": "X-B", "value": "b"}, {"name": "X-A", "value": "a"}]
    await changed_by_hand(runtime, headers=[*pairs, {"name": "X-C", "value": "c"}])
    await changed_by_hand(runtime, headers=pairs)
    assert (await kinds(runtime)).count(ActivityKind.SYNC_DRIFTED) == 1
    file = webhooks(orders=ORDERS + "headers: { X-A: a, X-B: b }")
    assert told((await preview(runtime, file)).plan) == []


async def test_what_was_deleted_by_force_is_made_anew(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    gone = await one()
    await delete_webhook(runtime, FORCER, gone.id, force=BY_HAND)
    await apply(runtime, webhooks(orders=ORDERS))
    assert (await one()).id != gone.id


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


@pytest.mark.engines("sqlite", "postgres")
async def test_a_webhook_that_was_deleted_by_hand_is_drift_until_it_is_made_anew(
    runtime: Runtime,
) -> None:
    wanted = webhooks(orders=ORDERS, other=ORDERS)
    await apply(runtime, wanted)
    assert await drifted(runtime) == []
    await delete_webhook(runtime, FORCER, (await one()).id, force=BY_HAND)

    [change] = await drifted(runtime)
    slug, hint = change.slug, change.hint
    assert slug == "orders"
    assert re.fullmatch(
        r'deleted by token "\S+" on \S+ \S+ UTC; an apply of its file makes it anew, with .*',
        str(hint),
    )
    [created] = (await preview(runtime, wanted)).plan.changes
    assert (created.kind, created.slug, created.hint) == (ChangeKind.CREATE, "orders", hint)
    await apply(runtime, wanted)
    assert await drifted(runtime) == []
    # What an apply has deleted is none.
    prune = "policy: { prune: delete }\n"
    await apply(runtime, webhooks(prune, orders=ORDERS, other=ORDERS))
    outcome = await apply(runtime, webhooks(prune, orders=ORDERS))
    assert told(outcome.plan) == ["DELETE other"]
    assert await drifted(runtime) == []


@pytest.mark.engines("sqlite", "postgres")
async def test_a_deletion_by_hand_is_drift_until_an_apply_settles_it_whatever_the_clocks_say(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = webhooks(orders=ORDERS, other=ORDERS, third=ORDERS)
    await apply(runtime, wanted)
    # On a server whose clock is behind.
    with monkeypatch.context() as behind:
        now = clock.now
        behind.setattr(clock, "now", lambda: now() - timedelta(minutes=5))
        await delete_webhook(runtime, FORCER, (await one()).id, force=BY_HAND)
        await delete_webhook(runtime, FORCER, (await one("other")).id, force=BY_HAND)
    assert [change.slug for change in await drifted(runtime)] == ["orders", "other"]

    # An apply of another part is not the last word of it.
    slower = webhooks(orders=ORDERS, other=ORDERS, third=ORDERS + "timeout: 20s")
    await apply(runtime, slower, Options(only=frozenset({"third"})))
    assert [change.slug for change in await drifted(runtime)] == ["orders", "other"]
    await apply(runtime, slower, Options(only=frozenset({"other"})))
    assert [change.slug for change in await drifted(runtime)] == ["orders"]

    # Nor is there anything to do for a file without it.
    outcome = await apply(runtime, webhooks(other=ORDERS, third=ORDERS + "timeout: 20s"))
    assert (told(outcome.plan), outcome.blocked) == ([], ())
    assert await drifted(runtime) == []
    await apply(runtime, slower)
    assert await drifted(runtime) == []


@pytest.mark.engines("sqlite")
async def test_a_webhook_that_had_left_its_file_is_no_drift_when_it_is_deleted(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=ORDERS))
    await apply(runtime, webhooks(other=ORDERS))
    await delete_webhook(runtime, FORCER, (await one()).id, force=BY_HAND)
    assert await drifted(runtime) == []


@pytest.mark.engines("sqlite", "postgres")
async def test_what_an_apply_deleted_is_no_drift_when_the_clock_goes_back(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    prune = "policy: { prune: delete }\n"
    await apply(runtime, webhooks(prune, orders=ORDERS, other=ORDERS))
    await apply(runtime, webhooks(prune, orders=ORDERS))
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() - timedelta(minutes=5))
    await apply(runtime, webhooks(prune, orders=ORDERS + "timeout: 20s"))
    assert await drifted(runtime) == []


@pytest.mark.engines("sqlite", "postgres")
async def test_drift_of_many_webhooks_and_sets_is_found_page_by_page(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "_SEEN_AT_ONCE", 2)
    monkeypatch.setattr(drift, "_ROWS_AT_ONCE", 1)
    slugs = [f"w{number}" for number in range(7)]
    await apply(runtime, webhooks(**dict.fromkeys(slugs, ORDERS)))
    await apply(runtime, webhooks("", "second", other=ORDERS))
    assert await drifted(runtime, "storefront", "second") == []

    for slug in ("w0", "w1", "w4", "w6", "other"):
        key = (await one(slug)).id
        changes = {"url": "https://mine.example.com/"}
        await update_webhook(runtime, FORCER, key, changes, force=BY_HAND)
    # A field that the file leaves to people.
    await update_webhook(runtime, FORCER, (await one("w2")).id, {"description": "mine"})
    # What leaves the file is drift no more.
    left = {slug: ORDERS for slug in slugs if slug != "w4"}
    await apply(runtime, webhooks(**left), Options(on_drift=DriftPolicy.KEEP))

    found = await drifted(runtime, "storefront", "second")
    assert [change.slug for change in found] == ["w0", "w1", "w6", "other"]


async def test_a_revision_keeps_what_was_changed_by_hand_and_what_became_of_it(
    runtime: Runtime,
) -> None:
    for number, on_drift in ((2, DriftPolicy.OVERWRITE), (4, DriftPolicy.KEEP)):
        await apply(runtime, webhooks(orders=ORDERS))
        await changed_by_hand(runtime, url="https://mine.example.com/")
        wanted = webhooks(orders=ORDERS + f"timeout: 2{number}s")
        await apply(runtime, wanted, Options(on_drift=on_drift))
        changes = (await SyncRevision.get(number=number)).changes
        [drift] = [change for change in changes if change["kind"] == "DRIFT"]
        assert drift["kept"] is (on_drift is DriftPolicy.KEEP)
        [field] = drift["fields"]
        assert (field["before"], field["live"], field["after"]) == (
            "https://crm.example.com/in",
            "https://mine.example.com/",
            "https://crm.example.com/in",
        )
        await changed_by_hand(runtime, url="https://crm.example.com/in")
