"""The broker over Redis. Opened by hookline.messaging.brokers."""

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import redis
from dramatiq import Consumer, Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed, DramatiqError
from dramatiq.middleware import Middleware
from redis.backoff import NoBackoff
from redis.retry import Retry

from hookline.errors import Misconfigured
from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.messages import BACKGROUND, DELIVERIES, OWN, UNREAD_LIMIT, assign_queue

log = logging.getLogger(__name__)

FAULTS = (redis.RedisError, DramatiqError, OSError)
# Without it redis-py waits for a frozen server for ever.
ANSWER_SECONDS: Final = 3.0
"""Seconds that Redis may take for a connection or an answer."""
NAMESPACE: Final = "hookline"
_DICE: Final = 1_000_000
"""Dramatiq's Redis broker looks for dead workers' messages so often in a million calls (its default
of 1,000 leaves them for hours, 2.2.1).
"""
_POLL_MILLIS: Final = {DELIVERIES: 50}
"""Dramatiq asks an idle Redis ever more rarely, up to once a second (2.2.1): that often at least,
since a delivery waits.
"""
# Mails and jobs are less urgent: four questions a second, not twenty.
_OTHERS_POLL_MILLIS: Final = 250


class BoundedRedisBroker(WorkerBroker, RedisBroker):
    """Dramatiq's Redis broker without delays and dead letters; queues hold at most 100 messages."""

    faults = FAULTS

    def __init__(self, client: "redis.Redis", middleware: Sequence[Middleware]) -> None:
        super().__init__(
            client=client,
            middleware=list(middleware),
            namespace=NAMESPACE,
            maintenance_chance=_DICE,
            dead_message_ttl=0,
        )  # type: ignore[no-untyped-call]  # Dramatiq left it untyped
        self.done: dict[str, deque[str]] = {DELIVERIES: deque(), BACKGROUND: deque()}
        """Keys of messages that Redis is to be told are done, by queue: their consumer tells it,
        since Redis may hang and worker threads must not.
        """

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        if queue_name == OWN:
            return self.consume_own(prefetch, timeout)
        poll = min(timeout, _POLL_MILLIS.get(queue_name, _OTHERS_POLL_MILLIS))
        # Dramatiq left it untyped
        return _BoundedRedisConsumer(self, queue_name, prefetch, poll)  # type: ignore[no-untyped-call]

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Raises redis.RedisError."""
        if message.queue_name == OWN:
            self.enqueue_own(message)
            return message
        # The trim is a second call, since Redis has no queue with a bound.
        super().enqueue(message)
        self._drop_unread(message.queue_name)
        return message

    def disconnect(self) -> None:
        self.client.close()

    def _drop_unread(self, queue_name: str) -> None:
        """Drops the oldest of too many, so many at most: others may have put a million into it."""
        key = f"{self.namespace}:{queue_name}"
        for _ in range(min(int(self.client.llen(key)) - UNREAD_LIMIT, UNREAD_LIMIT)):
            oldest: Any = self.client.lpop(key)  # redis-py types what it gives with a count too
            # Another process may have taken it between the two calls.
            if oldest is not None:
                self.client.hdel(f"{key}.msgs", oldest)


class _BoundedRedisConsumer(_RedisConsumer):
    """A lost acknowledgement costs nothing: Dramatiq's would hold its worker thread until Redis is
    back (2.2.1).
    """

    _has_ended_some = False

    def __next__(self) -> MessageProxy | None:
        try:
            self._tell_done()
            # Dramatiq left it untyped
            # This thread asks Redis, so it alone waits when Redis hangs.
            message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        # Dramatiq knows those of connections only; any other would be told with a traceback
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]  # likewise
        return message and assign_queue(message, self.queue_name)

    def ack(self, message: MessageProxy) -> None:
        # Noted here, told by the consumer's thread: a worker thread must not wait for a Redis that
        # hangs.
        self.queued_message_ids.discard(message.message_id)
        self._has_ended_some = True
        if (key := message.options.get("redis_message_id")) is not None:
            self.broker.done[self.queue_name].append(key)

    def nack(self, message: MessageProxy) -> None:
        """Removes a refused message as if it had been done: dead letters would never be read."""
        self.ack(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Lost while Redis is away: a stop must not fail for it."""
        with suppress(redis.RedisError, OSError):
            super().requeue(
                [message for message in messages if "redis_message_id" in message.options]
            )  # type: ignore[no-untyped-call]  # likewise

    def close(self) -> None:
        with suppress(redis.RedisError, OSError):
            self._tell_done()

    def _tell_done(self) -> None:
        """Raises redis.RedisError."""
        done = self.broker.done[self.queue_name]
        while done:
            # Removed from the list only after it was told: a fault keeps it for the next time.
            self.broker.do_ack(self.queue_name, done[0])
            done.popleft()
        # Only then is it certain that what Redis takes for fetched is nobody's here.
        if self._has_ended_some and not self.outstanding_message_count:
            self._has_ended_some = False
            self._forget_strays()

    def _forget_strays(self) -> None:
        """Ends the messages that Redis still takes for fetched though none is in work: they did not
        name their own key, and nothing else would end them.
        """
        for key in self.broker.client.smembers(
            f"{self.broker.namespace}:__acks__.{self.broker.broker_id}.{self.queue_name}"
        ):
            self.broker.do_ack(self.queue_name, key)


def open_redis(url: str, middleware: Sequence[Middleware]) -> BoundedRedisBroker:
    """Raises Misconfigured when Redis refuses us or may throw messages away, one of FAULTS when it
    does not answer.
    """
    client = redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        # redis-py would try ten times over, which blocks the sending thread long beyond the
        # timeout.
        retry=Retry(NoBackoff(), 0),
    )
    try:
        _check_keeps_messages(client)
    except (redis.AuthenticationError, redis.ResponseError) as error:
        raise Misconfigured(
            f"HOOKLINE_BROKER_URL: Redis refused it: {error}. Correct the user, the password or "
            "the database's number."
        ) from None
    finally:
        client.close()
    return BoundedRedisBroker(client, middleware)


def _check_keeps_messages(client: "redis.Redis") -> None:
    """A Redis that evicts keys when it is full throws messages away and says nothing (allkeys-lru:
    5 of 300 were left, 2026-11).

    Raises Misconfigured; redis.RedisError when it does not answer.
    """
    client.ping()
    try:
        policy = str(client.info("memory").get("maxmemory_policy", ""))
    except redis.exceptions.NoPermissionError:
        log.warning("Redis does not tell its maxmemory-policy: make sure that it is noeviction")
        return
    if policy.startswith("allkeys-"):
        raise Misconfigured(
            "HOOKLINE_BROKER_URL: this Redis evicts keys when it is full (maxmemory-policy "
            f"{policy}), so messages could vanish. "
            "Set maxmemory-policy to noeviction there, or name a Redis of its own."
        )
