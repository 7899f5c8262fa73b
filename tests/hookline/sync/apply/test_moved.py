"""Webhooks that get another slug: they stay the same ones, and what looks like a rename is told."""

from typing import Any

import pytest

from hookline.models import AuditEntry, Delivery, SyncRevision, Webhook
from hookline.runtime import Runtime
from hookline.sync.options import Options
from tests.hookline.sync.apply.state import changed_by_hand, one
from tests.hookline.sync.files import ORDERS, apply, codes, preview, told, webhooks
from tests.making import make_webhook, publish

pytestmark = pytest.mark.engines("sqlite")

MOVED = "moved: [{ from: orders, to: order-sync }]\n"
CRM = ORDERS.replace("crm.example.com", "crm.example.net")
OTHER = """url: https://other.example.com/in
events: [content.*.*]
environments: [production]
"""


def renamed(text: str = MOVED, body: str = ORDERS, **more: str) -> Any:
    return webhooks(text, **{"order-sync": body}, **more)


async def test_a_moved_webhook_keeps_all_but_its_slug(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    before = await one()
    await publish(runtime, 3)
    plan = (await preview(runtime, renamed())).plan
    assert told(plan) == ["MOVE order-sync", "UPDATE order-sync name"]
    assert (plan.changes[0].moved_from, plan.changes[0].open_deliveries) == ("orders", 3)
    await apply(runtime, renamed(), plan_digest=plan.digest)
    after = await one("order-sync")
    assert (after.id, after.signing_secrets) == (before.id, before.signing_secrets)
    # Nobody gave it a name: that is its slug.
    assert (after.name, after.version) == ("order-sync", before.version + 1)
    assert await Delivery.filter(webhook_id=after.id, status=0).count() == 3
    revision = await SyncRevision.get(number=2)
    assert (revision.created, revision.disabled, revision.moved) == (0, 0, 1)
    assert revision.changes[0]["movedFrom"] == "orders"
    entry = await AuditEntry.get(action="webhook.move")
    assert (entry.before, entry.after) == ({"slug": "orders"}, {"slug": "order-sync"})
    # The entry may stay in the file, and it may go.
    assert told((await preview(runtime, renamed())).plan) == []
    assert told((await preview(runtime, renamed(""))).plan) == []


async def test_a_move_alone_is_no_update(runtime: Runtime) -> None:
    named = ORDERS + "name: Orders"
    await apply(runtime, webhooks(orders=named))
    assert told((await apply(runtime, renamed(body=named))).plan) == ["MOVE order-sync"]
    revision = await SyncRevision.get(number=2)
    assert (revision.updated, revision.moved) == (0, 1)


async def test_a_move_may_come_with_a_change_and_with_drift(runtime: Runtime) -> None:
    named = ORDERS + "name: Orders\ntimeout: 20s\n"
    await apply(runtime, webhooks(orders=named))
    await changed_by_hand(runtime, timeout="25s")
    outcome = await preview(runtime, renamed(body=named + "concurrency: 5"))
    assert told(outcome.plan) == [
        "MOVE order-sync",
        "UPDATE order-sync concurrency",
        "DRIFT order-sync timeout",
    ]
    assert codes(outcome) == {"drift"}


async def test_a_webhook_that_was_turned_off_with_its_old_slug_is_turned_on_with_the_new_one(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=OTHER))
    before = await one()
    await apply(runtime, webhooks(other=OTHER))
    await apply(runtime, renamed(other=OTHER))
    after = await one("order-sync")
    assert (after.id, after.is_active) == (before.id, True)


async def test_a_move_onto_a_webhook_that_is_there_is_a_problem_at_its_entry(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(orders=ORDERS, **{"order-sync": CRM}))
    outcome = await apply(runtime, renamed(body=CRM))
    [problem] = outcome.problems
    assert (problem.code, problem.position.line) == ("bad-move", 3)
    assert problem.message == "orders can't become order-sync: a webhook has this slug already"
    assert await Webhook.filter(slug="orders", sync_removed_at=None).exists()


async def test_a_webhook_that_no_file_manages_is_moved_with_adopt_alone(runtime: Runtime) -> None:
    there = await make_webhook(runtime, slug="orders")
    assert codes(await preview(runtime, renamed())) == {"adopt"}
    await apply(runtime, renamed(), Options(adopt=True))
    assert (await one("order-sync")).id == there.id


async def test_a_webhook_of_another_set_is_never_moved(runtime: Runtime) -> None:
    await apply(runtime, webhooks("", "warehouse", orders=ORDERS))
    outcome = await preview(runtime, renamed())
    assert [(block.code, block.slug) for block in outcome.blocked] == [
        ("owned-elsewhere", "orders")
    ]


async def test_a_file_of_a_fresh_installation_may_keep_its_moves(runtime: Runtime) -> None:
    assert told((await apply(runtime, renamed())).plan) == [
        "CREATE order-sync url,environments,events"
    ]


async def hints(runtime: Runtime, **bodies: str) -> list[str]:
    plan = (await preview(runtime, webhooks(**bodies))).plan
    return [change.hint for change in plan.changes if change.kind == "CREATE" and change.hint]


async def test_what_looks_like_a_rename_says_what_to_write(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=OTHER))
    await publish(runtime, 2)
    by_url = {"order-sync": ORDERS + "timeout: 20s", "other": OTHER}
    assert await hints(runtime, **by_url) == [
        "looks like a rename of orders: write `moved: [{ from: orders, to: order-sync }]` to keep "
        "id, history, secret and its 2 open deliveries"
    ]
    by_content = {"orders": ORDERS, "elsewhere": OTHER.replace("other.", "another.")}
    assert await hints(runtime, **by_content) == [
        "looks like a rename of other: write `moved: [{ from: other, to: elsewhere }]` to keep "
        "id, history and secret"
    ]


async def test_what_may_be_two_renames_is_none(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, crm=CRM))
    nets = {name: ORDERS.replace("crm.", f"{name}.") for name in ("a", "b")}
    assert await hints(runtime, **nets) == []
    assert await hints(runtime, other=OTHER) == []
