"""Brokers that are killed, frozen, emptied or full: it costs messages and no more."""

import asyncio
import errno
import os
import socket
import threading
from functools import partial
from typing import cast
from uuid import UUID, uuid4

import dramatiq
import pika
import pytest
from dramatiq import Broker
from dramatiq.brokers.rabbitmq import _RabbitmqConsumer
from dramatiq.errors import ConnectionClosed

from hookline.errors import Unavailable
from hookline.messaging.brokers import open_broker
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.messages import (
    BACKGROUND,
    DELIVERIES,
    OWN,
    ActorName,
    make_message,
)
from hookline.messaging.rabbitmq_broker import BoundedRabbitmqBroker
from hookline.runtime import Runtime
from tests.background import a_job, a_mail, is_done, is_sent, mails_sent
from tests.making import make_webhook
from tests.servers import MessageServer, RabbitMQ, Valkey
from tests.sharing import VirtualHost
from tests.waiting import eventually
from tests.workers.brokers.listening import Seen, deliver, listening
from tests.working import borrowed_loop, consuming, working
from workers.actors import make_broker
from workers.context import WorkerContext

# A RabbitMQ that starts anew takes two minutes at a third of the speed.
pytestmark = pytest.mark.timeout(600)
# Of itself, not by a lower limit of memory: with a limit of one byte rabbitmqctl, by which it is to
# be raised again, took over a minute on a slow machine.
MEMORY_ALARM = "{resource_limit, memory, node()}"


async def test_a_server_that_was_killed_is_found_again_and_the_own_queue_works_meanwhile(
    own_server: MessageServer,
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


@pytest.mark.last
async def test_a_server_that_dies_with_messages_in_work_holds_no_thread(
    own_server: MessageServer,
) -> None:
    started, gate = threading.Semaphore(0), threading.Event()

    def blocked() -> WorkerContext:
        started.release()
        gate.wait(60)
        return Seen().context()

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
    own_server: MessageServer, caplog: pytest.LogCaptureFixture
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


async def test_a_redis_that_was_emptied_goes_on(valkey_server: Valkey) -> None:
    async with listening(valkey_server.url) as (_, seen, enqueuer):
        await eventually(deliver(enqueuer, seen))
        valkey_server.empty()
        await eventually(deliver(enqueuer, seen))


async def test_a_rabbitmq_whose_queues_were_deleted_goes_on(rabbitmq_server: VirtualHost) -> None:
    rabbitmq_server.empty()
    async with listening(rabbitmq_server.url) as (_, seen, enqueuer):
        await eventually(deliver(enqueuer, seen))
        with pika.BlockingConnection(pika.URLParameters(rabbitmq_server.url)) as connection:
            for queue in (DELIVERIES, BACKGROUND):
                connection.channel().queue_delete(queue)
        await eventually(deliver(enqueuer, seen))


def test_a_consumer_of_a_queue_that_is_gone_leaves_no_connection(
    rabbitmq_server: VirtualHost,
) -> None:
    broker = open_broker(rabbitmq_server.url)
    consumer = broker.consume(DELIVERIES, timeout=100)
    assert isinstance(consumer, _RabbitmqConsumer)
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_server.url)) as connection:
        connection.channel().queue_delete(DELIVERIES)
    with pytest.raises(ConnectionClosed):  # RabbitMQ has closed its channel
        next(consumer)
    consumer.close()  # type: ignore[no-untyped-call]  # Dramatiq left it untyped
    assert consumer.connection.is_closed
    broker.close()


async def test_a_process_that_was_quiet_for_long_loses_no_message(
    rabbitmq_server: VirtualHost, caplog: pytest.LogCaptureFixture
) -> None:
    rabbitmq_server.empty()
    seen, enqueuer, sender = Seen(), Enqueuer(), open_broker(rabbitmq_server.url)
    assert isinstance(sender, BoundedRabbitmqBroker)
    cast(
        pika.URLParameters, sender.parameters
    ).heartbeat = 1  # RabbitMQ gives up a connection that is silent for twice as long
    broker = make_broker(rabbitmq_server.url, borrowed_loop(), seen.context)
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
    own_rabbitmq: RabbitMQ, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(own_rabbitmq.url) as (_, seen, enqueuer):
        await eventually(deliver(enqueuer, seen))
        own_rabbitmq.control("eval", f"rabbit_alarm:set_alarm({{{MEMORY_ALARM}, []}}).")
        try:

            def is_blocked() -> bool:
                enqueuer.deliver([uuid4()])
                return "takes no message" in caplog.text

            await eventually(is_blocked)
        finally:
            own_rabbitmq.control("eval", f"rabbit_alarm:clear_alarm({MEMORY_ALARM}).")
        await eventually(deliver(enqueuer, seen))


def test_a_frozen_server_keeps_nobody_from_hearing_that_at_the_start(
    own_server: MessageServer,
) -> None:
    own_server.freeze()
    with pytest.raises(Unavailable, match="does not answer"):
        open_broker(own_server.url)


def test_rabbitmq_that_resets_a_connection_as_it_opens_is_told_as_away(
    rabbitmq_server: VirtualHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = open_broker(rabbitmq_server.url)

    class Reset(socket.socket):
        """Reset once it is connected, by what the kernel says of it."""

        def getpeername(self) -> object:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    with monkeypatch.context() as resets:
        resets.setattr("socket.socket", Reset)
        with pytest.raises(Unavailable, match=r"does not answer \(ConnectionResetError\)"):
            open_broker(rabbitmq_server.url)
        with pytest.raises(ConnectionClosed):
            broker.consume(DELIVERIES)
        with pytest.raises(ConnectionResetError):
            broker.enqueue(make_message(ActorName.DELIVER, [str(uuid4())]))
    broker.enqueue(make_message(ActorName.DELIVER, [str(uuid4())]))
    broker.close()


@pytest.mark.last
@pytest.mark.engines("postgres")
async def test_with_the_broker_dead_mails_and_jobs_go_on(
    runtime: Runtime, own_server: MessageServer
) -> None:
    notification = await a_mail(runtime)
    async with working(runtime, own_server.url):
        own_server.kill()
        job = await a_job(runtime, (await make_webhook(runtime)).id)
        await eventually(lambda: is_done(job.id))
        await eventually(lambda: is_sent(notification))
    assert mails_sent(runtime) == 1
