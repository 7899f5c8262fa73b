"""Fields of a webhook, without the edges to its deliveries and attempts, which are in types. Never
shows a secret.
"""

from datetime import datetime
from typing import Self

import strawberry

from api.auth import require
from api.schema.node import Actor, Info, Node, actor_of, node_id
from api.schema.webhook_form import shown_values, with_shown_fields
from api.schema.webhook_stats import Since, StatsBucket, Step, Until, stats_of
from api.schema.webhook_types import (
    EventPattern,
    Listener,
    Signing,
    SyncOrigin,
    WebhookHealth,
    WebhookStatus,
    health_of,
    origin_of,
    signing_of,
    status_of,
)
from hookline.models import Webhook as WebhookRow


@strawberry.type
@with_shown_fields
class WebhookFields(Node):
    slug: str = strawberry.field(
        description="Short name, unique among the webhooks that are not deleted."
    )
    status: WebhookStatus = strawberry.field(description="Status of the webhook.")
    signing: Signing = strawberry.field(description="Signing of the requests.")
    health: WebhookHealth = strawberry.field(
        description="Health of the webhook, from its attempts."
    )
    managed_by: SyncOrigin | None = strawberry.field(
        description="Webhooks file that owns the webhook, or null if none does."
    )
    listener: Listener | None = strawberry.field(
        description="The listener that the webhook is, or null if it is an ordinary webhook."
    )
    version: int = strawberry.field(
        description="Version, which rises with every change by a user or a sync. Pass it as "
        "`ifVersion` to detect concurrent changes."
    )
    created_at: datetime = strawberry.field(description="Time of creation.")
    created_by: Actor = strawberry.field(description="Actor that created the webhook.")
    modified_at: datetime = strawberry.field(
        description="Time of the last change by a user or a sync."
    )
    modified_by: Actor = strawberry.field(description="Actor of the last change.")
    deleted_at: datetime | None = strawberry.field(
        description="Time of deletion, or null if the webhook is not deleted. A deleted "
        "webhook can be read as long as its deliveries and attempts are kept."
    )
    row: strawberry.Private[WebhookRow]

    @strawberry.field(description="Patterns of `events`, split into their parts.")
    def event_patterns(self) -> list[EventPattern]:
        return [
            EventPattern(object=first, model=second, action=third)
            for first, second, third in (text.split(".") for text in self.row.events)
        ]

    @strawberry.field(
        description="Returns statistics of the attempts, oldest bucket first, including empty "
        "ones. At most 3,000 buckets. Requires the scope deliveries:read."
    )
    async def stats(
        self,
        info: Info,
        since: Since,
        step: Step,
        until: Until = None,
    ) -> list[StatsBucket]:
        require(info, "deliveries:read")
        return await stats_of(info, self.row.id, since, step, until)

    @classmethod
    def of(cls, row: WebhookRow) -> Self:
        return cls(
            id=node_id("wh", row.id),
            slug=row.slug,
            **shown_values(row),
            status=status_of(row),
            signing=signing_of(row),
            health=health_of(row),
            managed_by=origin_of(row),
            listener=Listener(expires_at=at) if (at := row.listener_expires_at) else None,
            version=row.version,
            created_at=row.created_at,
            created_by=actor_of(row.created_by),
            modified_at=row.modified_at,
            modified_by=actor_of(row.modified_by),
            deleted_at=row.deleted_at,
            row=row,
        )
