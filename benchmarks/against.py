"""`make bench ARGS="--against REV"`: this checkout beside another revision, both at once, loaded in
turns. Ratios of such pairs hold on a machine whose speed changes; the figures of two runs one
after the other do not.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from math import sqrt
from pathlib import Path

from benchmarks.stand import (
    Bench,
    command,
    free_port,
    on_postgres,
    prepared,
    process,
    settings,
    tell,
    wait_for,
)

FIGURES = ("single", "batch_100", "steady_200", "p50_ms", "steady_1000", "p50_ms_1000")
"""Of a round: CPU seconds per 1,000 deliveries of four loads, and publish to arrival at 200 and
at 1,000 events a second.
"""
_LOOP = 2_000_000

Round = dict[str, float]


@dataclass(frozen=True, slots=True)
class Version:
    """A checkout under a name, `this` or the revision. It runs with this one's packages."""

    name: str
    folder: Path


def main(arguments: Sequence[str]) -> dict[str, object]:
    """Measures as the arguments say; returns what is printed, for each engine a row a figure."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--against", required=True, metavar="REV", help="a revision of git")
    parser.add_argument("--engine", choices=tuple(_ENGINES), action="append", help="default: both")
    parser.add_argument("--rounds", type=int, default=3, help="of each version in each place")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        old = Version(given.against, unpack_revision(given.against, Path(folder)))
        new = Version("this", Path(__file__).parents[1])
        return {
            engine: compare(engine, old, new, given.rounds)
            for engine in given.engine or tuple(_ENGINES)
        }


def compare(engine: str, old: Version, new: Version, rounds: int) -> dict[str, object]:
    """Measures both versions with either one started first, since the place of a server counts."""
    places = []
    for order in ((old, new), (new, old)):
        tell(f"{engine}, {order[0].name} first")
        places.append(_in_turns(engine, order, rounds))
    return {
        "machine_loop_s": _spread([r["loop_s"] for place in places for r in place["this"]]),
        **{figure: _row(figure, places, old.name) for figure in FIGURES},
    }


def _row(figure: str, places: list[dict[str, list[Round]]], old: str) -> dict[str, object]:
    """Of one figure: both medians, the ratio this/old as the geometric mean over the places, and
    the least and greatest ratio of two neighbouring runs.
    """
    ours, theirs = (
        [[one[figure] for one in place[name]] for place in places] for name in ("this", old)
    )
    ratios = [
        statistics.median(new) / statistics.median(before)
        for new, before in zip(ours, theirs, strict=True)
    ]
    pairs = [
        new / before
        for place in zip(ours, theirs, strict=True)
        for new, before in zip(*place, strict=True)
    ]
    return {
        "this": round(statistics.median(chain(*ours)), 3),
        old: round(statistics.median(chain(*theirs)), 3),
        "ratio": round(sqrt(ratios[0] * ratios[1]), 3),
        "pairs": _spread(pairs),
    }


def _spread(values: list[float]) -> list[float]:
    """The least, the median and the greatest."""
    return [round(one, 3) for one in (min(values), statistics.median(values), max(values))]


def _in_turns(
    engine: str, versions: tuple[Version, Version], rounds: int
) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = {version.name: [] for version in versions}
    with ExitStack() as stack:
        benches = {v.name: stack.enter_context(_served(engine, v)) for v in versions}
        for number in range(rounds):
            for name, bench in benches.items():
                tell(f"  round {number + 1} of {rounds}: {name}")
                found[name].append(_round(bench))
    return found


def _round(bench: Bench) -> Round:
    loop_seconds = _fixed_loop()
    # First: behind a flood it would measure the vacuum of its rows too.
    calm, busy = bench.steady(200), bench.steady(1_000)
    return {
        "loop_s": loop_seconds,
        "steady_200": calm["cpu_s_per_1000"],
        "p50_ms": calm["arrival_ms"]["p50"],
        "steady_1000": busy["cpu_s_per_1000"],
        "p50_ms_1000": busy["arrival_ms"]["p50"],
        "single": bench.flood(1, 64)["cpu_s_per_1000"],
        "batch_100": bench.flood(100, 8)["cpu_s_per_1000"],
    }


def _fixed_loop() -> float:
    """CPU seconds of the same work each time: the speed of this machine at this moment."""
    began, total = time.process_time(), 0
    for number in range(_LOOP):
        total += number
    return time.process_time() - began


@contextmanager
def _served(engine: str, version: Version) -> Iterator[Bench]:
    """A version with a receiver and a database of its own."""
    receiver_port = free_port()
    with (
        # On a disk: /tmp may be memory, where a flush costs nothing.
        tempfile.TemporaryDirectory(dir="/var/tmp") as folder,
        process("-m", "benchmarks.receiver", str(receiver_port)),
    ):
        wait_for(f"http://127.0.0.1:{receiver_port}/stats")
        with _ENGINES[engine](Path(folder), receiver_port, str(version.folder)) as bench:
            yield bench


@contextmanager
def _on_sqlite(folder: Path, receiver_port: int, checkout: str) -> Iterator[Bench]:
    port = free_port()
    environment = settings(folder, port)
    command("migrate", checkout=checkout, **environment)
    with process("-m", "hookline", "serve", checkout=checkout, **environment) as pid:
        yield prepared(environment, {"hookline": [pid]}, port, receiver_port, checkout)


_ENGINES = {"sqlite": _on_sqlite, "postgres": on_postgres}


def unpack_revision(revision: str, folder: Path) -> Path:
    """Unpacks a revision without touching this checkout's files or git's worktrees."""
    done = subprocess.run(
        ["git", "archive", "--format=tar", revision], capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"--against {revision}: {done.stderr.decode().strip()}")
    # tarfile has its filters from Python 3.11.4 on.
    subprocess.run(["tar", "--extract", "--directory", str(folder)], input=done.stdout, check=True)
    return folder
