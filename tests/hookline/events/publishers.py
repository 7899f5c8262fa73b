"""Publishes as the tests of publishing do it, and publishers over a queue that goes wrong."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from hookline.deliveries.queue.base import Queue
from hookline.events.checking import EventLimits, PublishInput
from hookline.events.publishing import Published, Publisher
from hookline.runtime import Runtime
from tests.making import ENVIRONMENT, TYPE, WORKSPACE


def given(
    data: Any = None, key: str | None = None, type: str = TYPE, occurred_at: datetime | None = None
) -> PublishInput:
    return PublishInput(type, ENVIRONMENT, data, key, occurred_at)


async def publish(runtime: Runtime, *inputs: PublishInput) -> list[Published]:
    return await runtime.publisher.publish(WORKSPACE, inputs)


class Tampered:
    """The real queue, whose publish goes wrong in a way of its own. faults: raised one after the
    other, before or after the commit.
    """

    def __init__(self, queue: Queue, *faults: Exception, after_commit: bool = False) -> None:
        self._queue, self._faults, self._after_commit = queue, list(faults), after_commit
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0
        self.sizes: list[int] = []
        """Deliveries of each publish."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def publish(self, *given: Any) -> bool:
        self.waiting += 1
        await self.gate.wait()
        self.waiting -= 1
        self.sizes.append(len(given[4]))
        if self._faults and not self._after_commit:
            raise self._faults.pop(0)
        written = await self._queue.publish(*given)
        if self._faults:
            raise self._faults.pop(0)
        return written


def over(runtime: Runtime, queue: Tampered) -> Runtime:
    """The same runtime with a publisher over another queue."""
    limits = EventLimits(runtime.settings.environments, runtime.settings.max_event_bytes)
    return replace(
        runtime,
        publisher=Publisher(
            cast(Queue, queue), runtime.registry, runtime.wakeups, limits, runtime.metrics
        ),
    )


async def refuse_poison(runtime: Runtime) -> None:
    """Makes the database refuse every event whose data holds the word poison."""
    sqlite = (
        "create trigger t before insert on event when new.data like '%poison%' begin select "
        "raise(abort, 'poison'); end"
    )
    postgres = "alter table event add constraint no_poison check (data not like '%poison%')"
    async with runtime.database.unit_of_work() as work:
        await work.execute(sqlite if work.dialect == "sqlite" else postgres)
