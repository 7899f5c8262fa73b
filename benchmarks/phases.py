"""The phases from a publish to its arrival, on PostgreSQL, at 200 and 1,000 events a second. Called
by `make bench ARGS=phases_postgres`.
"""

# Notes of both processes, the generator's and the receiver's times are of one clock.

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import asyncpg

from benchmarks.load import percentiles
from benchmarks.stand import SECONDS, get, on_postgres, tell

RATES: Final = (200, 1_000)
PHASES: Final = {
    "request_read": ("published", "asked"),
    "parsed": ("asked", "parsed"),
    "matched": ("parsed", "publish_begun"),
    "written_and_heard": ("publish_begun", "heard"),
    "claim_begun": ("heard", "claim_begun"),
    "claim": ("claim_begun", "claimed"),
    "sent": ("claimed", "sent"),
    "arrived": ("sent", "arrived"),
}
"""Each begins where the one before ends: their means add up to the whole's. request_read: from
before the generator writes. matched: with the wait for the commit before. written_and_heard: to the
NOTIFY, which leaves with the commit, before the statement's answer.
"""
Times = dict[str, float]
"""Seconds since 1970 of one event's steps."""


def measure(folder: Path, receiver_port: int) -> dict[str, Any]:
    return {f"{rate}_a_second": _at(rate, folder / str(rate), receiver_port) for rate in RATES}


def _at(rate: int, folder: Path, receiver_port: int) -> dict[str, Any]:
    tell(f"  {rate} a second")
    folder.mkdir()
    with on_postgres(
        folder,
        receiver_port,
        serve=("-m", "benchmarks.traced", "serve"),
        worker=("-m", "dramatiq", "benchmarks.traced", "--processes", "1", "--skip-logging"),
    ) as bench:
        url = bench.environment["HOOKLINE_DATABASE_URL"]
        asyncio.run(_time_flushes(url))
        # Not measured: the first requests prepare documents, statements and connections.
        bench.steady(rate, 2)
        before = asyncio.run(_flushes(url))
        began = time.time()
        steady = bench.steady(rate, SECONDS)
        after = asyncio.run(_flushes(url))
        round_trip_ms = asyncio.run(_round_trip_ms(url))
        arrivals = get(f"{bench.receiver}/arrivals")
    notes = _notes(folder)
    events = [event for event in _events(notes, arrivals) if event["published"] >= began]
    flush_ms = (after[1] - before[1]) / max(1, after[0] - before[0])
    statements = {
        name: _parts(events, begun, ended, round_trip_ms, flush_ms)
        for name, begun, ended in (
            ("publish", "publish_begun", "publish_ended"),
            ("claim", "claim_begun", "claimed"),
        )
    }
    return {
        "events": len(events),
        "lost": steady["lost"],
        "whole_ms": _milliseconds(events, "published", "arrived"),
        "phases_ms": {
            name: _milliseconds(events, begun, ended) for name, (begun, ended) in PHASES.items()
        },
        "round_trip_ms": round(round_trip_ms, 3),
        "flush_ms": round(flush_ms, 3),
        "statements_ms": statements,
    }


def _notes(folder: Path) -> dict[str, list[tuple[str, float]]]:
    notes: dict[str, list[tuple[str, float]]] = {}
    for path in folder.glob("phases-*.json"):
        for step, found in json.loads(path.read_text("utf-8")).items():
            notes.setdefault(step, []).extend(found)
    return notes


def _events(
    notes: dict[str, list[tuple[str, float]]], arrivals: dict[str, list[float]]
) -> list[Times]:
    """The steps of each event that was sent once."""
    steps: dict[str, Times] = {}
    for step, found in notes.items():
        for key, moment in found:
            steps.setdefault(key, {})[step] = moment
    steps.pop("", None)
    heard = _heard(notes)
    for key, times in steps.items():
        if key in arrivals:
            times["published"], times["arrived"] = arrivals[key]
        if times.get("publish_begun") in heard:
            times["heard"] = heard[times["publish_begun"]]
    wanted = {step for pair in PHASES.values() for step in pair}
    return [times for times in steps.values() if wanted <= set(times)]


def _heard(notes: dict[str, list[tuple[str, float]]]) -> dict[float, float]:
    """The times at which the worker heard of each publish statement, by when that began.

    Raises SystemExit if not each was heard of once.
    """
    # One writer commits them one after the other, and each wakes once: they come in its order.
    begun = sorted({moment for _, moment in notes["publish_begun"]})
    heard = sorted(moment for _, moment in notes["heard"])
    if len(begun) != len(heard):
        raise SystemExit(f"{len(begun)} statements published, and {len(heard)} wake-ups came")
    return dict(zip(begun, heard, strict=True))


def _milliseconds(events: list[Times], begun: str, ended: str) -> dict[str, float]:
    values = [(event[ended] - event[begun]) * 1_000 for event in events]
    return {"mean": round(statistics.fmean(values), 3), **percentiles(values)}


def _parts(
    events: list[Times], begun: str, ended: str, round_trip_ms: float, flush_ms: float
) -> dict[str, Any]:
    """A statement's time, and how much of its mean is neither round trip nor flush."""
    whole = _milliseconds(events, begun, ended)
    return {**whole, "rest": round(whole["mean"] - round_trip_ms - flush_ms, 3)}


async def _ask(url: str, question: Callable[["asyncpg.Connection[Any]"], Any]) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await question(connection)
    finally:
        await connection.close()


async def _time_flushes(url: str) -> None:
    """Has the server time them, which it does not by itself."""

    async def question(connection: "asyncpg.Connection[Any]") -> None:
        await connection.execute("alter system set track_wal_io_timing = on")
        await connection.execute("select pg_reload_conf()")

    await _ask(url, question)


async def _flushes(url: str) -> tuple[int, float]:
    """Number of flushes of the log so far, by sessions, and their milliseconds."""

    async def question(connection: "asyncpg.Connection[Any]") -> tuple[int, float]:
        row = await connection.fetchrow(
            "select sum(fsyncs) as count, sum(fsync_time) as millis from pg_stat_io"
            " where object = 'wal' and backend_type = 'client backend'"
        )
        assert row is not None
        return int(row["count"]), float(row["millis"])

    found: tuple[int, float] = await _ask(url, question)
    return found


async def _round_trip_ms(url: str) -> float:
    """The median of 500 questions for nothing."""

    async def question(connection: "asyncpg.Connection[Any]") -> float:
        taken = []
        for _ in range(500):
            begun = time.perf_counter()
            await connection.fetchval("select 1")
            taken.append((time.perf_counter() - begun) * 1_000)
        return statistics.median(taken)

    found: float = await _ask(url, question)
    return found
