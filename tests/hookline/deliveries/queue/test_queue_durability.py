"""A publish on PostgreSQL returns when it is on disk, though its worker hears of it sooner."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex

import asyncpg
import pytest

from hookline import clock
from hookline.db.faults import FAULTS
from hookline.deliveries.queue import postgres_publishing
from hookline.deliveries.queue.base import EventExists, NewEvent
from hookline.models import Event, Webhook
from hookline.runtime import Runtime
from hookline.settings.fields import Settings
from hookline.wiring import open_runtime
from tests.conftest import LOOPBACK
from tests.making import WORKSPACE, make_webhook, new_delivery, new_event
from tests.waiting import eventually

pytestmark = pytest.mark.engines("postgres")

_DATA_BYTES = 4_000


def large_event(key: str | None = None) -> NewEvent:
    """One that the log has in full: nothing in it can be compressed by half."""
    return new_event(key)._replace(data=f'"{token_hex(_DATA_BYTES // 2)}"')


async def write(runtime: Runtime, webhook: Webhook, *events: NewEvent) -> bool:
    """With a delivery each."""
    version = (await runtime.queue.versions())[WORKSPACE]
    deliveries = [new_delivery(event, webhook.id) for event in events]
    return await runtime.queue.publish(WORKSPACE, version, clock.now(), events, deliveries)


async def flushed_bytes(runtime: Runtime) -> int:
    """Bytes of the write-ahead log that are on disk."""
    [row] = await runtime.database.reader().rows(
        "select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint as flushed"
    )
    return int(row["flushed"])


@asynccontextmanager
async def heard(runtime: Runtime) -> AsyncIterator[list[str]]:
    """The wake-ups that a worker hears."""
    payloads = list[str]()
    connection = await asyncpg.connect(runtime.settings.postgres_dsn)
    try:
        await connection.add_listener("hookline_wake", lambda *given: payloads.append(given[-1]))
        yield payloads
    finally:
        await connection.close()


@pytest.mark.parametrize("keys", [[None], ["k"], [None, None]], ids=["one", "key", "several"])
async def test_what_was_published_is_on_disk(runtime: Runtime, keys: list[str | None]) -> None:
    webhook = await make_webhook(runtime)
    before = await flushed_bytes(runtime)
    assert await write(runtime, webhook, *map(large_event, keys))
    assert await flushed_bytes(runtime) - before > _DATA_BYTES * len(keys)


async def flush_with(runtime: Runtime, statement: str) -> None:
    """Has hl_flush do something else from now on."""
    connection = await asyncpg.connect(runtime.settings.postgres_dsn)
    try:
        await connection.execute(
            "create or replace function hl_flush() returns pg_lsn language plpgsql as "
            f"$$ begin {statement}; return null; end $$"
        )
    finally:
        await connection.close()


async def test_worker_hears_of_it_before_it_is_on_disk(runtime: Runtime) -> None:
    await flush_with(runtime, "perform pg_sleep(100)")
    webhook, event = await make_webhook(runtime), large_event()
    async with heard(runtime) as payloads:
        publishing = asyncio.create_task(write(runtime, webhook, event))
        await eventually(lambda: payloads)
        assert await Event.filter(id=event.id).exists()
        assert not publishing.done()
        publishing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await publishing


async def test_key_is_on_disk_before_anybody_hears_of_it(runtime: Runtime) -> None:
    await flush_with(runtime, "raise 'not asked'")
    async with heard(runtime) as payloads:
        assert await write(runtime, await make_webhook(runtime), large_event("k"))
        await eventually(lambda: payloads)


async def test_one_whose_answer_was_lost_is_on_disk_when_the_next_try_finds_it(
    runtime: Runtime,
) -> None:
    webhook, event = await make_webhook(runtime), large_event()
    before = await flushed_bytes(runtime)
    await flush_with(runtime, "perform pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(FAULTS):
        await write(runtime, webhook, event)
    await flush_with(runtime, "perform pg_logical_emit_message(true, 'hookline', ''::text)")
    with pytest.raises(EventExists):
        await write(runtime, webhook, event)
    assert await flushed_bytes(runtime) - before > _DATA_BYTES
    assert await Event.all().count() == 1


async def test_server_that_keeps_the_flush_back_is_waited_for_as_a_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(postgres_publishing, "MAY_FLUSH", "select false")
    async with open_runtime(settings, LOOPBACK) as runtime:
        await flush_with(runtime, "raise 'not asked'")
        assert "not sooner" in caplog.text
        webhook = await make_webhook(runtime)
        before = await flushed_bytes(runtime)
        event = large_event()
        assert await write(runtime, webhook, event)
        assert await flushed_bytes(runtime) - before > _DATA_BYTES
        with pytest.raises(EventExists):
            await write(runtime, webhook, event)
