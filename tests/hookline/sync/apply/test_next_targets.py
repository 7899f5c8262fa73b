"""The webhooks of an apply in the memory of its own process: they are there with the commit, as a
load would bring them, and nobody who publishes waits for a load.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from hookline.deliveries.registry import Registry
from hookline.deliveries.target import Target
from hookline.models import Delivery
from hookline.runtime import Runtime
from tests.hookline.sync.apply.state import SECRETIVE, SECRETS
from tests.hookline.sync.apply.test_changed_meanwhile import apply_while
from tests.hookline.sync.files import ORDERS, apply, webhooks
from tests.making import ENVIRONMENT, TYPE, WORKSPACE, make_webhook, make_workspace, publish

pytestmark = pytest.mark.engines("sqlite", "postgres")

WHOLE = """
filter: { data.total: { gte: 100 } }
payloadTemplate: "{{ event.id | tojson }}"
labels: { team: shop, tier: "1" }
rateLimit: 20/s
timeout: 20s
retry: { schedule: [5s, 5m] }
"""
OFF = f"{ORDERS}active: false\n"


@pytest.fixture
def loads(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The workspaces that were loaded."""
    loads, load = list[UUID](), runtime.queue.load

    async def recorded(workspace_id: UUID, known: Mapping[UUID, Any]) -> Any:
        loads.append(workspace_id)
        return await load(workspace_id, known)

    monkeypatch.setattr(runtime.queue, "load", recorded)
    return loads


async def check_memory(runtime: Runtime, *slugs: str) -> None:
    """Compares the webhooks in memory with those that a process loads that starts now."""
    await runtime.registry.refresh()
    fresh = Registry(runtime.queue, runtime.hub, runtime.vault)
    known, loaded = await runtime.registry.snapshot(WORKSPACE), await fresh.snapshot(WORKSPACE)
    assert (known.version, known.stamps) == (loaded.version, loaded.stamps)
    assert known.catalogue == loaded.catalogue
    assert runtime.registry.target_ids() >= fresh.target_ids()
    targets = {key: runtime.registry.target(key) for key in known.stamps}
    assert {target.facts["slug"] for target in targets.values() if target} == set(slugs)
    for key, target in targets.items():
        assert target is not None
        _compare(target, fresh.target(key))
    for event_type in (TYPE, "order.sync.create", "product.any.update"):
        before, after = (one.index.match(ENVIRONMENT, event_type) for one in (known, loaded))
        assert set(before.ids) == set(after.ids)
        assert before.filters.keys() == after.filters.keys()


def _compare(known: Target, loaded: Target | None) -> None:
    assert loaded is not None
    assert known.request_parts == loaded.request_parts
    assert (known.facts, known.content_type) == (loaded.facts, loaded.content_type)
    assert (known.filter is None) == (loaded.filter is None)
    assert {**vars(known), "filter": None} == {**vars(loaded), "filter": None}


async def test_new_changed_and_deleted_webhooks_need_no_load(
    runtime: Runtime, loads: list[UUID]
) -> None:
    whole = SECRETIVE + WHOLE
    delete = "policy: { prune: delete }\n"
    first = webhooks(delete, "storefront", SECRETS, off=OFF, whole=whole, orders=ORDERS)
    assert (await apply(runtime, first)).revision
    await runtime.registry.refresh()
    assert loads == []
    await check_memory(runtime, "off", "whole", "orders")
    loads.clear()
    changed = ORDERS.replace("crm.", "erp.") + "timeout: 31s\nlabels: { a: b }\n"
    second = webhooks(delete, "storefront", SECRETS, whole=SECRETIVE, orders=changed, new=ORDERS)
    assert (await apply(runtime, second)).revision
    await runtime.registry.refresh()
    assert loads == []
    await check_memory(runtime, "new", "whole", "orders")
    loads.clear()
    # One that is turned off, and one that changes its slug.
    moved = "moved: [{ from: orders, to: orders-2 }]\n"
    third = webhooks(moved, "storefront", SECRETS, whole=whole, **{"orders-2": changed})
    assert (await apply(runtime, third)).revision
    await runtime.registry.refresh()
    assert loads == []
    await check_memory(runtime, "new", "whole", "orders-2")


async def test_event_after_an_apply_goes_to_its_new_webhook(
    runtime: Runtime, loads: list[UUID]
) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    await publish(runtime)
    assert (await Delivery.all().count(), loads) == (1, [])


async def test_what_others_change_before_the_commit_comes_by_a_load(
    runtime: Runtime, loads: list[UUID], caplog: pytest.LogCaptureFixture
) -> None:
    async def change(work: Any) -> None:
        sql = "update workspace set match_version = match_version + 1 where id = $1"
        await work.execute(sql, WORKSPACE)

    await make_webhook(runtime, slug="by-hand")
    await runtime.registry.refresh()
    loads.clear()
    outcome, is_again = await apply_while(change, runtime, caplog, webhooks(orders=ORDERS))
    assert (outcome.revision is not None, is_again) == (True, False)
    await runtime.registry.refresh()
    assert loads == [WORKSPACE]
    await check_memory(runtime, "by-hand", "orders")


async def test_apply_that_is_rolled_back_leaves_memory_as_it_was(
    runtime: Runtime, loads: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    await apply(runtime, webhooks(orders=ORDERS))

    async def broken(*_: object) -> None:
        raise RuntimeError("the process is in trouble")

    monkeypatch.setattr("hookline.sync.apply.writing.append_encoded", broken)
    with pytest.raises(RuntimeError):
        await apply(runtime, webhooks(orders=ORDERS + "timeout: 31s", other=ORDERS))
    monkeypatch.undo()
    assert loads == []
    await check_memory(runtime, "orders")
    await publish(runtime)
    assert await Delivery.all().count() == 1


async def test_workspace_that_was_never_asked_for_is_loaded_when_it_is(runtime: Runtime) -> None:
    other = await make_workspace(runtime)
    assert runtime.registry.prepare(other, (), (), ()) is None


async def test_new_url_that_resets_health_needs_no_load(
    runtime: Runtime, loads: list[UUID]
) -> None:
    """Its row and that of the other one have other columns until they are locked."""
    await apply(runtime, webhooks(orders=ORDERS, other=ORDERS))
    moved = ORDERS.replace("crm.", "new.")
    await apply(runtime, webhooks(orders=moved, other=ORDERS + "timeout: 31s"))
    await runtime.registry.refresh()
    assert loads == []
    await check_memory(runtime, "orders", "other")
