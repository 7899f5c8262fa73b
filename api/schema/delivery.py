"""Deliveries: the list, sending one again, cancelling one."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import strawberry

from api.auth import require
from api.schema.connections import Connection
from api.schema.delivery_filter import Given, filtered, rows_of
from api.schema.filters import check_event
from api.schema.listing import Listed, paged
from api.schema.node import Info, key_of
from api.schema.types import Delivery
from api.schema.user_error import UserError, user_error, user_errors
from hookline import ids
from hookline.access.actor import Actor
from hookline.deliveries import manual
from hookline.errors import Code, Problem, Refused
from hookline.models import Delivery as DeliveryRow


@strawberry.input(description="Input of `deliveryCancel`.")
class DeliveryCancelInput:
    id: strawberry.ID = strawberry.field(description="ID of the delivery (dlv_…).")


@strawberry.input(description="Input of `deliveryRetry`.")
class DeliveryRetryInput:
    id: strawberry.ID = strawberry.field(description="ID of the delivery (dlv_…).")


@strawberry.type(description="Result of a mutation of a delivery.")
class DeliveryPayload:
    delivery: Delivery | None = strawberry.field(
        description="The delivery after the mutation. Null if there are user errors, or with an "
        "error FORBIDDEN after the change if the token lacks the scope deliveries:read."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type
class DeliveryQuery:
    @paged(
        Connection[Delivery] | None,
        description="Returns deliveries, newest first. Requires the scope deliveries:read.",
    )
    async def deliveries(self, info: Info, filter: Given = None) -> Listed[DeliveryRow]:
        require(info, "deliveries:read")
        if filter:
            check_event(info, filter.environment, filter.event_type)
        return Listed(await filtered(info, rows_of(info), filter), Delivery.of)


@strawberry.type
class DeliveryMutation:
    @strawberry.mutation(
        description="Sends a delivery once more at once, even if its webhook is inactive. The "
        "retry schedule is not changed. User errors: NOT_FOUND; NOT_ALLOWED while "
        "an attempt is in progress or about to begin, or if the webhook was deleted; "
        "DATA_EXPIRED. "
        "Requires the scope deliveries:retry."
    )
    async def delivery_retry(
        self,
        info: Info,
        input: Annotated[DeliveryRetryInput, strawberry.argument(description="Delivery to send.")],
    ) -> DeliveryPayload | None:
        return await _after(
            info,
            input.id,
            partial(manual.retry, info.context.runtime.database, info.context.runtime.wakeups),
        )

    @strawberry.mutation(
        description="Cancels an open delivery. An attempt in progress or about to begin is "
        "completed and logged, but no longer changes the delivery. User errors: NOT_FOUND; "
        "NOT_ALLOWED if the delivery has ended. Requires the scope "
        "deliveries:retry."
    )
    async def delivery_cancel(
        self,
        info: Info,
        input: Annotated[
            DeliveryCancelInput, strawberry.argument(description="Delivery to cancel.")
        ],
    ) -> DeliveryPayload | None:
        return await _after(info, input.id, partial(manual.cancel, info.context.runtime.database))


async def _after(
    info: Info, id: strawberry.ID, change: Callable[[Actor, UUID], Awaitable[None]]
) -> DeliveryPayload:
    """Makes a change and returns the delivery after it."""
    actor, key = require(info, "deliveries:retry"), key_of("dlv", id)
    try:
        await change(actor, key)
    except Refused as refused:
        return DeliveryPayload(delivery=None, user_errors=user_errors(refused))
    # an earlier mutation of the same request may have read it
    info.context.loaders.delivery.clear_all()
    row = await info.context.loaders.delivery.load(key)
    # retention may have deleted it since
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
