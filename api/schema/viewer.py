"""The caller and this installation: the fields that any token may read."""

from datetime import datetime

import strawberry

from api.auth import require
from api.schema.node import Info, Node, node_id
from hookline.access.tokens import SCOPES
from hookline.db.connection import faults_as_unavailable
from hookline.models import Workspace as WorkspaceRow


@strawberry.type(
    description="A tenant: webhooks, events and tokens belong to one workspace and see no other."
)
class Workspace(Node):
    slug: str = strawberry.field(description="Its short name.")
    name: str = strawberry.field(description="What people call it.")
    strict_event_types: bool = strawberry.field(
        description="Whether publishing refuses types that are not in the catalogue."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: WorkspaceRow) -> "Workspace":
        return cls(
            id=node_id("ws", row.id),
            slug=row.slug,
            name=row.name,
            strict_event_types=row.strict_event_types,
            created_at=row.created_at,
        )


@strawberry.type(description="The token that asks.")
class Viewer:
    name: str = strawberry.field(description="The token's name.")
    scopes: list[str] = strawberry.field(description="What it may do.")

    @strawberry.field(
        description="The workspace that it belongs to; everything it reads or writes is in there."
    )
    async def workspace(self, info: Info) -> Workspace:
        with faults_as_unavailable():
            return Workspace.of(await WorkspaceRow.get(id=info.context.actor.workspace_id))


@strawberry.type
class ViewerQuery:
    @strawberry.field(description="The token that asks: its name, scopes and workspace.")
    def viewer(self, info: Info) -> Viewer:
        actor = info.context.actor
        return Viewer(name=actor.name, scopes=[scope for scope in SCOPES if scope in actor.scopes])

    @strawberry.field(description="The environments that events and webhooks may name.")
    def environments(self, info: Info) -> list[str]:
        return list(info.context.runtime.settings.environments)

    @strawberry.field(
        description="Now, as a cursor for the `after` argument of every subscription. It is read "
        "before every other field of its query: "
        "query with it, then subscribe after it, and nothing is missed. Needs the scope "
        "deliveries:read."
    )
    def live_cursor(self, info: Info) -> str:
        require(info, "deliveries:read")
        cursor = info.context.live_cursor
        assert cursor is not None  # whoever runs an operation with this field reads it first
        return cursor


async def find_workspace(info: Info, key: object) -> Workspace | None:
    """The caller's own workspace; any other does not exist."""
    actor = info.context.actor
    if key != actor.workspace_id:
        return None
    with faults_as_unavailable():
        return Workspace.of(await WorkspaceRow.get(id=actor.workspace_id))
