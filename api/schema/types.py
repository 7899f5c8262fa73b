"""The types that refer to each other: webhook, event, delivery, attempt and notification, each its
fields and here its edges. In one module, because a circle of modules has no order. Queries and
mutations stand above it, fields and filters below.
"""

from typing import Any
from uuid import UUID

import strawberry

from api.auth import require
from api.schema import attempt_filter, delivery_filter
from api.schema.attempt_fields import AttemptFields
from api.schema.connections import Connection
from api.schema.cursors import BY_NAME
from api.schema.delivery_fields import DeliveryFields
from api.schema.event_fields import EventFields
from api.schema.event_matches import EventMatches
from api.schema.filters import check_event
from api.schema.listing import Listed, paged
from api.schema.node import Info
from api.schema.notification_fields import NotificationFields
from api.schema.webhook_fields import WebhookFields
from hookline.models import Attempt as AttemptRow
from hookline.models import Delivery as DeliveryRow
from hookline.models import Webhook as WebhookRow


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
