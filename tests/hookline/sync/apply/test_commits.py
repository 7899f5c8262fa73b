"""Commits that a file is recorded under: never a clean one for what it does not hold."""

from dataclasses import replace

import pytest

from hookline.errors import Refused
from hookline.models import AuditEntry, SyncRevision, SyncSet
from hookline.runtime import Runtime
from hookline.sync.options import Options
from hookline.sync.request import Source
from hookline.webhooks.change import update_webhook
from tests.hookline.sync.apply.state import COMMIT, one
from tests.hookline.sync.files import ORDERS, apply, preview, webhooks
from tests.making import SOMEBODY

DIRTY = replace(COMMIT, is_dirty=True)
CLEAN = Source(commit="c1ea4c1ea4c1ea4", branch="fix", author="Bob", is_dirty=False)


async def commits() -> list[str | None]:
    return [(await one()).sync_commit, (await SyncSet.get(name="storefront")).commit]


async def test_uncommitted_edits_are_recorded_as_dirty(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS), source=DIRTY)
    assert await commits() == ["9f2c1ab0c0ffee-dirty"] * 2
    revision = await SyncRevision.get(number=1)
    assert (revision.commit, revision.is_dirty) == ("9f2c1ab0c0ffee", True)
    entry = await AuditEntry.get(action="webhook.create")
    assert entry.actor["claimed"]["commit"] == "9f2c1ab0c0ffee-dirty"
    with pytest.raises(Refused, match="commit 9f2c1ab0c0ff-dirty owns this"):
        await update_webhook(runtime, SOMEBODY, (await one()).id, {"url": "https://b.example/"})
    plan = (await preview(runtime, webhooks(orders=ORDERS))).plan
    assert (plan.base_commit, plan.is_base_dirty) == ("9f2c1ab0c0ffee", True)


async def test_a_clean_apply_of_equal_content_moves_the_commit(runtime: Runtime) -> None:
    made = await apply(runtime, webhooks(orders=ORDERS), source=DIRTY)
    version = (await one()).version
    moved = await apply(runtime, webhooks(orders=ORDERS), source=CLEAN)
    assert (moved.revision, (await one()).version) == (None, version)
    assert await commits() == ["c1ea4c1ea4c1ea4"] * 2
    revision = await SyncRevision.get()
    assert made.revision is not None
    assert (revision.id, revision.applied_at) == (made.revision.id, made.revision.applied_at)
    told = (revision.commit, revision.branch, revision.author, revision.is_dirty)
    assert told == ("c1ea4c1ea4c1ea4", "fix", "Bob", False)
    again = await apply(runtime, webhooks(orders=ORDERS), source=replace(CLEAN, commit="1ater"))
    assert (again.revision, (await SyncRevision.get()).commit) == (None, "c1ea4c1ea4c1ea4")


@pytest.mark.engines("sqlite")
async def test_a_part_of_a_clean_commit_proves_no_whole_revision_right(runtime: Runtime) -> None:
    both = webhooks(orders=ORDERS, other=ORDERS)
    await apply(runtime, both, source=DIRTY)
    await apply(runtime, both, Options(only=frozenset({"orders"})), source=CLEAN)
    revision = await SyncRevision.get()
    assert (revision.commit, revision.is_dirty) == ("9f2c1ab0c0ffee", True)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("is_dirty", [None, False])
async def test_uncommitted_edits_of_equal_content_move_no_commit(
    runtime: Runtime, is_dirty: bool | None
) -> None:
    await apply(runtime, webhooks(orders=ORDERS), source=replace(COMMIT, is_dirty=is_dirty))
    await apply(runtime, webhooks(orders=ORDERS), source=replace(CLEAN, is_dirty=True))
    assert await commits() == ["9f2c1ab0c0ffee"] * 2
    assert (await SyncRevision.get()).commit == "9f2c1ab0c0ffee"


async def test_a_clean_commit_of_other_content_leaves_the_dirty_revision(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS), source=DIRTY)
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"), source=CLEAN)
    first, second = await SyncRevision.all().order_by("number")
    assert (first.commit, first.is_dirty) == ("9f2c1ab0c0ffee", True)
    assert (second.commit, second.is_dirty) == ("c1ea4c1ea4c1ea4", False)


@pytest.mark.engines("sqlite")
async def test_a_webhook_that_left_the_file_keeps_no_line_of_it(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=ORDERS))
    await apply(runtime, webhooks(other=ORDERS))
    gone = await one()
    assert (gone.sync_file, gone.sync_line) == ("config/webhooks.yaml", None)
    with pytest.raises(Refused, match=r'"storefront", config/webhooks\.yaml owned this before'):
        await update_webhook(runtime, SOMEBODY, gone.id, {"active": True})
