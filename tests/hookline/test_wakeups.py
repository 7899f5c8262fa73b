"""Wake-ups through a broker: few, never in the caller's way, and nothing depends on them."""

import threading
import time

from dramatiq import Broker, Message
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import ConnectionClosed

from hookline.wakeups import ACTOR, QUEUE, Wakeups
from tests.waiting import eventually


class Recording(StubBroker):
    """Keeps what is sent. is_down: sending fails; gate: sending hangs until it is set."""

    def __init__(self) -> None:
        super().__init__(middleware=[])
        self.sent: list[Message[None]] = []
        self.is_down = False
        self.gate = threading.Event()
        self.gate.set()

    def enqueue(self, message: Message[None], *, delay: int | None = None) -> Message[None]:
        self.gate.wait(10)
        self.sent.append(message)
        if self.is_down:
            raise ConnectionClosed("gone")  # type: ignore[no-untyped-call]  # Dramatiq 2.2 types no errors
        return message


def started(broker: Broker) -> Wakeups:
    wakeups = Wakeups(broker)
    wakeups.start()
    return wakeups


async def test_many_wakes_become_one_message_a_second() -> None:
    broker = Recording()
    wakeups = started(broker)
    begun = time.monotonic()

    wakeups.wake()
    await eventually(lambda: len(broker.sent) == 1)
    for _ in range(1_000):
        wakeups.wake()
    await eventually(lambda: len(broker.sent) == 2)

    assert time.monotonic() - begun >= 0.9
    assert (broker.sent[0].queue_name, broker.sent[0].actor_name, broker.sent[0].args) == (QUEUE, ACTOR, ())
    wakeups.stop()


async def test_a_broker_that_hangs_holds_nobody_up() -> None:
    broker = Recording()
    broker.gate.clear()
    wakeups = started(broker)

    for _ in range(100):
        wakeups.wake()
    wakeups.stop()

    assert broker.sent == []  # still in the broker's hands
    broker.gate.set()


async def test_a_broker_that_fails_is_tried_again() -> None:
    broker = Recording()
    broker.is_down = True
    wakeups = started(broker)

    wakeups.wake()
    await eventually(lambda: len(broker.sent) == 1)
    wakeups.wake()
    await eventually(lambda: len(broker.sent) == 2)

    wakeups.stop()
