"""Deliveries: the type with its derived status, the list, and sending one again."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from api.auth import require
from api.schema import attempt, attempt_filter, event, webhook
from api.schema.connections import After, Before, Connection, First, Last, page
from api.schema.cursors import NEWEST_FIRST
from api.schema.delivery_filter import ENDED, DeliveryFilter, DeliveryStatus, filtered, rows_of
from api.schema.node import Info, Node, key_of, node_id
from api.schema.user_error import UserError, user_error, user_errors
from hookline import ids
from hookline.access.actor import Actor
from hookline.deliveries import manual
from hookline.errors import Code, Problem, Refused
from hookline.models import Delivery as DeliveryRow
from hookline.models import DeliveryState

if TYPE_CHECKING:
    from api.schema.attempt import Attempt
    from api.schema.event import Event
    from api.schema.webhook import Webhook

AnyWebhook = Annotated["Webhook", strawberry.lazy("api.schema.webhook")]
AnyEvent = Annotated["Event", strawberry.lazy("api.schema.event")]
AnyAttempt = Annotated["Attempt", strawberry.lazy("api.schema.attempt")]


@strawberry.type(description="An event on its way to a webhook.")
class Delivery(Node):
    attempt_count: int = strawberry.field(description="How many attempts were begun.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is sent next; null while it is being sent, and after its end."
    )
    created_at: datetime = strawberry.field(description="When its event was accepted.")
    finished_at: datetime | None = strawberry.field(
        description="When it succeeded, failed or was cancelled."
    )
    row: strawberry.Private[DeliveryRow]

    @strawberry.field(description="How far it has come.")
    async def status(self, info: Info) -> DeliveryStatus:
        if self.row.lease_token is not None:
            return DeliveryStatus.IN_PROGRESS
        if self.row.status != DeliveryState.OPEN:
            return ENDED[DeliveryState(self.row.status)]
        target = await info.context.loaders.webhook.load(self.row.webhook_id)
        if target is None or target.deleted_at is not None:
            return DeliveryStatus.CANCELLED
        return DeliveryStatus.PENDING if target.is_live else DeliveryStatus.HELD

    @strawberry.field(description="Where it goes. Needs the scope webhooks:read.")
    async def webhook(self, info: Info) -> AnyWebhook:
        return await webhook.load(info, self.row.webhook_id)

    @strawberry.field(description="What it brings. Needs the scope deliveries:read.")
    async def event(self, info: Info) -> AnyEvent:
        require(info, "deliveries:read")
        return event.Event.of(await info.context.loaders.event.load(self.row.event_id))

    @strawberry.field(description="What was tried, newest first. Needs the scope deliveries:read.")
    async def attempts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AnyAttempt]:
        require(info, "deliveries:read")
        rows = attempt_filter.rows_of(info).filter(delivery_id=self.row.id)
        return await page(
            rows,
            NEWEST_FIRST,
            attempt.Attempt.of,
            first=first,
            after=after,
            last=last,
            before=before,
        )

    @classmethod
    def of(cls, row: DeliveryRow) -> "Delivery":
        waits = row.status == DeliveryState.OPEN and row.lease_token is None
        return cls(
            id=node_id("dlv", row.id),
            attempt_count=row.attempt_count,
            created_at=row.created_at,
            finished_at=row.finished_at,
            next_attempt_at=(row.manual_at or row.next_attempt_at) if waits else None,
            row=row,
        )


@strawberry.input(description="A delivery to cancel.")
class DeliveryCancelInput:
    id: strawberry.ID = strawberry.field(description="The delivery.")


@strawberry.input(description="A delivery to send again.")
class DeliveryRetryInput:
    id: strawberry.ID = strawberry.field(description="The delivery.")


@strawberry.type(description="What came of a change of a delivery.")
class DeliveryPayload:
    delivery: Delivery | None = strawberry.field(
        description="The delivery as it is now; null when the change was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was done."
    )


@strawberry.type
class DeliveryQuery:
    @strawberry.field(description="Deliveries, newest first. Needs the scope deliveries:read.")
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
    ) -> Connection[Delivery]:
        require(info, "deliveries:read")
        rows = filtered(rows_of(info), filter)
        return await page(
            rows, NEWEST_FIRST, Delivery.of, first=first, after=after, last=last, before=before
        )


@strawberry.type
class DeliveryMutation:
    @strawberry.mutation(
        description="Sends a delivery once more, now, even while its webhook is off. Its schedule "
        "does not move. Not while it is being sent. "
        "Needs the scope deliveries:retry."
    )
    async def delivery_retry(
        self,
        info: Info,
        input: Annotated[DeliveryRetryInput, strawberry.argument(description="The delivery.")],
    ) -> DeliveryPayload | None:
        return await _after(
            info,
            input.id,
            partial(manual.retry, info.context.runtime.database, info.context.runtime.wakeups),
        )

    @strawberry.mutation(
        description="Ends an open delivery for good. A request on the wire ends, is logged, and "
        "changes nothing. Needs the scope deliveries:retry."
    )
    async def delivery_cancel(
        self,
        info: Info,
        input: Annotated[DeliveryCancelInput, strawberry.argument(description="The delivery.")],
    ) -> DeliveryPayload | None:
        return await _after(info, input.id, partial(manual.cancel, info.context.runtime.database))


async def _after(
    info: Info, id: strawberry.ID, change: Callable[[Actor, UUID], Awaitable[None]]
) -> DeliveryPayload:
    """The delivery as it is after a change."""
    actor, key = require(info, "deliveries:retry"), key_of("dlv", id)
    try:
        await change(actor, key)
    except Refused as refused:
        return DeliveryPayload(delivery=None, user_errors=user_errors(refused))
    # an earlier mutation of the same request may have read it
    info.context.loaders.delivery.clear_all()
    row = await info.context.loaders.delivery.load(key)
    if row is None:
        gone = Problem(
            Code.NOT_FOUND, f"The delivery {ids.encode('dlv', key)} is gone by now.", ("id",)
        )
        return DeliveryPayload(delivery=None, user_errors=[user_error(gone)])
    return DeliveryPayload(delivery=Delivery.of(row), user_errors=[])


async def find_delivery(info: Info, key: Any) -> Delivery | None:
    require(info, "deliveries:read")
    row = await info.context.loaders.delivery.load(key)
    return Delivery.of(row) if row else None
