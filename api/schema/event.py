"""Events: the list, and publishing, which is the hot path: of it only the answer to a duplicate
reads the database.
"""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON
from tortoise.queryset import QuerySet

from api.auth import require
from api.execution.compiled_mutations import COMPILED
from api.schema.connections import Connection
from api.schema.filters import check_event, exactly, of_pattern, within
from api.schema.listing import Listed, paged
from api.schema.node import Info
from api.schema.types import Event
from api.schema.user_error import UserError, user_error, user_errors
from hookline.errors import Problem, Refused
from hookline.events import publishing
from hookline.events.checking import PublishInput
from hookline.models import Event as EventRow


@strawberry.input(
    description="Conditions on events. An event must meet all that are given; null sets "
    "no condition."
)
class EventFilter:
    type: str | None = strawberry.field(
        default=None, description="Exact type, such as order.order.created. No patterns."
    )
    pattern: str | None = strawberry.field(
        default=None,
        description="Pattern of the types, such as order.*.created. The newest events of the "
        "workspace are read until the page is full.",
    )
    environment: str | None = strawberry.field(
        default=None, description="Environment of the event."
    )
    since: datetime | None = strawberry.field(
        default=None, description="Start of the time range (`receivedAt`), inclusive."
    )
    until: datetime | None = strawberry.field(
        default=None, description="End of the time range (`receivedAt`), exclusive."
    )


@strawberry.input(description="An event to publish.")
class EventPublishInput:
    type: str = strawberry.field(
        description="Type of the event: object.model.action. Each part has 1 to 64 lower-case "
        "letters, digits, - and _, and begins with a letter or digit."
    )
    environment: str = strawberry.field(
        description="Environment of the event: one of those that the query `environments` returns."
    )
    data: JSON = strawberry.field(
        description="Data of the event: any JSON value, by default at most 256 KiB."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Key that makes a repeated publish safe: 1 to 255 printable ASCII "
        "characters. For 24 hours, publishing the same content with the same key "
        "returns the first event and publishes nothing; other content is refused "
        "with IDEMPOTENCY_CONFLICT, which says what differs. The content is the type, the "
        "environment, the time and the data: the order of keys does not count, numbers are "
        "compared by value (1 is 1.0), and a time that was left out equals only another one that "
        "was left out.",
    )
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="Time at which the event occurred. Defaults to the time of receipt.",
    )


@strawberry.input(description="Input of `eventPublishBatch`.")
class EventPublishBatchInput:
    events: list[EventPublishInput] = strawberry.field(
        description="Events to publish: 1 to 1,000, with at most 8 MiB of data together."
    )


