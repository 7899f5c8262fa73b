"""Sends the deliveries in the lanes; each judged answer goes to the recorder. Used by the pump.
No webhook waits for another one's receiver: each lane has its own slots, and gives them up in turn.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from typing import Final

from hookline import ids
from hookline.clock import monotonic
from hookline.deliveries.queue.base import AttemptResult, ClaimedDelivery
from hookline.deliveries.retries import AttemptError
from hookline.deliveries.target import Target
from hookline.errors import HooklineError
from hookline.outbound.rendering import RenderFault
from hookline.runtime import Runtime
from workers.attempt_counts import AttemptCounts
from workers.attempts import RunningAttempt
from workers.bodies import Bodies
from workers.claiming import Claimer
from workers.lanes import PREFETCH_LIMIT, Lane
from workers.leases import AWAY, Leases, may_send
from workers.local_faults import Alarms, LocalFault, NotSent, local_fault
from workers.on_wire import OnWire
from workers.recording import Recorder
from workers.sending import Withdrawn
from workers.slots import Slot, Slots
from workers.transports import Transports

log = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 0.8
"""Nothing is sent on a match version that was confirmed longer ago than this: a webhook that was
switched off is off within a second.
"""
_SLOW_BODY_SECONDS: Final = 0.1
"""A body that took longer to make (a template that waits its turn, say) makes the guards be asked
again.
"""
_RETRY_DELAY_SECONDS: Final = 0.2


class Deliverer:
    def __init__(
        self,
        runtime: Runtime,
        transports: Transports,
        leases: Leases,
        claimer: Claimer,
        recorder: Recorder,
        on_wire: OnWire,
    ) -> None:
        self._registry, self._transports = runtime.registry, transports
        self._leases, self._claimer, self._recorder = leases, claimer, recorder
        self._on_wire = on_wire
        self._bodies = Bodies(runtime.queue, runtime.renderer)
        self._slots = Slots(runtime.settings.host_concurrency)
        self._alarms = Alarms(runtime.metrics)
        self._is_stopping = False
        self._count = AttemptCounts(runtime.metrics).add

    def begin(self, lanes: Iterable[Lane]) -> None:
        """Begins one more sender for each lane that may have one. A lane without a free slot waits
        in line for it.
        """
        for lane in lanes:
            # the slot is taken here, not in the task: many may begin before the first of them runs
            if lane.may_begin and (slot := self._slots.acquire(lane)):
                self._leases.spawn(self._send_all(lane, slot))

    def stop_passing_on(self) -> None:
        """Leaves slots that become free unused."""
        self._is_stopping = True

    async def _send_all(self, lane: Lane, slot: Slot) -> None:
        """Goes on while the lane has rows, so that one task serves many deliveries."""
        has_sent = False
        try:
            while (
                lane.queue
                # Lane, slots and both guards are read again for each row: a change, a timeout or a
                # lost token may have come while the one before was under way.
                and lane.pace.on_wire <= lane.slots
                and (not has_sent or self._slots.may_keep(slot, lane))
            ):
                if not self._leases.is_fresh:
                    # It empties the lane, which ends this loop.
                    self._leases.give_up()
                elif not self._is_refreshed:
                    await self._refresh()
                else:
                    await self._send_next(lane)
                    has_sent = True
        finally:
            # Also when a send dies of a mistake of ours, or its slot would be lost for good.
            self._slots.release(lane, slot)
        if not self._is_stopping:
            # A stop passes no slot on: what waits in the lanes is given back instead.
            self._pass_on(lane)

    def _pass_on(self, left: Lane) -> None:
        """Gives the free slot to the lanes that wait for one, then to the webhook's own lane, which
        may be another one by now.
        """
        for lane in self._slots.next_in_line():
            self.begin([lane])
        # The lane of this task may have gone with its token; the webhook's new one waits for the
        # room on the wire.
        if own := self._leases.lane(left.target.id):
            self.begin([own])

    async def _send_next(self, lane: Lane) -> None:
        row = lane.queue.popleft()
        try:
            result = await self._attempt(lane, row)
        except NotSent as local:
            self._set_back(lane, row, local)
            return
        except BaseException:
            # Nothing will be recorded, so nothing else gives the room back; a takeover finds the
            # row.
            self._leases.release(1)
            raise
        if result is None:
            self._leases.give_back(lane, [row])
            return
        lane.pace.set_back_count = 0
        # Under the lane's token, not the one of now: the record is fenced by the token that leased
        # the row.
        self._recorder.add(lane.token, row.workspace_id, result)
        if self._leases.count >= PREFETCH_LIMIT:
            # Room comes back with the record, and little is left.
            self._recorder.hurry()
        self._count(result)
        self._adapt(lane, result)
        # Only when half of the lane's stock is gone: a claim per send would cost a round trip each.
        if self._claimer.is_pending(row.webhook_id) and lane.claim_size(self._leases.count):
            self._claimer.wake()

    async def _attempt(self, lane: Lane, row: ClaimedDelivery) -> AttemptResult | None:
        """Sends a delivery once and judges the answer. None: nothing was sent.

        Raises NotSent for a fault of our own.
        """
        target, began = lane.target, monotonic()
        attempt = RunningAttempt(row, target, began)
        try:
            body = await self._bodies.body_of(row, attempt.message_id, target)
            if isinstance(body, RenderFault):
                return _unrendered(attempt, row, body)
            request = attempt.request(*body)
        except AWAY as error:
            raise NotSent(local_fault(error) or LocalFault.DATABASE, repr(error)) from error
        except (HooklineError, MemoryError) as error:
            if (fault := local_fault(error)) is not None:
                raise NotSent(fault, error) from error
            log.error("nothing sent: %s", error, extra=_ids(row))
            return attempt.unsendable(AttemptError.PROTOCOL, str(error))
        # The sender asks again after a slow connection; one that it has kept is used at once.
        is_late = monotonic() - began > _SLOW_BODY_SECONDS
        if is_late and not await self._is_still_wanted(lane, row, target):
            return None
        self._on_wire.begin(attempt)
        try:
            # Name servers and handshakes may take seconds: without asking again, requests arrived
            # 2.7 s after their webhook was off (2026-11-25).
            answer = await self._transports.of(target).send(
                request, partial(self._is_still_wanted, lane, row, target)
            )
        except Withdrawn:
            return None
        finally:
            self._on_wire.end(attempt)
        return await attempt.judge(answer)

    def _set_back(self, lane: Lane, row: ClaimedDelivery, local: NotSent) -> None:
        """Gives the lane's deliveries back as they were claimed, and pauses it: nothing was sent,
        and what keeps this one from being sent would keep the next one too.
        """
        self._alarms.note(local.fault, local.reason)
        lane.pace.set_back(monotonic())
        self._leases.give_back(lane, [row, *lane.take_out(keep=0)])

    def _adapt(self, lane: Lane, result: AttemptResult) -> None:
        """A timeout leaves the lane one slot; an answer, of whatever kind, gives all of them
        back.
        """
        # A refusal comes back at once and holds no slot; only silence makes a receiver slow.
        if result.error_code == "TIMEOUT":
            if not lane.is_slow:
                self._leases.give_back(lane, lane.slow_down())
        elif lane.is_slow and result.status_code is not None:
            lane.speed_up()
        self.begin([lane] * min(len(lane.queue), lane.slots - lane.pace.on_wire))

    # guards of a send

    @property
    def _is_refreshed(self) -> bool:
        return monotonic() - self._registry.refreshed_at <= REFRESH_SECONDS

    async def _refresh(self) -> None:
        try:
            # Joined: hundreds of senders find the version too old at the same time, and one
            # question answers all.
            await self._registry.join_refresh()
        except AWAY:
            await asyncio.sleep(_RETRY_DELAY_SECONDS)

    async def _is_still_wanted(self, lane: Lane, row: ClaimedDelivery, target: Target) -> bool:
        """Asks the guards once more, after a body or a connection that took its time: the webhook
        may be off, changed or gone, the token too.
        """
        if not self._is_refreshed:
            await self._refresh()
        return (
            self._is_refreshed
            and self._leases.is_fresh
            and lane.token is self._leases.token
            and self._registry.target(row.webhook_id) is target
            and may_send(target, row)
        )


def _unrendered(attempt: RunningAttempt, row: ClaimedDelivery, fault: RenderFault) -> AttemptResult:
    """The failed attempt of a template that fails for its event.

    Raises NotSent when the renderer is at fault.
    """
    if fault.is_ours:
        raise NotSent(LocalFault.RENDERER, fault.message)
    # Without the reason: it may quote the event.
    log.warning("nothing sent: the template fails for the event", extra=_ids(row))
    message = f"Not sent: the payload template fails for this event. {fault.message}"
    return attempt.unsendable(AttemptError.TEMPLATE, message)


def _ids(row: ClaimedDelivery) -> dict[str, str]:
    return {
        "webhook_id": ids.encode("wh", row.webhook_id),
        "event_id": ids.encode("evt", row.event_id),
        "delivery_id": ids.encode("dlv", row.id),
    }
