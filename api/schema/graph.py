"""The types that refer to each other: webhook, event, delivery, attempt and notification, each its
fields and here its edges. In one module, because a circle of modules has no order. Queries and
mutations stand above it, fields and filters below.
"""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from api.auth import require
from api.schema import attempt_filter, delivery_filter
from api.schema.attempt_fields import AttemptFields
from api.schema.attempt_filter import AttemptFilter
from api.schema.connections import After, Before, Connection, First, Last, page
from api.schema.cursors import NEWEST_FIRST
from api.schema.delivery_fields import DeliveryFields
from api.schema.delivery_filter import DeliveryFilter
from api.schema.event_fields import EventFields
from api.schema.node import Info
from api.schema.notification_fields import NotificationFields
from api.schema.webhook_fields import WebhookFields


@strawberry.type(description="Where events are sent, which ones, and how.")
class Webhook(WebhookFields):
    @strawberry.field(
        description="What was sent to it, newest first. Needs the scope deliveries:read."
    )
    async def attempts(
        self,
        info: Info,
        filter: Annotated[
            AttemptFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "Connection[Attempt]":
        require(info, "deliveries:read")
        rows = attempt_filter.filtered(
            attempt_filter.rows_of(info).filter(webhook_id=self.row.id), filter
        )
        return await page(
            rows,
            NEWEST_FIRST,
            Attempt.of,
            first=first,
            after=after,
            last=last,
            before=before,
        )

    @strawberry.field(description="Its deliveries, newest first. Needs the scope deliveries:read.")
    async def deliveries(
        self,
        info: Info,
        filter: Annotated[
            DeliveryFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "Connection[Delivery]":
        require(info, "deliveries:read")
        rows = delivery_filter.filtered(
            delivery_filter.rows_of(info).filter(webhook_id=self.row.id), filter
        )
        return await page(
            rows,
            NEWEST_FIRST,
            Delivery.of,
            first=first,
            after=after,
            last=last,
            before=before,
        )


@strawberry.type(
    description="Something that happened, as it was published. Every matching webhook gets a "
    "delivery of it."
)
class Event(EventFields):
    @strawberry.field(description="Its deliveries, newest first. Needs the scope deliveries:read.")
    async def deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "Connection[Delivery] | None":
        require(info, "deliveries:read")
        rows = delivery_filter.rows_of(info).filter(event_id=self.row.id)
        return await page(
            rows,
            NEWEST_FIRST,
            Delivery.of,
            first=first,
            after=after,
            last=last,
            before=before,
        )


@strawberry.type(description="An event on its way to a webhook.")
class Delivery(DeliveryFields):
    @strawberry.field(description="Where it goes. Needs the scope webhooks:read.")
    async def webhook(self, info: Info) -> "Webhook":
        return await load_webhook(info, self.row.webhook_id)

    @strawberry.field(description="What it brings. Needs the scope deliveries:read.")
    async def event(self, info: Info) -> "Event":
        require(info, "deliveries:read")
        return Event.of(await info.context.loaders.event.load(self.row.event_id))

    @strawberry.field(description="What was tried, newest first. Needs the scope deliveries:read.")
    async def attempts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "Connection[Attempt]":
        require(info, "deliveries:read")
        rows = attempt_filter.rows_of(info).filter(delivery_id=self.row.id)
        return await page(
            rows,
            NEWEST_FIRST,
            Attempt.of,
            first=first,
            after=after,
            last=last,
            before=before,
        )


@strawberry.type(
    description="One request that was sent for a delivery, and what came back. It is written when "
    "it has ended."
)
class Attempt(AttemptFields):
    @strawberry.field(
        description="The delivery that it belongs to. Needs the scope deliveries:read."
    )
    async def delivery(self, info: Info) -> "Delivery":
        require(info, "deliveries:read")
        return Delivery.of(await info.context.loaders.delivery.load(self.row.delivery_id))

    @strawberry.field(description="The webhook that it was sent to. Needs the scope webhooks:read.")
    async def webhook(self, info: Info) -> "Webhook":
        return await load_webhook(info, self.row.webhook_id)

    @strawberry.field(description="The event that it brought. Needs the scope deliveries:read.")
    async def event(self, info: Info) -> "Event":
        require(info, "deliveries:read")
        return Event.of(await info.context.loaders.event.load(self.row.event_id))


@strawberry.type(
    description="Something that people should know about a webhook or a sync. Figures are those "
    "of that moment."
)
class Notification(NotificationFields):
    @strawberry.field(description="The webhook that it is about. Needs the scope webhooks:read.")
    async def webhook(self, info: Info) -> "Webhook | None":
        return await find_webhook(info, self.row.webhook_id) if self.row.webhook_id else None


async def load_webhook(info: Info, key: UUID) -> Webhook:
    """The webhook of a delivery or attempt, also a deleted one.

    Raises Forbidden.
    """
    require(info, "webhooks:read")
    return Webhook.of(await info.context.loaders.webhook.load(key))


async def find_webhook(info: Info, key: Any) -> Webhook | None:
    require(info, "webhooks:read")
    row = await info.context.loaders.webhook.load(key)
    return Webhook.of(row) if row else None
