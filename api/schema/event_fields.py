"""Fields of an event, without the edge to its deliveries, which is in types."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from api.schema.node import Info, Node, node_id
from hookline.events.publishing import AcceptedEvent
from hookline.models import Event as EventRow


@strawberry.type
class EventFields(Node):
    type: str = strawberry.field(description="Type of the event: object.model.action.")
    object: str = strawberry.field(description="First part of the type.")
    model: str = strawberry.field(description="Second part of the type.")
    action: str = strawberry.field(description="Third part of the type.")
    environment: str = strawberry.field(description="Environment of the event.")
    occurred_at: datetime = strawberry.field(
        description="Time at which the event occurred, as given by the publisher. Equal to "
        "`receivedAt` if none was given."
    )
    received_at: datetime = strawberry.field(description="Time of receipt.")
    idempotency_key: str | None = strawberry.field(
        description="Idempotency key given by the publisher, or null if none was given."
    )
    row: strawberry.Private[EventRow | AcceptedEvent]

    @strawberry.field(
        description="Data of the event. Null once it is older than its retention period."
    )
    async def data(self, info: Info) -> JSON | None:
        text = await data_of(info, self.row)
        # As it is stored and sent: read and written again it would take ten times the memory.
        return None if text is None else JSON(text.encode())

    @classmethod
    def of(cls, row: EventRow | AcceptedEvent) -> Self:
        object_, model, action = row.type.split(".")
        return cls(
            id=node_id("evt", row.id),
            type=row.type,
            object=object_,
            model=model,
            action=action,
            environment=row.environment,
            occurred_at=row.occurred_at,
            received_at=row.received_at,
            idempotency_key=row.idempotency_key,
            row=row,
        )


async def data_of(info: Info, row: EventRow | AcceptedEvent) -> str | None:
    """Returns the JSON text of an event's data, which is read for those who ask for it."""
    # A new event has it, and so has one that was read whole.
    if not hasattr(row, "data"):
        loaded: EventRow | None = await info.context.loaders.event_data.load(row.id)
        return loaded.data if loaded else None
    return row.data
