"""Places that many owners share in turn."""

import asyncio

import pytest

from hookline.turns import Turns
from tests.waiting import turns


class Places:
    """Takes places and holds them until they are told to go. order: of the owners that got one."""

    def __init__(self, shared: Turns) -> None:
        self.shared, self.order = shared, list[str]()
        self._tasks: list[tuple[str, asyncio.Task[None], asyncio.Event]] = []

    async def ask(self, *owners: str) -> None:
        for owner in owners:
            leave = asyncio.Event()
            self._tasks.append((owner, asyncio.create_task(self._hold(owner, leave)), leave))
        await turns(3)

    async def leave(self, owner: str) -> None:
        """Ends the oldest that the owner holds or waits for."""
        entry = next(entry for entry in self._tasks if entry[0] == owner)
        self._tasks.remove(entry)
        entry[2].set()
        await entry[1]
        await turns(3)

    async def cancel(self, owner: str) -> None:
        entry = next(entry for entry in reversed(self._tasks) if entry[0] == owner)
        self._tasks.remove(entry)
        entry[1].cancel()
        await asyncio.gather(entry[1], return_exceptions=True)
        await turns(3)

    async def _hold(self, owner: str, leave: asyncio.Event) -> None:
        async with self.shared.place(owner):
            self.order.append(owner)
            await leave.wait()


async def test_owner_with_many_waits_behind_one_with_few() -> None:
    places = Places(Turns(1, 1, 1, 60))
    await places.ask("a", "a", "a", "b", "c")
    for owner in ("a", "b", "c", "a"):
        await places.leave(owner)
    assert places.order == ["a", "b", "c", "a", "a"]
    await places.leave("a")


async def test_owner_has_no_more_than_its_places_and_one_when_half_are_taken() -> None:
    places = Places(Turns(6, 2, 6, 60))
    await places.ask("a", "a", "a", "b", "b", "c")
    # With three taken, only an owner that has none gets another.
    assert places.order == ["a", "a", "b", "c"]
    for owner in ("a", "a", "a", "b", "b", "c"):
        await places.leave(owner)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


async def test_slow_owners_leave_places_to_the_others() -> None:
    clock = Clock()
    places = Places(Turns(3, 3, 1, 0.5, clock.now))
    for owner in ("a", "b"):
        await places.ask(owner)
        clock.seconds += 1
        await places.leave(owner)
    await places.ask("a", "b", "c")
    assert places.order[2:] == ["a", "c"]
    await places.leave("a")
    assert places.order[2:] == ["a", "c", "b"]
    await places.leave("b")
    await places.leave("c")


async def use(shared: Turns, clock: Clock, seconds: float, waits: float = 0) -> None:
    async with shared.place("a") as place:
        clock.seconds += waits
        place.begin()
        clock.seconds += seconds


@pytest.mark.parametrize(("seconds", "slow_for"), [(0.5, 30.0), (0.06, 3.6), (20.0, 60.0)])
async def test_owner_that_was_slow_is_not_quick_after_one_quick_use(
    seconds: float, slow_for: float
) -> None:
    clock = Clock()
    shared = Turns(3, 3, 1, 0.05, clock.now)
    await use(shared, clock, seconds)
    for _ in range(3):
        await use(shared, clock, 0.01)
    assert shared._is_slow("a")
    clock.seconds = seconds + slow_for
    assert not shared._is_slow("a")
    await use(shared, clock, 0.01)
    assert not shared._slow


async def test_a_slow_use_never_shortens_the_time_of_a_slower_one() -> None:
    clock = Clock()
    shared = Turns(3, 3, 1, 0.05, clock.now)
    await use(shared, clock, 0.5)
    await use(shared, clock, 0.06)
    clock.seconds = 30.0
    assert shared._is_slow("a")


async def test_what_is_got_ready_before_a_use_does_not_count() -> None:
    clock = Clock()
    shared = Turns(3, 3, 1, 0.05, clock.now)
    await use(shared, clock, 0.01, waits=10)
    assert not shared._is_slow("a")


async def test_caller_that_leaves_takes_no_place_with_it() -> None:
    places = Places(Turns(1, 1, 1, 60))
    await places.ask("a", "b", "c")
    await places.cancel("b")
    await places.leave("a")
    assert places.order == ["a", "c"]
    await places.cancel("c")
    await places.ask("d")
    assert places.order == ["a", "c", "d"]
    await places.leave("d")
    assert not places.shared._taken
    assert not places.shared._waiting
    assert not places.shared._last_turns


async def test_caller_that_leaves_as_its_turn_comes_gives_the_place_on() -> None:
    shared = Turns(1, 1, 1, 60)
    first = shared.place("a")
    await first.__aenter__()
    leaving = asyncio.create_task(shared.place("b").__aenter__())
    await turns(2)
    await first.__aexit__(None, None, None)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    async with shared.place("c"):
        pass


async def test_callers_are_served_in_turn_and_each_has_half_at_most() -> None:
    places = Places(Turns(4, 2))
    await places.ask(*["greedy"] * 9, "one", "other")
    assert places.order == ["greedy", "greedy", "one", "other"]
    for owner in ("one", "other", *["greedy"] * 9):
        await places.leave(owner)
    assert places.order[4:] == ["greedy"] * 7


async def test_a_cancellation_at_any_moment_loses_no_place() -> None:
    for moment in range(8):
        shared = Turns(1, 1)
        places = Places(shared)
        await places.ask("a", "b", "c")
        leaving = asyncio.create_task(places.leave("a"))
        await turns(moment)
        await places.cancel("b")
        await leaving
        await places.leave("c")
        # nobody waits any more, and the place is there
        async with asyncio.timeout(5), shared.place("d"):
            pass
