"""Tells the worker behind a broker to look for deliveries, by its actor's name. Run by every process that hears of publishes on the hub.

A broker may block for seconds or for ever, so one thread of its own sends. What is lost here is found by the worker's sweep.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from dramatiq import Broker, Message

from hookline.brokers import FAULTS, is_unread, let_go
from hookline.pubsub.base import Hub

QUEUE = "deliveries"
ACTOR = "deliver"
_PAUSE_SECONDS = 1.0

logger = logging.getLogger("hookline.wakeups")


class Wakeups:
    """At most one message a second, however often `wake` is called."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._is_wanted = Event()
        self._is_stopped = Event()
        self._thread = Thread(target=self._run, name="wakeups", daemon=True)  # a broker that hangs must not keep the process

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Sends nothing more. Does not wait for a broker that hangs."""
        self._is_stopped.set()
        self._is_wanted.set()

    def wake(self) -> None:
        """Asks for a message. Returns at once, from any thread."""
        self._is_wanted.set()

    def _run(self) -> None:
        while True:
            self._is_wanted.wait()
            if self._is_stopped.is_set():
                with suppress(*FAULTS):
                    let_go(self._broker)
                return
            self._is_wanted.clear()
            self._send()
            self._is_stopped.wait(_PAUSE_SECONDS)

    def _send(self) -> None:
        try:
            if is_unread(self._broker, QUEUE):
                return  # no worker reads: one more message would only fill the broker
            self._broker.enqueue(Message(queue_name=QUEUE, actor_name=ACTOR, args=(), kwargs={}, options={}))
        except Exception as error:  # noqa: BLE001  # whatever a broker does: without this thread nobody would tell it anything any more
            logger.warning("wake-up lost, the sweep finds the rows: %s", type(error).__name__)


@contextmanager
def waking(hub: Hub, broker: Broker) -> Iterator[None]:
    """Passes the hub's wake-ups on to the broker's actor, until the block ends."""
    broker.declare_queue(QUEUE)
    wakeups = Wakeups(broker)
    wakeups.start()
    end = hub.listen("wake", lambda text: wakeups.wake())
    try:
        yield
    finally:
        end()
        wakeups.stop()
