"""The catalogue of event types: the list, saving and deleting one. hookline.events.types does the
work.
"""

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from api.auth import require
from api.schema.connections import Connection
from api.schema.cursors import BY_NAME
from api.schema.listing import Listed, paged
from api.schema.node import Info, Node, node_id
from api.schema.user_error import UserError, user_errors
from api.schema.viewer import Workspace
from hookline.db.connection import faults_as_unavailable
from hookline.errors import Refused
from hookline.events import types as event_types
from hookline.models import EventType as TypeRow


@strawberry.type(description="A type of events: what it means and what its data looks like.")
class EventType(Node):
    name: str = strawberry.field(description="object.model.action.")
    description: str | None = strawberry.field(description="What it means.")
    schema: JSON | None = strawberry.field(description="A JSON Schema of its data.")
    strict: bool = strawberry.field(
        description="Whether publishing refuses data that breaks the schema."
    )
    sample: JSON | None = strawberry.field(
        description="An example of its data: for tests, dry runs and new templates."
    )

    @classmethod
    def of(cls, row: TypeRow) -> "EventType":
        return cls(
            id=node_id("ety", row.id),
            name=row.name,
            description=row.description,
            schema=row.schema,
            strict=row.is_strict,
            sample=row.sample,
        )


@strawberry.input(
    description="An event type to make, or to change whole: what is left out is empty."
)
class EventTypeSaveInput:
    name: str = strawberry.field(
        description="object.model.action: three parts of lower-case letters, digits, - and _."
    )
    description: str | None = strawberry.field(
        default=None, description="What it means, at most 1,000 characters."
    )
    schema: JSON | None = strawberry.field(
        default=None,
        description="A JSON Schema (2020-12 unless it says otherwise), at most 64 KiB; references "
        "go to #/… within it and not into themselves.",
    )
    strict: bool | None = strawberry.field(
        default=False, description="Refuse events whose data breaks the schema."
    )
    sample: JSON | None = strawberry.field(
        default=None, description="An example that meets the schema."
    )


@strawberry.input(description="An event type to forget.")
class EventTypeDeleteInput:
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="What came of a change of an event type.")
class EventTypePayload:
    event_type: EventType | None = strawberry.field(
        description="The type; null when the change was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was done."
    )


@strawberry.input(description="A change of the workspace; what is left out stays.")
class WorkspaceUpdateInput:
    name: str | None = strawberry.field(
        default=None, description="What people call it, 1 to 100 characters."
    )
    strict_event_types: bool | None = strawberry.field(
        default=None, description="Whether publishing refuses types that are not in the catalogue."
    )


@strawberry.type(description="What came of a change of a workspace.")
class WorkspacePayload:
    workspace: Workspace | None = strawberry.field(
        description="The workspace; null when the change was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was done."
    )


@strawberry.type
class EventTypeQuery:
    @paged(
        Connection[EventType],
        description="The known event types, by name. Needs the scope webhooks:read.",
    )
    async def event_types(self, info: Info) -> Listed[TypeRow]:
        actor = require(info, "webhooks:read")
        rows = TypeRow.filter(workspace_id=actor.workspace_id)
        return Listed(rows, EventType.of, BY_NAME)


@strawberry.type
class EventTypeMutation:
    @strawberry.mutation(
        description="Makes an event type known, or changes the one of this name. Needs the scope "
        "webhooks:write."
    )
    async def event_type_save(
        self,
        info: Info,
        input: Annotated[EventTypeSaveInput, strawberry.argument(description="The type.")],
    ) -> EventTypePayload | None:
        actor = require(info, "webhooks:write")
        given = {
            name: getattr(input, name)
            for name in ("name", "description", "schema", "strict", "sample")
        }
        try:
            row = await event_types.save(
                info.context.runtime.database, info.context.runtime.hub, actor, given
            )
        except Refused as refused:
            return EventTypePayload(event_type=None, user_errors=user_errors(refused))
        return EventTypePayload(event_type=EventType.of(row), user_errors=[])

    @strawberry.mutation(
        description="Forgets an event type; events of it are taken as before. Needs the scope "
        "webhooks:write."
    )
    async def event_type_delete(
        self,
        info: Info,
        input: Annotated[EventTypeDeleteInput, strawberry.argument(description="The type.")],
    ) -> EventTypePayload | None:
        actor = require(info, "webhooks:write")
        try:
            row = await event_types.delete(
                info.context.runtime.database, info.context.runtime.hub, actor, input.name
            )
        except Refused as refused:
            return EventTypePayload(event_type=None, user_errors=user_errors(refused))
        return EventTypePayload(event_type=EventType.of(row), user_errors=[])

    @strawberry.mutation(
        description="Changes the workspace of the token that asks. Needs the scope tokens:admin."
    )
    async def workspace_update(
        self,
        info: Info,
        input: Annotated[WorkspaceUpdateInput, strawberry.argument(description="What to change.")],
    ) -> WorkspacePayload | None:
        actor = require(info, "tokens:admin")
        try:
            row = await event_types.update_workspace(
                info.context.runtime.database,
                info.context.runtime.hub,
                actor,
                input.name,
                input.strict_event_types,
            )
        except Refused as refused:
            return WorkspacePayload(workspace=None, user_errors=user_errors(refused))
        return WorkspacePayload(workspace=Workspace.of(row), user_errors=[])


async def find_event_type(info: Info, key: Any) -> EventType | None:
    actor = require(info, "webhooks:read")
    with faults_as_unavailable():
        row = await TypeRow.filter(id=key, workspace_id=actor.workspace_id).first()
    return EventType.of(row) if row else None
