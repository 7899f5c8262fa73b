"""What every broker does: inside this process, over Redis, over RabbitMQ. Whatever happens to the
server, it costs messages and no more.
"""

import asyncio
import gc
import logging
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import dramatiq
import orjson
import pika
import pytest
from dramatiq import Broker
from prometheus_client import generate_latest

from hookline.errors import Unavailable
from hookline.messaging.brokers import open_broker
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.messages import (
    BACKGROUND,
    DELIVERIES,
    MAX_AGE_MILLIS,
    OWN,
    UNREAD_LIMIT,
    ActorName,
    make_message,
)
from hookline.messaging.rabbitmq_broker import BoundedRabbitmqBroker
from hookline.messaging.redis_broker import BoundedRedisBroker
from tests.servers import RabbitMQ, Server, Valkey, rabbitmq
from tests.waiting import eventually
from tests.working import borrowed_loop, consuming
from workers.actors import make_broker
from workers.engine import Engine
from workers.reporting import Reporting


@dataclass
class Seen:
    """Stands for an engine, and keeps what its actors were told."""

    webhooks: list[UUID] = field(default_factory=list)
    mails: list[tuple[UUID, str]] = field(default_factory=list)

    @property
    def pump(self) -> "Seen":
        return self

    def wake(self, webhook_ids: list[UUID]) -> None:
        self.webhooks += webhook_ids

    def engine(self) -> Engine:
        return cast(Engine, self)


