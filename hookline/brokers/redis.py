"""The broker over Redis. Opened by hookline.brokers.opening."""

import logging
from collections.abc import Sequence
from typing import Any, Final

import redis
from dramatiq import Consumer, Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware
from redis.backoff import NoBackoff
from redis.retry import Retry

from hookline.brokers.memory import OwnQueue
from hookline.brokers.messages import DELIVERIES, OWN, UNREAD_LIMIT, CheckedEncoder, put_into
from hookline.errors import Misconfigured

log = logging.getLogger("hookline.broker")

ANSWER_SECONDS: Final = 3.0
"""How long Redis may take for a connection or an answer."""
NAMESPACE: Final = "hookline"
_DICE: Final = 1_000_000
"""Dramatiq's Redis broker looks for dead workers' messages so often in a million calls (its default of 1,000 leaves them for hours, 2.2.1)."""
_POLL_MILLIS: Final = {DELIVERIES: 50}
"""Dramatiq asks an idle Redis ever more rarely, up to once a second (2.2.1): that often at least, since a delivery waits."""
_OTHERS_POLL_MILLIS: Final = 250


class BoundedRedisBroker(OwnQueue, RedisBroker):
    """Without delays and dead letters; a queue holds at most 100 messages."""

    def __init__(self, client: "redis.Redis", middleware: Sequence[Middleware]) -> None:
        super().__init__(client=client, middleware=list(middleware), namespace=NAMESPACE, maintenance_chance=_DICE, dead_message_ttl=0)  # type: ignore[no-untyped-call]  # Dramatiq left it untyped
        self._unacknowledged: list[tuple[str, str]] = []

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        if queue_name == OWN:
            return self.consume_own(prefetch, timeout)
        poll = min(timeout, _POLL_MILLIS.get(queue_name, _OTHERS_POLL_MILLIS))
        return _Consumer(self, queue_name, prefetch, poll)  # type: ignore[no-untyped-call]  # Dramatiq left it untyped

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Raises redis.RedisError."""
        if message.queue_name == OWN:
            self.enqueue_own(message)
            return message
        super().enqueue(message)
        self._drop_unread(message.queue_name)
        return message

    def waiting(self, queue_name: str) -> int:
        """How many messages nobody has read yet. Raises redis.RedisError."""
        return int(self.client.llen(f"{self.namespace}:{queue_name}"))

    def acknowledge(self, queue_name: str, key: str) -> None:
        """The message is done. While Redis is away, it is told of that later: who waited for it would hold a worker thread."""
        try:
            self.do_ack(queue_name, key)
        except (redis.RedisError, OSError):
            self._unacknowledged.append((queue_name, key))

    def acknowledge_late(self) -> None:
        """Raises redis.RedisError."""
        while self._unacknowledged:
            queue_name, key = self._unacknowledged.pop()
            try:
                self.do_ack(queue_name, key)
            except (redis.RedisError, OSError):
                self._unacknowledged.append((queue_name, key))
                raise

    def _drop_unread(self, queue_name: str) -> None:
        """The oldest ones of too many."""
        key = f"{self.namespace}:{queue_name}"
        for _ in range(int(self.client.llen(key)) - UNREAD_LIMIT):
            oldest: Any = self.client.lpop(key)  # redis-py types what it gives with a count too
            if oldest is not None:
                self.client.hdel(f"{key}.msgs", oldest)


class _Consumer(_RedisConsumer):
    """A lost acknowledgement costs nothing: Dramatiq's would hold its worker thread until Redis is back (2.2.1)."""

    def __next__(self) -> MessageProxy | None:
        try:
            self.broker.acknowledge_late()
            message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]  # Dramatiq left it untyped
            if message is not None and "redis_message_id" not in message.options:
                self._forget_stranger()
        except redis.RedisError as error:  # Dramatiq knows those of connections only; any other would be told with a traceback
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]  # likewise
        return message and put_into(self.queue_name, message)

    def ack(self, message: MessageProxy) -> None:
        self._let_go_of(message)

    def nack(self, message: MessageProxy) -> None:
        """Nobody reads dead letters: a refused message goes as if it had been done."""
        self._let_go_of(message)

    def _let_go_of(self, message: MessageProxy) -> None:
        self.queued_message_ids.discard(message.message_id)
        if (key := message.options.get("redis_message_id")) is not None:
            self.broker.acknowledge(self.queue_name, key)

    def _forget_stranger(self) -> None:
        """Takes one message that does not name its key, so that nobody could acknowledge it, off what this consumer has fetched.

        Raises redis.RedisError.
        """
        client, name = self.broker.client, f"{self.broker.namespace}:{self.queue_name}"
        for key in client.smembers(f"{self.broker.namespace}:__acks__.{self.broker.broker_id}.{self.queue_name}"):
            stored = client.hget(f"{name}.msgs", key)
            if stored is None or not CheckedEncoder().decode(stored)["options"]:
                self.broker.do_ack(self.queue_name, key)
                return


def open_redis(url: str, middleware: Sequence[Middleware]) -> BoundedRedisBroker:
    """Raises Misconfigured when Redis refuses us or may throw messages away, redis.RedisError or OSError when it does not answer."""
    client = redis.Redis.from_url(url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0))
    try:
        _check_keeps_messages(client)
    except (redis.AuthenticationError, redis.ResponseError) as error:
        raise Misconfigured(f"HOOKLINE_BROKER_URL: Redis refused it: {error}. Correct the user, the password or the database's number.") from None
    finally:
        client.close()
    return BoundedRedisBroker(client, middleware)


def _check_keeps_messages(client: "redis.Redis") -> None:
    """A Redis that evicts keys when it is full throws messages away and says nothing (allkeys-lru: 5 of 300 were left, 2026-11).

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
            f"HOOKLINE_BROKER_URL: this Redis evicts keys when it is full (maxmemory-policy {policy}), so messages could vanish. "
            "Set maxmemory-policy to noeviction there, or name a Redis of its own."
        )
