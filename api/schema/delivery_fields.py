"""Fields of a delivery with its derived status, without the edges, which are in types."""

from datetime import datetime
from typing import Self

import strawberry

from api.schema.delivery_filter import ENDED, DeliveryStatus
from api.schema.node import Info, Node, node_id
from hookline.models import Delivery as DeliveryRow
from hookline.models import DeliveryState


@strawberry.type
class DeliveryFields(Node):
    attempt_count: int = strawberry.field(description="Number of attempts begun so far.")
    next_attempt_at: datetime | None = strawberry.field(
        description="Time of the next attempt. Null while an attempt is in progress and after "
        "the delivery has ended."
    )
    created_at: datetime = strawberry.field(description="Time of creation.")
    finished_at: datetime | None = strawberry.field(
        description="Time at which the delivery succeeded, failed or was cancelled. Null "
        "while it is open."
    )
    row: strawberry.Private[DeliveryRow]

    @strawberry.field(description="Status of the delivery.")
    async def status(self, info: Info) -> DeliveryStatus:
        # a lease first: a delivery that has ended is sent again by hand, and keeps its state
        # meanwhile
        if self.row.lease_token is not None:
            return DeliveryStatus.IN_PROGRESS
        if self.row.status != DeliveryState.OPEN:
            return ENDED[DeliveryState(self.row.status)]
        target = await info.context.loaders.webhook.load(self.row.webhook_id)
        # open, but the sweep that cancels deliveries of deleted webhooks has not come by yet
        if target is None or target.deleted_at is not None:
            return DeliveryStatus.CANCELLED
        return DeliveryStatus.PENDING if target.is_on else DeliveryStatus.HELD

    @classmethod
    def of(cls, row: DeliveryRow) -> Self:
        waits = row.status == DeliveryState.OPEN and row.lease_token is None
        return cls(
            id=node_id("dlv", row.id),
            attempt_count=row.attempt_count,
            created_at=row.created_at,
            finished_at=row.finished_at,
            next_attempt_at=(row.manual_at or row.next_attempt_at) if waits else None,
            row=row,
        )
