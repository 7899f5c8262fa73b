"""A worker's Dramatiq behind a broker, with actors that only keep what they were told."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

from dramatiq import Broker

from hookline.messaging.brokers import open_broker
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.rabbitmq_broker import BoundedRabbitmqBroker
from hookline.messaging.redis_broker import BoundedRedisBroker
from tests.working import borrowed_loop, consuming
from workers.actors import make_broker
from workers.context import WorkerContext


@dataclass
class Seen:
    """Stands for a worker context, and keeps what its actors were told."""

    webhooks: list[UUID] = field(default_factory=list)
    mails: list[tuple[UUID, str]] = field(default_factory=list)

    @property
    def pump(self) -> "Seen":
        return self

    def wake(self, webhook_ids: list[UUID]) -> None:
        self.webhooks += webhook_ids

    def context(self) -> WorkerContext:
        return cast(WorkerContext, self)


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[tuple[WorkerBroker, Seen, Enqueuer]]:
    """A worker's Dramatiq behind the broker, what its actors were told, and an enqueuer of another
    process (memory://: of the same).
    """
    seen, enqueuer = Seen(), Enqueuer()
    broker = make_broker(url, borrowed_loop(), seen.context)
    with enqueuer.sending_to(broker if url == "memory://" else open_broker(url)):
        async with consuming(broker):
            yield broker, seen, enqueuer


def deliver(enqueuer: Enqueuer, seen: Seen) -> Callable[[], bool]:
    """Asks again and again, as publishing does; whether the worker heard of it. For
    `eventually`.
    """
    key = uuid4()

    def ask() -> bool:
        enqueuer.deliver([key])
        return key in seen.webhooks

    return ask


def put(broker: Broker, queue: str, data: bytes) -> None:
    """Leaves something in a queue of ours, as others may."""
    if isinstance(broker, BoundedRedisBroker):
        name, key = f"{broker.namespace}:{queue}", str(uuid4())
        broker.client.hset(f"{name}.msgs", key, cast(Any, data))
        broker.client.rpush(name, key)
    else:
        assert isinstance(broker, BoundedRabbitmqBroker)
        broker.channel.basic_publish("", queue, data)


def left_in(broker: Broker, queue: str) -> int:
    """Messages of the queue that somebody would still get, those that a worker has fetched and not
    yet let go of too.
    """
    if isinstance(broker, BoundedRedisBroker):
        return int(cast(int, broker.client.hlen(f"{broker.namespace}:{queue}.msgs")))
    assert isinstance(broker, BoundedRabbitmqBroker)
    return int(broker.channel.queue_declare(queue, passive=True).method.message_count)
