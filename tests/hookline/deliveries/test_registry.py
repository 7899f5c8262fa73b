"""The webhooks in memory, over both databases: when they are loaded anew, and how long they count
as confirmed.
"""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from hookline.clock import monotonic
from hookline.deliveries.queue.base import LoadedWorkspace, Queue, Stamp
from hookline.deliveries.registry import PreparedChange, Registry
from hookline.deliveries.target import Target
from hookline.ids import uuid7
from hookline.messaging.hub import EVERYTHING, MemoryHub
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.making import ENVIRONMENT, SOMEBODY, TYPE, WORKSPACE, make_webhook, make_workspace
from tests.waiting import eventually

pytestmark = pytest.mark.engines("sqlite")


class Counted:
    """The real queue, which counts what is asked of it. faults: raised by the next loads."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.asked = Counter[str]()
        self.faults = list[Exception]()

    def __getattr__(self, name: str) -> Any:
        self.asked[name] += 1
        if name == "load" and self.faults:
            raise self.faults.pop()
        return getattr(self._queue, name)


class Answered(Counted):
    """The same, which has asked for all webhooks before."""

    async def ask(self) -> None:
        self.loaded = await self._queue.load(WORKSPACE, {})

    async def load(self, workspace_id: UUID, known: Mapping[UUID, Stamp]) -> LoadedWorkspace:
        return self.loaded


@asynccontextmanager
async def registry_of(runtime: Runtime) -> AsyncIterator[tuple[Registry, Counted, MemoryHub]]:
    """A registry as another process has it: what the runtime changes comes to it by looking, or by
    its own hub.
    """
    queue, hub = Counted(runtime.queue), MemoryHub()
    registry = Registry(cast(Queue, queue), hub, runtime.vault)
    await registry.open()
    queue.asked.clear()
    try:
        yield registry, queue, hub
    finally:
        await registry.close()


@pytest.mark.engines("sqlite", "postgres")
async def test_look_finds_new_changed_and_deleted_webhooks(runtime: Runtime) -> None:
    changed, deleted = await make_webhook(runtime), await make_webhook(runtime)
    async with registry_of(runtime) as (registry, _, _):
        assert registry.target_ids() == {changed.id, deleted.id}
        new = await make_webhook(runtime)
        await update_webhook(runtime, SOMEBODY, changed.id, {"concurrency": 3})
        await delete_webhook(runtime, SOMEBODY, deleted.id)
        await registry.refresh()
        assert registry.target_ids() == {changed.id, new.id}
        assert (
            cast(Target, registry.target(changed.id)).concurrency,
            registry.target(deleted.id),
        ) == (3, None)
        assert set((await registry.snapshot(WORKSPACE)).index.match(ENVIRONMENT, TYPE).ids) == {
            changed.id,
            new.id,
        }


async def test_look_at_what_has_not_changed_loads_nothing(runtime: Runtime) -> None:
    await make_webhook(runtime)
    async with registry_of(runtime) as (registry, queue, _):
        began = monotonic()
        await registry.refresh()
        assert queue.asked == {"versions": 1}
        assert registry.refreshed_at >= began


async def test_webhook_that_did_not_change_stays_the_same_object(runtime: Runtime) -> None:
    same, other = await make_webhook(runtime), await make_webhook(runtime)
    async with registry_of(runtime) as (registry, _, _):
        before = registry.target(same.id), registry.target(other.id)
        await set_webhook_active(runtime, SOMEBODY, other.id, False)
        await registry.refresh()
        assert registry.target(same.id) is before[0]
        assert registry.target(other.id) is not before[1]
        assert not cast(Target, registry.target(other.id)).is_on


async def test_one_load_serves_all_who_found_the_same_version_stale(runtime: Runtime) -> None:
    async with registry_of(runtime) as (registry, queue, _):
        stale = registry.version(WORKSPACE)
        await make_webhook(runtime)
        snapshots = await asyncio.gather(*(registry.reload(WORKSPACE, stale) for _ in range(10)))
        assert queue.asked["load"] == 1
        assert {one.version for one in snapshots} == {(await runtime.queue.versions())[WORKSPACE]}


async def test_load_that_fails_leaves_the_next_one_to_those_who_wait(runtime: Runtime) -> None:
    async with registry_of(runtime) as (registry, queue, _):
        stale = registry.version(WORKSPACE)
        webhook = await make_webhook(runtime)
        queue.faults = [ConnectionResetError()]
        outcomes = await asyncio.gather(
            *(registry.reload(WORKSPACE, stale) for _ in range(3)), return_exceptions=True
        )
        assert [type(outcome).__name__ for outcome in outcomes] == [
            "ConnectionResetError",
            "WorkspaceSnapshot",
            "WorkspaceSnapshot",
        ]
        assert registry.target_ids() == {webhook.id}


async def test_version_of_a_claim_confirms_what_is_known_and_refuses_what_is_not(
    runtime: Runtime,
) -> None:
    async with registry_of(runtime) as (registry, _, _):
        version = cast(int, registry.version(WORKSPACE))
        refreshed_at, asked_at = registry.refreshed_at, monotonic() + 5
        assert not registry.confirm(WORKSPACE, version + 1, asked_at)
        assert registry.refreshed_at == refreshed_at
        assert registry.confirm(WORKSPACE, version, asked_at)
        assert registry.refreshed_at == asked_at
        assert registry.confirm(WORKSPACE, version, asked_at - 1)
        assert registry.refreshed_at == asked_at


async def test_one_of_several_workspaces_confirms_no_other(runtime: Runtime) -> None:
    await make_workspace(runtime)
    async with registry_of(runtime) as (registry, _, _):
        refreshed_at = registry.refreshed_at
        assert registry.confirm(WORKSPACE, cast(int, registry.version(WORKSPACE)), monotonic() + 5)
        assert registry.refreshed_at == refreshed_at


async def test_look_that_fails_confirms_nothing(runtime: Runtime) -> None:
    async with registry_of(runtime) as (registry, queue, _):
        await make_webhook(runtime)
        refreshed_at, queue.faults = registry.refreshed_at, [ConnectionResetError()]
        with pytest.raises(ConnectionResetError):
            await registry.refresh()
        assert registry.refreshed_at == refreshed_at


@pytest.mark.engines("sqlite", "postgres")
@pytest.mark.parametrize("text", [str(WORKSPACE), EVERYTHING])
async def test_message_loads_and_tells_of_the_change(runtime: Runtime, text: str) -> None:
    async with registry_of(runtime) as (registry, _, hub):
        told = list[int]()
        registry.on_change(lambda: told.append(1))
        webhook = await make_webhook(runtime)
        hub.publish("match", text)
        await eventually(lambda: registry.target(webhook.id))
        assert told


async def test_message_while_the_database_is_away_is_made_good_by_the_next_look(
    runtime: Runtime,
) -> None:
    async with registry_of(runtime) as (registry, queue, hub):
        webhook = await make_webhook(runtime)
        queue.faults = [ConnectionResetError()]
        hub.publish("match", str(WORKSPACE))
        await eventually(lambda: not queue.faults)
        assert registry.target(webhook.id) is None
        await registry.refresh()
        assert registry.target(webhook.id) is not None


async def test_workspace_that_is_new_is_loaded_when_it_is_asked_for(runtime: Runtime) -> None:
    async with registry_of(runtime) as (registry, queue, _):
        other = await make_workspace(runtime)
        webhook = await make_webhook(replace(runtime, hub=MemoryHub()), workspace_id=other)
        snapshots = await registry.snapshot(other), await registry.snapshot(other)
        assert snapshots[0] is snapshots[1]
        assert set(snapshots[0].stamps) == {webhook.id}
        assert queue.asked["load"] == 1


async def prepared(runtime: Runtime, registry: Registry) -> tuple[PreparedChange, int]:
    """A change that made a webhook, as if it were not committed yet, and its match version."""
    await make_webhook(runtime)
    loaded = await runtime.queue.load(WORKSPACE, {})
    change = registry.prepare(WORKSPACE, loaded.rows, (), ())
    assert change is not None
    return change, loaded.match_version


async def test_who_finds_a_change_that_is_expected_waits_for_it_and_loads_nothing(
    runtime: Runtime,
) -> None:
    async with registry_of(runtime) as (registry, queue, _):
        stale = registry.version(WORKSPACE)
        change, version = await prepared(runtime, registry)
        registry.expect(change, version)
        loading = asyncio.create_task(registry.reload(WORKSPACE, stale))
        await asyncio.sleep(0.05)
        assert not loading.done()
        registry.take(change)
        registry.forget(change)
        snapshot = await loading
        assert (snapshot.version, queue.asked["load"]) == (version, 0)
        assert registry.target_ids() == set(snapshot.stamps)
        await registry.refresh()
        assert queue.asked["load"] == 0


async def test_expected_change_that_is_not_committed_is_loaded_over(runtime: Runtime) -> None:
    async with registry_of(runtime) as (registry, queue, _):
        stale = registry.version(WORKSPACE)
        change, version = await prepared(runtime, registry)
        registry.expect(change, version)
        loading = asyncio.create_task(registry.reload(WORKSPACE, stale))
        await asyncio.sleep(0)
        registry.forget(change)
        assert (await loading).version == version
        assert queue.asked["load"] == 1


@pytest.mark.parametrize("case", ["another version", "another snapshot", "a load under way"])
async def test_change_that_is_not_the_next_one_is_not_taken(runtime: Runtime, case: str) -> None:
    async with registry_of(runtime) as (registry, queue, _):
        change, version = await prepared(runtime, registry)
        loading: asyncio.Task[Any] | None = None
        match case:
            case "another version":
                version += 1
            case "another snapshot":
                await registry.reload(WORKSPACE, None)
            case _:
                loading = asyncio.create_task(registry.reload(WORKSPACE, None))
                await asyncio.sleep(0)
        before = await registry.snapshot(WORKSPACE)
        registry.expect(change, version)
        registry.take(change)
        registry.forget(change)
        assert await registry.snapshot(WORKSPACE) is before
        if loading:
            await loading
        await registry.refresh()
        assert registry.target_ids() == set((await registry.snapshot(WORKSPACE)).stamps)
        assert queue.asked["load"] == 1


async def test_changed_webhook_that_is_not_known_prepares_nothing(runtime: Runtime) -> None:
    async with registry_of(runtime) as (registry, _, _):
        stranger = {"id": uuid7(), "version": 2}
        assert registry.prepare(WORKSPACE, (), [stranger], ()) is None


async def test_message_of_a_version_that_is_known_loads_nothing(runtime: Runtime) -> None:
    async with registry_of(runtime) as (registry, queue, hub):
        version = cast(int, registry.version(WORKSPACE))
        webhook = await make_webhook(runtime)
        for past in (version, version - 1):
            hub.publish("match", f"{WORKSPACE} {past}")
        await asyncio.sleep(0.05)
        assert (registry.target(webhook.id), queue.asked["load"]) == (None, 0)
        hub.publish("match", f"{WORKSPACE} {version + 1}")
        await eventually(lambda: registry.target(webhook.id))
        assert queue.asked["load"] == 1


async def test_others_run_while_many_webhooks_are_made_of_their_rows(runtime: Runtime) -> None:
    first = await make_webhook(runtime, filter={f"data.a{n}": {"eq": n} for n in range(100)})
    copies = [first.clone(pk=uuid7()) for _ in range(200)]
    for number, copy in enumerate(copies):
        copy.slug = f"copy-{number}"
    await Webhook.bulk_create(copies)
    queue = Answered(runtime.queue)
    await queue.ask()
    registry = Registry(cast(Queue, queue), MemoryHub(), runtime.vault)
    loading = asyncio.create_task(registry.reload(WORKSPACE, None))
    served = 0
    while not loading.done():
        await asyncio.sleep(0)
        served += 1
    assert registry.target_ids() == {first.id, *(copy.id for copy in copies)}
    # In one go it would be one turn before and one after.
    assert served >= 4


async def test_the_collector_does_not_look_through_many_webhooks(runtime: Runtime) -> None:
    await make_webhook(runtime)
    queue = Answered(runtime.queue)
    await queue.ask()
    [row] = queue.loaded.rows
    rows = [{**row, "id": uuid7()} for _ in range(1_001)]
    queue.loaded = replace(queue.loaded, rows=rows, stamps={one["id"]: (1, True) for one in rows})
    registry = Registry(cast(Queue, queue), MemoryHub(), runtime.vault)
    try:
        await registry.reload(WORKSPACE, None)
        made = [registry.target(one["id"]) for one in rows]
        looked_at = {id(one) for one in gc.get_objects()}
        assert not [target for target in made if id(target) in looked_at]
    finally:
        gc.unfreeze()
