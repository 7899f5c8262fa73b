"""Workers over any broker for the tests of actors, and rows that they find."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from dramatiq import Broker

from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.wakeups import Wakeups
from hookline.runtime import Runtime
from tests.making import ago, make_webhook
from tests.working import working

DAY = 86_400
_BROKERS = ("memory-sqlite", "redis-postgres", "amqp-postgres")
on_every_broker = pytest.mark.parametrize("shape", _BROKERS, indirect=True)
once_and_again = pytest.mark.parametrize(
    ("shape", "times"), [(_BROKERS[0], 1), *((one, 10) for one in _BROKERS)], indirect=["shape"]
)
"""One message for each worker where the process hands it to itself, ten of them everywhere."""


@asynccontextmanager
async def unscheduled(runtime: Runtime, url: str) -> AsyncIterator[Broker]:
    """A worker that does what messages ask for, and nothing else."""
    async with working(runtime, url, is_scheduled=False) as (_, broker):
        yield broker


@asynccontextmanager
async def two_workers(runtime: Runtime, url: str) -> AsyncIterator[tuple[Broker, Broker]]:
    """Each with a pump, a broker and an enqueuer of its own; SQLite has one worker."""
    async with unscheduled(runtime, url) as first:
        if runtime.settings.is_sqlite:
            yield first, first
            return
        enqueuer = Enqueuer()
        other = replace(runtime, enqueuer=enqueuer, wakeups=Wakeups(runtime.hub, enqueuer))
        async with unscheduled(other, url) as second:
            yield first, second


async def rows_of(runtime: Runtime, sql: str) -> list[Any]:
    return await runtime.database.reader().rows(sql)


async def add_old_minutes(runtime: Runtime) -> None:
    webhook, hour = (
        await make_webhook(runtime),
        ago(3 * DAY).replace(minute=0, second=0, microsecond=0),
    )
    async with runtime.database.unit_of_work() as work:
        for minute in range(3):
            sql = (
                "insert into webhook_stat (webhook_id, step, at, bucket, attempts, failures) "
                "values ($1, 60, $2, 5, 2, 1)"
            )
            await work.execute(sql, webhook.id, hour + timedelta(minutes=minute))
