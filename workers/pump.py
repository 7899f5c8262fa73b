"""Claims what is due, sends it, hands the results on: one pump per worker process, on the process's
only event loop.

Signals only say "look now": losing, repeating or reordering them changes nothing. No webhook waits
for another one's receiver.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from hookline.clock import monotonic
from hookline.db.connection import FAULTS
from hookline.deliveries.queue.base import Ask, Claimed, Lease, NewDelivery, Result
from hookline.deliveries.target import Target
from hookline.errors import HooklineError, Unavailable
from hookline.messaging.hub import EVERYTHING
from hookline.messaging.wakeups import BY_HAND
from hookline.runtime import Runtime
from hookline.tasks import end_tasks
from workers.attempts import Attempt
from workers.bodies import Bodies
from workers.heartbeat import Heartbeat
from workers.lanes import LEASED_LIMIT, SLOW_LIMIT, Lane, Pace
from workers.pacing import Pacing
from workers.recorder import Recorder
from workers.sending import Sender, Withdrawn
from workers.slots import Slot, Slots
from workers.sweeper import Sweeper

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.8
"""Nothing is sent on a match version that was confirmed longer ago than this: a webhook that was
switched off is off within a second.
"""
_ASKS = 200
_CLAIM_LIMIT = 200
_AGAIN_SECONDS = 0.2
_AWAY = (*FAULTS, Unavailable)


class Pump:
    def __init__(self, runtime: Runtime, sender: Sender) -> None:
        self._queue, self._registry, self._hub, self._sender = (
            runtime.queue,
            runtime.registry,
            runtime.hub,
            sender,
        )
        self._publisher = runtime.publisher
        self._is_alone = runtime.settings.is_sqlite
        self._sweeper = Sweeper(runtime.queue, runtime.registry, self.wake)
        self._heartbeat = Heartbeat(runtime.queue, began=self._sweeper.hurry, lost=self._let_go)
        self._recorder = Recorder(
            runtime.queue, runtime.hub, runtime.enqueuer, self._recorded, self._heartbeat.give_up
        )
        self._lanes: dict[UUID, Lane] = {}
        self._paces: dict[UUID, Pace] = {}
        self._named: dict[UUID, None] = {}
        """Webhooks to ask for, in turn: named by a signal or the sweep, or not emptied by the last
        claim.
        """
        self._urgent: set[UUID] = set()
        """Webhooks of which a delivery was asked for by hand: a full lane is asked for too."""
        self._pacing = Pacing(
            runtime.queue,
            self._claiming_token,
            self._paced_room,
            self._take,
            self._claim_failed,
            monotonic,
        )
        self._bodies = Bodies(runtime.queue, runtime.renderer)
        self._slots = Slots(runtime.settings.host_concurrency)
        self._leased = 0
        self._claiming: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._unlisten: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Begins. With SQLite this is the only worker: what an earlier one left leased is taken
        over at once.
        """
        if self._is_alone:
            while await self._queue.take_over(timedelta(0)) >= 0:
                pass
            self._publisher.lease_to(self)
        self._registry.on_change(self._webhooks_changed)
        self._unlisten = self._hub.listen("wake", self._heard)
        self._loops = [
            asyncio.create_task(self._heartbeat.run()),
            asyncio.create_task(self._sweeper.run()),
        ]

    async def stop(self, within_seconds: float = 15.0) -> None:
        """Claims nothing more, gives back what was not sent, waits for what is on the wire and
        records it.

        What does not end in time stays leased: a takeover writes it as UNKNOWN and it is sent
        again.
        """
        self._is_stopping = True
        self._publisher.lease_to(None)
        self._unlisten()
        self._pacing.stop()
        until = monotonic() + within_seconds
        while self._has_something_under_way and monotonic() < until:
            for lane in self._lanes.values():
                self._give_back(lane, lane.take_out(keep=0))
            await asyncio.sleep(0.01)
        await end_tasks(
            *self._loops, *self._tasks, *filter(None, (self._claiming, self._pacing.task))
        )
        await self._recorder.close()
        if self._heartbeat.token is not None:
            try:
                await asyncio.wait_for(
                    self._queue.leave(self._heartbeat.token), max(0.5, until - monotonic())
                )
            except Exception as error:  # noqa: BLE001  # whatever the database says now, the process ends
                log.warning("left without a word (a takeover follows): %r", error)

    @property
    def _has_something_under_way(self) -> bool:
        is_promised = any(lane.promised for lane in self._lanes.values())
        return (
            bool(self._claiming or self._pacing.task or self._tasks or is_promised)
            or not self._recorder.is_idle
        )

    def wake(self, webhook_ids: Iterable[UUID]) -> None:
        """These webhooks may have something due: claim it as soon as they have room."""
        paced = []
        for key in webhook_ids:
            if (target := self._registry.target(key)) is not None and target.rate is not None:
                paced.append(key)
            else:
                self._named.setdefault(key)
        self._pacing.wake(*paced)
        if (
            self._named
            and self._claiming is None
            and self._heartbeat.token is not None
            and not self._is_stopping
        ):
            self._claiming = asyncio.create_task(self._claim_all())
            self._claiming.add_done_callback(self._ended)

    def _heard(self, text: str) -> None:
        if text == EVERYTHING:
            self._sweeper.hurry()
        elif text.startswith(BY_HAND):
            key = UUID(text.removeprefix(BY_HAND))
            self._urgent.add(key)
            self.wake([key])
        else:
            self.wake(map(UUID, text.split(",")))

    # claiming

    async def _claim_all(self) -> None:
        try:
            if self._named.keys() - self._registry.target_ids():
                await self._registry.look()
                for unknown in self._named.keys() - self._registry.target_ids():
                    del self._named[unknown]
            while (
                (token := self._heartbeat.token)
                and not self._is_stopping
                and (asks := self._asks())
            ):
                await self._claim(token, asks)
        except _AWAY as error:
            self._claim_failed(error)
        finally:
            self._claiming = None

    def _claim_failed(self, error: Exception) -> None:
        """A claim whose answer was lost has leased rows that nobody holds: the token goes, and its
        takeover frees them.
        """
        log.warning("claim failed: %r", error, exc_info=None if isinstance(error, _AWAY) else error)
        self._heartbeat.give_up()

    def _claiming_token(self) -> UUID | None:
        return None if self._is_stopping else self._heartbeat.token

    def _paced_room(self, key: UUID) -> int:
        lane = self._lane(key, token) if (token := self._heartbeat.token) else None
        return lane.paced_room(self._leased) if lane and self._leased < LEASED_LIMIT else 0

    def _asks(self) -> list[Ask]:
        """For the named webhooks that have room, in turn. A full lane is not asked for: it asks
        again when it has drained.
        """
        asks, leased, token = list[Ask](), self._leased, self._heartbeat.token
        slow_room = SLOW_LIMIT - sum(lane.held for lane in self._lanes.values() if lane.is_slow)
        for key in self._named:
            target = self._registry.target(key)
            if target is None or token is None:
                continue
            if len(asks) == _ASKS or leased >= LEASED_LIMIT:
                break
            lane = self._lanes.get(key) or Lane(target, token, self._paces.get(key) or Pace())
            wanted = max(lane.wanted(leased), int(key in self._urgent))
            if lane.is_slow:
                wanted = min(wanted, max(slow_room, 0))
                slow_room -= wanted
            if wanted:
                asks.append(Ask(key, wanted))
                leased += wanted
        return asks

    async def _claim(self, token: UUID, asks: list[Ask]) -> None:
        for ask in asks:
            del self._named[ask.webhook_id]
            self._urgent.discard(ask.webhook_id)
        asked_at, limit = monotonic(), min(_CLAIM_LIMIT, LEASED_LIMIT - self._leased)
        rows = await self._queue.claim(asks, token, limit)
        await self._take(token, asked_at, rows)
        got = dict[UUID, int]()
        for row in rows:
            got[row.webhook_id] = got.get(row.webhook_id, 0) + 1
        self._name_again(asks, got, is_cut=len(rows) >= limit)

    async def _take(self, token: UUID, asked_at: float, rows: list[Claimed]) -> None:
        """Claimed rows go into their lanes, under the webhooks as they were at the claim."""
        for workspace_id, version in {(row.workspace_id, row.match_version) for row in rows}:
            if not self._registry.confirm(workspace_id, version, asked_at):
                await self._registry.reload(workspace_id, self._registry.version(workspace_id))
        self._leased += len(rows)
        for row in rows:
            self._hold(row, token)

    def _name_again(self, asks: list[Ask], got: dict[UUID, int], is_cut: bool) -> None:
        """Those that may have more go to the end of the turn; those that a cut claim did not come
        to stay first.
        """
        missed = [ask.webhook_id for ask in asks if is_cut and ask.webhook_id not in got]
        served = [
            ask.webhook_id
            for ask in asks
            if (is_cut and ask.webhook_id in got) or got.get(ask.webhook_id, 0) >= ask.room
        ]
        self._named = dict.fromkeys([*missed, *self._named])
        for key in served:
            self._named.pop(key, None)
            self._named[key] = None

    # leasing to the publisher of this process (queue.base.Lessor)

    def reserve(self, deliveries: Sequence[NewDelivery]) -> Lease | None:
        """Room in the lanes of webhooks that have nothing waiting in the database."""
        token = self._heartbeat.token
        if token is None or self._is_stopping or not self._heartbeat.is_fresh:
            return None
        taken = dict[UUID, UUID]()
        for delivery in deliveries:
            lane = self._lane(delivery.webhook_id, token)
            if (
                lane
                and lane.target.rate is None
                and delivery.webhook_id not in self._named
                and lane.room(self._leased)
            ):
                lane.promised += 1
                self._leased += 1
                taken[delivery.id] = delivery.webhook_id
        return Lease(token, taken) if taken else None

    def settle(self, lease: Lease, rows: Sequence[Claimed]) -> None:
        for webhook_id in lease.webhook_ids.values():
            self._promise_kept(webhook_id, lease)
        self._leased -= len(lease.webhook_ids) - len(rows)
        for row in rows:
            self._hold(row, lease.token)

    def abandon(self, lease: Lease) -> None:
        self._leased -= len(lease.webhook_ids)
        if self._heartbeat.token is lease.token:
            self._heartbeat.give_up()

    def _promise_kept(self, webhook_id: UUID, lease: Lease) -> None:
        lane = self._lanes.get(webhook_id)
        if lane is not None and lane.token is lease.token:
            lane.promised -= 1

    def _lane(self, webhook_id: UUID, token: UUID) -> Lane | None:
        lane, target = self._lanes.get(webhook_id), self._registry.target(webhook_id)
        if lane is None and target is not None:
            lane = self._lanes[webhook_id] = Lane(
                target, token, self._paces.setdefault(webhook_id, Pace())
            )
        return lane

    def _hold(self, row: Claimed, token: UUID) -> None:
        """Puts a claimed row into its lane, or gives it back: the webhook may be off by now, the
        token gone, the pump about to stop.
        """
        target = self._registry.target(row.webhook_id)
        if (
            target is None
            or not may_send(target, row)
            or token is not self._heartbeat.token
            or self._is_stopping
        ):
            self._leased -= 1
            self._spawn(self._returned(token, [row]))
            return
        lane = self._lane(row.webhook_id, token)
        assert lane is not None  # its target is known
        lane.add(row)
        if lane.may_begin:
            self._begin(lane)

    # letting go

    def _let_go(self) -> None:
        """The token is gone, and every lane with it. What is on the wire ends, is recorded under
        the old token and keeps its slot until then.
        """
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            self._give_back(lane, lane.take_out(keep=0))

    def _webhooks_changed(self) -> None:
        """Lanes get the webhook as it is now; what must not be sent any more goes back."""
        for key, lane in list(self._lanes.items()):
            target = self._registry.target(key)
            if target is None:
                self._give_back(lane, lane.take_out(keep=0))
                del self._lanes[key]
                continue
            lane.target = target
            if not target.is_live:
                self._give_back(lane, lane.take_out(0, lambda row: not row.is_manual))
        self._urgent &= self._registry.target_ids()
        self._pacing.forget(self._registry.target_ids())
        for key in self._paces.keys() - self._registry.target_ids():
            del self._paces[key]

    def _give_back(self, lane: Lane, rows: list[Claimed]) -> None:
        if rows:
            self._leased -= len(rows)
            self._spawn(self._returned(lane.token, rows))

    async def _returned(self, token: UUID, rows: list[Claimed]) -> None:
        try:
            await self._queue.give_back(token, rows)
        except _AWAY as error:  # still leased by the token, but held by nobody
            log.warning("deliveries not given back (a takeover follows): %r", error)
            if self._heartbeat.token is token:
                self._heartbeat.give_up()

    # sending

    def _begin(self, lane: Lane) -> None:
        """One more sender for the lane, or a slot in the line for one."""
        if slot := self._slots.acquire(
            lane
        ):  # taken here, not in the task: many may begin before the first of them runs
            self._spawn(self._send_all(lane, slot))

    async def _send_all(self, lane: Lane, slot: Slot) -> None:
        """A sender goes on while its lane has rows, so that one task serves many deliveries."""
        has_sent = False
        try:
            while (
                lane.queue
                and lane.pace.on_wire <= lane.slots
                and (not has_sent or self._slots.may_keep(slot, lane))
            ):
                if not self._heartbeat.is_fresh:
                    self._heartbeat.give_up()  # empties the lane
                elif monotonic() - self._registry.looked_at > LOOK_SECONDS:
                    await self._look()
                else:
                    await self._send_next(lane)
                    has_sent = True
        finally:
            self._slots.release(lane, slot)
        if not self._is_stopping:
            self._pass_on(lane)

    def _pass_on(self, left: Lane) -> None:
        """A slot is free: for who waits, or for the webhook's lane of now, which may be another
        one.
        """
        for lane in self._slots.next_in_line():
            if lane.may_begin:
                self._begin(lane)
        if (own := self._lanes.get(left.target.id)) and own.may_begin:
            self._begin(own)

    async def _is_still_wanted(self, lane: Lane, row: Claimed, target: Target) -> bool:
        """The guards of a send once more, after a connection that took its time: the webhook may be
        off, changed or gone, the token too.
        """
        if monotonic() - self._registry.looked_at > LOOK_SECONDS:
            await self._look()
        now = self._registry.target(row.webhook_id)
        is_certain = (
            monotonic() - self._registry.looked_at <= LOOK_SECONDS and self._heartbeat.is_fresh
        )
        return (
            is_certain
            and lane.token is self._heartbeat.token
            and now is target
            and may_send(target, row)
        )

    async def _look(self) -> None:
        try:
            await self._registry.look_together()
        except _AWAY:
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _send_next(self, lane: Lane) -> None:
        row = lane.queue.popleft()
        attempt = Attempt(row, lane.target, monotonic())
        try:
            request = attempt.request(*await self._bodies.body_of(row, lane.target))
        except _AWAY as error:
            log.warning("body not kept, the delivery goes back: %r", error)
            self._give_back(lane, [row])
            return
        except HooklineError as error:
            log.error("request not made: %s", error.message)
            self._recorder.add(lane.token, row.workspace_id, attempt.unsendable(error))
            return
        try:
            result = attempt.result(
                await self._sender.send(
                    request, partial(self._is_still_wanted, lane, row, lane.target)
                )
            )
        except Withdrawn:
            self._give_back(lane, [row])
            return
        except BaseException:
            self._leased -= 1  # nothing will be recorded
            raise
        self._recorder.add(lane.token, row.workspace_id, result)
        self._adapt(lane, result)
        if row.webhook_id in self._named and lane.wanted(self._leased):
            self.wake(())

    def _adapt(self, lane: Lane, result: Result) -> None:
        """A timeout leaves the lane one slot; an answer, of whatever kind, gives all of
        them back.
        """
        if result.error_code == "TIMEOUT":
            if not lane.is_slow:
                self._give_back(lane, lane.slow_down())
        elif lane.is_slow and result.status_code is not None:
            lane.speed_up()
        for _ in range(min(len(lane.queue), lane.slots - lane.pace.on_wire)):
            self._begin(lane)

    def _recorded(self, count: int) -> None:
        self._leased -= count
        self.wake(())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.critical("a task of the pump died: %r", error, exc_info=error)
            self._heartbeat.give_up()  # what it held is held by nobody: a takeover frees it


def may_send(target: Target, row: Claimed) -> bool:
    """What was asked for by hand goes whatever the switch says."""
    return target.is_live or row.is_manual
