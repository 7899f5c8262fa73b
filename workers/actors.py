"""What a worker does: every actor, with its queue, age, time and priority. `workers.main` and `workers.embedded` declare them on their broker.

An actor begins or does a bounded piece of what rows in the database ask for. Its message carries ids and holds nothing that could be lost:
whoever works on a row leases it, so that a message that comes ten times, late or never changes nothing but the moment.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import dramatiq
from dramatiq import Broker
from dramatiq.middleware import AgeLimit, Middleware, TimeLimit

from hookline import jobs, notifications, retention, statistics
from hookline.brokers.memory import InProcessBroker, OwnQueue
from hookline.brokers.messages import BACKGROUND, DELIVERIES, IDS_LIMIT, MAX_AGE_MILLIS, OWN, ActorName, NotUnderstood, make_message
from hookline.brokers.opening import open_broker
from hookline.clock import monotonic
from workers.engine import Engine
from workers.reporting import Reporting, silence_doubles

SLICE_SECONDS: Final = 0.5
"""How long a message is worked on before its actor enqueues the next step: nothing waits longer for one of Dramatiq's threads."""
_DELIVER: Final[dict[str, Any]] = {"queue_name": DELIVERIES, "priority": 0, "max_age": MAX_AGE_MILLIS, "time_limit": 5_000}
_SOON: Final[dict[str, Any]] = {"queue_name": BACKGROUND, "priority": 10, "max_age": MAX_AGE_MILLIS, "time_limit": 30_000}
_SOMETIME: Final[dict[str, Any]] = {**_SOON, "priority": 20}


def declare_actors(broker: Broker, engine: Callable[[], Engine]) -> None:
    """Declares all of them. engine: what they work on, asked at each message; they run on its loop."""

    def next_step(actor: ActorName, *arguments: object) -> None:
        broker.enqueue(make_message(actor, *arguments, queue=OWN))

    @dramatiq.actor(broker=broker, **_DELIVER)
    async def deliver(webhook_ids: list[str]) -> None:
        """Claims what is due to these webhooks. The pump sends it, on the loop; no thread waits for a receiver."""
        engine().pump.wake(_ids(webhook_ids))

    @dramatiq.actor(broker=broker, **_SOON)
    async def send_mail(notification_id: str, address: str) -> None:
        """Begins to send one mail of a notification, unless somebody else does or did; no thread waits for the mail server."""
        engine().mails.send(_id(notification_id), str(address))

    @dramatiq.actor(broker=broker, **_SOON)
    async def run_job(job_id: str) -> None:
        """Goes on with a job where it stands, unless somebody else does."""
        if await jobs.run(engine().runtime, _id(job_id), SLICE_SECONDS):
            next_step(ActorName.RUN_JOB, job_id)

    @dramatiq.actor(broker=broker, **_SOMETIME)
    async def roll_up_statistics() -> None:
        """Makes hours of minutes that are old enough."""
        if await _for_a_slice(lambda: statistics.fold_minutes(engine().runtime)):
            next_step(ActorName.ROLL_UP_STATISTICS)

    @dramatiq.actor(broker=broker, **_SOMETIME)
    async def purge_expired() -> None:
        """Deletes what is kept no longer: data of events, the log, notifications, idempotency keys."""
        if await _for_a_slice(lambda: retention.purge(engine().runtime)):
            next_step(ActorName.PURGE_EXPIRED)

    @dramatiq.actor(broker=broker, **_SOMETIME)
    async def notify_failures() -> None:
        """Tells of deliveries that failed for good, each webhook's at most once an hour."""
        if await _for_a_slice(lambda: notifications.tell_of_failed(engine().runtime)):
            next_step(ActorName.NOTIFY_FAILURES)


def make_broker(url: str, host: Middleware, engine: Callable[[], Engine]) -> Broker:
    """A broker with every actor and its queues, also the worker's own. host: opens and closes the engine, or lends its loop.

    There is no Retries middleware, there are no delays and no results: the database has the schedule.

    Raises what open_broker raises.
    """
    silence_doubles()
    broker = open_broker(url, [AgeLimit(), TimeLimit(), Reporting(), host])
    assert isinstance(broker, InProcessBroker | OwnQueue)
    broker.declare_own_queue()
    declare_actors(broker, engine)
    return broker


async def _for_a_slice(step: Callable[[], Awaitable[int]]) -> bool:
    """Repeats a step until it has nothing left to do (0), for a slice of time. Whether something is left."""
    until = monotonic() + SLICE_SECONDS
    while await step():
        if monotonic() >= until:
            return True
    return False


def _ids(texts: object) -> list[UUID]:
    """Raises NotUnderstood."""
    if not isinstance(texts, list) or len(texts) > IDS_LIMIT:
        raise NotUnderstood(f"takes a list of at most {IDS_LIMIT} ids")
    return [_id(text) for text in texts]


def _id(text: object) -> UUID:
    """Raises NotUnderstood."""
    try:
        return UUID(str(text))
    except ValueError:
        raise NotUnderstood(f"{str(text)[:40]!r} is no id") from None
