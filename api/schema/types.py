"""The types that refer to each other: webhook, event, delivery, attempt and notification, each its
fields and here its edges. In one module, because a circle of modules has no order. Queries and
mutations stand above it, fields and filters below.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import strawberry

from api.auth import require
from api.schema import attempt_filter, delivery_filter, missed_fields
from api.schema.attempt_fields import AttemptFields
from api.schema.connections import Connection, Edge, PageArguments, PageInfo
from api.schema.cursors import BY_NAME, Order
from api.schema.delivery_fields import DeliveryFields
from api.schema.event_fields import EventFields
from api.schema.event_matches import EventMatches
from api.schema.filters import check_event
from api.schema.listing import Listed, Searched, paged
from api.schema.node import Info
from api.schema.notification_fields import NotificationFields
from api.schema.webhook_fields import WebhookFields
from hookline.deliveries.missed import Count, Found, count_missing
from hookline.deliveries.missed_search import count_missed
from hookline.models import Attempt as AttemptRow
from hookline.models import Delivery as DeliveryRow
from hookline.models import Webhook as WebhookRow


@strawberry.type(description="An event that a webhook would have received if it had not been off.")
class MissedEvent(missed_fields.MissedFields):
    @strawberry.field(description="The event.")
    async def event(self, info: Info) -> "Event":
        return Event.of(await info.context.loaders.event.load(self.row.event_id))

    @strawberry.field(description="The webhook that missed it.")
    async def webhook(self, info: Info) -> "Webhook":
        return await load_webhook(info, self.row.webhook_id)

    @strawberry.field(
        description="Delivery of the event that was made later, or null if there is none."
    )
    async def delivery(self, info: Info) -> "Delivery | None":
        key = self.row.delivery_id
        row = await info.context.loaders.delivery.load(key) if key else None
        return Delivery.of(row) if row else None


@strawberry.type(
    description="A page of missed events. The cursors of its page info are those of what was "
    "looked at, which may be more than the page has. Counted are the newest 10,000 events that "
    "were published while the webhook was off, or 1,000 webhooks, and fewer if filters have to "
    "look at much data."
)
class MissedConnection:
    edges: list[Edge[MissedEvent]] = strawberry.field(
        description="Items of the page with their cursors."
    )
    page_info: PageInfo = strawberry.field(description="Position of the page within the list.")
    counted: strawberry.Private[missed_fields.Counted]

    @strawberry.field(description="Number of items in the whole list, counted up to 10,000.")
    async def total_count(self) -> int:
        return (await self.counted.read()).total

    @strawberry.field(
        description="True if `totalCount` and the other counts are exact; false if there may be "
        "more than were counted."
    )
    async def total_count_exact(self) -> bool:
        return (await self.counted.read()).is_exact

    @strawberry.field(
        description="Number of those that were delivered later, or are queued for it."
    )
    async def delivered_count(self) -> int:
        return (await self.counted.read()).delivered

    @strawberry.field(
        description="Number of those that `deliveriesRetry` with `which: MISSED` would deliver."
    )
    async def deliverable_count(self) -> int:
        return (await self.counted.read()).deliverable

    @strawberry.field(description="Items of the page, without their cursors.")
    def nodes(self) -> list[MissedEvent]:
        return [edge.node for edge in self.edges]

    @classmethod
    def of(
        cls,
        found: Found,
        order: Order,
        asked: PageArguments,
        count: Callable[[], Awaitable[Count]],
    ) -> "MissedConnection":
        edges, info = missed_fields.made_page(found, order, asked, MissedEvent.of)
        return cls(edges=edges, page_info=info, counted=missed_fields.Counted(count))


@strawberry.type(
    description="A receiver of events: its URL, the events that it gets, and how they are sent."
)
class Webhook(WebhookFields):
    @paged(
        Connection["Attempt"],
        description="Returns the attempts to this webhook, newest first. Requires the scope "
        "deliveries:read.",
    )
    async def attempts(self, info: Info, filter: attempt_filter.Given = None) -> Listed[AttemptRow]:
        require(info, "deliveries:read")
        if filter:
            check_event(info, filter.environment, filter.event_type)
        rows = attempt_filter.rows_of(info).filter(webhook_id=self.row.id)
        return Listed(attempt_filter.filtered(rows, filter), Attempt.of)

    @paged(
        Connection["Delivery"],
        description="Returns the deliveries to this webhook, newest first. Requires the scope "
        "deliveries:read.",
    )
    async def deliveries(
        self, info: Info, filter: delivery_filter.Given = None
    ) -> Listed[DeliveryRow]:
        require(info, "deliveries:read")
        if filter:
            check_event(info, filter.environment, filter.event_type)
        rows = delivery_filter.rows_of(info).filter(webhook_id=self.row.id)
        return Listed(await delivery_filter.filtered(info, rows, filter), Delivery.of)

    @strawberry.field(
        description="Newest attempt to this webhook, or null if there is none. Requires the scope "
        "deliveries:read."
    )
    async def last_attempt(self, info: Info) -> "Attempt | None":
        require(info, "deliveries:read")
        key = await info.context.loaders.last_attempt.load(self.row.id)
        row = await info.context.loaders.attempt.load(key) if key else None
        return Attempt.of(row) if row else None

    @strawberry.field(
        description="Oldest open delivery to this webhook, or null if there is none. Of more than "
        "10,000 open ones, the oldest of those whose next attempts come first. Requires the scope "
        "deliveries:read."
    )
    async def oldest_open_delivery(self, info: Info) -> "Delivery | None":
        require(info, "deliveries:read")
        key = await info.context.loaders.oldest_open.load(self.row.id)
        row = await info.context.loaders.delivery.load(key) if key else None
        return Delivery.of(row) if row else None

    @paged(
        MissedConnection,
        description="Returns the events that this webhook would have received if it had not been "
        "inactive or disabled when they were published, newest first. The patterns, environments "
        "and filter of that time decide. Events whose data has expired are left out if the webhook "
        "had a filter. A page looks at 10,000 events at most: it may have fewer items than asked "
        "for, or none, while `hasNextPage` is true; continue after its `endCursor`. Requires the "
        "scopes webhooks:read and deliveries:read.",
    )
    async def missed(self, info: Info, filter: missed_fields.Given = None) -> Searched:
        require(info, "webhooks:read")
        require(info, "deliveries:read")
        if filter:
            check_event(info, None, filter.event_type)

        async def count() -> Count:
            async with info.context.reading() as reader:
                return await count_missed(reader, self.row, missed_fields.window_of(filter))

        async def read(order: Order, asked: PageArguments) -> MissedConnection:
            found = await missed_fields.read_of_webhook(info, self.row, filter, asked)
            return MissedConnection.of(found, order, asked, count)

        return Searched(read, missed_fields.BY_EVENT)


@strawberry.type(
    description="An event as it was published. Each matching webhook gets a delivery of it."
)
class Event(EventFields):
    @paged(
        # nullable: a token that publishes and may not read gets its event, with an error here
        Connection["Delivery"] | None,
        description="Returns the deliveries of this event, newest first. Requires the scope "
        "deliveries:read.",
    )
    async def deliveries(
        self,
        info: Info,
    ) -> Listed[DeliveryRow]:
        require(info, "deliveries:read")
        rows = delivery_filter.rows_of(info).filter(event_id=self.row.id)
        return Listed(rows, Delivery.of)

    @paged(
        # nullable: as deliveries
        Connection["EventMatch"] | None,
        description="Returns each webhook that is not deleted, by name, with the reasons for which "
        "it would not get this event. Requires the scopes webhooks:read and deliveries:read.",
    )
    async def matches(self, info: Info) -> Listed[WebhookRow]:
        require(info, "deliveries:read")
        actor, event = require(info, "webhooks:read"), EventMatches(info, self.row)
        rows = WebhookRow.filter(workspace_id=actor.workspace_id, deleted_at__isnull=True)
        return Listed(rows, lambda row: EventMatch(row=row, event=event), BY_NAME)

    @paged(
        MissedConnection | None,
        description="Returns the webhooks that would have received this event if they had not been "
        "inactive or disabled when it was published, oldest first; deleted ones, too. The "
        "patterns, environments and filter of that time decide. Webhooks that had a filter are "
        "left out once the event's data has expired. A page may have fewer items than asked for "
        "while `hasNextPage` is true; continue after its `endCursor`. Requires the scopes "
        "webhooks:read and deliveries:read.",
    )
    async def missed(self, info: Info) -> Searched:
        require(info, "webhooks:read")
        require(info, "deliveries:read")
        key = self.row.id

        async def count() -> Count:
            async with info.context.reading() as reader:
                return await count_missing(reader, info.context.actor.workspace_id, key)

        async def read(order: Order, asked: PageArguments) -> MissedConnection:
            found = await missed_fields.read_of_event(info, key, asked)
            return MissedConnection.of(found, order, asked, count)

        return Searched(read, missed_fields.BY_WEBHOOK)


@strawberry.type(description="A webhook and an event: whether it would get it, and why not.")
class EventMatch:
    row: strawberry.Private[WebhookRow]
    event: strawberry.Private[EventMatches]

    @strawberry.field(description="The webhook. Requires the scope webhooks:read.")
    async def webhook(self, info: Info) -> "Webhook":
        require(info, "webhooks:read")
        return Webhook.of(self.row)

    @strawberry.field(
        description="True if the webhook, as it is now, would get the event. Null if only its "
        "filter could tell and the data of the event has expired."
    )
    async def matches(self, info: Info) -> bool | None:
        return await self.event.matches(self.row)

    @strawberry.field(
        description="Reasons for which the webhook, as it is now, would not get the event: as in "
        "`webhookDryRun`, at most 20. Empty if it would."
    )
    async def reasons(self, info: Info) -> list[str]:
        return await self.event.reasons(self.row)

    @strawberry.field(
        description="First delivery of the event to the webhook, or null if there is none: the "
        "webhook was created later, was changed since, or was off. Requires the scope "
        "deliveries:read."
    )
    async def delivery(self, info: Info) -> "Delivery | None":
        require(info, "deliveries:read")
        loader = info.context.loaders.delivery_to
        row = await loader.load((self.event.event_id, self.row.id))
        return Delivery.of(row) if row else None


@strawberry.type(description="The delivery of an event to a webhook, with all its attempts.")
class Delivery(DeliveryFields):
    @strawberry.field(
        description="Webhook that the event is delivered to. Requires the scope webhooks:read."
    )
    async def webhook(self, info: Info) -> "Webhook":
        return await load_webhook(info, self.row.webhook_id)

    @strawberry.field(description="Event that is delivered. Requires the scope deliveries:read.")
    async def event(self, info: Info) -> "Event":
        require(info, "deliveries:read")
        return Event.of(await info.context.loaders.event.load(self.row.event_id))

    @paged(
        Connection["Attempt"],
        description="Returns the attempts of this delivery, newest first. Requires the scope "
        "deliveries:read.",
    )
    async def attempts(
        self,
        info: Info,
    ) -> Listed[AttemptRow]:
        require(info, "deliveries:read")
        rows = attempt_filter.rows_of(info).filter(delivery_id=self.row.id)
        return Listed(rows, Attempt.of)


@strawberry.type(
    description="A request that was sent for a delivery, and its response. Recorded when "
    "the attempt has ended."
)
class Attempt(AttemptFields):
    @strawberry.field(
        description="Delivery that the attempt belongs to. Requires the scope deliveries:read."
    )
    async def delivery(self, info: Info) -> "Delivery":
        require(info, "deliveries:read")
        return Delivery.of(await info.context.loaders.delivery.load(self.row.delivery_id))

    @strawberry.field(
        description="Webhook that the request was sent to. Requires the scope webhooks:read."
    )
    async def webhook(self, info: Info) -> "Webhook":
        return await load_webhook(info, self.row.webhook_id)

    @strawberry.field(description="Event that was sent. Requires the scope deliveries:read.")
    async def event(self, info: Info) -> "Event":
        require(info, "deliveries:read")
        return Event.of(await info.context.loaders.event.load(self.row.event_id))


@strawberry.type(
    description="A message about the state of a webhook or a sync. Its figures are those "
    "at its creation."
)
class Notification(NotificationFields):
    @strawberry.field(
        description="Webhook that the notification is about, or null if it is about a sync. "
        "Requires the scope webhooks:read."
    )
    async def webhook(self, info: Info) -> "Webhook | None":
        return await find_webhook(info, self.row.webhook_id) if self.row.webhook_id else None


async def load_webhook(info: Info, key: UUID) -> Webhook:
    """Returns the webhook of a delivery or attempt, also a deleted one.

    Raises Forbidden.
    """
    require(info, "webhooks:read")
    return Webhook.of(await info.context.loaders.webhook.load(key))


async def find_webhook(info: Info, key: Any) -> Webhook | None:
    require(info, "webhooks:read")
    row = await info.context.loaders.webhook.load(key)
    return Webhook.of(row) if row else None
