"""Applies of a part of a file: the rest, the policy and the commit of the set wait."""

import pytest

from hookline.errors import Code, Refused
from hookline.models import SyncRevision, SyncSet
from hookline.runtime import Runtime
from hookline.sync.options import Options
from hookline.sync.request import Source
from tests.hookline.sync.apply.state import COMMIT, one
from tests.hookline.sync.files import ORDERS, apply, codes, preview, told, webhooks

pytestmark = pytest.mark.engines("sqlite")

LATER = Source(commit="a" * 40)
OTHER = ORDERS.replace("/in", "/other")


def only(*slugs: str) -> Options:
    return Options(only=frozenset(slugs))


async def test_the_rest_of_the_file_waits(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, crm=OTHER, old=ORDERS), source=COMMIT)
    edited = {"orders": ORDERS + "timeout: 20s", "crm": OTHER + "timeout: 20s", "new": OTHER}
    wanted = webhooks("policy: { prune: delete }\n", **edited)
    shown = await preview(runtime, wanted, only("orders"))
    assert told(shown.plan) == ["UPDATE orders timeout"]
    await apply(runtime, wanted, only("orders"), LATER)
    assert ((await one()).timeout_ms, (await one("crm")).timeout_ms) == (20_000, 15_000)
    revision = await SyncRevision.get(number=2)
    assert sorted(revision.snapshot) == ["crm", "old", "orders"]
    assert revision.snapshot["orders"]["timeout"] == "20s"
    assert "timeout" not in revision.snapshot["crm"]
    owner = await SyncSet.get(name="storefront")
    assert (owner.commit, owner.policy) == (COMMIT.commit, {"protected": []})
    assert told((await preview(runtime, wanted)).plan) == [
        "UPDATE crm timeout",
        "CREATE new url,environments,events",
        "DISABLE old active",
    ]


async def test_a_removal_or_a_move_is_a_part_too(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, crm=OTHER, old=ORDERS))
    wanted = webhooks("moved: [{ from: crm, to: sales }]\n", orders=ORDERS, sales=OTHER)
    assert told((await apply(runtime, wanted, only("old"))).plan) == ["DISABLE old active"]
    assert told((await apply(runtime, wanted, only("sales"))).plan) == [
        "MOVE sales",
        "UPDATE sales name",
    ]
    assert sorted((await SyncRevision.get(number=3)).snapshot) == ["orders", "sales"]
    assert told((await preview(runtime, wanted)).plan) == []


async def test_a_slug_that_is_nowhere_blocks(runtime: Runtime) -> None:
    outcome = await apply(runtime, webhooks(orders=ORDERS), only("ordres"))
    assert (codes(outcome), outcome.revision) == ({"only"}, None)


async def test_a_webhook_that_waits_to_be_moved_is_not_taken_out(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, crm=OTHER))
    wanted = webhooks("moved: [{ from: crm, to: sales }]\n", orders=ORDERS, sales=OTHER)

    outcome = await apply(runtime, wanted, only("crm"))

    [block] = outcome.blocked
    assert (block.code, block.message) == ("only", "crm becomes sales in the file; name sales")
    assert (told(outcome.plan), outcome.revision) == ([], None)
    assert (await one("crm")).is_active
    # With both named it is the move.
    assert codes(await preview(runtime, wanted, only("crm", "sales"))) == set()


async def test_a_repeated_part_answers_with_its_revision(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, crm=OTHER))
    wanted = webhooks(orders=ORDERS + "timeout: 20s", crm=OTHER)
    first = await apply(runtime, wanted, only("orders"), idempotency_key="k")
    await apply(runtime, webhooks(orders=ORDERS, crm=OTHER + "timeout: 20s"))
    again = await apply(runtime, wanted, only("orders"), idempotency_key="k")
    assert again.revision is not None
    assert first.revision is not None
    assert (again.revision.number, first.revision.number) == (2, 2)
    # Also with the digest of the plan that was agreed to, and whatever was applied since.
    digest = first.plan.digest
    once_more = await apply(
        runtime, wanted, only("orders"), plan_digest=digest, idempotency_key="k"
    )
    assert (once_more.blocked, once_more.revision) == ((), again.revision)
    with pytest.raises(Refused) as refused:
        await apply(runtime, webhooks(orders=ORDERS), only("orders"), idempotency_key="k")
    assert [problem.code for problem in refused.value.problems] == [Code.IDEMPOTENCY_CONFLICT]
