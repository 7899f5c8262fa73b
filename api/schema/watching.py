"""Subscriptions to what changes too often, or is too dear, for the activity log: deliveries, jobs,
audit entries, published events. hookline.deliveries.watching looks at the tables.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import aclosing
from typing import Annotated, Any, TypeVar

import strawberry

from api.auth import require
from api.schema.audit import AuditEntry
from api.schema.filters import check_event
from api.schema.job import Job
from api.schema.node import Info, key_of
from api.schema.types import Delivery, Event
from hookline import ids
from hookline.deliveries.looks import EVENTS_SHOWN, ROWS_AT_ONCE, Seen
from hookline.deliveries.watching import LOOK_SECONDS, Conditions, WatchKind

Batch = TypeVar("Batch", bound="WatchBatch")

_HOW: str = (
    "Begins with a gap: query then, and nothing that changes later is missed. Changes come in "
    f"batches, each at most {LOOK_SECONDS:g} seconds later, without a cursor. "
)

EventType = Annotated[
    str | None,
    strawberry.argument(
        description="Exact type of the event, such as order.order.created. All types by default."
    ),
]
Environment = Annotated[
    str | None,
    strawberry.argument(description="Environment of the event. All environments by default."),
]


@strawberry.type
class WatchBatch:
    gap: bool = strawberry.field(
        description="True if something may be missing: at the beginning, after many changes at "
        "once, and after an outage. Query what you need again."
    )


@strawberry.type(description="Deliveries that have changed.")
class DeliveryBatch(WatchBatch):
    items: list[Delivery] = strawberry.field(
        description=f"The deliveries as they are now, oldest first. At most {ROWS_AT_ONCE}."
    )


@strawberry.type(description="Jobs that have changed.")
class JobBatch(WatchBatch):
    items: list[Job] = strawberry.field(
        description=f"The jobs as they are now, oldest first. At most {ROWS_AT_ONCE}."
    )


@strawberry.type(description="New entries of the audit log.")
class AuditEntryBatch(WatchBatch):
    items: list[AuditEntry] = strawberry.field(
        description=f"The entries, oldest first. At most {ROWS_AT_ONCE}."
    )


@strawberry.type(description="Events that were published.")
class EventBatch(WatchBatch):
    items: list[Event] = strawberry.field(
        description=f"The events, oldest first: at most {EVENTS_SHOWN}, evenly spread over those "
        "that were published."
    )
    skipped: int = strawberry.field(
        description="Number of events that were published beside these and are not shown; of more "
        "than 1,000 at a time the least that there were. The query `events` has them all."
    )


@strawberry.type
class WatchSubscription:
    @strawberry.subscription(
        description="Returns deliveries that were created, are being sent, had an attempt, or were "
        "changed by hand; those that a webhook holds or resumes change with `webhookChanges`. "
        + _HOW
        + "Requires the scope deliveries:read."
    )
    def deliveries(
        self,
        info: Info,
        webhook_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="ID of the webhook (wh_…) that the deliveries go to. All webhooks by "
                "default."
            ),
        ] = None,
        event_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="ID of the event (evt_…) that is delivered. All events by default."
            ),
        ] = None,
        event_type: EventType = None,
        environment: Environment = None,
    ) -> AsyncIterable[DeliveryBatch]:
        require(info, "deliveries:read")
        check_event(info, environment, event_type)
        is_wanted = _equal(
            webhook_id=None if webhook_id is None else key_of("wh", webhook_id),
            event_id=None if event_id is None else key_of("evt", event_id),
            event_type=event_type,
            environment=environment,
        )

        def made(seen: Seen) -> DeliveryBatch:
            items = [Delivery.of(row) for row in seen.rows if is_wanted(row)]
            return DeliveryBatch(gap=seen.is_gap, items=items)

        return _watch(info, WatchKind.DELIVERIES, made)

    @strawberry.subscription(
        description="Returns jobs that began, went on or ended. "
        + _HOW
        + "Requires the scope deliveries:read."
    )
    def jobs(self, info: Info) -> AsyncIterable[JobBatch]:
        require(info, "deliveries:read")

        def made(seen: Seen) -> JobBatch:
            return JobBatch(gap=seen.is_gap, items=[Job.of(row) for row in seen.rows])

        return _watch(info, WatchKind.JOBS, made)

    @strawberry.subscription(
        description="Returns new entries of the audit log: all of them with the scope audit:read, "
        "otherwise those of webhooks. "
        + _HOW
        + "Requires the scope webhooks:audit, which a token with audit:read has."
    )
    def audit_entries(
        self,
        info: Info,
        subject_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="ID of the changed object, such as a webhook. All objects by default."
            ),
        ] = None,
    ) -> AsyncIterable[AuditEntryBatch]:
        # As the list has it.
        actor = require(info, "webhooks:audit")
        prefix, key = (None, None) if subject_id is None else ids.decode(subject_id)
        is_wanted = _equal(subject_prefix=prefix, subject_id=key)
        is_readable = _equal(subject_prefix=None if "audit:read" in actor.scopes else "wh")

        def made(seen: Seen) -> AuditEntryBatch:
            rows = [row for row in seen.rows if is_readable(row) and is_wanted(row)]
            return AuditEntryBatch(gap=seen.is_gap, items=[AuditEntry.of(row) for row in rows])

        return _watch(info, WatchKind.AUDIT_ENTRIES, made)

    @strawberry.subscription(
        description=f"Returns events that were published, at most {EVENTS_SHOWN} at a time; of "
        "more, a sample, and how many there were. Test events are left out. "
        + _HOW
        + "Requires the scope deliveries:read."
    )
    def events(
        self, info: Info, event_type: EventType = None, environment: Environment = None
    ) -> AsyncIterable[EventBatch]:
        require(info, "deliveries:read")
        check_event(info, environment, event_type)
        given = {"type": event_type, "environment": environment}
        conditions = tuple((name, text) for name, text in given.items() if text is not None)

        def made(seen: Seen) -> EventBatch:
            items = [Event.of(row) for row in seen.rows]
            return EventBatch(gap=seen.is_gap, items=items, skipped=seen.skipped)

        return _watch(info, WatchKind.EVENTS, made, conditions)


async def _watch(
    info: Info, watched: WatchKind, made: Callable[[Seen], Batch], conditions: Conditions = ()
) -> AsyncGenerator[Batch, None]:
    """Yields what the looks find, made into batches; none that says nothing."""
    context = info.context
    steps = context.runtime.watches.follow(context.actor.workspace_id, watched, conditions)
    async with aclosing(steps):
        async for seen in steps:
            batch: Any = made(seen)
            if batch.gap or batch.items or getattr(batch, "skipped", 0):
                yield batch


def _equal(**wanted: Any) -> Callable[[Any], bool]:
    """Condition of rows whose columns have these values; None sets none."""
    given = {name: value for name, value in wanted.items() if value is not None}
    return lambda row: all(getattr(row, name) == value for name, value in given.items())
