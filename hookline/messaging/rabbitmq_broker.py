"""The broker over RabbitMQ. Opened by hookline.messaging.brokers."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, Final

import dramatiq
import pika
from dramatiq import Consumer, Message, MessageProxy
from dramatiq.brokers.rabbitmq import RabbitmqBroker, _RabbitmqConsumer
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from hookline.errors import Misconfigured
from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.messages import (
    BACKGROUND,
    DELIVERIES,
    MAX_AGE_MILLIS,
    OWN,
    UNREAD_LIMIT,
    assign_queue,
)

# A start, a stop and the sending thread wait that long for a server that is frozen.
ANSWER_SECONDS: Final = 3.0
"""Seconds that RabbitMQ may take for a connection or an answer."""
FAULTS = (dramatiq.DramatiqError, pika.exceptions.AMQPError, AMQPConnectorException, OSError)
# A frozen server is found after 10 to 20 s ; pika looks no sooner.
_HEARTBEAT_SECONDS: Final = 5
"""pika looks 5 s later than that, and gives up a connection over which nothing came between two
looks.
"""
# By the server: a broker of ours that hangs or is gone could not trim its queue.
_ARGUMENTS: Final = {"x-max-length": UNREAD_LIMIT, "x-message-ttl": MAX_AGE_MILLIS}
"""RabbitMQ itself drops the oldest of too many messages, and those that were not read in time."""
# Not written to disk: a sweep or a scheduler finds what a restart of RabbitMQ loses.
_TRANSIENT = pika.BasicProperties(delivery_mode=1)


class BoundedRabbitmqBroker(WorkerBroker, RabbitmqBroker):
    """Confirms what it sends. Without delays and dead letters; a queue holds at most 100 messages.

    Dramatiq's own tries six times, each as long as a server takes that does not answer (2.2.1);
    this one tries once.
    """

    faults = FAULTS

    def __init__(self, parameters: pika.URLParameters, middleware: Sequence[Middleware]) -> None:
        # Without confirmations RabbitMQ silently drops what is sent to a queue that was deleted.
        super().__init__(confirm_delivery=True, middleware=list(middleware))
        self.parameters = parameters

    @property
    def consumer_class(self) -> type[_RabbitmqConsumer]:
        return _BoundedRabbitmqConsumer

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        if queue_name == OWN:
            return self.consume_own(prefetch, timeout)
        try:
            with _resets_told():
                consumer = super().consume(queue_name, prefetch, timeout)
            # the one that declared the queue: nobody would answer its heartbeats
            del self.connection
            return consumer
        # Dramatiq knows pika's other errors only, and tells these with a traceback (2.2.1).
        except (
            AMQPConnectorException,
            OSError,
        ) as error:
            # Dramatiq left it untyped
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:
        if queue_name not in self.queues:
            # Without Dramatiq's queues for delays and dead letters, which nobody would read.
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.queues_pending.add(queue_name)
            self.emit_after("declare_queue", queue_name)
        if ensure:
            # Dramatiq left it untyped
            self._ensure_queue(queue_name)  # type: ignore[no-untyped-call]

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Raises one of FAULTS; the next call begins with a new connection."""
        if message.queue_name == OWN:
            self.enqueue_own(message)
            return message
        body = message.encode()
        with self._renewed_after_a_fault(message.queue_name), _resets_told():
            # At the first send, and after each fault: the queue may have been deleted.
            self.declare_queue(message.queue_name, ensure=True)
            self.channel.basic_publish(
                exchange="",
                routing_key=message.queue_name,
                body=body,
                properties=_TRANSIENT,
                mandatory=True,
            )
        return message

    def close(self) -> None:
        """Waits for a server that hangs no longer than it may take for an answer: a process that
        ends would hang too.
        """
        _within_patience(super().close)

    def keep_alive(self) -> None:
        """Answers heartbeats: RabbitMQ closes a connection that is silent for longer than two of
        them, and the next message would be lost.
        """
        if getattr(self.state, "connection", None) is not None:
            try:
                # A BlockingConnection answers heartbeats only while one of its calls runs (pika).
                self.connection.process_data_events(0)
            except FAULTS:
                del self.connection

    def disconnect(self) -> None:
        del self.connection

    def _build_queue_arguments(self, queue_name: str) -> dict[str, int]:
        return dict(_ARGUMENTS)

    def _declare_dq_queue(self, queue_name: str) -> None:
        return None

    def _declare_xq_queue(self, queue_name: str) -> None:
        return None

    @contextmanager
    def _renewed_after_a_fault(self, queue_name: str) -> Iterator[None]:
        try:
            yield
        except FAULTS:
            # The queue may be gone: it is declared again before the next message.
            self.queues_pending.add(queue_name)
            del self.connection
            raise


