"""The actor of a change: one class for the API's tokens, the sync and Hookline itself. Rows and the
audit log keep its kind and name.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    TOKEN = "TOKEN"
    SYNC = "SYNC"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """workspace_id: the only workspace that it may touch. scopes: what it may do; the API asks for
    them. token_id: of a token.
    """

    workspace_id: UUID
    name: str
    scopes: frozenset[str] = frozenset()
    kind: ActorKind = ActorKind.TOKEN
    token_id: UUID | None = None

    def may(self, scope: str) -> bool:
        """True when it has the scope; Hookline itself and its command line have every one."""
        return self.kind is ActorKind.SYSTEM or scope in self.scopes

    @property
    def stored(self) -> dict[str, str]:
        """The form that rows keep."""
        return {"kind": self.kind.value, "name": self.name}


def system_actor(workspace_id: UUID, name: str = "hookline") -> Actor:
    """Hookline itself, or its command line."""
    return Actor(workspace_id, name, kind=ActorKind.SYSTEM)
