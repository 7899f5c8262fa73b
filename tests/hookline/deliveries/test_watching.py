"""Looks at tables: what commits late is found, nothing twice, and a gap where something may be
missing.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta
from uuid import UUID

import pytest

from hookline import clock, ids
from hookline.access import audit
from hookline.deliveries.looks import AuditLook, DeliveryLook, NewKeys, Seen, sample
from hookline.deliveries.watching import LOOKS_KEPT, WATCHES_LIMIT, WatchKind
from hookline.errors import HooklineError
from hookline.models import AuditEntry
from hookline.runtime import Runtime
from tests.making import SOMEBODY, WORKSPACE, enqueue, make_webhook
from tests.waiting import eventually

pytestmark = pytest.mark.engines("sqlite")


async def write_entry(runtime: Runtime, key: UUID | None = None) -> UUID:
    async with runtime.database.unit_of_work():
        await audit.record(WORKSPACE, SOMEBODY.stored, "test.entry", ("wh", WORKSPACE))
        row = await AuditEntry.all().order_by("-id").first()
        assert row is not None
        if key is not None:
            await AuditEntry.filter(id=row.id).delete()
            row.id = key
            await row.save(force_create=True)
        return row.id


def key_from(ago: timedelta) -> UUID:
    """A key made so long ago, of a transaction that commits now."""
    return UUID(int=ids.first_of(clock.now() - ago).int | 1)


async def test_a_row_that_commits_late_is_found_and_no_row_is_found_twice(
    runtime: Runtime,
) -> None:
    reader, look = runtime.database.reader(), AuditLook(WORKSPACE)
    await write_entry(runtime)
    await look.begin(reader)
    new = await write_entry(runtime)
    assert [row.id for row in (await look.look(reader)).rows] == [new]
    late = await write_entry(runtime, key_from(timedelta(seconds=50)))
    assert [row.id for row in (await look.look(reader)).rows] == [late]
    too_late = await write_entry(runtime, key_from(timedelta(seconds=90)))
    assert too_late < late
    assert (await look.look(reader)).rows == ()


async def test_more_new_rows_than_are_looked_at_are_told(runtime: Runtime) -> None:
    reader = runtime.database.reader()
    new = NewKeys(AuditEntry.filter(workspace_id=WORKSPACE), timedelta(seconds=60), 3)
    await new.begin(reader)
    keys = [await write_entry(runtime) for _ in range(2)]
    assert await new.next(reader) == (keys, False)
    keys = [await write_entry(runtime) for _ in range(4)]
    assert await new.next(reader) == (keys[1:], True)
    assert (await new.next(reader))[1] is False


async def test_more_deliveries_than_a_batch_has_are_told_as_a_gap(runtime: Runtime) -> None:
    webhook, reader, look = (
        await make_webhook(runtime),
        runtime.database.reader(),
        DeliveryLook(WORKSPACE),
    )
    await look.begin(reader)
    keys = sorted(await enqueue(runtime, webhook.id, 250))
    seen = await look.look(reader)
    assert ([row.id for row in seen.rows], seen.is_gap) == (keys[50:], True)
    assert await look.look(reader) == Seen([])


def test_a_sample_is_evenly_spread_and_ends_with_the_newest() -> None:
    keys = [UUID(int=number) for number in range(100)]
    assert [key.int for key in sample(keys, 4)] == [24, 49, 74, 99]
    assert sample(keys[:3], 4) == keys[:3]
    assert len(set(sample(keys, 25))) == 25


async def begun(steps: AsyncGenerator[Seen, None]) -> None:
    assert await anext(steps) == Seen(is_gap=True)


async def test_a_watcher_that_does_not_read_gets_a_gap_and_goes_on(runtime: Runtime) -> None:
    watches = runtime.watches
    async with aclosing(watches.follow(WORKSPACE, WatchKind.AUDIT_ENTRIES)) as steps:
        await begun(steps)
        [watch] = watches._watches.values()
        while watch.number < LOOKS_KEPT + 2:
            number = watch.number
            await write_entry(runtime)
            runtime.hub.publish("activity", f"{WORKSPACE} 0")
            async with asyncio.timeout(60):
                await watch.after(number)
        assert await anext(steps) == Seen(is_gap=True)
        last = await write_entry(runtime)
        assert [row.id for row in (await anext(steps)).rows] == [last]
    assert watches.is_idle


async def test_a_workspace_watches_a_hundred_different_things_at_the_most(runtime: Runtime) -> None:
    watches, stack = runtime.watches, AsyncExitStack()

    def followed(number: int, workspace_id: UUID = WORKSPACE) -> AsyncGenerator[Seen, None]:
        return watches.follow(workspace_id, WatchKind.EVENTS, (("type", f"a.b.c{number}"),))

    async with stack:
        for number in [*range(WATCHES_LIMIT), 0]:
            await begun(await stack.enter_async_context(aclosing(followed(number))))
        with pytest.raises(HooklineError, match="different conditions"):
            await anext(followed(WATCHES_LIMIT))
        await begun(await stack.enter_async_context(aclosing(followed(0, ids.uuid7()))))
    assert watches.is_idle


async def test_a_clock_that_was_set_back_hides_no_new_rows(runtime: Runtime) -> None:
    reader, look = runtime.database.reader(), AuditLook(WORKSPACE)
    later = await write_entry(runtime, key_from(timedelta(hours=-1)))
    await look.begin(reader)
    await write_entry(runtime)
    assert [row.id < later for row in (await look.look(reader)).rows] == [True]


async def test_a_look_that_fails_is_a_gap_once_the_next_one_succeeds(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    async with aclosing(runtime.watches.follow(WORKSPACE, WatchKind.AUDIT_ENTRIES)) as steps:
        await begun(steps)
        async with runtime.database.unit_of_work() as work:
            await work.execute("alter table audit_entry rename to away")
        await eventually(lambda: "a table could not be watched" in caplog.text)
        async with runtime.database.unit_of_work() as work:
            await work.execute("alter table away rename to audit_entry")
        async with asyncio.timeout(60):
            assert (await anext(steps)).is_gap
            new = await write_entry(runtime)
            assert [row.id for row in (await anext(steps)).rows] == [new]
