"""The actors of a worker: everything that it does, declared on its broker by `make_broker`. An
actor begins or does a bounded piece of what rows ask for; its message carries ids. Rows are leased,
so that a message that comes ten times, late or never changes only the moment. Messages come from
hookline/messaging/enqueuer.py (after a commit) and workers/scheduler.py.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from dramatiq import Broker, actor
from dramatiq.middleware import AgeLimit, Middleware, TimeLimit

from hookline.clock import monotonic
from hookline.deliveries import jobs, retention, statistics
from hookline.messaging.brokers import open_broker
from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.messages import (
    ACTORS,
    IDS_LIMIT,
    MAX_AGE_MILLIS,
    OWN,
    ActorName,
    NotUnderstood,
    make_message,
)
from hookline.notifications import notifying
from hookline.runtime import Runtime
from hookline.webhooks import listeners
from workers.context import JOBS_AT_ONCE, WorkerContext
from workers.reporting import Reporting, silence_duplicate_logs

# A worker thread is held meanwhile; long jobs and purges take turns at the broker instead.
SLICE_SECONDS: Final = 0.5
"""Time that a message is worked on before its actor enqueues the next step."""
TIME_LIMIT_MILLIS: Final = 20_000
"""Shorter than a job's lease, so that a slice that is stopped by it still holds the lease."""

Declare = Callable[[ActorName], Callable[[Callable[..., Any]], Any]]
"""Gives the decorator that declares a coroutine as this actor. Any: of whatever arguments."""
Step = Callable[[], Awaitable[int]]
"""Does a bounded piece and says how much it was; 0: nothing is left."""


def declare_actors(
    broker: Broker, context: Callable[[], WorkerContext], slice_seconds: float = SLICE_SECONDS
) -> None:
    """Declares all of them on a broker; they are closures, since nothing of a worker is global.
    context: asked at each message.
    """
    declared = _declaring(broker)

    def next_step(name: ActorName, *arguments: object) -> None:
        # Through the process itself: a dead broker must not stop a job midway.
        broker.enqueue(make_message(name, *arguments, queue=OWN))

    @declared(ActorName.DELIVER)
    async def deliver(webhook_ids: list[str]) -> None:
        """Claims what is due to these webhooks. The pump sends it, on the loop; no thread waits for
        a receiver.
        """
        # Only a wake-up: RabbitMQ cuts a consumer off that holds a message for half an hour.
        context().pump.wake(_ids(webhook_ids))

    @declared(ActorName.SEND_MAIL)
    async def send_mail(notification_id: str, address: str) -> None:
        """Begins to send one mail of a notification, unless another worker does or did; no thread
        waits for the mail server.
        """
        context().mails.send(_id(notification_id), _text(address))

    @declared(ActorName.RUN_JOB)
    async def run_job(job_id: str) -> None:
        """Goes on with a job where it stands, unless another worker does. The next step is that of
        the job that waits longest.
        """
        slots, runtime = context().job_slots, context().runtime
        if slots.locked():
            # The row stays due; the slice that ends enqueues the job that waits longest.
            return
        async with slots:
            has_worked = await jobs.run(
                runtime.database, runtime.wakeups, _id(job_id), slice_seconds
            )
        if has_worked:
            for key in await jobs.due(runtime.database, JOBS_AT_ONCE):
                next_step(ActorName.RUN_JOB, str(key))

    _declare_periodic_actors(declared, context, slice_seconds, next_step)


def _declaring(broker: Broker) -> Declare:
    def declared(name: ActorName) -> Callable[[Callable[..., Any]], Any]:
        row = ACTORS[name]
        return actor(broker=broker, actor_name=name, queue_name=row.queue, priority=row.priority)

    return declared


