"""`make chaos`: ten minutes of faults under load. `python -m tests.chaos --seed N` repeats a run:
the same faults, the same pauses.

Exit code 1 when anything was lost, came unexpectedly or too often, or is not recorded as it was.
"""

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random, SystemRandom
from tempfile import mkdtemp
from typing import Any

from tests.chaos.build import FAILPOINTS
from tests.chaos.engines import ENGINES, standing
from tests.chaos.faults import Act, acts_for
from tests.chaos.ledger import Findings
from tests.chaos.stand import API, Arming, Stand

PER_SECOND = 60
_PAUSES = 0.5, 4.0
_HITS = 1, 40
_ARMED = 0.8
_TELL_EVERY_SECONDS = 10
_SHOWN = 30


def armings(seed: int, name: str, failpoints: tuple[str, ...]) -> Iterator[Arming | None]:
    """Failpoints that each life of a process is armed with."""
    random = Random(f"{seed} {name}")
    while True:
        arming = Arming(random.choice(failpoints), random.randint(*_HITS))
        yield arming if random.random() < _ARMED else None


async def torment(stand: Stand, seed: int, until: float) -> None:
    """One act after the other, in the seed's order: each once, then all again."""
    random, bag = Random(f"{seed} acts"), list[Act]()
    for number in count(1):
        if not bag:
            bag = random.sample(acts := acts_for(stand), len(acts))
        pause, act = random.uniform(*_PAUSES), bag.pop()
        if time.monotonic() + pause + act.seconds > until:
            return
        await asyncio.sleep(pause)
        tell(
            f"  {number:3} {act.name} {act.victim}"
            + (f" for {act.seconds:g} s" if act.seconds else "")
        )
        await act.happen(stand)


async def report(stand: Stand) -> None:
    while True:
        await asyncio.sleep(_TELL_EVERY_SECONDS)
        ledger, arrived = stand.ledger, len(stand.receivers.arrivals)
        tell(
            f"      accepted {len(ledger.accepted)}, arrived {arrived}, faults "
            f"{len(ledger.faults)}, surprises {len(ledger.surprises)}"
        )


async def run(engine: str, seed: int, seconds: float) -> dict[str, Any]:
    """The findings of one engine, as JSON."""
    folder = Path(mkdtemp(prefix="chaos", dir="/var/tmp"))
    tell(f"{engine}: seed {seed}, {seconds:g} s, files in {folder}")
    async with standing(engine, folder) as stand:
        is_alone = len(stand.names) == 1
        lives = {
            name: armings(seed, name, FAILPOINTS if is_alone or name != API else ("after-commit",))
            for name in stand.names
        }
        async with stand.running(lives, PER_SECOND), asyncio.TaskGroup() as group:
            reporting = group.create_task(report(stand))
            await torment(stand, seed, time.monotonic() + seconds)
            reporting.cancel()
        findings = stand.ledger.check()
    show(findings)
    if not findings.wrong:
        shutil.rmtree(folder)
    return {
        "engine": engine,
        "seed": seed,
        **findings.figures(),
        "by_fault": findings.by_fault(),
        "wrong": findings.wrong,
    }


def show(findings: Findings) -> None:
    for name, figure in findings.figures().items():
        tell(f"  {name:18}{figure:8}")
    for name, row in sorted(findings.by_fault().items()):
        tell(f"  {name:28}" + "".join(f"{key} {value:<6}" for key, value in row.items()))
    for sentence in findings.wrong[:_SHOWN]:
        tell(f"  WRONG {sentence}")
    if len(findings.wrong) > _SHOWN:
        tell(f"  … and {len(findings.wrong) - _SHOWN} more, in the JSON")


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description="Faults under load, and a ledger over it."
    )
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=10.0, help="of all engines together")
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        action="append",
        help="may be given several times; without it: all",
    )
    options = parser.parse_args()
    engines = options.engine or list(ENGINES)
    tell(
        f"seed {options.seed} (repeat with: python -m tests.chaos --seed {options.seed} --minutes "
        f"{options.minutes:g})"
    )
    results = [
        asyncio.run(run(engine, options.seed, options.minutes * 60 / len(engines)))
        for engine in engines
    ]
    print(json.dumps(results, indent=2))
    if any(result["wrong"] for result in results):
        tell(
            "The ledger does not agree: see WRONG above, and the processes' logs in the folder "
            "named there."
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
