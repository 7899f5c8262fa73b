"""Fields of an event, without the edge to its deliveries, which is in types."""

from datetime import datetime
from typing import Self

import orjson
import strawberry
from strawberry.scalars import JSON

from api.schema.node import Node, node_id
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
    def data(self) -> JSON | None:
        data: JSON | None = None if self.row.data is None else orjson.loads(self.row.data)
        return data

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
