"""Fields of a webhook, without the edges to its deliveries and attempts, which are in graph. Never
shows a secret.
"""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from api.auth import require
from api.schema.enums import StatsStep
from api.schema.node import Actor, Info, Node, actor_of, node_id
from api.schema.webhook_form import shown_values, with_shown_fields
from api.schema.webhook_parts import (
    EventPattern,
    Signing,
    SyncOrigin,
    WebhookHealth,
    WebhookStatus,
    health_of,
    origin_of,
    signing_of,
    status_of,
)
from api.schema.webhook_stats import StatsBucket, stats_of
from hookline.models import Webhook as WebhookRow


@strawberry.type
@with_shown_fields
class WebhookFields(Node):
    slug: str = strawberry.field(description="Its short name, unique among the living.")
    status: WebhookStatus = strawberry.field(description="What it does now.")
    signing: Signing = strawberry.field(description="How requests are signed.")
    health: WebhookHealth = strawberry.field(description="How sending to it goes.")
    managed_by: SyncOrigin | None = strawberry.field(
        description="The YAML file that owns it; null for one that people own."
    )
    version: int = strawberry.field(
        description="Rises with every change by people or a sync. Give it back as ifVersion to "
        "hear of a concurrent edit."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: Actor = strawberry.field(description="Who made it.")
    modified_at: datetime = strawberry.field(description="When it was changed last.")
    modified_by: Actor = strawberry.field(description="Who changed it last.")
    deleted_at: datetime | None = strawberry.field(
        description="When it was deleted. Its log can be read as long as it lives."
    )
    row: strawberry.Private[WebhookRow]

    @strawberry.field(description="The same as events, in parts.")
    def event_patterns(self) -> list[EventPattern]:
        return [
            EventPattern(object=first, model=second, action=third)
            for first, second, third in (text.split(".") for text in self.row.events)
        ]

    @strawberry.field(
        description="Attempts by time, out of counters: every step, empty ones too. Needs the "
        "scope deliveries:read."
    )
    async def stats(
        self,
        info: Info,
        since: Annotated[
            datetime, strawberry.argument(description="From the step that this time is in.")
        ],
        step: Annotated[
            StatsStep,
            strawberry.argument(description="How long a step is. Minutes reach back 48 hours."),
        ],
        until: Annotated[
            datetime | None,
            strawberry.argument(description="To the step before this time; left out: now."),
        ] = None,
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
            version=row.version,
            created_at=row.created_at,
            created_by=actor_of(row.created_by),
            modified_at=row.modified_at,
            modified_by=actor_of(row.modified_by),
            deleted_at=row.deleted_at,
            row=row,
        )
