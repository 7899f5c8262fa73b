"""A pump's token over both databases: when it is taken, when it goes, and that the beat outlives
whatever the database says.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

from hookline.deliveries.queue.base import Queue
from hookline.runtime import Runtime
from tests.making import as_uuid
from tests.waiting import eventually
from workers.heartbeat import STALE_SECONDS, Heartbeat


class Faulty:
    """The real queue, whose next registrations and beats raise these."""

    def __init__(self, queue: Queue, *faults: Exception) -> None:
        self._queue, self.faults = queue, list(faults)

    async def register(self, *given: Any) -> None:
        if self.faults:
            raise self.faults.pop(0)
        await self._queue.register(*given)

    async def beat(self, token: UUID) -> bool:
        if self.faults:
            raise self.faults.pop(0)
        return await self._queue.beat(token)


class Beating:
    def __init__(self, queue: Queue) -> None:
        self.began, self.lost = 0, 0
        self.heartbeat = Heartbeat(queue, self._begin, self._lose)

    def _begin(self) -> None:
        self.began += 1

    def _lose(self) -> None:
        assert self.heartbeat.token is None
        self.lost += 1


@asynccontextmanager
async def beating(queue: Any) -> AsyncIterator[Beating]:
    one = Beating(cast(Queue, queue))
    task = asyncio.create_task(one.heartbeat.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def registered(runtime: Runtime) -> set[UUID]:
    return {
        as_uuid(row["token"])
        for row in await runtime.database.reader().rows("select token from pump")
    }


async def test_token_is_registered_before_anybody_hears_of_it(runtime: Runtime) -> None:
    async with beating(runtime.queue) as one:
        assert one.heartbeat.token is None
        assert not one.heartbeat.is_fresh
        await eventually(lambda: one.began)
        assert one.heartbeat.is_fresh
        assert one.heartbeat.token in await registered(runtime)


async def test_token_that_is_given_up_is_replaced_at_once(runtime: Runtime) -> None:
    async with beating(runtime.queue) as one:
        await eventually(lambda: one.began == 1)
        old = one.heartbeat.token
        one.heartbeat.give_up()
        assert not one.heartbeat.is_fresh
        one.heartbeat.give_up()
        assert one.lost == 1
        await eventually(lambda: one.began == 2, seconds=1)  # well before the next beat
        assert one.heartbeat.token not in (None, old)
        assert old in await registered(runtime)  # its leases wait for a takeover


async def test_token_goes_when_no_beat_was_confirmed_for_long(runtime: Runtime) -> None:
    queue = Faulty(runtime.queue)
    async with beating(queue) as one:
        await eventually(lambda: one.began == 1)
        queue.faults = [ConnectionRefusedError()]
        one.heartbeat._confirmed_at -= (
            STALE_SECONDS + 1
        )  # as after a freeze: the clocks went on, nothing else did
        assert not one.heartbeat.is_fresh
        await eventually(lambda: one.lost == 1)
        await eventually(lambda: one.began == 2)


async def test_lost_beats_cost_nothing_and_the_beat_goes_on_whatever_the_fault(
    runtime: Runtime,
) -> None:
    queue = Faulty(runtime.queue)
    async with beating(queue) as one:
        await eventually(lambda: one.began == 1)
        token, queue.faults = one.heartbeat.token, [TimeoutError(), RuntimeError("unforeseen")]
        await eventually(lambda: not queue.faults)
        assert (one.heartbeat.token, one.heartbeat.is_fresh, one.lost) == (token, True, 0)
        one.heartbeat.give_up()
        await eventually(lambda: one.began == 2)


async def test_registration_is_tried_until_the_database_is_there(runtime: Runtime) -> None:
    async with beating(Faulty(runtime.queue, ConnectionRefusedError(), TimeoutError())) as one:
        await eventually(lambda: one.began == 1)
        assert one.heartbeat.token in await registered(runtime)
