"""The transport of listeners: a request goes into a table, from which the API hands it to the
command, and the answer comes back the same way (hookline.webhooks.listener_requests). Beside
workers.sending, chosen by the target; it connects to nothing.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from hookline import ids
from hookline.clock import monotonic
from hookline.db.connection import Database
from hookline.db.faults import FAULTS
from hookline.deliveries.retries import AttemptError
from hookline.errors import Unavailable
from hookline.messaging.hub import Hub
from hookline.outages import SETTLE_SECONDS, Outage
from hookline.outbound.listener_urls import listener_of
from hookline.shutdown import end_tasks
from hookline.webhooks import listener_requests
from hookline.webhooks.listener_requests import AnswerState, ListenerAnswer, ListenerRequest, Put
from workers.answers import ReceiverAnswer
from workers.local_faults import LocalFault, NotSent
from workers.sending import OutboundRequest, StillWanted, Withdrawn

log = logging.getLogger(__name__)

# The hub may lose, and nobody announces that a lease has run out.
LOOK_SECONDS: Final = 0.5
LATE_SECONDS: Final = 2.0
"""A look that comes so long after the one before was kept from it by the database or the process:
the time between them is not the listeners'.
"""
MOST_SECONDS: Final = 110.0
"""A request waits no longer, whatever was away: after two minutes its row is forgotten."""
# A record holds a webhook's row for about a millisecond.
FIRST_PAUSE_SECONDS: Final = 0.01
ENDED_AT_ONCE: Final = 500
GONE: Final = "The listener is gone: its command has ended, or its connection was lost."
SENTENCES: Final = {
    AttemptError.DNS: "The host name could not be resolved.",
    AttemptError.CONNECT: "No connection to the receiver came about.",
    AttemptError.TLS: "No TLS connection came about.",
    AttemptError.PROTOCOL: "The receiver's answer is not valid HTTP, or it closed the connection "
    "before it had answered.",
}
"""Sentences of errors that a command may tell of, beside TIMEOUT."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request on its way. until: monotonic time at which its answer must be there. put_at: time
    from which on it may be put, None once it was.
    """

    webhook_id: UUID
    request: ListenerRequest
    began_at: float
    until: float
    answer: asyncio.Future[AnswerState]
    put_at: float | None = 0.0
    pause_seconds: float = FIRST_PAUSE_SECONDS

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def put_off(self) -> None:
        self.put_at = monotonic() + self.pause_seconds
        self.pause_seconds = min(2 * self.pause_seconds, LOOK_SECONDS)

    def lose(self, began_at: float, now: float) -> None:
        """Gives back the time since began_at in which nothing could be looked for."""
        lost_seconds = now - max(began_at, self.began_at)
        self.until = min(self.until + lost_seconds, self.began_at + MOST_SECONDS)


class ListenerTransport:
    """Sends requests to listeners. One for each process, and one task in it that puts, looks and
    takes away for all: however many there are, they use one connection to the database.
    """

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._waiting: dict[UUID, _Waiting] = {}
        self._ended: set[UUID] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._looked_at = 0.0
        self._outage = Outage(log, "answers of listeners can't be read", SETTLE_SECONDS)

    async def close(self) -> None:
        """Leaves what waits; `end_listeners` forgets it."""
        if self._task:
            await end_tasks(self._task)

    async def send(
        self, request: OutboundRequest, still_wanted: StillWanted | None = None
    ) -> ReceiverAnswer:
        """Hands one request over and returns the answer, as Sender.send does. still_wanted: not
        asked, since nothing has to be connected.

        Raises NotSent when the database does not take it, Withdrawn when there was no place for it
        within its timeout.
        """
        started_at, key = monotonic(), ids.uuid7()
        timeout_ms = round(request.timeout_seconds * 1_000)
        delivery_id = request.delivery_id or key
        handed = ListenerRequest(key, delivery_id, request.headers, request.body, timeout_ms)
        until, answer = started_at + request.timeout_seconds, asyncio.Future[AnswerState]()
        waiting = _Waiting(listener_of(request.url), handed, started_at, until, answer)
        try:
            found = await self._exchange(waiting)
        except TimeoutError:
            message = f"No answer came within {request.timeout_seconds:g} seconds."
            late = ListenerAnswer(None, _since(started_at), [], error=AttemptError.TIMEOUT)
            return replace(_received(late), error_message=message)
        if found.answer is None:
            gone = AttemptError.LISTENER_GONE
            return ReceiverAnswer(None, _since(started_at), error=gone, error_message=GONE)
        # What the command measured, which says how long the receiver took; no longer than it was.
        took = min(found.answer.duration_ms, _since(started_at))
        return _received(replace(found.answer, duration_ms=took))

    async def _exchange(self, waiting: _Waiting) -> AnswerState:
        """Raises NotSent, Withdrawn, TimeoutError."""
        key = waiting.request.id
        self._waiting[key] = waiting
        if self._task is None or self._task.done():
            self._looked_at = monotonic()
            self._task = asyncio.create_task(self._look_while_waiting())
        self._wake.set()
        try:
            return await self._answered(waiting)
        finally:
            del self._waiting[key]
            waiting.answer.cancel()
            # Taken away with others, at the next look. Also where nobody knows whether it was put.
            self._ended.add(key)
            self._wake.set()

    async def _answered(self, waiting: _Waiting) -> AnswerState:
        """Waits for the answer; until the request is put no longer than its timeout."""
        await asyncio.wait({waiting.answer}, timeout=max(0.0, waiting.until - monotonic()))
        if not waiting.answer.done() and waiting.put_at is not None:
            # A database that hangs, or places that others have used up: nothing was handed over.
            if not waiting.put_at:
                raise NotSent(LocalFault.DATABASE, "it took no request to a listener in time")
            raise Withdrawn
        return await waiting.answer

    async def _look_while_waiting(self) -> None:
        unsubscribe = self._hub.subscribe(listener_requests.TOPIC, lambda text: self._wake.set())
        try:
            while self._waiting or self._ended:
                self._wake.clear()
                try:
                    await self._put()
                    await self._look()
                    self._outage.back()
                except (*FAULTS, Unavailable) as error:
                    self._outage.away(error)
                    await asyncio.sleep(LOOK_SECONDS)
                # Whatever the database does: without this loop all that waits would end as a
                # timeout.
                except Exception:
                    log.exception("answers of listeners not looked for")
                    await asyncio.sleep(LOOK_SECONDS)
                if self._waiting:
                    with suppress(TimeoutError):
                        # wait_for swallows a cancellation that comes with the look (3.11)
                        async with asyncio.timeout(self._pause_seconds()):
                            await self._wake.wait()
        finally:
            unsubscribe()

    def _pause_seconds(self) -> float:
        """Time until there is something to do that nobody announces."""
        times = (one.until if one.put_at is None else one.put_at for one in self._waiting.values())
        return min(LOOK_SECONDS, max(0.0, min(times) - monotonic()))

    async def _put(self) -> None:
        """One transaction for all that is to be put."""
        now = monotonic()
        asked = [
            one
            for one in self._waiting.values()
            if one.put_at is not None and one.put_at <= now and not one.answer.done()
        ]
        if not asked:
            return
        try:
            results = await listener_requests.put(
                self._database, self._hub, [(one.webhook_id, one.request) for one in asked]
            )
        except Exception as error:
            for one in asked:
                one.fail(NotSent(LocalFault.DATABASE, repr(error)))
            raise
        for one in asked:
            match results.get(one.request.id):
                case Put.DONE:
                    one.put_at = None
                case Put.FULL:
                    one.put_off()
                case Put.GONE if not one.answer.done():
                    one.answer.set_result(AnswerState(None, is_gone=True))

    async def _look(self) -> None:
        """One read for all that waits, one deletion for all that has ended."""
        began_at = monotonic()
        if asked := [one for one in self._waiting.values() if one.put_at is None]:
            keys = [one.request.id for one in asked]
            rows = await listener_requests.look(self._database, keys)
            now = monotonic()
            is_late = now - self._looked_at > LATE_SECONDS
            for one in asked:
                # Without a row it was taken away by the end of its listener.
                found = rows.get(one.request.id, AnswerState(None, is_gone=True))
                if is_late:
                    one.lose(self._looked_at, now)
                if one.answer.done():
                    continue
                if found.answer or found.is_gone:
                    one.answer.set_result(found)
                elif began_at >= one.until:
                    one.fail(TimeoutError())
        self._looked_at = monotonic()
        if ended := list(self._ended)[:ENDED_AT_ONCE]:
            await listener_requests.take_away(self._database, ended)
            self._ended.difference_update(ended)


def _received(answer: ListenerAnswer) -> ReceiverAnswer:
    error = AttemptError[answer.error] if answer.error else None
    return ReceiverAnswer(
        answer.status_code,
        answer.duration_ms,
        answer.headers,
        answer.body,
        answer.is_truncated,
        error,
        SENTENCES.get(error) if error else None,
    )


def _since(started_at: float) -> int:
    return round((monotonic() - started_at) * 1_000)
