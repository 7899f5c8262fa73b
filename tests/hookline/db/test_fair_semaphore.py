"""A semaphore that callers share: each has its turn, and no permit is ever lost."""

import asyncio
from collections.abc import Hashable

from hookline.db.fair_semaphore import FairSemaphore
from tests.waiting import turns


class Line:
    """Callers who wait for permits, and the order in which they got one."""

    def __init__(self, semaphore: FairSemaphore) -> None:
        self._semaphore = semaphore
        self.served: list[Hashable] = []
        self.may_go = asyncio.Event()

    def ask(self, caller: Hashable) -> asyncio.Task[None]:
        return asyncio.create_task(self._hold(caller))

    async def _hold(self, caller: Hashable) -> None:
        async with self._semaphore.held(caller):
            self.served.append(caller)
            await self.may_go.wait()


async def test_who_asks_for_much_waits_behind_himself() -> None:
    line = Line(FairSemaphore(1))
    asked = [line.ask("greedy") for _ in range(50)]
    await turns(2)
    asked += [line.ask("one"), line.ask("other")]
    await turns(2)
    line.may_go.set()
    await asyncio.gather(*asked)
    assert {*line.served[1:4]} == {"greedy", "one", "other"}
    assert len(line.served) == 52


async def test_as_many_hold_a_permit_as_there_are() -> None:
    line = Line(FairSemaphore(3))
    asked = [line.ask(number) for number in range(5)]
    await turns(3)
    assert line.served == [0, 1, 2]
    line.may_go.set()
    await asyncio.gather(*asked)
    assert line.served == [0, 1, 2, 3, 4]


async def test_one_caller_holds_half_of_them() -> None:
    line = Line(FairSemaphore(4))
    asked = [line.ask("greedy") for _ in range(9)]
    await turns(3)
    assert line.served == ["greedy"] * 2
    asked.append(line.ask("one"))
    await turns(3)
    assert line.served[2:] == ["one"]
    line.may_go.set()
    await asyncio.gather(*asked)
    assert len(line.served) == 10


async def test_a_cancellation_at_any_moment_loses_no_permit() -> None:
    for moment in range(8):
        semaphore = FairSemaphore(1)
        line = Line(semaphore)
        first, second, third = line.ask("a"), line.ask("b"), line.ask("c")
        await turns(2)
        line.may_go.set()
        await turns(moment)
        second.cancel()
        await asyncio.gather(first, second, third, return_exceptions=True)
        assert line.served[-1] == "c"
        # Nobody waits any more, and the permit is there.
        async with asyncio.timeout(5), semaphore.held("d"):
            pass
