"""What every broker does: inside this process, over Redis, over RabbitMQ. Whatever happens to the server, it costs a message and no more."""

import gc
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dramatiq
import pika
import pytest
from dramatiq.brokers.redis import RedisBroker

from hookline.brokers import OneTryRabbitmqBroker, let_go, open_broker
from hookline.errors import Misconfigured, Unavailable
from hookline.pubsub.base import MemoryHub
from hookline.wakeups import ACTOR, QUEUE, waking
from tests.servers import RabbitMQ, Server, Valkey, free_port, rabbitmq
from tests.waiting import eventually
from workers.actors import make_broker

Kicks = list[int]


@pytest.fixture(autouse=True)
def ended_threads() -> Iterator[None]:
    """They end by themselves, later than the test that a broker hangs for. pika leaves the sockets of connections that broke to the garbage
    collector (1.4.4): here, where they were broken, nobody is warned of them."""
    yield
    for thread in threading.enumerate():
        if thread.name == "wakeups" or type(thread).__module__ == "dramatiq.worker":
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
    return str(request.getfixturevalue({"redis": "valkey_server", "amqp": "rabbitmq_server"}[request.param]).url)


@pytest.fixture(params=["redis", "amqp"])
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """One that may be killed, frozen and emptied."""
    with Valkey(tmp_path) if request.param == "redis" else rabbitmq(tmp_path) as server:
        yield server


@contextmanager
def consuming(url: str) -> Iterator[tuple[dramatiq.Broker, Kicks]]:
    """A worker behind the broker, and how often it was kicked."""
    kicks = Kicks()
    broker = make_broker(url, dramatiq.Middleware(), lambda: kicks.append(1))
    broker.emit_after("process_boot")
    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    worker.start()
    try:
        yield broker, kicks
    finally:
        worker.stop(timeout=5_000)
        broker.close()
        let_go(broker)


def announcer(hub: MemoryHub, kicks: Kicks, more_than: int = 0) -> Callable[[], bool]:
    """Announces once more, as publishing does; whether the worker was kicked. For `eventually`."""

    def announce() -> bool:
        hub.announce("wake", "some")
        return len(kicks) > more_than

    return announce


async def test_a_wake_up_on_the_hub_kicks_the_worker(url: str) -> None:
    hub = MemoryHub()
    with consuming(url) as (broker, kicks), waking(hub, broker if url == "memory://" else open_broker(url)):
        hub.announce("wake", "some")
        await eventually(lambda: kicks)


async def test_messages_that_nobody_reads_do_not_pile_up(server_url: str) -> None:
    broker = make_broker(server_url, dramatiq.Middleware(), lambda: None)
    message: dramatiq.Message[None] = dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(), kwargs={}, options={})
    for _ in range(101):
        broker.enqueue(message)
    hub = MemoryHub()
    with waking(hub, open_broker(server_url)):
        for _ in range(3):
            hub.announce("wake", "some")
    assert waiting(broker) == 101
    broker.flush(QUEUE)
    let_go(broker)


def waiting(broker: dramatiq.Broker) -> int:
    if isinstance(broker, RedisBroker):
        return int(broker.do_qsize(QUEUE))
    assert isinstance(broker, OneTryRabbitmqBroker)
    return broker.waiting(QUEUE)


async def test_a_server_that_was_killed_is_found_again(own_server: Server) -> None:
    hub = MemoryHub()
    with consuming(own_server.url) as (_, kicks), waking(hub, open_broker(own_server.url)):
        await eventually(announcer(hub, kicks))
        own_server.kill()
        hub.announce("wake", "lost")
        own_server.start()
        await eventually(announcer(hub, kicks, len(kicks)), seconds=30)


async def test_a_server_that_was_frozen_holds_nobody_up_and_is_found_again(own_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    heard = list[str]()
    hub = MemoryHub()
    hub.listen("wake", heard.append)
    with consuming(own_server.url) as (_, kicks), waking(hub, open_broker(own_server.url)):
        await eventually(announcer(hub, kicks))
        own_server.freeze()
        heard.clear()
        for number in range(10_000):
            hub.announce("wake", str(number))
        assert len(heard) == 10_000
        await eventually(lambda: "wake-up lost" in caplog.text, seconds=40)
        own_server.thaw()
        await eventually(announcer(hub, kicks, len(kicks)), seconds=30)


async def test_a_server_that_was_emptied_goes_on(own_server: Server) -> None:
    hub = MemoryHub()
    with consuming(own_server.url) as (_, kicks), waking(hub, open_broker(own_server.url)):
        await eventually(announcer(hub, kicks))
        empty(own_server)
        await eventually(announcer(hub, kicks, len(kicks)), seconds=30)


def empty(server: Server) -> None:
    """FLUSHALL, or the queue deleted: more than a purge."""
    if isinstance(server, Valkey):
        with server.client() as client:
            client.flushall()
        return
    with pika.BlockingConnection(pika.URLParameters(server.url)) as connection:
        connection.channel().queue_delete(QUEUE)


async def test_rabbitmq_in_alarm_costs_a_message_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hub = MemoryHub()
    with rabbitmq(tmp_path) as server, consuming(server.url) as (_, kicks), waking(hub, open_broker(server.url)):
        await eventually(announcer(hub, kicks))
        server.control("set_vm_memory_high_watermark", "absolute", "1")
        await eventually(lambda: announcer(hub, kicks, 10**6)() or "wake-up lost" in caplog.text, seconds=40)
        server.control("set_vm_memory_high_watermark", "0.4")
        await eventually(announcer(hub, kicks, len(kicks)), seconds=30)


def test_a_redis_that_evicts_is_refused(tmp_path: Path) -> None:
    with Valkey(tmp_path, "--maxmemory-policy", "allkeys-lru") as server, pytest.raises(Misconfigured, match=r"HOOKLINE_BROKER_URL.*noeviction"):
        open_broker(server.url)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_server_that_is_not_there_is_told_without_its_password(scheme: str) -> None:
    with pytest.raises(Unavailable, match="HOOKLINE_BROKER_URL") as caught:
        open_broker(f"{scheme}://user:hunter2@127.0.0.1:{free_port()}")
    assert "hunter2" not in caught.value.message


def test_a_wrong_password_is_told(rabbitmq_server: RabbitMQ, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="RabbitMQ refused"):
        open_broker(rabbitmq_server.url.replace("guest:guest", "guest:hunter2"))
    with Valkey(tmp_path) as server:
        with server.client() as client:
            client.config_set("requirepass", "secret")
        with pytest.raises(Misconfigured, match="Redis refused"):
            open_broker(server.url.replace("redis://", "redis://:hunter2@"))


def test_a_frozen_server_keeps_nobody_from_hearing_that_at_the_start(own_server: Server) -> None:
    own_server.freeze()
    with pytest.raises(Unavailable, match="does not answer"):
        open_broker(own_server.url)
