"""The catalogue of event types: the list, saving and deleting one. hookline.events.types does the
work.
"""

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON
from tortoise.expressions import Q

from api.auth import require
from api.execution.errors import BadInput
from api.schema.connections import Connection
from api.schema.cursors import BY_NAME
from api.schema.listing import LONGEST_SEARCH, Listed, paged
from api.schema.node import NOTHING, Info, Node, first_of, is_storable, node_id
from api.schema.user_error import UserError, user_errors
from api.schema.viewer import Workspace
from hookline.errors import Refused
from hookline.events import types as event_types
from hookline.models import EventType as TypeRow


@strawberry.type(description="An entry of the catalogue of event types.")
class EventType(Node):
    name: str = strawberry.field(description="Name of the type: object.model.action.")
    description: str | None = strawberry.field(
        description="Meaning of the type, or null if none was given."
    )
    schema: JSON | None = strawberry.field(
        description="JSON Schema of the events' data, or null if none was given."
    )
    strict: bool = strawberry.field(
        description="True if publishing refuses data that does not conform to the schema."
    )
    sample: JSON | None = strawberry.field(
        description="Sample data for tests, dry runs and templates, or null if none was given."
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
    description="Input of `eventTypeSave`. Replaces the whole event type: fields that are "
    "left out become empty."
)
class EventTypeSaveInput:
    name: str = strawberry.field(
        description="Name of the type: object.model.action. Each part has 1 to 64 lower-case "
        "letters, digits, - and _, and begins with a letter or digit."
    )
    description: str | None = strawberry.field(
        default=None, description="Meaning of the type. At most 1,000 characters."
    )
    schema: JSON | None = strawberry.field(
        default=None,
        description="JSON Schema of the events' data, draft 2020-12 unless it names another "
        "one. At most 64 KiB. References must point to #/… within the schema and "
        "must not be circular.",
    )
    strict: bool | None = strawberry.field(
        default=False,
        description="True to refuse events whose data does not conform to the schema. "
        "Requires a schema.",
    )
    sample: JSON | None = strawberry.field(
        default=None, description="Sample data. Must conform to the schema; at most 64 KiB."
    )
    dry_run: bool | None = strawberry.field(
        default=False,
        description="True to check the input and to save nothing. `eventType` is null then.",
    )


@strawberry.input(description="Input of `eventTypeDelete`.")
class EventTypeDeleteInput:
    name: str = strawberry.field(description="Name of the type.")


@strawberry.type(description="Result of a mutation of an event type.")
class EventTypePayload:
    event_type: EventType | None = strawberry.field(
        description="The event type after the mutation, or the deleted one. Null if there are "
        "user errors, for a dry run, or with an error FORBIDDEN after the change if the token "
        "lacks the scope webhooks:read."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.input(
    description="Input of `workspaceUpdate`. Fields that are null or left out are not changed."
)
class WorkspaceUpdateInput:
    name: str | None = strawberry.field(
        default=None, description="Display name. 1 to 100 characters."
    )
    strict_event_types: bool | None = strawberry.field(
        default=None, description="True to refuse events whose type is not in the catalogue."
    )


@strawberry.type(description="Result of a mutation of the workspace.")
class WorkspacePayload:
    workspace: Workspace | None = strawberry.field(
        description="The workspace after the mutation. Null if there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type
class EventTypeQuery:
    @paged(
        Connection[EventType] | None,
        description="Returns the event types of the catalogue, by name. Requires the scope "
        "webhooks:read.",
    )
    async def event_types(
        self,
        info: Info,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Text that the name or the description contains, ignoring case. At "
                f"most {LONGEST_SEARCH} characters. All by default."
            ),
        ] = None,
    ) -> Listed[TypeRow]:
        actor = require(info, "webhooks:read")
        rows = TypeRow.filter(workspace_id=actor.workspace_id)
        if search and len(search) > LONGEST_SEARCH:
            raise BadInput(f"search must be at most {LONGEST_SEARCH} characters long.")
        if search and not is_storable(search):
            rows = rows.filter(id=NOTHING)
        elif search:
            rows = rows.filter(Q(name__icontains=search) | Q(description__icontains=search))
        return Listed(rows, EventType.of, BY_NAME)


@strawberry.type
class EventTypeMutation:
    @strawberry.mutation(
        description="Creates or replaces the event type with this name. A workspace has at "
        "most 10,000. User errors: INVALID, REQUIRED, TOO_LONG, TOO_MANY, "
        "SCHEMA_MISMATCH. Requires the scope webhooks:write."
    )
    async def event_type_save(
        self,
        info: Info,
        input: Annotated[
            EventTypeSaveInput, strawberry.argument(description="Event type to save.")
        ],
    ) -> EventTypePayload | None:
        actor = require(info, "webhooks:write")
        given = {
            name: getattr(input, name)
            for name in ("name", "description", "schema", "strict", "sample")
        }
        try:
            if input.dry_run:
                await event_types.check(given)
                return EventTypePayload(event_type=None, user_errors=[])
            row = await event_types.save(
                info.context.runtime.database, info.context.runtime.hub, actor, given
            )
        except Refused as refused:
            return EventTypePayload(event_type=None, user_errors=user_errors(refused))
        return EventTypePayload(event_type=EventType.of(row), user_errors=[])

    @strawberry.mutation(
        description="Deletes an event type from the catalogue. Its events are still accepted, "
        "unless the workspace is strict. User errors: NOT_FOUND. Requires the "
        "scope webhooks:write."
    )
    async def event_type_delete(
        self,
        info: Info,
        input: Annotated[
            EventTypeDeleteInput, strawberry.argument(description="Event type to delete.")
        ],
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
        description="Updates the workspace of the calling token. User errors: INVALID. "
        "Requires the scope tokens:admin."
    )
    async def workspace_update(
        self,
        info: Info,
        input: Annotated[
            WorkspaceUpdateInput, strawberry.argument(description="Fields to change.")
        ],
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
    row = await first_of(info, TypeRow.filter(id=key, workspace_id=actor.workspace_id))
    return EventType.of(row) if row else None
