"""A short storm on each engine: every failpoint once, a kill at random, a freeze past the lease, a
broker lost. `make chaos` goes on for minutes.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.chaos.build import FAILPOINTS
from tests.chaos.engines import standing
from tests.chaos.faults import BROKER, DATABASE, LONG_FREEZE_SECONDS, Act
from tests.chaos.stand import API, START_REFUSED, Arming, Stand
from tests.waiting import eventually

PER_SECOND = 40
BROKER_LOST = [
    Act("empty_server", BROKER),
    Act("kill_server", BROKER, 1),
    Act("freeze_server", BROKER, 3),
    Act("empty_server", BROKER),
]
WORKER = tuple(name for name in FAILPOINTS if name != "after-commit")


async def storm(
    stand: Stand, armings: dict[str, list[Arming]], *acts: Iterable[Act]
) -> set[tuple[str, str]]:
    """Runs the acts, one row of them beside the other, until every armed process has died too. What
    happened: (kind, victim).
    """

    async def one_after_the_other(row: Iterable[Act]) -> None:
        for act in row:
            await act.happen(stand)

    def has_happened() -> bool:
        kinds = [(fault.kind, fault.victim) for fault in stand.ledger.faults]
        return all(
            (arming.failpoint, name) in kinds for name, row in armings.items() for arming in row
        )

    async with stand.running(armings, PER_SECOND):
        await eventually(lambda: len(stand.receivers.arrivals) > PER_SECOND)
        await asyncio.gather(*map(one_after_the_other, acts))
        await eventually(has_happened, 120)
    return {(fault.kind, fault.victim) for fault in stand.ledger.faults}


def assert_nothing_is_wrong(stand: Stand) -> None:
    findings = stand.ledger.check()
    figures = findings.figures()
    assert findings.wrong == [], findings.by_fault()
    assert (figures["lost"], figures["unexpected"]) == (0, 0)
    assert figures["duplicates"] <= figures["in_flight"]
    assert figures["accepted"] > 0


async def test_embedded_loses_nothing_whatever_kills_it(tmp_path: Path) -> None:
    armings = {API: [Arming(name, 3 if name == "after-claim" else 30) for name in FAILPOINTS]}
    async with standing("embedded", tmp_path) as stand:
        happened = await storm(stand, armings, [Act("kill", API)])

        assert happened == {(name, API) for name in (*FAILPOINTS, "kill -9")}
        assert_nothing_is_wrong(stand)


@pytest.mark.timeout(900)  # RabbitMQ starts anew
async def test_two_workers_lose_nothing_whatever_kills_or_freezes_them_and_their_servers(
    tmp_path: Path,
) -> None:
    armings = {
        API: [Arming("after-commit", 200)],
        "worker-1": [Arming(name, 20) for name in WORKER],
    }
    rows = (
        [Act("freeze", "worker-2", LONG_FREEZE_SECONDS), Act("crash_database", DATABASE, 1)],
        [*BROKER_LOST, Act("kill", API)],
    )
    async with standing("production", tmp_path) as stand:
        happened = await storm(stand, armings, *rows)

        assert happened >= {
            ("after-commit", API),
            ("kill -9", API),
            ("SIGSTOP", "worker-2"),
            ("immediate stop", DATABASE),
        }
        assert happened >= {
            *((name, "worker-1") for name in WORKER),
            *((kind, BROKER) for kind in ("purge", "kill -9", "SIGSTOP")),
        }
        assert_nothing_is_wrong(stand)


@pytest.mark.timeout(400)
async def test_redis_that_is_emptied_killed_or_frozen_loses_nothing(tmp_path: Path) -> None:
    async with standing("production-redis", tmp_path) as stand:
        happened = await storm(stand, {"worker-1": [Arming("in-send", 60)]}, BROKER_LOST)

        assert {kind for kind, _ in happened} - {START_REFUSED} == {
            "purge",
            "kill -9",
            "SIGSTOP",
            "in-send",
        }
        assert_nothing_is_wrong(stand)
