"""Faults of an installation under load, beside the failpoints that its processes die at. Each
fault returns when it is over.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hookline.deliveries.queue.base import DEAD_AFTER
from tests.chaos.stand import API, Stand
from tests.postgresql import PostgreSQL
from tests.servers import MessageServer, Server

LONG_FREEZE_SECONDS = DEAD_AFTER.total_seconds() + 2
_LOOK_EVERY_SECONDS = 0.3
BROKER, DATABASE = "broker", "postgres"


@dataclass(frozen=True, slots=True)
class Act:
    """One fault to come. name: of a fault in ACTS; victim: a process or a server; seconds: how long
    it lasts, where it lasts.
    """

    name: str
    victim: str
    seconds: float = 0.0

    async def happen(self, stand: Stand) -> None:
        await ACTS[self.name](stand, self.victim, self.seconds)


async def kill(stand: Stand, victim: str, seconds: float) -> None:
    await stand.kill(victim)


async def freeze(stand: Stand, victim: str, seconds: float) -> None:
    """SIGSTOP, SIGCONT. Beyond the lease others take over (embedded: it finds that it was away):
    what it had leased may come twice.
    """
    await stand.until_working(victim)
    fault = stand.fault("SIGSTOP", victim, is_deadly=False)
    stand.tell(victim, signal.SIGSTOP)
    tokens = {pump.token for pump in await stand.pumps_of(victim)}
    is_lost = seconds >= DEAD_AFTER.total_seconds()
    until, is_frozen = time.monotonic() + seconds, True
    while is_frozen:
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
        if time.monotonic() >= until:
            stand.tell(victim, signal.SIGCONT)
            is_frozen = False
        if is_lost:  # a last time once it wakes: what it was about to commit
            fault.in_flight.update(
                *(pump.leased for pump in await stand.books.pumps() if pump.token in tokens)
            )


async def kill_server(stand: Stand, victim: str, seconds: float) -> None:
    """kill -9, and a start with empty memory after a while."""
    server = _noted(stand, "kill -9", victim)
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)


async def freeze_server(stand: Stand, victim: str, seconds: float) -> None:
    server = _noted(stand, "SIGSTOP", victim)
    server.freeze()
    await asyncio.sleep(seconds)
    server.thaw()


async def empty_server(stand: Stand, victim: str, seconds: float) -> None:
    """Deletes every message: FLUSHALL, or the queues purged."""
    server = _noted(stand, "purge", victim)
    assert isinstance(server, MessageServer)
    await asyncio.to_thread(server.empty)


def _noted(stand: Stand, kind: str, victim: str) -> Server:
    stand.fault(kind, victim, is_deadly=False)
    return stand.servers[victim]


async def crash_database(stand: Stand, victim: str, seconds: float) -> None:
    """An immediate stop, and a start with recovery. Who claimed just then may not know what it got:
    that is in flight until others take it over; also what a pump got that began just before.
    """
    server = stand.servers[victim]
    assert isinstance(server, PostgreSQL)
    fault = stand.fault("immediate stop", victim, is_deadly=False)
    async with stand.books.no_more_pumps() as pumps:
        tokens = {pump.token for pump in pumps}
        await asyncio.to_thread(server.stop, "immediate")
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)
    fault.in_flight.update(
        *(pump.leased for pump in await stand.books.pumps() if pump.token in tokens)
    )


ACTS: dict[str, Callable[[Stand, str, float], Awaitable[None]]] = {
    "kill": kill,
    "freeze": freeze,
    "kill_server": kill_server,
    "freeze_server": freeze_server,
    "empty_server": empty_server,
    "crash_database": crash_database,
}


def acts_for(stand: Stand) -> list[Act]:
    """All faults that can be done to the installation."""
    acts = [Act("kill", name) for name in stand.names]
    for name in stand.names if len(stand.names) == 1 else stand.names[1:]:
        acts += [Act("freeze", name, 3), Act("freeze", name, LONG_FREEZE_SECONDS)]
    if API in stand.names:
        acts += [Act("freeze", API, 2)]
    if BROKER in stand.servers:
        acts += [
            Act("kill_server", BROKER, 2),
            Act("freeze_server", BROKER, 4),
            Act("empty_server", BROKER),
        ]
    if DATABASE in stand.servers:
        acts += [Act("crash_database", DATABASE, 1), Act("freeze_server", DATABASE, 3)]
    return acts
