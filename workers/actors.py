"""The broker and the actors that live behind it. `workers.main` and `workers.embedded` make them; others call an actor by its name.

An actor starts something that a row in the database asks for, and returns: no message holds data, no actor runs for minutes.
"""

from collections.abc import Callable

from dramatiq import Broker, actor
from dramatiq.middleware import AgeLimit, Middleware, ShutdownNotifications, TimeLimit

from hookline.brokers import open_broker
from hookline.wakeups import ACTOR, QUEUE

_MAX_AGE_MILLIS = 60_000
_TIME_LIMIT_MILLIS = 10_000


def make_broker(url: str, host: Middleware, kick: Callable[[], object]) -> Broker:
    """A broker with every actor. host: starts and ends what the actors work on. kick: wakes the process's pump; must be safe from any thread.

    There is no Retries middleware: the database has the schedule.

    Raises what open_broker raises.
    """
    broker = open_broker(url, [AgeLimit(), TimeLimit(), ShutdownNotifications(), host])
    _declare_deliver(broker, kick)
    return broker


def _declare_deliver(broker: Broker, kick: Callable[[], object]) -> None:
    @actor(broker=broker, actor_name=ACTOR, queue_name=QUEUE, max_age=_MAX_AGE_MILLIS, time_limit=_TIME_LIMIT_MILLIS)
    def deliver() -> None:
        """Deliveries may wait: look."""
        kick()
