"""Which deliveries: their status as it is derived, and the filter of their lists."""

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from api.schema.node import NOTHING, Info, is_storable, key_of
from hookline.models import Delivery as DeliveryRow
from hookline.models import DeliveryState
from hookline.models import Webhook as WebhookRow


@strawberry.enum(description="How far a delivery has come.")
class DeliveryStatus(Enum):
    PENDING = strawberry.enum_value("PENDING", description="Waits for its first or next attempt.")
    HELD = strawberry.enum_value("HELD", description="Waits while its webhook is off.")
    IN_PROGRESS = strawberry.enum_value("IN_PROGRESS", description="Is being sent now.")
    SUCCEEDED = strawberry.enum_value("SUCCEEDED", description="The receiver answered 2xx.")
    FAILED = strawberry.enum_value("FAILED", description="All attempts are used up, or the receiver does not want it.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="Its webhook was deleted before it came through.")


ENDED = {
    DeliveryState.SUCCEEDED: DeliveryStatus.SUCCEEDED,
    DeliveryState.FAILED: DeliveryStatus.FAILED,
    DeliveryState.CANCELLED: DeliveryStatus.CANCELLED,
}


LIVE = {"is_active": True, "auto_disabled_at__isnull": True, "deleted_at__isnull": True}


@strawberry.input(description="Which deliveries to list; what is left out, or an empty list, excludes nothing.")
class DeliveryFilter:
    webhook_id: strawberry.ID | None = strawberry.field(default=None, description="To this webhook.")
    event_id: strawberry.ID | None = strawberry.field(default=None, description="Of this event.")
    status: list[DeliveryStatus] | None = strawberry.field(default=None, description="In one of these states.")
    event_type: str | None = strawberry.field(default=None, description="Of events of exactly this type.")
    environment: str | None = strawberry.field(default=None, description="Of this environment.")
    since: datetime | None = strawberry.field(default=None, description="Made at this time or later.")
    until: datetime | None = strawberry.field(default=None, description="Made before this time.")


def rows_of(info: Info) -> QuerySet[DeliveryRow]:
    """All deliveries of the caller's workspace."""
    return DeliveryRow.filter(workspace_id=info.context.principal.workspace_id)


def filtered(rows: QuerySet[DeliveryRow], wanted: DeliveryFilter | None) -> QuerySet[DeliveryRow]:
    """What a filter leaves of the rows.

    Raises MalformedId.
    """
    if wanted is None:
        return rows
    if wanted.webhook_id is not None:
        rows = rows.filter(webhook_id=key_of("wh", wanted.webhook_id))
    if wanted.event_id is not None:
        rows = rows.filter(event_id=key_of("evt", wanted.event_id))
    if wanted.status:
        rows = rows.filter(Q(*(_in_state(status) for status in wanted.status), join_type="OR"))
    for name, text in (("event_type", wanted.event_type), ("environment", wanted.environment)):
        if text is not None:
            rows = rows.filter(**{name: text}) if is_storable(text) else rows.filter(id=NOTHING)
    if wanted.since is not None:
        rows = rows.filter(created_at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(created_at__lt=wanted.until)
    return rows


def _in_state(status: DeliveryStatus) -> Q:
    """The derived status as a condition: the same rules as `Delivery.status`."""
    if status is DeliveryStatus.IN_PROGRESS:
        return Q(lease_token__isnull=False)
    still = Q(lease_token__isnull=True)
    waiting = still & Q(status=DeliveryState.OPEN)
    if status is DeliveryStatus.PENDING:
        return waiting & Q(webhook_id__in=_webhooks(**LIVE))
    if status is DeliveryStatus.HELD:
        held = Q(webhook_id__in=_webhooks(is_active=False, deleted_at__isnull=True))
        return waiting & (held | Q(webhook_id__in=_webhooks(auto_disabled_at__isnull=False, deleted_at__isnull=True)))
    ended = next(state for state, shown in ENDED.items() if shown is status)
    condition = still & Q(status=ended)
    if status is DeliveryStatus.CANCELLED:
        condition |= waiting & Q(webhook_id__in=_webhooks(deleted_at__isnull=False))
    return condition


def _webhooks(**conditions: Any) -> Subquery:
    # no workspace here: the deliveries around it are those of the caller's workspace, and so are their webhooks
    return Subquery(WebhookRow.filter(**conditions).values("id"))
