"""The broker and the actors that live behind it. `workers.main` and `workers.embedded` make them; others call an actor by its name.

An actor starts something that a row in the database asks for, and returns: no message holds data, no actor runs for minutes.
"""

from collections.abc import Callable

from dramatiq import Broker, Consumer, MessageProxy, actor
from dramatiq.brokers.stub import StubBroker, _StubConsumer
from dramatiq.middleware import AgeLimit, Middleware, ShutdownNotifications, TimeLimit

from hookline.wakeups import ACTOR, QUEUE

_MAX_AGE_MILLIS = 60_000
_TIME_LIMIT_MILLIS = 10_000


class InProcessBroker(StubBroker):
    """Queues inside this process, for memory://."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 100) -> Consumer:
        return _ForgetfulConsumer(self.queues[queue_name], [], prefetch, timeout)  # type: ignore[no-untyped-call]  # Dramatiq left it untyped


class _ForgetfulConsumer(_StubConsumer):
    """Dramatiq's keeps every refused message for ever (2.2.1)."""

    def nack(self, message: MessageProxy) -> None:
        self.queue.task_done()
        self.prefetch_semaphore.release()


def make_broker(host: Middleware, kick: Callable[[], object]) -> Broker:
    """A broker with every actor. host: starts and ends what the actors work on. kick: wakes the process's pump; must be safe from any thread.

    There is no Retries middleware: the database has the schedule.
    """
    broker = InProcessBroker([AgeLimit(), TimeLimit(), ShutdownNotifications(), host])
    _declare_deliver(broker, kick)
    return broker


def _declare_deliver(broker: Broker, kick: Callable[[], object]) -> None:
    @actor(broker=broker, actor_name=ACTOR, queue_name=QUEUE, max_age=_MAX_AGE_MILLIS, time_limit=_TIME_LIMIT_MILLIS)
    def deliver() -> None:
        """Deliveries may wait: look."""
        kick()