def _declare_periodic_actors(
    declared: Declare,
    context: Callable[[], WorkerContext],
    slice_seconds: float,
    next_step: Callable[[ActorName], None],
) -> None:
    """Declares those that have a period: the scheduler enqueues them, no row calls for them."""
    in_slices, watch = _slices(slice_seconds, next_step), listeners.LeaseWatch()

    @declared(ActorName.ROLL_UP_STATISTICS)
    async def roll_up_statistics() -> None:
        """Makes hours of minutes that are old enough."""
        await in_slices(
            ActorName.ROLL_UP_STATISTICS,
            lambda: statistics.fold_minutes(context().runtime.database),
        )

    @declared(ActorName.PURGE_EXPIRED)
    async def purge_expired() -> None:
        """Deletes what is kept no longer: data of events, the log, notifications,
        idempotency keys.
        """
        await in_slices(ActorName.PURGE_EXPIRED, lambda: _purge(context().runtime))

    @declared(ActorName.NOTIFY_FAILURES)
    async def notify_failures() -> None:
        """Notifies of deliveries that failed for good, at most once an hour for each webhook."""
        await in_slices(
            ActorName.NOTIFY_FAILURES, lambda: notifying.notify_failed_deliveries(context().runtime)
        )

    @declared(ActorName.END_LISTENERS)
    async def end_listeners() -> None:
        """Ends listeners whose command does not renew them any more."""
        await in_slices(
            ActorName.END_LISTENERS, lambda: listeners.end_expired(context().runtime, watch)
        )


def _slices(
    slice_seconds: float, next_step: Callable[[ActorName], None]
) -> Callable[[ActorName, Step], Awaitable[None]]:
    """Gives the coroutine that works for a slice of time, and enqueues the next step while
    something is left.
    """
    at_work = set[ActorName]()

    async def in_slices(name: ActorName, step: Step) -> None:
        # A message of the next period finds the step of the last one still there while much is to
        # be done: one thread each, whatever the backlog (workers.context.THREADS_HELD).
        if name in at_work:
            return
        at_work.add(name)
        try:
            has_more = await _for_a_slice(step, slice_seconds)
        finally:
            at_work.discard(name)
        if has_more:
            next_step(name)

    return in_slices


def make_broker(
    url: str,
    host: Middleware,
    context: Callable[[], WorkerContext],
    slice_seconds: float = SLICE_SECONDS,
) -> WorkerBroker:
    """Opens a broker with every actor and its queues, also the worker's own. host: opens and closes
    the worker context, or lends its loop.

    There is no Retries middleware, there are no delays and no results: the database has the
    schedule.

    Raises what open_broker raises.
    """
    silence_duplicate_logs()
    # The rows of an old message were found by a sweep or a scheduler long since; an actor whose
    # database hangs must not keep its thread.
    limits = [AgeLimit(max_age=MAX_AGE_MILLIS), TimeLimit(time_limit=TIME_LIMIT_MILLIS)]
    broker = open_broker(url, [*limits, Reporting(), host])
    # What a worker enqueues to itself must work while the broker is away.
    broker.declare_own_queue()
    declare_actors(broker, context, slice_seconds)
    return broker


async def _for_a_slice(step: Step, seconds: float) -> bool:
    """Repeats a step until it has nothing left to do (0), for a slice of time. True when
    something is left.
    """
    until = monotonic() + seconds
    while await step():
        if monotonic() >= until:
            return True
    return False


def _ids(texts: object) -> list[UUID]:
    """Raises NotUnderstood."""
    # Anybody with access to the server may write into the queue; its arguments are checked like a
    # request's.
    if not isinstance(texts, list) or len(texts) > IDS_LIMIT:
        raise NotUnderstood(f"takes a list of at most {IDS_LIMIT} ids")
    return [_id(text) for text in texts]


def _id(text: object) -> UUID:
    """Raises NotUnderstood."""
    try:
        return UUID(str(text))
    except ValueError:
        raise NotUnderstood(f"{str(text)[:40]!r} is not a valid id") from None


def _text(value: object) -> str:
    """Raises NotUnderstood for text that a database may refuse (control characters, NUL)."""
    if not isinstance(value, str) or not value.isprintable():
        raise NotUnderstood("takes an address that is printable text")
    return value


async def _purge(runtime: Runtime) -> int:
    return await retention.purge(runtime.database, runtime.queue, runtime.settings)
