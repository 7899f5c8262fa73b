"""Messages to the actors: few, never in the caller's way, and nothing depends on them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from dramatiq import Message
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import ConnectionClosed

from hookline.messaging.enqueuer import PAUSE_SECONDS, Enqueuer
from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.messages import BACKGROUND, DELIVERIES, IDS_LIMIT
from tests.waiting import eventually


class Recording(WorkerBroker, StubBroker):
    """Keeps what is sent. is_down: sending fails; gate: sending hangs until it is set."""

    def __init__(self) -> None:
        super().__init__(middleware=[])
        self.sent: list[Message[Any]] = []
        self.times: list[float] = []
        self.is_down = False
        self.gate = threading.Event()
        self.gate.set()

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        self.gate.wait(60)
        self.times.append(time.monotonic())
        self.sent.append(message)
        if self.is_down:
            # Dramatiq 2.2 types no errors
            raise ConnectionClosed("gone")  # type: ignore[no-untyped-call]
        return message

    def webhooks(self) -> list[UUID]:
        """Named by all messages, in order."""
        return [UUID(key) for message in self.sent for key in message.args[0]]


@contextmanager
def sending(broker: Recording) -> Iterator[Enqueuer]:
    enqueuer = Enqueuer()
    with enqueuer.sending_to(broker):
        yield enqueuer


async def test_webhooks_that_are_named_meanwhile_share_the_next_message() -> None:
    broker, keys = Recording(), [uuid4() for _ in range(100)]
    with sending(broker) as enqueuer:
        enqueuer.deliver(keys[:1])
        await eventually(lambda: len(broker.sent) == 1)
        for key in keys[1:]:
            enqueuer.deliver([key, key])
        await eventually(lambda: len(broker.webhooks()) == 100)
    assert broker.webhooks() == keys
    assert len(broker.sent) > 1
    assert all(later - earlier >= PAUSE_SECONDS * 0.9 for earlier, later in pairwise(broker.times))
    assert {(message.queue_name, message.actor_name) for message in broker.sent} == {
        (DELIVERIES, "deliver")
    }


async def test_no_message_names_more_than_200_webhooks() -> None:
    broker, keys = Recording(), [uuid4() for _ in range(450)]
    with sending(broker) as enqueuer:
        enqueuer.deliver(keys)
        await eventually(lambda: len(broker.webhooks()) == 450)
    assert [len(message.args[0]) for message in broker.sent] == [IDS_LIMIT, IDS_LIMIT, 50]
    assert broker.webhooks() == keys


async def test_each_mail_and_each_job_is_a_message_of_its_own() -> None:
    broker, notification, job = Recording(), uuid4(), uuid4()
    with sending(broker) as enqueuer:
        broker.gate.clear()
        enqueuer.run_job(job)
        for address in ("a@example.com", "b@example.com", "a@example.com"):
            enqueuer.send_mail(notification, address)
        broker.gate.set()
        await eventually(lambda: len(broker.sent) == 3)
    assert {message.queue_name for message in broker.sent} == {BACKGROUND}
    assert {(message.actor_name, *message.args) for message in broker.sent} == {
        ("run_job", str(job)),
        ("send_mail", str(notification), "a@example.com"),
        ("send_mail", str(notification), "b@example.com"),
    }


async def test_a_broker_that_hangs_holds_nobody_up_and_fills_no_memory() -> None:
    broker = Recording()
    broker.gate.clear()
    with sending(broker) as enqueuer:
        for _ in range(10_000):
            enqueuer.deliver([uuid4()])
            enqueuer.run_job(uuid4())
        assert (len(enqueuer._webhooks) <= 2_000, len(enqueuer._waiting) <= 1_000) == (True, True)
    assert broker.sent == []  # still in the broker's hands
    broker.gate.set()


async def test_a_broker_that_fails_is_tried_again_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "hookline.messaging.enqueuer")
    broker = Recording()
    broker.is_down = True
    with sending(broker) as enqueuer:
        for number in (1, 2):
            enqueuer.deliver([uuid4()])
            # mypy knows no type of a default here
            await eventually(lambda number=number: len(broker.sent) == number)  # type: ignore[misc]
        broker.is_down = False
        enqueuer.deliver([uuid4()])
        await eventually(lambda: "over after" in caplog.text)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_without_a_broker_nothing_is_kept() -> None:
    enqueuer = Enqueuer()
    enqueuer.deliver([uuid4()])
    enqueuer.run_job(uuid4())
    assert not enqueuer._webhooks
    assert not enqueuer._waiting
