"""Tokens of the API: the list, making and revoking them. A token's text is shown once, by the
mutation that makes it.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from api.auth import require
from api.schema.connections import Connection
from api.schema.listing import Listed, paged
from api.schema.node import Info, Node, key_of, node_id
from api.schema.user_error import UserError, user_errors
from hookline.access import tokens
from hookline.access.actor import Actor
from hookline.db.connection import faults_as_unavailable
from hookline.errors import Code, Problem, Refused
from hookline.models import Token as TokenRow


@strawberry.enum(description="A set of scopes that fits a kind of user.")
class TokenRole(Enum):
    VIEWER = strawberry.enum_value(
        "VIEWER", description="Reads webhooks, events, deliveries and attempts."
    )
    PUBLISHER = strawberry.enum_value(
        "PUBLISHER", description="Publishes events and reads nothing."
    )
    EDITOR = strawberry.enum_value(
        "EDITOR", description="Reads, publishes, changes webhooks and sends deliveries again."
    )
    SYNC = strawberry.enum_value("SYNC", description="Reads, and applies YAML files.")
    ADMIN = strawberry.enum_value("ADMIN", description="Does everything in its workspace.")


@strawberry.type(description="A bearer token of the API. Its text is shown once, when it is made.")
class Token(Node):
    name: str = strawberry.field(description="Who uses it.")
    last_four: str = strawberry.field(
        description="The last four characters of its text, to tell tokens apart."
    )
    scopes: list[str] = strawberry.field(description="What it may do.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(
        description="When it stops working by itself; null for never."
    )
    last_used_at: datetime | None = strawberry.field(
        description="When it was used last, to about a minute."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")

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
    description="A new token, with either a role or scopes. It can't get a scope that the token "
    "asking for it lacks."
)
class TokenCreateInput:
    name: str = strawberry.field(description="Who uses it, 1 to 100 characters.")
    role: TokenRole | None = strawberry.field(default=None, description="A ready set of scopes.")
    scopes: list[str] | None = strawberry.field(
        default=None, description="The scopes themselves, such as events:publish."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it stops working by itself; left out: never."
    )


@strawberry.input(description="A token to revoke.")
class TokenRevokeInput:
    id: strawberry.ID = strawberry.field(description="The token.")


@strawberry.type(description="A new token.")
class TokenCreatePayload:
    token: Token | None = strawberry.field(description="The token; null when it was refused.")
    secret: str | None = strawberry.field(
        description="Its text, hl_…. It is shown this once: keep it now."
    )
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was done."
    )


@strawberry.type(description="What came of a change of a token.")
class TokenPayload:
    token: Token | None = strawberry.field(
        description="The token as it is now; null when the change was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was done."
    )


@strawberry.type
class TokenQuery:
    @paged(
        Connection[Token],
        description="Tokens, newest first, revoked ones too. Needs the scope tokens:admin.",
    )
    async def tokens(self, info: Info) -> Listed[TokenRow]:
        actor = require(info, "tokens:admin")
        return Listed(tokens.of_workspace(actor.workspace_id), Token.of)


@strawberry.type
class TokenMutation:
    @strawberry.mutation(description="Makes a token. Needs the scope tokens:admin.")
    async def token_create(
        self,
        info: Info,
        input: Annotated[TokenCreateInput, strawberry.argument(description="The token.")],
    ) -> TokenCreatePayload | None:
        actor = require(info, "tokens:admin")
        scopes = list(tokens.ROLES[input.role.name.lower()]) if input.role else input.scopes or []
        try:
            if problems := _check_grant(actor, input, scopes):
                raise Refused(problems)
            database, by = info.context.runtime.database, actor.name
            row, secret = await tokens.create(
                database, actor.workspace_id, input.name, scopes, input.expires_at, by
            )
        except Refused as refused:
            return TokenCreatePayload(token=None, secret=None, user_errors=user_errors(refused))
        return TokenCreatePayload(token=Token.of(row), secret=secret, user_errors=[])

    @strawberry.mutation(
        description="Ends a token, everywhere within a second. Needs the scope tokens:admin."
    )
    async def token_revoke(
        self,
        info: Info,
        input: Annotated[TokenRevokeInput, strawberry.argument(description="The token.")],
    ) -> TokenPayload | None:
        actor = require(info, "tokens:admin")
        try:
            row = await tokens.revoke(
                info.context.runtime.database,
                actor.workspace_id,
                key_of("tok", input.id),
                actor.name,
            )
        except Refused as refused:
            return TokenPayload(token=None, user_errors=user_errors(refused))
        return TokenPayload(token=Token.of(row), user_errors=[])


async def find_token(info: Info, key: Any) -> Token | None:
    actor = require(info, "tokens:admin")
    with faults_as_unavailable():
        row = await tokens.of_workspace(actor.workspace_id).filter(id=key).first()
    return Token.of(row) if row else None


def _check_grant(actor: Actor, input: TokenCreateInput, scopes: list[str]) -> list[Problem]:
    """Problems when this token gives scopes away that it does not have itself."""
    if input.role and input.scopes:
        return [Problem(Code.INVALID, "Give either a role or scopes, not both.", ("role",))]
    if input.role:
        lacking = [scope for scope in scopes if scope not in actor.scopes]
        message = f"Your token may not give this role: it lacks {', '.join(lacking)}."
        return [Problem(Code.NOT_ALLOWED, message, ("role",))] if lacking else []
    return [
        Problem(
            Code.NOT_ALLOWED,
            f"Your token may not give {scope}: it lacks that scope.",
            ("scopes", str(place)),
        )
        for place, scope in enumerate(scopes)
        if scope in tokens.SCOPES and scope not in actor.scopes
    ]
