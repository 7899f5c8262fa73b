"""Notifications: the list, and one by its id."""

from typing import Annotated, Any

import strawberry
from tortoise.queryset import QuerySet

from api.auth import require
from api.schema.connections import Connection
from api.schema.enums import NotificationKind
from api.schema.listing import Listed, paged
from api.schema.node import Info, first_of, key_of
from api.schema.types import Notification
from hookline.models import Notification as NotificationRow


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
    return rows
