"""An installation under test: servers, processes that are started again when they die, receivers,
load, and the ledger over it all.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import chain, count, repeat
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psutil

from tests.chaos.books import Books, Pump
from tests.chaos.build import FIRED
from tests.chaos.ledger import Fault, Ledger
from tests.chaos.publishers import Publishers
from tests.chaos.receiver import WEBHOOKS, Receivers
from tests.flows.installation import Installation
from tests.processes import Process, start_python
from tests.servers import Server
from tests.waiting import eventually

SETTLE_SECONDS = 0.3
"""A statement that a dead process had sent is done by then."""
API = "serve"
START_REFUSED = "start refused"
"""It ended with a sentence about a server that was away just then."""
_NAMED = ("HOOKLINE_BROKER_URL", "HOOKLINE_PUBSUB_URL", "HOOKLINE_DATABASE_URL")
_SCHEDULE = ["1s"] * 20
_DRAIN_SECONDS = 120


class Arming(NamedTuple):
    """A failpoint for one life of a process. hit: it dies at that one, from 1."""

    failpoint: str
    hit: int


class Stand(Installation):
    """names: of its processes, `serve` first; the others are workers. servers: by what they are,
    `postgres` or `broker`.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        names: Iterable[str],
        servers: dict[str, Server],
        environment: dict[str, str],
    ) -> None:
        super().__init__(folder, database_url)
        self.environment |= {"HOOKLINE_LOG_LEVEL": "warning", **environment}
        self.names, self.servers = tuple(names), servers
        self.ledger = Ledger(WEBHOOKS)
        self.books = Books(database_url)
        self.receivers = Receivers()
        self._killed = set[int]()
        self._noted = set[UUID]()
        self._is_ending = False
        self._lives = count(1)
        self._logs: dict[str, Path] = {}

    @asynccontextmanager
    async def running(
        self, armings: Mapping[str, Iterable[Arming | None]], per_second: float
    ) -> AsyncIterator[None]:
        """Runs everything under load until the block ends; then what is open is delivered, and the
        ledger is complete. armings: for the lives of each process, one after the other; then it
        lives unarmed.
        """
        async with self.receivers, asyncio.TaskGroup() as group:
            for name in self.names:
                group.create_task(
                    self._keep_alive(name, chain(armings.get(name, ()), repeat(None)))
                )
            try:
                for name in self.names:
                    await self.until_working(name)
                for name in WEBHOOKS:
                    await self.create_webhook(
                        self.receivers.url(name), name=name, retry={"schedule": _SCHEDULE}
                    )
                publishers = Publishers(self.client, self.ledger, per_second)
                load = group.create_task(publishers.run())
                yield
                publishers.stop()
                await load
                await self._drain()
            finally:
                self._is_ending = True
                for name in self.processes:
                    self.tell(name, signal.SIGKILL)
        self.ledger.arrivals = self.receivers.arrivals

    async def _drain(self) -> None:
        async def is_empty() -> bool:
            return await self.books.open_count() == 0

        try:
            await eventually(is_empty, _DRAIN_SECONDS)
        except TimeoutError:
            left = await self.books.open_count()
            self.ledger.surprises.append(
                f"{_DRAIN_SECONDS} s after the last publish {left} deliveries are still open"
            )
        await self.books.fill(self.ledger)

    # processes

    async def _keep_alive(self, name: str, armings: Iterator[Arming | None]) -> None:
        arming = next(armings)
        while not self._is_ending:
            process = self._start(name, arming)
            await asyncio.to_thread(process.wait)
            if not self._is_ending and (
                await self._note_death(name, process.pid, arming) or arming is None
            ):
                arming = next(armings)

    def _start(self, name: str, arming: Arming | None) -> Process:
        environment = dict(self.environment)
        if arming is not None:
            environment |= {
                "HOOKLINE_FAILPOINT": arming.failpoint,
                "HOOKLINE_FAILPOINT_HIT": str(arming.hit),
            }
        self._logs[name] = self.folder / f"{name}-{next(self._lives)}.log"
        with self._logs[name].open("wb") as log:
            process = start_python(
                "tests.chaos.build",
                "serve" if name == API else "worker",
                folder=self.folder,
                environment=environment,
                output=log,
            )
        self.processes[name] = process
        return process

    async def _note_death(self, name: str, pid: int, arming: Arming | None) -> bool:
        """Notes what its pump had leased as in flight, and nothing else. True if it died at its
        failpoint.
        """
        log = self._logs[name].read_text()
        has_fired = arming is not None and f"{FIRED}{arming.failpoint}" in log
        if arming and has_fired:
            kind = arming.failpoint
        elif pid in self._killed:
            kind = "kill -9"
        elif any(setting in log for setting in _NAMED):
            kind = START_REFUSED
        else:
            kind = "death by itself"
            self.ledger.surprises.append(f"{name} died by itself: see {self._logs[name]}")
        fault = self.fault(kind, name)
        dead, has_fresh = await self._dead_pumps(), True
        while has_fresh:
            # A record that was sent before the death may still be committed; also that of another
            # process, which dies while this one's is noted.
            await asyncio.sleep(SETTLE_SECONDS)
            settled, dead = {pump.token for pump in dead}, await self._dead_pumps()
            for pump in dead:
                if pump.token in settled:
                    self._noted.add(pump.token)
                    fault.in_flight |= pump.leased
            has_fresh = any(pump.token not in settled for pump in dead)
        return has_fired

    async def _dead_pumps(self) -> list[Pump]:
        """Pumps whose process is gone, and whose leases no fault has noted yet."""
        return [
            pump
            for pump in await self.books.pumps()
            if pump.token not in self._noted and not _is_alive(pump.pid)
        ]

    def fault(self, kind: str, victim: str, is_deadly: bool = True) -> Fault:
        """Adds a fault to the ledger."""
        fault = Fault(
            kind, victim, time.time(), on_wire=self.receivers.on_wire, is_deadly=is_deadly
        )
        self.ledger.faults.append(fault)
        return fault

    async def kill(self, name: str) -> None:
        """kill -9 of the process and of what it started; another one takes its place."""
        await self.until_working(name)
        self._killed.add(self.processes[name].pid)
        self.tell(name, signal.SIGKILL)

    def tell(self, name: str, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, number)

    async def until_working(self, name: str) -> None:
        """Waits until the process answers, or has a pump of its own."""

        async def is_working() -> bool:
            if name not in self.processes or self.processes[name].poll() is not None:
                return False
            return await (self.is_ready() if name == API else self._has_pump(name))

        await eventually(is_working, 120)

    async def _has_pump(self, name: str) -> bool:
        return bool(await self.pumps_of(name))

    async def pumps_of(self, name: str) -> list[Pump]:
        """Pumps of the process and of what it started."""
        with suppress(psutil.Error):
            process = psutil.Process(self.processes[name].pid)
            pids = {process.pid, *(child.pid for child in process.children())}
            return [pump for pump in await self.books.pumps() if pump.pid in pids]
        return []


def _is_alive(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