class _BoundedRabbitmqConsumer(_RabbitmqConsumer):
    """A lost acknowledgement costs nothing: RabbitMQ gives the message to another one. Dramatiq's
    would hold its worker thread (2.2.1).
    """

    def __next__(self) -> MessageProxy | None:
        # Dramatiq left it untyped
        message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        return message and assign_queue(message, self.queue_name)

    def ack(self, message: MessageProxy) -> None:
        # else it came over a connection that is gone, and comes again
        if message._tag in self.known_tags:
            with suppress(ConnectionClosed):
                super().ack(message)  # type: ignore[no-untyped-call]  # likewise

    def nack(self, message: MessageProxy) -> None:
        if message._tag in self.known_tags:
            with suppress(ConnectionClosed):
                super().nack(message)  # type: ignore[no-untyped-call]  # likewise

    def close(self) -> None:
        """Waits no longer than the broker's close: a stop waits for each consumer in turn."""
        _within_patience(self._close_both)

    def _close_both(self) -> None:
        try:
            super().close()  # type: ignore[no-untyped-call]  # likewise
        finally:
            # Dramatiq leaves it open when RabbitMQ closed the channel, as for a deleted queue
            # (2.2.1).
            if self.connection.is_open:
                self.connection.close()


def _within_patience(close: Callable[[], None]) -> None:
    """Runs a call that may hang, and leaves it alone when it does."""

    def call() -> None:
        with suppress(*FAULTS):
            close()

    closing = Thread(target=call, name="closing", daemon=True)
    closing.start()
    # Left to itself then, as a daemon: the process ends without it.
    closing.join(ANSWER_SECONDS)


@contextmanager
def _resets_told() -> Iterator[None]:
    """Raises ConnectionResetError where pika raises ValueError: for a connection that is reset as
    it opens (1.4.4).
    """
    try:
        yield
    except ValueError as error:
        raise ConnectionResetError(str(error)) from None


def open_rabbitmq(url: str, middleware: Sequence[Middleware]) -> BoundedRabbitmqBroker:
    """Raises Misconfigured when RabbitMQ refuses us or our queues, one of FAULTS when it does not
    answer.
    """
    parameters = pika.URLParameters(url)
    parameters.heartbeat = _HEARTBEAT_SECONDS
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = (
        ANSWER_SECONDS
    )
    # The caller decides about the next try: the sending thread each second, a start not at all.
    parameters.connection_attempts = 1
    # pika logs each fault seven times; the caller that meets it logs it once.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    try:
        with _resets_told():
            opened = pika.BlockingConnection(parameters)
        with opened as connection:
            for name in (DELIVERIES, BACKGROUND):
                connection.channel().queue_declare(name, durable=True, arguments=_ARGUMENTS)
    except (pika.exceptions.ProbableAuthenticationError, pika.exceptions.ProbableAccessDeniedError):
        raise Misconfigured(
            "HOOKLINE_BROKER_URL: RabbitMQ refused the user, the password or the virtual host "
            "in it."
        ) from None
    except pika.exceptions.ChannelClosedByBroker as error:
        raise Misconfigured(
            f"HOOKLINE_BROKER_URL: RabbitMQ refused a queue of Hookline's: {error.reply_text}. "
            "Delete that queue, give the user the rights to "
            "configure, write and read hookline.*, or name another virtual host."
        ) from None
    return BoundedRabbitmqBroker(parameters, middleware)
