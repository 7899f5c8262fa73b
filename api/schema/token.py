"""Tokens of the API: the list, making and revoking them. A token's text is shown once, by the
mutation that makes it.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from api.auth import require
from api.execution.malformed import taken
from api.schema.connections import Connection
from api.schema.listing import Listed, paged
from api.schema.node import Info, Node, first_of, key_of, node_id
from api.schema.user_error import UserError, user_errors
from hookline.access import tokens
from hookline.access.actor import Actor
from hookline.access.scopes import ROLES, covers, is_scope
from hookline.errors import Code, Problem, Refused
from hookline.models import Token as TokenRow


@strawberry.enum(description="A predefined set of scopes.")
class TokenRole(Enum):
    VIEWER = strawberry.enum_value(
        "VIEWER", description="Reads webhooks, events, deliveries and attempts."
    )
    PUBLISHER = strawberry.enum_value("PUBLISHER", description="Publishes events. Reads nothing.")
    EDITOR = strawberry.enum_value(
        "EDITOR",
        description="Reads, publishes events, changes webhooks and sends deliveries again.",
    )
    SYNC = strawberry.enum_value("SYNC", description="Reads, plans and applies webhooks files.")
    ADMIN = strawberry.enum_value("ADMIN", description="Has all scopes.")


@strawberry.type(description="A bearer token of the API.")
class Token(Node):
    name: str = strawberry.field(description="Name of the token.")
    last_four: str = strawberry.field(description="Last four characters of the token's text.")
    scopes: list[str] = strawberry.field(description="Scopes of the token.")
    created_at: datetime = strawberry.field(description="Time of creation.")
    expires_at: datetime | None = strawberry.field(
        description="Time at which the token expires, or null if it does not."
    )
    last_used_at: datetime | None = strawberry.field(
        description="Time of the last use, to about a minute, or null if it was never used."
    )
    revoked_at: datetime | None = strawberry.field(
        description="Time at which the token was revoked, or null if it was not."
    )

    @classmethod
    def of(cls, row: TokenRow) -> "Token":
        return cls(
            id=node_id("tok", row.id),
            name=row.name,
            last_four=row.last_four,
            scopes=list(row.scopes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )


@strawberry.input(
    description="Input of `tokenCreate`. Requires either `role` or `scopes`. The calling "
    "token must have all scopes that it gives."
)
class TokenCreateInput:
    name: str = strawberry.field(
        description="Name of the token: 1 to 100 visible characters. No other valid token of the "
        "workspace may have it, or one that looks like it."
    )
    role: TokenRole | None = strawberry.field(default=None, description="Predefined set of scopes.")
    scopes: list[str] | None = strawberry.field(
        default=None,
        description="List of scopes, such as events:publish. sync:plan and sync:apply may be bound "
        "to one set: sync:apply:team-a.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="Time at which the token expires. Must be in the future. Tokens do not "
        "expire by default.",
    )


@strawberry.input(description="Input of `tokenRevoke`.")
class TokenRevokeInput:
    id: strawberry.ID = strawberry.field(description="ID of the token (tok_…).")


@strawberry.type(description="Result of `tokenCreate`.")
class TokenCreatePayload:
    token: Token | None = strawberry.field(
        description="The new token. Null if there are user errors."
    )
    secret: str | None = strawberry.field(
        description="Text of the token (hl_…). It cannot be read again. Null if there are "
        "user errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type(description="Result of a mutation of a token.")
class TokenPayload:
    token: Token | None = strawberry.field(
        description="The token after the mutation. Null if there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type
class TokenQuery:
    @paged(
        Connection[Token] | None,
        description="Returns the tokens of the workspace, newest first, including revoked and "
        "expired ones. Requires the scope tokens:admin.",
    )
    async def tokens(self, info: Info) -> Listed[TokenRow]:
        actor = require(info, "tokens:admin")
        return Listed(tokens.of_workspace(actor.workspace_id), Token.of)


@strawberry.type
class TokenMutation:
    @strawberry.mutation(
        description="Creates a token. User errors: REQUIRED, INVALID, TAKEN, TOO_LONG, TOO_MANY, "
        "OUT_OF_RANGE, "
        "NOT_ALLOWED for scopes that the calling token lacks. Requires the scope "
        "tokens:admin."
    )
    async def token_create(
        self,
        info: Info,
        input: Annotated[TokenCreateInput, strawberry.argument(description="Token to create.")],
    ) -> TokenCreatePayload | None:
        actor = require(info, "tokens:admin")
        # stored as scopes: tokens do not change when a role does
        scopes = list(ROLES[input.role.name.lower()]) if input.role else input.scopes or []
        try:
            problems = _check_grant(actor, input, scopes)
            expires_at = taken(input.expires_at, problems, "expiresAt")
            database, workspace_id = info.context.runtime.database, actor.workspace_id
            row, secret = await tokens.create(
                database, workspace_id, input.name, scopes, expires_at, actor, problems
            )
        except Refused as refused:
            return TokenCreatePayload(token=None, secret=None, user_errors=user_errors(refused))
        return TokenCreatePayload(token=Token.of(row), secret=secret, user_errors=[])

    @strawberry.mutation(
        description="Revokes a token. All servers refuse it within a second, and end its "
        "subscriptions and sockets. User errors: "
        "NOT_FOUND. Requires the scope tokens:admin."
    )
    async def token_revoke(
        self,
        info: Info,
        input: Annotated[TokenRevokeInput, strawberry.argument(description="Token to revoke.")],
    ) -> TokenPayload | None:
        actor = require(info, "tokens:admin")
        try:
            row = await tokens.revoke(
                info.context.runtime.database,
                actor.workspace_id,
                key_of("tok", input.id),
                actor,
                info.context.runtime.hub.publish,
            )
        except Refused as refused:
            return TokenPayload(token=None, user_errors=user_errors(refused))
        return TokenPayload(token=Token.of(row), user_errors=[])


async def find_token(info: Info, key: Any) -> Token | None:
    actor = require(info, "tokens:admin")
    row = await first_of(info, tokens.of_workspace(actor.workspace_id).filter(id=key))
    return Token.of(row) if row else None


def _check_grant(actor: Actor, input: TokenCreateInput, scopes: list[str]) -> list[Problem]:
    """Finds scopes that this token would give away and does not have itself."""
    if input.role and input.scopes:
        return [Problem(Code.INVALID, "Give either a role or scopes, not both.", ("role",))]
    if input.role:
        lacking = [scope for scope in scopes if not covers(actor.scopes, scope)]
        message = f"Your token may not give this role: it lacks {', '.join(lacking)}."
        return [Problem(Code.NOT_ALLOWED, message, ("role",))] if lacking else []
    return [
        Problem(
            Code.NOT_ALLOWED,
            f"Your token may not give {scope}: it lacks that scope.",
            ("scopes", str(place)),
        )
        for place, scope in enumerate(scopes)
        if is_scope(scope) and not covers(actor.scopes, scope)
    ]
