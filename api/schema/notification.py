"""Notifications: the list, and one by its id."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

from api.auth import require
from api.schema.connections import Connection
from api.schema.enums import NotificationKind
from api.schema.filters import check_event, within
from api.schema.listing import Listed, paged
from api.schema.node import NOTHING, Info, first_of, is_storable, key_of
from api.schema.types import Notification
from hookline.models import Notification as NotificationRow
from hookline.models import Webhook as WebhookRow


@strawberry.input(
    description="Conditions on notifications. A notification must meet all that are "
    "given; null and an empty list set no condition."
)
class NotificationFilter:
    webhook_id: strawberry.ID | None = strawberry.field(
        default=None, description="ID of the webhook (wh_…) that the notifications are about."
    )
    kind: list[NotificationKind] | None = strawberry.field(
        default=None, description="Kinds, any of which matches."
    )
    set: str | None = strawberry.field(
        default=None,
        description="Exact name of the set of webhooks that the notifications are about.",
    )
    environment: str | None = strawberry.field(
        default=None,
        description="Environment whose events the webhook receives that the notification is about. "
        "Notifications about a sync are left out.",
    )
    since: datetime | None = strawberry.field(
        default=None, description="Start of the time range (`createdAt`), inclusive."
    )
    until: datetime | None = strawberry.field(
        default=None, description="End of the time range (`createdAt`), exclusive."
    )


@strawberry.type
class NotificationQuery:
    @paged(
        Connection[Notification] | None,
        description="Returns notifications, newest first. Requires the scope deliveries:read.",
    )
    async def notifications(
        self,
        info: Info,
        filter: Annotated[
            NotificationFilter | None,
            strawberry.argument(
                description="Conditions that the notifications must meet. All "
                "notifications by default."
            ),
        ] = None,
    ) -> Listed[NotificationRow]:
        actor = require(info, "deliveries:read")
        check_event(info, filter.environment if filter else None, None)
        rows = _filtered(
            NotificationRow.filter(workspace_id=actor.workspace_id), filter or NotificationFilter()
        )
        return Listed(rows, Notification.of)


async def find_notification(info: Info, key: Any) -> Notification | None:
    actor = require(info, "deliveries:read")
    rows = NotificationRow.filter(id=key, workspace_id=actor.workspace_id)
    row = await first_of(info, rows)
    return Notification.of(row) if row else None


def _filtered(
    rows: QuerySet[NotificationRow], wanted: NotificationFilter
) -> QuerySet[NotificationRow]:
    if wanted.webhook_id is not None:
        rows = rows.filter(webhook_id=key_of("wh", wanted.webhook_id))
    if wanted.kind:
        rows = rows.filter(kind__in=[int(kind) for kind in wanted.kind])
    if wanted.set is not None:
        if not is_storable(wanted.set):
            return rows.filter(id=NOTHING)
        rows = rows.filter(sync_set=wanted.set)
    if wanted.environment is not None:
        # The column is text with an item a line: the same search on both engines.
        receiving = WebhookRow.filter(environments__contains=f"\n{wanted.environment}\n")
        rows = rows.filter(webhook_id__in=Subquery(receiving.values("id")))
    return within(rows, "created_at", wanted.since, wanted.until)
