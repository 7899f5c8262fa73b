"""Messages over every broker: inside this process, over Redis, over RabbitMQ."""

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from dramatiq import Broker
from prometheus_client import generate_latest

from hookline.errors import Unavailable
from hookline.messaging.messages import (
    BACKGROUND,
    DELIVERIES,
    MAX_AGE_MILLIS,
    OWN,
    UNREAD_LIMIT,
    ActorName,
    make_message,
)
from tests.servers import Valkey
from tests.waiting import eventually
from tests.workers.brokers.listening import Seen, deliver, left_in, listening, put
from tests.working import borrowed_loop, consuming
from workers.actors import make_broker
from workers.context import WorkerContext
from workers.reporting import Reporting


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
    broker = make_broker(url, borrowed_loop(), Seen().context)
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
        # RabbitMQ counts none that a worker has fetched
        await eventually(lambda: left_in(broker, DELIVERIES) == 0 and warnings_in(caplog))
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
    def closed() -> WorkerContext:
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
    def away() -> WorkerContext:
        raise Unavailable

    broker = make_broker("memory://", borrowed_loop(), away)
    async with consuming(broker):
        broker.enqueue(make_message(ActorName.RUN_JOB, str(UUID(int=1))))
        await eventually(lambda: caplog.records)
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]
