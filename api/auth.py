"""Authentication and scopes. The transports call an Authenticator with the header's value;
resolvers call `require`. Nothing here says why a token was refused.
"""

from typing import Any, Protocol

import strawberry

from api.context import Context
from api.execution.errors import FORBIDDEN, UNAUTHENTICATED
from hookline.access.actor import Actor
from hookline.access.scopes import covers, is_scope, roles_with
from hookline.errors import HooklineError


class Unauthenticated(HooklineError):
    """No token, an unknown one, an expired one or a revoked one: always the same words, so that
    nothing can be learned from them.
    """

    def __init__(self) -> None:
        super().__init__(
            UNAUTHENTICATED, "Send a valid token in the header: Authorization: Bearer hl_…"
        )


class Forbidden(HooklineError):
    """A known token that lacks the scope. The message names it and the roles that have it."""

    def __init__(self, scope: str) -> None:
        super().__init__(
            FORBIDDEN,
            f"This token may not do that: it lacks the scope {scope}. Use a token of the role "
            f"{' or '.join(roles_with(scope))}.",
        )


class Authenticator(Protocol):
    """Looks a token up."""

    async def authenticate(self, header_value: str | None) -> Actor:
        """The actor of an Authorization header's value (`Bearer hl_…`).

        Raises Unauthenticated, and Unavailable when the database does not answer.
        """

    async def wait_until_ended(self, header_value: str | None) -> None:
        """Returns once this token is revoked or expired, within a second. A database that does not
        answer revokes nothing.
        """


def bearer_token(header_value: str | None) -> str:
    """The token in an Authorization header's value (RFC 6750; the scheme's case does not matter).

    Raises Unauthenticated.
    """
    scheme, _, token = (header_value or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or not token.isascii():
        raise Unauthenticated
    return token


def require(info: strawberry.Info[Context, Any], scope: str) -> Actor:
    """The actor that asks, if it has the scope.

    Raises Forbidden.
    """
    actor = info.context.actor
    if scope not in actor.scopes:
        raise Forbidden(scope)
    return actor


def require_for_set(info: strawberry.Info[Context, Any], scope: str, set_name: str) -> Actor:
    """The actor that asks, if it has the scope for every set or for this one.

    Raises Forbidden.
    """
    actor = info.context.actor
    # A text that is no set's name makes no scope: only a token for every set gets further.
    of_set = f"{scope}:{set_name}"
    if not covers(actor.scopes, of_set) and scope not in actor.scopes:
        raise Forbidden(of_set if is_scope(of_set) else scope)
    return actor
