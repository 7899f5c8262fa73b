"""The transport of listeners: a request goes into a table, from which the API hands it to the
command, and the answer comes back the same way (hookline.webhooks.listener_requests). Beside
workers.sending, chosen by the target; it connects to nothing.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Final
from uuid import UUID

from hookline import ids
from hookline.clock import monotonic
from hookline.db.connection import FAULTS, Database
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
from workers.sending import OutboundRequest, StillWanted

log = logging.getLogger(__name__)

# The hub may lose, and nobody announces that a lease has run out.
LOOK_SECONDS: Final = 0.5
GONE: Final = "The listener is gone: its command has ended, or its connection was lost."
SENTENCES: Final = {
    AttemptError.DNS: "The host name could not be resolved.",
    AttemptError.CONNECT: "No connection to the receiver came about.",
    AttemptError.TLS: "No TLS connection came about.",
    AttemptError.PROTOCOL: "The receiver's answer is not valid HTTP, or it closed the connection "
    "before it had answered.",
}
"""Sentences of errors that a command may tell of, beside TIMEOUT."""


class ListenerTransport:
    """Sends requests to listeners. One for each process."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._waiting: dict[UUID, asyncio.Future[AnswerState]] = {}
        self._ended: set[UUID] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
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

        Raises NotSent when the database does not take it.
        """
        started_at, key = monotonic(), ids.uuid7()
        timeout_ms = round(request.timeout_seconds * 1_000)
        delivery_id = request.delivery_id or key
        handed = ListenerRequest(key, delivery_id, request.headers, request.body, timeout_ms)
        try:
            async with asyncio.timeout(request.timeout_seconds):
                found = await self._exchange(listener_of(request.url), handed)
        except TimeoutError:
            message = f"No answer came within {request.timeout_seconds:g} seconds."
            answer = ListenerAnswer(None, _since(started_at), [], error=AttemptError.TIMEOUT)
            return replace(_received(answer), error_message=message)
        if found.answer is None:
            gone = AttemptError.LISTENER_GONE
            return ReceiverAnswer(None, _since(started_at), error=gone, error_message=GONE)
        # What the command measured, which says how long the receiver took; no longer than it was.
        took = min(found.answer.duration_ms, _since(started_at))
        return _received(replace(found.answer, duration_ms=took))

    async def _exchange(self, webhook_id: UUID, request: ListenerRequest) -> AnswerState:
        """Raises NotSent, TimeoutError."""
        answer: asyncio.Future[AnswerState] = asyncio.get_running_loop().create_future()
        try:
            if not await self._put(webhook_id, request):
                return AnswerState(None, is_gone=True)
            self._waiting[request.id] = answer
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._look_while_waiting())
            self._wake.set()
            return await answer
        finally:
            if self._waiting.pop(request.id, None):
                # Taken away with others, at the next look.
                self._ended.add(request.id)
                self._wake.set()

    async def _put(self, webhook_id: UUID, request: ListenerRequest) -> bool:
        """Puts the request, once there is room. False: the listener is gone.

        Raises NotSent.
        """
        while True:
            try:
                done = await listener_requests.put(self._database, self._hub, webhook_id, request)
            except Unavailable as error:
                raise NotSent(LocalFault.DATABASE, repr(error)) from error
            if done is not Put.FULL:
                return done is Put.DONE
            # Other workers have used up the listener's places.
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_while_waiting(self) -> None:
        unsubscribe = self._hub.subscribe(listener_requests.TOPIC, lambda text: self._wake.set())
        try:
            while self._waiting or self._ended:
                self._wake.clear()
                try:
                    await self._look()
                    self._outage.back()
                except (*FAULTS, Unavailable) as error:
                    self._outage.away(error)
                    await asyncio.sleep(LOOK_SECONDS)
                if self._waiting:
                    with suppress(TimeoutError):
                        # wait_for swallows a cancellation that comes with the look (3.11)
                        async with asyncio.timeout(LOOK_SECONDS):
                            await self._wake.wait()
        finally:
            unsubscribe()

    async def _look(self) -> None:
        """One read for all that waits, one deletion for all that has ended."""
        if keys := list(self._waiting):
            rows = await listener_requests.look(self._database, keys)
            for key in keys:
                # Taken away by the end of its listener.
                found = rows.get(key, AnswerState(None, is_gone=True))
                future = self._waiting.get(key)
                if future and not future.done() and (found.answer or found.is_gone):
                    future.set_result(found)
        if ended := list(self._ended):
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