@pytest.fixture(autouse=True)
def ended_threads() -> Iterator[None]:
    """They end by themselves, later than the test that a broker hangs for. pika leaves the sockets
    of connections that broke to the garbage collector (1.4.4): here, where they were broken, nobody
    is warned of them.
    """
    yield
    for thread in threading.enumerate():
        if thread.name == "enqueuer" or type(thread).__module__ == "dramatiq.worker":
            thread.join(30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(params=["memory", "redis", "amqp"])
def url(request: pytest.FixtureRequest) -> str:
    """Of a broker that nobody harms."""
    return "memory://" if request.param == "memory" else shared_server(request)


@pytest.fixture(params=["redis", "amqp"])
def server_url(request: pytest.FixtureRequest) -> str:
    """Of a broker outside this process that nobody harms."""
    return shared_server(request)


def shared_server(request: pytest.FixtureRequest) -> str:
    server = request.getfixturevalue(
        {"redis": "valkey_server", "amqp": "rabbitmq_server"}[request.param]
    )
    server.empty()
    return str(server.url)


@pytest.fixture(params=["redis", "amqp"])
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """One that may be killed, frozen and emptied."""
    with Valkey(tmp_path) if request.param == "redis" else rabbitmq(tmp_path) as server:
        yield server


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[tuple[WorkerBroker, Seen, Enqueuer]]:
    """A worker's Dramatiq behind the broker, what its actors were told, and an enqueuer of another
    process (memory://: of the same).
    """
    seen, enqueuer = Seen(), Enqueuer()
    broker = make_broker(url, borrowed_loop(), seen.engine)
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
    """What others may leave in a queue of ours."""
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


async def test_a_message_reaches_its_actor_and_is_counted(url: str) -> None:
    keys = [uuid4() for _ in range(3)]
    async with listening(url) as (broker, seen, enqueuer):
        enqueuer.deliver(keys)
        await eventually(lambda: seen.webhooks == keys)
        counted = f'dramatiq_messages_total{{actor_name="deliver",queue_name="{DELIVERIES}"}} 1.0'
        await eventually(lambda: counted in counters_of(broker))


def counters_of(broker: Broker) -> str:
    """As a metrics endpoint would show them."""
    [reporting] = [
        middleware for middleware in broker.middleware if isinstance(middleware, Reporting)
    ]
    return generate_latest(reporting.registry).decode()


async def test_a_message_to_the_process_itself_stays_in_it(url: str) -> None:
    key = uuid4()
    async with listening(url) as (broker, seen, _):
        broker.enqueue(make_message(ActorName.DELIVER, [str(key)], queue=OWN))
        await eventually(lambda: seen.webhooks == [key])


async def test_messages_that_nobody_reads_do_not_pile_up(url: str) -> None:
    broker = make_broker(url, borrowed_loop(), Seen().engine)
    for queue in (DELIVERIES, BACKGROUND, OWN):
        for number in range(UNREAD_LIMIT + 50):
            broker.enqueue(make_message(ActorName.DELIVER, [str(UUID(int=number))], queue=queue))
    if url != "memory://":
        assert [left_in(broker, queue) for queue in (DELIVERIES, BACKGROUND)] == [
            UNREAD_LIMIT,
            UNREAD_LIMIT,
        ]
    consumer = broker.consume(OWN, prefetch=200, timeout=50)
    read = [message for message in iter(consumer.__next__, None) if message is not None]
    assert [message.args[0] for message in read] == [
        [str(UUID(int=number))] for number in range(50, UNREAD_LIMIT + 50)
    ]
    broker.disconnect()


def of_deliver(*arguments: object, **changes: Any) -> bytes:
    return orjson.dumps(make_message(ActorName.DELIVER, *arguments).copy(**changes).asdict())


STRANGERS: dict[str, Callable[[], bytes]] = {
    "no message": lambda: b"\xff{",
    "no actor": lambda: of_deliver(actor_name="their_actor"),
    "other arguments": lambda: of_deliver("a", "b", "c"),
    "no ids": lambda: of_deliver(["x"]),
    "no list": lambda: of_deliver({"a": 1}),
    "10,000 ids": lambda: of_deliver([str(uuid4())] * 10_000),
    "deep": lambda: (
        b'{"actor_name":"deliver","message_timestamp":1,"kwargs":{},"args":'
        + b"[" * 50_000
        + b"]" * 50_000
        + b"}"
    ),
}
"""Made when they are sent: one that is too old is dropped in silence."""


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
async def test_what_no_actor_understands_is_told_once_and_gone(
    server_url: str, stranger: Callable[[], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(server_url) as (broker, seen, enqueuer):
        for _ in range(5):
            put(broker, DELIVERIES, stranger())
        await eventually(deliver(enqueuer, seen))
        await eventually(
            lambda: left_in(broker, DELIVERIES) == 0 and warnings_in(caplog)
        )  # RabbitMQ counts none that a worker has fetched
    [told] = warnings_in(caplog)
    assert "refused" in told.message
    assert told.exc_info is None
    assert len(seen.webhooks) == seen.webhooks.count(seen.webhooks[0])  # none of theirs


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_message_that_names_another_queue_is_worked_on_and_gone(server_url: str) -> None:
    key = uuid4()
    async with listening(server_url) as (broker, seen, _):
        for _ in range(5):
            put(broker, DELIVERIES, of_deliver([str(key)], queue_name="theirs"))
        await eventually(lambda: seen.webhooks == [key] * 5)
        await eventually(lambda: left_in(broker, DELIVERIES) == 0)


async def test_a_message_under_another_ones_key_is_gone_too(valkey_server: Valkey) -> None:
    valkey_server.empty()
    message = make_message(ActorName.DELIVER, [str(UUID(int=1))])
    async with listening(valkey_server.url) as (broker, seen, _):
        for _ in range(5):
            put(
                broker,
                DELIVERIES,
                orjson.dumps(message.copy(options={"redis_message_id": "another"}).asdict()),
            )
        await eventually(lambda: UUID(int=1) in seen.webhooks)
        await eventually(lambda: left_in(broker, DELIVERIES) == 0)


async def test_messages_that_are_too_old_are_dropped_in_silence(
    server_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = make_message(ActorName.DELIVER, [str(UUID(int=1))])
    async with listening(server_url) as (broker, seen, enqueuer):
        put(
            broker,
            DELIVERIES,
            orjson.dumps(
                {**old.asdict(), "message_timestamp": old.message_timestamp - MAX_AGE_MILLIS - 1}
            ),
        )
        await eventually(deliver(enqueuer, seen))
        await eventually(lambda: left_in(broker, DELIVERIES) == 0)
    assert UUID(int=1) not in seen.webhooks
    assert not caplog.records


async def test_an_actor_that_fails_is_told_once_with_its_ids_and_its_message_is_gone(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def closed() -> Engine:
        raise RuntimeError("unforeseen")

    broker = make_broker(url, borrowed_loop(), closed)
    async with consuming(broker):
        broker.enqueue(make_message(ActorName.SEND_MAIL, str(UUID(int=1)), "ops@example.com"))
        await eventually(lambda: caplog.records)
        if url != "memory://":
            await eventually(lambda: left_in(broker, BACKGROUND) == 0)
    [record] = caplog.records
    assert (record.name, record.message) == (
        "workers.reporting",
        "send_mail failed: RuntimeError('unforeseen')",
    )
    assert record.ids == f"'{UUID(int=1)}'"  # type: ignore[attr-defined]  # an extra
    assert "ops@example.com" not in caplog.text
    counters = counters_of(broker)
    assert (
        f'dramatiq_message_errors_total{{actor_name="send_mail",queue_name="{BACKGROUND}"}} 1.0'
        in counters
    )
    assert (
        f'dramatiq_message_duration_milliseconds_count{{actor_name="send_mail",queue_name="{BACKGROUND}"}} 1.0'
        in counters
    )


async def test_an_actor_whose_database_is_away_is_told_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away() -> Engine:
        raise Unavailable

    broker = make_broker("memory://", borrowed_loop(), away)
    async with consuming(broker):
        broker.enqueue(make_message(ActorName.RUN_JOB, str(UUID(int=1))))
        await eventually(lambda: caplog.records)
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]


async def test_a_server_that_was_killed_is_found_again_and_the_own_queue_works_meanwhile(
    own_server: Server,
) -> None:
    async with listening(own_server.url) as (broker, seen, enqueuer):
        await eventually(deliver(enqueuer, seen))
        own_server.kill()
        await works_by_itself(broker, seen)
        own_server.start()
        await eventually(deliver(enqueuer, seen))


async def works_by_itself(broker: Broker, seen: Seen) -> None:
    """More messages to itself than it has threads, while messages of the server are in
    its hands.
    """
    keys = [uuid4() for _ in range(20)]
    for key in keys:
        broker.enqueue(make_message(ActorName.DELIVER, [str(key)], queue=OWN))
    await eventually(lambda: set(keys) <= set(seen.webhooks), seconds=5)


async def test_a_server_that_dies_with_messages_in_work_holds_no_thread(own_server: Server) -> None:
    started, gate = threading.Semaphore(0), threading.Event()

    def blocked() -> Engine:
        started.release()
        gate.wait(60)
        return Seen().engine()

    broker = make_broker(own_server.url, borrowed_loop(), blocked)
    done = list[str]()

    @dramatiq.actor(broker=broker, queue_name=OWN)
    def probe() -> None:
        done.append("probe")

    @dramatiq.actor(broker=broker, queue_name=BACKGROUND)
    def held() -> None:
        blocked()

    async with consuming(broker):
        for _ in range(4):
            held.send()
        await eventually(lambda: started.acquire(blocking=False))
        await eventually(lambda: started.acquire(blocking=False))
        own_server.kill()
        gate.set()
        probe.send()
        await eventually(lambda: done, seconds=4)


async def test_a_server_that_was_frozen_holds_nobody_up_and_is_found_again(
    own_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(own_server.url) as (broker, seen, enqueuer):
        await eventually(deliver(enqueuer, seen))
        own_server.freeze()
        for _ in range(10_000):
            enqueuer.deliver([uuid4()])
        await works_by_itself(broker, seen)
        await eventually(lambda: "takes no message" in caplog.text)
        own_server.thaw()
        await eventually(deliver(enqueuer, seen))
    assert not [record for record in caplog.records if record.exc_info]
    assert len(caplog.records) <= 4


async def test_a_server_that_was_emptied_goes_on(own_server: Server) -> None:
    async with listening(own_server.url) as (_, seen, enqueuer):
        await eventually(deliver(enqueuer, seen))
        empty(own_server)
        await eventually(deliver(enqueuer, seen))


def empty(server: Server) -> None:
    """FLUSHALL, or the queues deleted: more than a purge."""
    if isinstance(server, Valkey):
        server.empty()
        return
    with pika.BlockingConnection(pika.URLParameters(server.url)) as connection:
        for queue in (DELIVERIES, BACKGROUND):
            connection.channel().queue_delete(queue)


async def test_a_process_that_was_quiet_for_long_loses_no_message(
    rabbitmq_server: RabbitMQ, caplog: pytest.LogCaptureFixture
) -> None:
    rabbitmq_server.empty()
    seen, enqueuer, sender = Seen(), Enqueuer(), open_broker(rabbitmq_server.url)
    assert isinstance(sender, BoundedRabbitmqBroker)
    cast(
        pika.URLParameters, sender.parameters
    ).heartbeat = 1  # RabbitMQ gives up a connection that is silent for twice as long
    broker = make_broker(rabbitmq_server.url, borrowed_loop(), seen.engine)
    with enqueuer.sending_to(sender):
        async with consuming(broker):
            for _ in range(2):
                enqueuer.deliver([key := uuid4()])
                await eventually(partial(has_heard, seen, key))
                await asyncio.sleep(5)
    assert not caplog.records


def has_heard(seen: Seen, key: UUID) -> bool:
    return key in seen.webhooks


async def test_rabbitmq_in_alarm_costs_messages_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with rabbitmq(tmp_path) as server:
        async with listening(server.url) as (_, seen, enqueuer):
            await eventually(deliver(enqueuer, seen))
            server.control("set_vm_memory_high_watermark", "absolute", "1")

            def is_blocked() -> bool:
                enqueuer.deliver([uuid4()])
                return "takes no message" in caplog.text

            await eventually(is_blocked)
            server.control("set_vm_memory_high_watermark", "0.4")
            await eventually(deliver(enqueuer, seen))
