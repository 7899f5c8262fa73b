"""Webhooks that leave the file: disabled, deleted, left to people or protected, as policy and
lifecycle say; and fields that a file leaves to people.
"""

import pytest

from hookline.activity.events import ActivityKind
from hookline.models import AuditEntry, SyncRevision, Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import applying, restoring
from hookline.sync.apply.restoring import RollbackInput
from hookline.sync.options import Options
from hookline.sync.policy import DriftPolicy
from hookline.webhooks.change import update_webhook
from tests.hookline.sync.apply.state import changed_by_hand, kinds, one
from tests.hookline.sync.files import ORDERS, apply, codes, preview, told, webhooks
from tests.making import SOMEBODY

pytestmark = pytest.mark.engines("sqlite")

DELETE, KEEP = "policy: { prune: delete }\n", "policy: { prune: keep }\n"
PROTECTED = ORDERS + "lifecycle: { preventDestroy: true }"
IGNORING = ORDERS + "rateLimit: 20/s\nlifecycle: { ignoreChanges: [rateLimit] }"


async def test_a_policy_deletes_what_left_the_file(runtime: Runtime) -> None:
    await apply(runtime, webhooks(DELETE, orders=ORDERS, crm=ORDERS))
    before = await one("crm")
    outcome = await apply(runtime, webhooks(DELETE, orders=ORDERS))
    assert told(outcome.plan) == ["DELETE crm"]
    gone = await Webhook.get(id=before.id)
    assert gone.deleted_at is not None
    assert (await kinds(runtime))[-1] == ActivityKind.WEBHOOK_DELETED
    entry = await AuditEntry.filter(action="webhook.delete").get()
    assert (entry.subject_id, entry.before["slug"], entry.after) == (before.id, "crm", None)
    revision = await SyncRevision.get(number=2)
    assert (revision.created, revision.updated, revision.disabled, revision.deleted) == (0, 0, 0, 1)
    assert told((await preview(runtime, webhooks(DELETE, orders=ORDERS))).plan) == []
    again = await apply(runtime, webhooks(DELETE, orders=ORDERS, crm=ORDERS))
    assert told(again.plan) == ["CREATE crm url,environments,events"]
    assert (await one("crm")).id != before.id


async def test_a_policy_leaves_to_people_what_left_the_file(runtime: Runtime) -> None:
    await apply(runtime, webhooks(KEEP, orders=ORDERS, crm=ORDERS))
    outcome = await apply(runtime, webhooks(KEEP, orders=ORDERS))
    assert told(outcome.plan) == ["RELEASE crm"]
    kept = await one("crm")
    assert (kept.is_active, kept.sync_set, kept.sync_applied) == (True, None, None)
    entry = await AuditEntry.filter(action="webhook.release").get()
    assert (entry.before, entry.after) == ({"managedBy": "storefront"}, {"managedBy": None})
    await update_webhook(runtime, SOMEBODY, kept.id, {"timeout": "20s"})
    assert codes(await preview(runtime, webhooks(KEEP, orders=ORDERS, crm=ORDERS))) == {"adopt"}


async def test_a_commit_cannot_lift_the_policy_that_should_stop_it(runtime: Runtime) -> None:
    few, many = "policy: { maxRemovals: 0 }\n", "policy: { maxRemovals: 5, prune: delete }\n"
    await apply(runtime, webhooks(few, orders=ORDERS, crm=ORDERS))
    outcome = await apply(runtime, webhooks(many, orders=ORDERS))
    assert (codes(outcome), told(outcome.plan)) == ({"removals"}, ["DISABLE crm active"])
    assert outcome.plan.limits.kept == ("prune", "maxRemovals")
    assert "policy of the file applied last" in outcome.blocked[0].message
    # By itself it changes no webhook, and is shown, recorded and remembered all the same.
    alone = await apply(runtime, webhooks(many, orders=ORDERS, crm=ORDERS))
    changes = ("prune disable → delete", "maxRemovals 0 → 5")
    assert (alone.plan.policy_changes, told(alone.plan), alone.blocked) == (changes, [], ())
    assert (await SyncRevision.get(number=2)).policy["changes"] == [*changes]
    again = await apply(runtime, webhooks(many, orders=ORDERS, crm=ORDERS))
    assert (again.plan.policy_changes, again.revision) == ((), None)
    after = await apply(runtime, webhooks(many, orders=ORDERS))
    assert (codes(after), told(after.plan)) == (set(), ["DELETE crm"])