@strawberry.type(
    description="Result of `eventPublish`. The event is stored durably before the response is sent."
)
class EventPublishPayload:
    event: Event | None = strawberry.field(
        description="The event; for a duplicate, the event that was published first. Null if "
        "there are user errors."
    )
    duplicate: bool = strawberry.field(
        description="True if the idempotency key was used before, so that nothing was published."
    )
    delivery_count: int = strawberry.field(
        description="Number of webhooks that the event is delivered to."
    )
    skipped_count: int = strawberry.field(
        description="Number of webhooks that the event is not delivered to although their patterns "
        "match, because their filter would look at more of the event's data than it may. "
        "`webhookDryRun` tells more. 0 for a duplicate."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type(description="Result for one event of a batch.")
class EventPublishResult:
    event: Event = strawberry.field(
        description="The event; for a duplicate, the event that was published first."
    )
    duplicate: bool = strawberry.field(
        description="True if the idempotency key was used before, so that this event was not "
        "published."
    )
    delivery_count: int = strawberry.field(
        description="Number of webhooks that the event is delivered to."
    )
    skipped_count: int = strawberry.field(
        description="Number of webhooks that the event is not delivered to although their patterns "
        "match, because their filter would look at more of the event's data than it may. "
        "`webhookDryRun` tells more. 0 for a duplicate."
    )


@strawberry.type(
    description="Result of `eventPublishBatch`. Either all events are published or none."
)
class EventPublishBatchPayload:
    results: list[EventPublishResult] | None = strawberry.field(
        description="One result per event, in the order of the input. Null if there are user "
        "errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type
class EventQuery:
    @paged(
        Connection[Event] | None,
        description="Returns published events, newest first. Test events are left out. "
        "Requires the scope deliveries:read.",
    )
    async def events(
        self,
        info: Info,
        filter: Annotated[
            EventFilter | None,
            strawberry.argument(
                description="Conditions that the events must meet. All events by default."
            ),
        ] = None,
    ) -> Listed[EventRow]:
        require(info, "deliveries:read")
        if filter:
            check_event(info, filter.environment, filter.type, "type")
        rows = _filtered(
            # events made by webhookTest were published by nobody
            EventRow.filter(workspace_id=info.context.actor.workspace_id, is_test=False),
            filter or EventFilter(),
        )
        return Listed(rows, Event.of)


@strawberry.type
class EventMutation:
    @strawberry.mutation(
        description="Publishes an event to all matching webhooks. User errors: INVALID, "
        "TOO_LONG, OUT_OF_RANGE, SCHEMA_MISMATCH, IDEMPOTENCY_CONFLICT. Requires "
        "the scope events:publish.",
        # published thousands of times a second: the plan of its document skips graphql-core's
        # executor (0.40 to 0.13 CPU s per 1,000), so the resolver must read nothing
        metadata=COMPILED,
    )
    async def event_publish(
        self,
        info: Info,
        input: Annotated[EventPublishInput, strawberry.argument(description="Event to publish.")],
    ) -> EventPublishPayload | None:
        actor = require(info, "events:publish")
        try:
            [published] = await info.context.runtime.publisher.publish(
                actor.workspace_id, [_draft(input, info.context.has_large_request)]
            )
        except Refused as refused:
            errors = [user_error(_without_index(problem)) for problem in refused.problems]
            return EventPublishPayload(
                event=None, duplicate=False, delivery_count=0, skipped_count=0, user_errors=errors
            )
        event = await _event(info, published)
        return EventPublishPayload(
            event=event,
            duplicate=published.is_duplicate,
            delivery_count=published.delivery_count,
            skipped_count=published.over_limit_count,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Publishes up to 1,000 events in one transaction: all or none. User "
        "errors: those of `eventPublish`, REQUIRED for an empty batch, TOO_MANY for more than "
        "1,000 events, or more than 50,000 deliveries: then the message says how many of the first "
        "events may be published at once. Requires the scope events:publish.",
        metadata=COMPILED,
    )
    async def event_publish_batch(
        self,
        info: Info,
        input: Annotated[
            EventPublishBatchInput, strawberry.argument(description="Events to publish.")
        ],
    ) -> EventPublishBatchPayload | None:
        actor = require(info, "events:publish")
        try:
            answers = await info.context.runtime.publisher.publish(
                actor.workspace_id,
                [_draft(draft, info.context.has_large_request) for draft in input.events],
            )
        except Refused as refused:
            within = Refused([problem.under("events") for problem in refused.problems])
            return EventPublishBatchPayload(results=None, user_errors=user_errors(within))
        results = [
            EventPublishResult(
                event=await _event(info, published),
                duplicate=published.is_duplicate,
                delivery_count=published.delivery_count,
                skipped_count=published.over_limit_count,
            )
            for published in answers
        ]
        return EventPublishBatchPayload(results=results, user_errors=[])


async def find_event(info: Info, key: Any) -> Event | None:
    require(info, "deliveries:read")
    row = await info.context.loaders.event.load(key)
    return Event.of(row) if row else None


def _draft(given: EventPublishInput, may_be_long: bool) -> PublishInput:
    return PublishInput(
        given.type,
        given.environment,
        given.data,
        given.idempotency_key,
        given.occurred_at,
        may_be_long,
    )


async def _event(info: Info, published: publishing.Published) -> Event:
    """Returns the event of an answer. Only a duplicate's has to be read."""
    return Event.of(published.event or await info.context.loaders.event.load(published.event_id))


def _without_index(problem: Problem) -> Problem:
    # one event is published as a batch of one, so its path begins with an index
    return Problem(problem.code, problem.message, problem.field[1:])


def _filtered(rows: QuerySet[EventRow], wanted: EventFilter) -> QuerySet[EventRow]:
    rows = of_pattern(rows, "type", wanted.pattern, "pattern")
    rows = exactly(rows, type=wanted.type, environment=wanted.environment)
    return within(rows, "received_at", wanted.since, wanted.until)
