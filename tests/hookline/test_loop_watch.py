"""The watch over the event loop: it finds stalls that are made on purpose, and tells of them."""

import logging
from time import perf_counter

import pytest

from hookline.loop_watch import STALL_SECONDS, LoopWatch
from hookline.metrics import Metrics
from tests.waiting import eventually, turns


def stand_still(seconds: float) -> None:
    """Computes, as what holds the loop does."""
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


def value(metrics: Metrics, name: str) -> float:
    return metrics.registry.get_sample_value(name) or 0.0


async def stall(metrics: Metrics, seconds: float) -> None:
    """Stands still, and waits until the watch has seen it. What others of the machine caused may
    come on top.
    """
    seen = value(metrics, "hookline_loop_stall_seconds_count")
    stand_still(seconds)
    await eventually(lambda: value(metrics, "hookline_loop_stall_seconds_count") > seen)


async def test_planted_stall_is_counted_with_its_length() -> None:
    metrics = Metrics()
    watch = LoopWatch(metrics)
    await turns(3)
    await stall(metrics, 0.3)
    watch.close()
    assert value(metrics, "hookline_loop_stall_seconds_sum") > 0.2
    assert value(metrics, "hookline_loop_longest_stall_seconds") > 0.2


async def test_stalls_are_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    watch = LoopWatch(metrics)
    with caplog.at_level(logging.WARNING, "hookline.loop_watch"):
        for _ in range(3):
            await stall(metrics, 3 * STALL_SECONDS)
    watch.close()
    [line] = [record.getMessage() for record in caplog.records]
    assert "the event loop stood still for 0." in line
    assert "of its own CPU), 1 stalls over 0.05 s" in line


async def test_closed_watch_looks_no_more() -> None:
    metrics = Metrics()
    LoopWatch(metrics).close()
    stand_still(3 * STALL_SECONDS)
    other = LoopWatch(second := Metrics())
    await stall(second, 3 * STALL_SECONDS)
    other.close()
    assert value(metrics, "hookline_loop_stall_seconds_count") == 0
