"""Events: the list, and publishing, which is the hot path: its resolvers read no database."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON
from tortoise.queryset import QuerySet

from api.auth import require
from api.execution.compiled_mutations import COMPILED
from api.schema.connections import Connection
from api.schema.graph import Event
from api.schema.listing import Listed, paged
from api.schema.node import NOTHING, Info, is_storable
from api.schema.times import within
from api.schema.user_error import UserError, user_error, user_errors
from hookline.errors import Problem, Refused
from hookline.events import publishing
from hookline.events.checking import PublishInput
from hookline.models import Event as EventRow


@strawberry.input(description="Which events to list; what is left out excludes nothing.")
class EventFilter:
    type: str | None = strawberry.field(default=None, description="Of exactly this type.")
    environment: str | None = strawberry.field(default=None, description="Of this environment.")
    since: datetime | None = strawberry.field(
        default=None, description="Accepted at this time or later."
    )
    until: datetime | None = strawberry.field(
        default=None, description="Accepted before this time."
    )


@strawberry.input(description="An event to publish.")
class EventPublishInput:
    type: str = strawberry.field(
        description="What happened: object.model.action, each of lower-case letters, digits, - "
        "and _."
    )
    environment: str = strawberry.field(description="One of `environments`.")
    data: JSON = strawberry.field(
        description="Any JSON, at most 256 KiB unless configured otherwise."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="1 to 255 printable ASCII characters. Within 24 hours, the same key with the "
        "same content gives the first event back "
        "and publishes nothing; with other content it is an IDEMPOTENCY_CONFLICT.",
    )
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it happened; the time of its arrival when left out."
    )


@strawberry.input(description="Several events to publish at once.")
class EventPublishBatchInput:
    events: list[EventPublishInput] = strawberry.field(
        description="1 to 1,000 events, together at most 8 MiB."
    )


@strawberry.type(
    description="What came of publishing an event. By the time of this answer it is stored durably."
)
class EventPublishPayload:
    event: Event | None = strawberry.field(
        description="The event; the first one of its key for a duplicate; null when it was refused."
    )
    duplicate: bool = strawberry.field(
        description="Whether the key was used before: nothing was published now."
    )
    delivery_count: int = strawberry.field(description="How many webhooks get the event.")
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was accepted."
    )


@strawberry.type(description="What came of one event of a batch.")
class EventPublishResult:
    event: Event = strawberry.field(
        description="The event; the first one of its key for a duplicate."
    )
    duplicate: bool = strawberry.field(
        description="Whether the key was used before: this one was not published again."
    )
    delivery_count: int = strawberry.field(description="How many webhooks get the event.")


@strawberry.type(description="What came of publishing several events: all are accepted, or none.")
class EventPublishBatchPayload:
    results: list[EventPublishResult] | None = strawberry.field(
        description="One for each event, in the same order; null when they were refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was accepted."
    )


@strawberry.type
class EventQuery:
    @paged(Connection[Event], description="Events, newest first. Needs the scope deliveries:read.")
    async def events(
        self,
        info: Info,
        filter: Annotated[
            EventFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
    ) -> Listed[EventRow]:
        require(info, "deliveries:read")
        rows = _filtered(
            EventRow.filter(workspace_id=info.context.actor.workspace_id, is_test=False),
            filter or EventFilter(),
        )
        return Listed(rows, Event.of)


@strawberry.type
class EventMutation:
    @strawberry.mutation(
        description="Publishes an event: once it is answered, it is stored and on its way. Needs "
        "the scope events:publish.",
        metadata=COMPILED,
    )
    async def event_publish(
        self,
        info: Info,
        input: Annotated[EventPublishInput, strawberry.argument(description="The event.")],
    ) -> EventPublishPayload | None:
        actor = require(info, "events:publish")
        try:
            [published] = await info.context.runtime.publisher.publish(
                actor.workspace_id, [_draft(input)]
            )
        except Refused as refused:
            errors = [user_error(_without_index(problem)) for problem in refused.problems]
            return EventPublishPayload(
                event=None, duplicate=False, delivery_count=0, user_errors=errors
            )
        event = await _event(info, published)
        return EventPublishPayload(
            event=event,
            duplicate=published.is_duplicate,
            delivery_count=published.delivery_count,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Publishes up to 1,000 events in one transaction: all or none. Needs the "
        "scope events:publish.",
        metadata=COMPILED,
    )
    async def event_publish_batch(
        self,
        info: Info,
        input: Annotated[EventPublishBatchInput, strawberry.argument(description="The events.")],
    ) -> EventPublishBatchPayload | None:
        actor = require(info, "events:publish")
        try:
            answers = await info.context.runtime.publisher.publish(
                actor.workspace_id, [_draft(draft) for draft in input.events]
            )
        except Refused as refused:
            within = Refused([problem.under("events") for problem in refused.problems])
            return EventPublishBatchPayload(results=None, user_errors=user_errors(within))
        results = [
            EventPublishResult(
                event=await _event(info, published),
                duplicate=published.is_duplicate,
                delivery_count=published.delivery_count,
            )
            for published in answers
        ]
        return EventPublishBatchPayload(results=results, user_errors=[])


async def find_event(info: Info, key: Any) -> Event | None:
    require(info, "deliveries:read")
    row = await info.context.loaders.event.load(key)
    return Event.of(row) if row else None


def _draft(given: EventPublishInput) -> PublishInput:
    return PublishInput(
        given.type, given.environment, given.data, given.idempotency_key, given.occurred_at
    )


async def _event(info: Info, published: publishing.Published) -> Event:
    """The event of an answer. Only a duplicate's has to be read."""
    return Event.of(published.event or await info.context.loaders.event.load(published.event_id))


def _without_index(problem: Problem) -> Problem:
    return Problem(problem.code, problem.message, problem.field[1:])


def _filtered(rows: QuerySet[EventRow], wanted: EventFilter) -> QuerySet[EventRow]:
    for name, value in (("type", wanted.type), ("environment", wanted.environment)):
        if value is not None:
            rows = rows.filter(**{name: value}) if is_storable(value) else rows.filter(id=NOTHING)
    return within(rows, "received_at", wanted.since, wanted.until)