async def test_a_policy_says_what_becomes_of_a_change_by_hand(runtime: Runtime) -> None:
    wanted = webhooks("policy: { onDrift: overwrite }\n", orders=ORDERS + "timeout: 20s")
    await apply(runtime, wanted)
    await changed_by_hand(runtime, timeout="25s")
    assert codes(await preview(runtime, wanted, Options(on_drift=DriftPolicy.BLOCK))) == {"drift"}
    outcome = await apply(runtime, wanted)
    assert (codes(outcome), (await one()).timeout_ms) == (set(), 20_000)


async def test_a_protected_webhook_is_neither_disabled_nor_deleted(runtime: Runtime) -> None:
    await apply(runtime, webhooks(DELETE, orders=PROTECTED, crm=ORDERS))
    outcome = await apply(runtime, webhooks(DELETE, crm=ORDERS), Options(allow_removals=99))
    assert [(block.code, block.slug, block.flag) for block in outcome.blocked] == [
        ("protected", "orders", None)
    ]
    # Taken off in a commit of its own, it protects no longer; who reviews that commit sees it.
    lifted = webhooks(DELETE, orders=ORDERS, crm=ORDERS)
    planned = (await preview(runtime, lifted)).plan
    assert (planned.policy_changes, planned.is_empty) == (("preventDestroy - orders",), False)
    # Not of a part, which leaves the policy.
    part = await apply(runtime, lifted, Options(only=frozenset({"orders"})))
    assert (part.plan.policy_changes, part.revision) == ((), None)
    stale = await apply(runtime, webhooks(DELETE, orders=PROTECTED, crm=ORDERS))
    assert stale.revision is None
    agreed = await apply(runtime, lifted, plan_digest=planned.digest)
    assert agreed.revision
    back = await restoring.request_of(runtime, SOMEBODY, RollbackInput("storefront", 1))
    planned = (await applying.preview(runtime, SOMEBODY, back)).plan
    assert planned.policy_changes == ("preventDestroy + orders",)
    after = await apply(runtime, webhooks(DELETE, crm=ORDERS))
    assert (codes(after), told(after.plan)) == (set(), ["DELETE orders"])


async def test_an_ignored_field_is_given_once_and_then_left_to_people(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=IGNORING))
    made = await one()
    assert (made.rate_per_minute, "rateLimit" in made.sync_applied) == (1200, False)
    # Not the file's: no force is needed.
    await update_webhook(runtime, SOMEBODY, made.id, {"rateLimit": "5/s"})
    assert told((await preview(runtime, webhooks(orders=IGNORING))).plan) == []
    edited = webhooks(orders=IGNORING.replace("20/s", "50/s"))
    assert told((await apply(runtime, edited)).plan) == []
    assert (await one()).rate_per_minute == 300


async def test_a_field_that_is_ignored_from_now_on_stays_as_it_is(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS + "rateLimit: 20/s"))
    outcome = await apply(runtime, webhooks(orders=IGNORING))
    assert told(outcome.plan) == ["RELEASE orders rateLimit"]
    assert outcome.plan.changes[0].hint == "ignored: stays as it is"
    assert told((await preview(runtime, webhooks(orders=IGNORING))).plan) == []


@pytest.mark.engines("sqlite", "postgres")
async def test_what_a_file_leaves_to_people_is_stored_with_the_webhook(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=IGNORING))
    assert (await one()).sync_ignored == ["rateLimit"]
    # Of fields that the file does not give too: no webhook changes.
    more = webhooks(orders=IGNORING.replace("[rateLimit]", "[timeout, rateLimit]"))
    outcome = await apply(runtime, more)
    assert told(outcome.plan) == []
    assert outcome.plan.policy_changes == ("ignoreChanges of orders + timeout",)
    assert outcome.revision
    kept = await one()
    assert (kept.sync_ignored, kept.version) == (["rateLimit", "timeout"], 1)
    assert (await preview(runtime, more)).plan.writes == ()
    # A file that says nothing leaves nothing to people but what it does not mention.
    await apply(runtime, webhooks(orders=ORDERS))
    assert (await one()).sync_ignored is None


async def test_a_webhook_that_ignores_its_switch_comes_back_on(runtime: Runtime) -> None:
    ignoring = ORDERS + "lifecycle: { ignoreChanges: [active] }"
    await apply(runtime, webhooks(orders=ignoring, crm=ORDERS))
    await apply(runtime, webhooks(crm=ORDERS))
    assert not (await one()).is_active
    await apply(runtime, webhooks(orders=ignoring, crm=ORDERS))
    assert (await one()).is_active
