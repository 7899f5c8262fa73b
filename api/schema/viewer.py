"""The caller and its workspace: the fields that any token may read."""

from datetime import datetime

import strawberry

from api.auth import require
from api.schema.node import Info, Node, first_of, node_id
from api.schema.token import TokenRole
from hookline.access.scopes import in_order, role_of
from hookline.models import Workspace as WorkspaceRow


@strawberry.type(
    description="A tenant. Its webhooks, events and tokens are separate from those of "
    "other workspaces."
)
class Workspace(Node):
    slug: str = strawberry.field(description="Short name of the workspace.")
    name: str = strawberry.field(description="Display name of the workspace.")
    strict_event_types: bool = strawberry.field(
        description="True if publishing refuses events whose type is not in the catalogue."
    )
    created_at: datetime = strawberry.field(description="Time of creation.")

    @classmethod
    def of(cls, row: WorkspaceRow) -> "Workspace":
        return cls(
            id=node_id("ws", row.id),
            slug=row.slug,
            name=row.name,
            strict_event_types=row.strict_event_types,
            created_at=row.created_at,
        )


@strawberry.type(description="The calling token.")
class Viewer:
    id: strawberry.ID = strawberry.field(
        description="ID of the token (tok_…). `node` shows it to tokens with the scope "
        "tokens:admin only."
    )
    name: str = strawberry.field(description="Name of the token.")
    role: TokenRole | None = strawberry.field(
        description="Role whose scopes the token has, or null if they are those of no role."
    )
    scopes: list[str] = strawberry.field(description="Scopes of the token.")
    expires_at: datetime | None = strawberry.field(
        description="Time at which the token expires, or null if it does not."
    )

    @strawberry.field(description="Workspace of the token. All operations are confined to it.")
    async def workspace(self, info: Info) -> Workspace:
        return await _own_workspace(info)


@strawberry.type
class ViewerQuery:
    @strawberry.field(description="Returns the calling token. Requires no scope.")
    def viewer(self, info: Info) -> Viewer:
        actor = info.context.actor
        # The transports let nobody in but tokens.
        assert actor.token_id is not None
        role = role_of(actor.scopes)
        return Viewer(
            id=node_id("tok", actor.token_id),
            name=actor.name,
            role=TokenRole[role.upper()] if role else None,
            scopes=list(in_order(actor.scopes)),
            expires_at=actor.expires_at,
        )

    @strawberry.field(
        description="Returns a cursor of the present, for the argument `after` of every "
        "subscription. It is read before the other fields of the query: query the "
        "state together with it, then subscribe after it, and no change is "
        "missed. Requires the scope deliveries:read."
    )
    def live_cursor(self, info: Info) -> str | None:
        require(info, "deliveries:read")
        cursor = info.context.live_cursor
        assert cursor is not None  # whoever runs an operation with this field reads it first
        return cursor


async def find_workspace(info: Info, key: object) -> Workspace | None:
    """Returns the caller's own workspace; any other does not exist."""
    actor = info.context.actor
    if key != actor.workspace_id:
        return None
    return await _own_workspace(info)


async def _own_workspace(info: Info) -> Workspace:
    row = await first_of(info, WorkspaceRow.filter(id=info.context.actor.workspace_id))
    # No workspace is ever deleted.
    assert row is not None
    return Workspace.of(row)
