"""The pump: claiming, delivering and recording around one set of leases, as tasks on the process's
only event loop. One per worker process; opened with the context.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from hookline.clock import monotonic
from hookline.messaging.hub import EVERYTHING
from hookline.messaging.wakeups import DELIVERY_MARK, MANUAL_PREFIX
from hookline.runtime import Runtime
from hookline.shutdown import end_tasks
from workers.claiming import Claimer
from workers.delivering import Deliverer
from workers.direct_lease import DirectLease
from workers.heartbeat import Heartbeat
from workers.lanes import Lane
from workers.leases import Leases
from workers.listening import ListenerTransport
from workers.on_wire import OnWire
from workers.recording import Recorder
from workers.sending import Sender
from workers.sweeper import Sweeper
from workers.transports import Transports

log = logging.getLogger(__name__)

_RETRY_DELAY_SECONDS: Final = 0.5
_LEAVE_SECONDS: Final = 0.5


class Pump:
    def __init__(self, runtime: Runtime, sender: Sender) -> None:
        self._runtime = runtime
        self.leases = Leases(runtime.queue, runtime.registry)
        self.recorder = Recorder(runtime.queue, runtime.hub, runtime.enqueuer)
        self._heartbeat = Heartbeat(runtime.queue, self.leases)
        self._sweeper = Sweeper(runtime.queue, runtime.registry)
        self._claimer = Claimer(runtime.queue, runtime.registry, self.leases)
        self._on_wire = OnWire(runtime.queue, self.leases)
        self._transports = Transports(sender, ListenerTransport(runtime.database, runtime.hub))
        self._deliverer = Deliverer(
            runtime, self._transports, self.leases, self._claimer, self.recorder, self._on_wire
        )
        runtime.metrics.leased.set_function(lambda: self.leases.count)
        self._loops: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Begins. With SQLite this is the only worker: what an earlier one left leased is taken
        over at once.
        """
        if self._runtime.settings.is_sqlite:
            # Its predecessor's process is gone, since only one process opens the file: no need to
            # wait for 10 s without a beat.
            while await self._runtime.queue.take_over(timedelta(0)) >= 0:
                pass
            direct_lease = DirectLease(self.leases, self._claimer, self._deliverer)
            self._runtime.publisher.lease_to(direct_lease)
        self._runtime.registry.on_change(self._on_webhook_change)
        self._unsubscribe = self._runtime.hub.subscribe("wake", self._on_wakeup)
        self._loops = [
            asyncio.create_task(self._keep(loop))
            for loop in (
                *(self._beat, self._sweep, self._claim, self._claim_paced, self._record),
                self._on_wire.tell,
            )
        ]

    def wake(self, webhook_ids: Iterable[UUID]) -> None:
        """Claims deliveries that may be due to these webhooks as soon as they have room."""
        self._claimer.wake(webhook_ids)

    async def stop(self, within_seconds: float = 15.0) -> None:
        """Claims nothing more, gives back what was not sent, waits for what is on the wire and
        records it.

        What does not end in time stays leased: a takeover writes it as UNKNOWN and it is sent
        again.
        """
        # Nothing new first: claims, slots, timers, publishes, wake-ups. The token stays, since what
        # is on the wire is recorded under it.
        self.leases.stop_claiming()
        self._deliverer.stop_passing_on()
        self._claimer.paced.stop_timers()
        self._runtime.publisher.lease_to(None)
        self._unsubscribe()
        self.recorder.stop_gathering()
        until = monotonic() + within_seconds
        while not self._is_idle and monotonic() < until:
            # Each time: a claim or a publish that was under way may still bring rows.
            self.leases.give_all_back()
            await asyncio.sleep(0.01)
        # Only now: until here the beat kept the leases from a takeover, and the recorder wrote what
        # ended.
        await end_tasks(*self._loops)
        await self._transports.listeners.close()
        # A stop that used up its time still gets a moment to sign off: a pump that leases nothing
        # then needs no takeover.
        await self.leases.close(max(_LEAVE_SECONDS, until - monotonic()))

    @property
    def _is_idle(self) -> bool:
        return self._claimer.is_idle and self.leases.is_idle and self.recorder.is_idle

    # signals

    def _on_wakeup(self, text: str) -> None:
        if text == EVERYTHING:
            self._sweeper.sweep_now()
        elif text.startswith(MANUAL_PREFIX):
            self._claimer.wake_manual(UUID(text.removeprefix(MANUAL_PREFIX)))
        elif DELIVERY_MARK in text:
            webhook_id, _, delivery_id = text.partition(DELIVERY_MARK)
            self._claimer.wake_new(UUID(webhook_id), UUID(delivery_id))
        else:
            self._claimer.wake(map(UUID, text.split(",")))

    def _on_webhook_change(self) -> None:
        self.leases.adopt_webhooks()
        self._claimer.forget_unknown()

    # loops

    async def _keep(self, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs a loop, and again when a mistake of ours ended it: a pump that lacks one of its
        loops would deliver nothing more.
        """
        while True:
            try:
                await loop()
            except Exception as error:
                log.critical("a task of the pump died: %r", error, exc_info=True)
                # What the loop held is in no lane now: a takeover frees it.
                self.leases.give_up()
                await asyncio.sleep(_RETRY_DELAY_SECONDS)

    async def _beat(self) -> None:
        async for _ in self._heartbeat.new_tokens():
            # A new token claims nothing until webhooks are named: this sweep does.
            self._sweeper.sweep_now()

    async def _sweep(self) -> None:
        async for webhook_ids in self._sweeper.due_webhooks():
            self._claimer.wake(webhook_ids)

    async def _claim(self) -> None:
        await self._begin_all(self._claimer.run())

    async def _claim_paced(self) -> None:
        await self._begin_all(self._claimer.paced.run())

    async def _begin_all(self, claims: AsyncIterator[list[Lane]]) -> None:
        async for lanes in claims:
            self._deliverer.begin(lanes)

    async def _record(self) -> None:
        while True:
            written = await self.recorder.write_next()
            # Room comes back here, not at the send: with the latter 3,387 unrecorded results piled
            # up under load, and a crash would have repeated them all (2026-11-24).
            self.leases.release(written.size)
            self.leases.hold(written.held)
            if written.has_lost:
                # The row stays leased and is in no lane: only a takeover ends its lease.
                self.leases.give_up()
            self._claimer.wake()
