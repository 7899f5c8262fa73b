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
from tests.waiting import eventually
from workers.heartbeat import Heartbeat
from workers.leases import STALE_SECONDS, Leases


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
    """Leases whose token is kept by a heartbeat. tokens: all that it had, in turn."""

    def __init__(self, runtime: Runtime, queue: Queue) -> None:
        self.leases = Leases(queue, runtime.registry)
        self.heartbeat = Heartbeat(queue, self.leases)
        self.tokens = list[UUID]()

    async def run(self) -> None:
        async for token in self.heartbeat.new_tokens():
            assert token == self.leases.token
            self.tokens.append(token)


@asynccontextmanager
async def beating(runtime: Runtime, queue: Any = None) -> AsyncIterator[Beating]:
    one = Beating(runtime, cast(Queue, queue or runtime.queue))
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def registered(runtime: Runtime) -> set[UUID]:
    return {row["token"] for row in await runtime.database.reader().rows("select token from pump")}


async def test_token_is_registered_before_anybody_hears_of_it(runtime: Runtime) -> None:
    async with beating(runtime) as one:
        assert one.leases.token is None
        assert not one.leases.is_fresh
        await eventually(lambda: one.tokens)
        assert one.leases.is_fresh
        assert one.leases.token in await registered(runtime)


async def test_token_that_is_given_up_is_replaced_at_once(runtime: Runtime) -> None:
    async with beating(runtime) as one:
        await eventually(lambda: len(one.tokens) == 1)
        old = one.leases.token
        one.leases.give_up()
        assert not one.leases.is_fresh
        one.leases.give_up()
        assert one.leases.token is None
        await eventually(lambda: len(one.tokens) == 2, seconds=1)  # well before the next beat
        assert one.leases.token not in (None, old)
        assert old in await registered(runtime)  # its leases wait for a takeover


async def test_token_goes_when_no_beat_was_confirmed_for_long(runtime: Runtime) -> None:
    queue = Faulty(runtime.queue)
    async with beating(runtime, queue) as one:
        await eventually(lambda: len(one.tokens) == 1)
        queue.faults = [ConnectionRefusedError()]
        # as after a freeze: the clocks went on, nothing else did
        one.leases._confirmed_at -= STALE_SECONDS + 1
        assert not one.leases.is_fresh
        await eventually(lambda: len(one.tokens) == 2)


async def test_lost_beats_cost_nothing_and_the_beat_goes_on_whatever_the_fault(
    runtime: Runtime,
) -> None:
    queue = Faulty(runtime.queue)
    async with beating(runtime, queue) as one:
        await eventually(lambda: len(one.tokens) == 1)
        token, queue.faults = one.leases.token, [TimeoutError(), RuntimeError("unforeseen")]
        await eventually(lambda: not queue.faults)
        assert (one.leases.token, one.leases.is_fresh, len(one.tokens)) == (token, True, 1)
        one.leases.give_up()
        await eventually(lambda: len(one.tokens) == 2)


async def test_registration_is_tried_until_the_database_is_there(runtime: Runtime) -> None:
    queue = Faulty(runtime.queue, ConnectionRefusedError(), TimeoutError())
    async with beating(runtime, queue) as one:
        await eventually(lambda: len(one.tokens) == 1)
        assert one.leases.token in await registered(runtime)
