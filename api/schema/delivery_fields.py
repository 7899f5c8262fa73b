"""Fields of a delivery with its derived status, without the edges, which are in types."""

from datetime import datetime
from typing import Self

import strawberry

from api.schema.delivery_filter import ENDED, DeliveryStatus
from api.schema.node import Info, Node, node_id
from hookline.models import AttemptCause, DeliveryState
from hookline.models import Delivery as DeliveryRow


@strawberry.type
class DeliveryFields(Node):
    created_at: datetime = strawberry.field(description="Time of creation.")
    finished_at: datetime | None = strawberry.field(
        description="Time at which the delivery succeeded, failed or was cancelled. Null "
        "while it is open."
    )
    row: strawberry.Private[DeliveryRow]

    @strawberry.field(description="Number of attempts begun so far.")
    async def attempt_count(self, info: Info) -> int:
        # it rises with the lease, and a worker holds many leased ahead of what it sends
        is_ahead = self.row.lease_token is not None and not await self._is_on_wire(info)
        return self.row.attempt_count - is_ahead

    @strawberry.field(
        description="Time of the next attempt. Null while an attempt is in progress and after "
        "the delivery has ended."
    )
    async def next_attempt_at(self, info: Info) -> datetime | None:
        if self.row.status != DeliveryState.OPEN or await self._is_on_wire(info):
            return None
        return self.row.manual_at or self.row.next_attempt_at

    @strawberry.field(description="Status of the delivery.")
    async def status(self, info: Info) -> DeliveryStatus:
        # what is on the wire first: a delivery that has ended is sent again by hand, and keeps its
        # state meanwhile
        if await self._is_on_wire(info):
            return DeliveryStatus.IN_PROGRESS
        if self.row.status != DeliveryState.OPEN:
            return ENDED[DeliveryState(self.row.status)]
        target = await info.context.loaders.webhook.load(self.row.webhook_id)
        # open, but the sweep that cancels deliveries of deleted webhooks has not come by yet
        if target is None or target.deleted_at is not None:
            return DeliveryStatus.CANCELLED
        return DeliveryStatus.PENDING if target.is_on else DeliveryStatus.HELD

    @strawberry.field(
        description="True if an attempt was asked for by `deliveryRetry` or `deliveriesRetry`, "
        "whether it is still to be made or has ended."
    )
    async def manual(self, info: Info) -> bool:
        if self.row.next_cause == AttemptCause.TEST:
            return False
        is_waiting = self.row.manual_at is not None or self.row.next_cause == AttemptCause.MANUAL
        return is_waiting or AttemptCause.MANUAL in await self._causes(info)

    @strawberry.field(description="True if the delivery was made by `webhookTest`.")
    async def test(self, info: Info) -> bool:
        is_waiting = self.row.next_cause == AttemptCause.TEST
        return is_waiting or AttemptCause.TEST in await self._causes(info)

    async def _causes(self, info: Info) -> frozenset[int]:
        causes: frozenset[int] = await info.context.loaders.causes.load(self.row.id)
        return causes

    async def _is_on_wire(self, info: Info) -> bool:
        if self.row.lease_token is None:
            return False
        is_on_wire: bool = await info.context.loaders.is_on_wire.load(self.row.id)
        return is_on_wire

    @classmethod
    def of(cls, row: DeliveryRow) -> Self:
        return cls(
            id=node_id("dlv", row.id),
            created_at=row.created_at,
            finished_at=row.finished_at,
            row=row,
        )
