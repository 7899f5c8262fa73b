"""Queues inside this process: all of them for memory://, and beside a server the one of a worker's
messages to itself.
"""

from queue import Empty, Queue
from typing import Any

from dramatiq import Broker, Consumer, Message, MessageProxy
from dramatiq.brokers.stub import StubBroker, _StubConsumer

from hookline.messaging.messages import OWN, UNREAD_LIMIT


class WorkerBroker(Broker):
    """A broker with one more queue, inside this process, which works whatever a server does: for a
    worker's messages to itself.
    """

    faults: tuple[type[Exception], ...] = ()
    """Exceptions of its calls when the server is away."""
    _own: "Queue[bytes]"

    def declare_own_queue(self) -> None:
        """Called once, by a worker."""
        self._own = Queue()
        # Dramatiq's worker starts a consumer for each queue that it was told of by these signals
        # (2.2.1).
        self.emit_before("declare_queue", OWN)
        self.queues.add(OWN)
        self.emit_after("declare_queue", OWN)

    def consume_own(self, prefetch: int, timeout: int) -> Consumer:
        # Dramatiq left it untyped
        return _ForgetfulConsumer(self._own, [], prefetch, timeout)  # type: ignore[no-untyped-call]

    def enqueue_own(self, message: Message[Any]) -> None:
        """Returns at once, from any thread."""
        put(self._own, message)

    def keep_alive(self) -> None:
        """Called by the thread that enqueues while it has nothing to send. May block
        like any call.
        """

    def disconnect(self) -> None:
        """Closes what this thread has open at the server. May block like any call."""


class InProcessBroker(WorkerBroker, StubBroker):
    """The broker of memory://: all queues are inside the process."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 100) -> Consumer:
        # Dramatiq left it untyped
        return _ForgetfulConsumer(self.queues[queue_name], [], prefetch, timeout)  # type: ignore[no-untyped-call]

    def declare_queue(self, queue_name: str) -> None:
        """Declares it without Dramatiq's queue of delayed messages: there are none."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = Queue()
            self.emit_after("declare_queue", queue_name)

    def declare_own_queue(self) -> None:
        self.declare_queue(OWN)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        put(self.queues[message.queue_name], message)
        return message


class _ForgetfulConsumer(_StubConsumer):
    """Drops refused messages; Dramatiq's consumer keeps every one for ever (2.2.1)."""

    def nack(self, message: MessageProxy) -> None:
        self.queue.task_done()
        self.prefetch_semaphore.release()


def put(queue: "Queue[bytes]", message: Message[Any]) -> None:
    """Adds a message; beyond UNREAD_LIMIT the oldest ones are dropped. Returns at once, from any
    thread.
    """
    queue.put(message.encode())
    # A process that only publishes has no reader: without a bound its messages would pile up.
    while queue.qsize() > UNREAD_LIMIT:
        try:
            queue.get_nowait()
        # Somebody read it between the two calls.
        except Empty:
            return
        # Dramatiq's join() waits until each message that was put is done.
        queue.task_done()
