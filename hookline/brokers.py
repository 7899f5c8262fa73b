"""The broker behind HOOKLINE_BROKER_URL, as Dramatiq knows it: inside this process, Redis or RabbitMQ. Opened by the workers and by `wakeups`.

Its calls block, for seconds when a server hangs: only threads of their own may make them.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import dramatiq
import pika
import redis
from dramatiq import Broker, Consumer, Message, MessageProxy
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker, _StubConsumer
from dramatiq.middleware import Middleware
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from redis.backoff import NoBackoff
from redis.retry import Retry

from hookline.errors import Misconfigured, Unavailable
from hookline.settings import mask_url

logger = logging.getLogger("hookline.broker")

_ANSWER_SECONDS = 3.0
"""How long a server may take for a connection or an answer."""
_HEARTBEAT_SECONDS = 5
"""RabbitMQ: pika looks 5 s later than that, and gives up a connection over which nothing came between two looks."""
_DICE = 1_000_000
"""Dramatiq's Redis broker looks for dead workers' messages so often in a million calls (its default of 1,000 leaves them for hours, 2.2.1)."""
_UNREAD = 100
FAULTS = (dramatiq.DramatiqError, redis.RedisError, pika.exceptions.AMQPError, AMQPConnectorException, OSError)
"""What a broker that is away raises."""


class InProcessBroker(StubBroker):
    """Queues inside this process, for memory://."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 100) -> Consumer:
        return _ForgetfulConsumer(self.queues[queue_name], [], prefetch, timeout)  # type: ignore[no-untyped-call]  # Dramatiq left it untyped


class _ForgetfulConsumer(_StubConsumer):
    """Dramatiq's keeps every refused message for ever (2.2.1)."""

    def nack(self, message: MessageProxy) -> None:
        self.queue.task_done()
        self.prefetch_semaphore.release()


class OneTryRabbitmqBroker(RabbitmqBroker):
    """Confirms what it sends. Dramatiq's own tries six times, each as long as a server takes that does not answer (2.2.1)."""

    def __init__(self, parameters: pika.URLParameters, middleware: Sequence[Middleware]) -> None:
        super().__init__(confirm_delivery=True, middleware=list(middleware))
        self.parameters = parameters

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Raises one of FAULTS; the next call begins with a new connection."""
        with self._renewed_after_a_fault(message.queue_name):
            self.declare_queue(message.queue_name, ensure=True)
            self.channel.basic_publish(
                exchange="", routing_key=message.queue_name, body=message.encode(), properties=pika.BasicProperties(delivery_mode=2), mandatory=True
            )
        return message

    def waiting(self, queue: str) -> int:
        """How many messages wait. Raises one of FAULTS."""
        with self._renewed_after_a_fault(queue):
            return int(self.get_queue_message_counts(queue)[0])

    @contextmanager
    def _renewed_after_a_fault(self, queue: str) -> Iterator[None]:
        try:
            yield
        except FAULTS:
            self.queues_pending.add(queue)  # it may be gone
            del self.connection
            raise


def open_broker(url: str, middleware: Sequence[Middleware] = ()) -> Broker:
    """The broker, once its server has answered. Middleware: all of it, Dramatiq's own defaults left out.

    Raises Unavailable when the server does not answer, Misconfigured when it refuses us or may throw messages away: with what to do.
    """
    match urlsplit(url).scheme:
        case "memory":
            return InProcessBroker(list(middleware))
        case "redis" | "rediss":
            return _redis(url, middleware)
        case _:
            return _rabbitmq(url, middleware)


def _redis(url: str, middleware: Sequence[Middleware]) -> Broker:
    client = redis.Redis.from_url(url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS, retry=Retry(NoBackoff(), 0))
    try:
        _check_keeps_messages(client)
    except (redis.AuthenticationError, redis.ResponseError) as error:
        raise Misconfigured(f"HOOKLINE_BROKER_URL: Redis refused it: {error}. Correct the user, the password or the database's number.") from None
    except FAULTS as error:
        raise _no_answer(url, "Redis", error) from error
    finally:
        client.close()
    return RedisBroker(client=client, middleware=list(middleware), maintenance_chance=_DICE)  # type: ignore[no-untyped-call]  # Dramatiq left it untyped


def _check_keeps_messages(client: "redis.Redis") -> None:
    """A Redis that evicts keys when it is full throws messages away and says nothing (allkeys-lru: 5 of 300 were left, 2026-11).

    Raises Misconfigured; redis.RedisError when it does not answer.
    """
    client.ping()
    try:
        policy = str(client.info("memory").get("maxmemory_policy", ""))
    except redis.exceptions.NoPermissionError:
        logger.warning("Redis does not tell its maxmemory-policy: make sure that it is noeviction")
        return
    if policy.startswith("allkeys-"):
        raise Misconfigured(
            f"HOOKLINE_BROKER_URL: this Redis evicts keys when it is full (maxmemory-policy {policy}), so messages could vanish. "
            "Set maxmemory-policy to noeviction there, or name a Redis of its own."
        )


def _rabbitmq(url: str, middleware: Sequence[Middleware]) -> Broker:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = _HEARTBEAT_SECONDS
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = _ANSWER_SECONDS
    parameters.connection_attempts = 1
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # it tells each fault seven times; who meets it tells it once
    try:
        pika.BlockingConnection(parameters).close()
    except (pika.exceptions.ProbableAuthenticationError, pika.exceptions.ProbableAccessDeniedError):
        raise Misconfigured("HOOKLINE_BROKER_URL: RabbitMQ refused the user, the password or the virtual host in it.") from None
    except FAULTS as error:
        raise _no_answer(url, "RabbitMQ", error) from error
    return OneTryRabbitmqBroker(parameters, middleware)


def is_unread(broker: Broker, queue: str) -> bool:
    """Whether so many messages wait that nobody can be reading them.

    Raises one of FAULTS.
    """
    if isinstance(broker, RedisBroker):
        return int(broker.do_qsize(queue)) > _UNREAD
    if isinstance(broker, OneTryRabbitmqBroker):
        return broker.waiting(queue) > _UNREAD
    return False


def let_go(broker: Broker) -> None:
    """Closes what this thread has open at the server. May block like any call."""
    if isinstance(broker, RedisBroker):
        broker.client.close()
    elif isinstance(broker, OneTryRabbitmqBroker):
        del broker.connection


def _no_answer(url: str, name: str, error: Exception) -> Unavailable:
    return Unavailable(
        f"{name} at {mask_url(url)} does not answer ({type(error).__name__}). Start it, or correct HOOKLINE_BROKER_URL; "
        "with memory:// the database alone carries everything."
    )
