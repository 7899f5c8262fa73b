"""Sends messages to the worker's actors. Every process that writes rows has one; it is called after
the commit, on the event loop. A broker may block for seconds or for ever, so one thread of its own
sends. What is lost here is found by a sweep or by a worker's scheduler.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Any, Final
from uuid import UUID

from dramatiq import Message

from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.messages import IDS_LIMIT, UNREAD_LIMIT, ActorName, make_message
from hookline.outages import Outage

# A message costs both sides hundreds of microseconds: at most 20 a second are 0.5 % of a core here
# and 1.6 % in a worker (2026-11).
PAUSE_SECONDS: Final = 0.05
"""Between two `deliver` messages of a process: what is published meanwhile shares the next one."""
_RETRY_DELAY_SECONDS: Final = 1.0
# RabbitMQ closes a connection after two missed heartbeats of 5 s; the first message after a quiet
# time would be lost.
_KEEP_ALIVE_SECONDS: Final = 2.0
# Without a bound they would pile up while the broker hangs; a sweep finds the rest.
_WEBHOOKS_LIMIT: Final = 2_000

log = logging.getLogger(__name__)

Call = tuple[ActorName, *tuple[object, ...]]
"""An actor and its arguments."""


class Enqueuer:
    """Sends messages from a thread of its own. Without a broker (memory:// in a process that
    delivers nothing) it does nothing: the workers' schedulers find the rows.
    """

    def __init__(self) -> None:
        self._broker: WorkerBroker | None = None
        self._lock = Lock()
        self._webhooks: dict[UUID, None] = {}
        self._waiting: dict[Call, None] = {}
        self._has_work = Event()
        # Sweeps and schedulers find what there is to do meanwhile.
        self._outage = Outage(log, "the broker takes no message")
        # Apart: a server that is full answers, and takes no message.
        self._connection_outage = Outage(log, "the broker's connection is broken")

    @contextmanager
    def sending_to(self, broker: WorkerBroker) -> Iterator[None]:
        """Sends until the block ends. Does not wait for a broker that hangs."""
        # A new event for each broker: the thread of the one before may still hang and must not take
        # the new one's.
        self._broker, self._has_work = broker, Event()
        # Of this thread alone: it may still hang when the next one begins.
        has_work, is_stopped = self._has_work, Event()
        # A daemon: it may hang in a broker for ever and must not keep the process.
        Thread(
            target=self._run, args=(broker, has_work, is_stopped), name="enqueuer", daemon=True
        ).start()
        try:
            yield
        finally:
            self._broker = None
            is_stopped.set()
            has_work.set()

    def deliver(self, webhook_ids: Iterable[UUID]) -> None:
        """Enqueues claims for webhooks that have something due. Returns at once, never raises; at
        most one message in 50 ms, of at most 200 webhooks.
        """
        if self._broker is not None:
            with self._lock:
                if len(self._webhooks) < _WEBHOOKS_LIMIT:
                    self._webhooks.update(dict.fromkeys(webhook_ids))
            if self._webhooks:
                self._signal()

    def send_mail(self, notification_id: UUID, address: str) -> None:
        """Enqueues one mail of a notification. Returns at once, never raises."""
        self._enqueue(ActorName.SEND_MAIL, str(notification_id), address)

    def run_job(self, job_id: UUID) -> None:
        """Enqueues the next step of a job. Returns at once, never raises."""
        self._enqueue(ActorName.RUN_JOB, str(job_id))

    def _enqueue(self, *call: Any) -> None:  # Any: as Call
        # Nothing is kept without a broker: it would never be sent.
        if self._broker is not None:
            with self._lock:
                # The queue holds no more, so the broker would drop the oldest ones anyway.
                if len(self._waiting) < UNREAD_LIMIT:
                    self._waiting[call] = None
            self._signal()

    def _signal(self) -> None:
        # Asked first, since set() takes a lock each time, and publishes come thousands a second.
        if not self._has_work.is_set():
            self._has_work.set()

    def _run(self, broker: WorkerBroker, has_work: Event, is_stopped: Event) -> None:
        while not is_stopped.is_set():
            if has_work.wait(_KEEP_ALIVE_SECONDS):
                has_work.clear()
                is_stopped.wait(
                    PAUSE_SECONDS if self._send(broker, self._drain()) else _RETRY_DELAY_SECONDS
                )
            else:
                self._keep_alive(broker)
        # By this thread: pika's connections belong to the thread that opened them.
        with suppress(*broker.faults):
            broker.disconnect()

    def _drain(self) -> list[Message[Any]]:
        """Messages for all that waits; one of them names webhooks, those that it has no room for
        come with the next one.
        """
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            webhooks, left = list(self._webhooks)[:IDS_LIMIT], list(self._webhooks)[IDS_LIMIT:]
            self._webhooks = dict.fromkeys(left)
        if left:
            self._has_work.set()
        messages = (
            [make_message(ActorName.DELIVER, [str(key) for key in webhooks])] if webhooks else []
        )
        return messages + [make_message(*call) for call in waiting]

    def _send(self, broker: WorkerBroker, messages: list[Message[Any]]) -> bool:
        """Sends messages; True when the broker took all; after a fault the rest is not tried."""
        try:
            for message in messages:
                broker.enqueue(message)
        # Whatever a broker raises: without this thread nobody would send it anything any more.
        except Exception as error:  # noqa: BLE001
            self._outage.away(type(error).__name__)
            return False
        if messages:
            self._outage.back()
        return True

    def _keep_alive(self, broker: WorkerBroker) -> None:
        try:
            broker.keep_alive()
            self._connection_outage.back()
        # Likewise; the next message finds out whether it is still there.
        except Exception as error:  # noqa: BLE001
            self._connection_outage.away(type(error).__name__)
