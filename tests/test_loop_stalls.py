"""The watch over a test's loop finds a planted stall, and no time that merely passes."""

import asyncio
from time import thread_time

import pytest

from tests.loop_stalls import watched_loop
from tests.waiting import turns


def compute(cpu_seconds: float) -> None:
    until = thread_time() + cpu_seconds
    while thread_time() < until:
        pass


async def holding(cpu_seconds: float, turns_before: int) -> None:
    async with watched_loop(0.1):
        await turns(turns_before)
        compute(cpu_seconds)


@pytest.mark.parametrize("turns_before", [0, 3])
async def test_planted_stall_is_found(turns_before: int) -> None:
    with pytest.raises(AssertionError, match="the loop was held for 0"):
        await holding(0.2, turns_before)


async def test_work_that_lets_others_run_is_none() -> None:
    async with watched_loop(0.3) as stalls:
        for _ in range(30):
            compute(0.02)
            await asyncio.sleep(0)
    assert stalls.longest > 0.02


async def test_time_that_passes_is_none() -> None:
    async with watched_loop(0.1):
        await asyncio.to_thread(compute, 0.3)
