"""Fields of an event, without the edge to its deliveries, which is in graph."""

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
    type: str = strawberry.field(description="What happened: object.model.action.")
    object: str = strawberry.field(description="The type's first part.")
    model: str = strawberry.field(description="The type's second part.")
    action: str = strawberry.field(description="The type's third part.")
    environment: str = strawberry.field(description="The environment that it belongs to.")
    occurred_at: datetime = strawberry.field(
        description="When it happened, as the publisher says; the time of its arrival when "
        "nothing was said."
    )
    received_at: datetime = strawberry.field(description="When it was accepted.")
    idempotency_key: str | None = strawberry.field(
        description="The key that the publisher gave it."
    )
    row: strawberry.Private[EventRow | AcceptedEvent]

    @strawberry.field(
        description="The data that was published; null once it is older than it is kept for."
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
