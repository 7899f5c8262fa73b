"""The actor of a change: one class for the API's tokens, the sync and Hookline itself. Rows and the
audit log keep its kind and name.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from hookline import ids


class ActorKind(StrEnum):
    TOKEN = "TOKEN"
    SYNC = "SYNC"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """workspace_id: the only workspace that it may touch. scopes: what it may do; the API asks for
    them. token_id, expires_at: of a token.
    """

    workspace_id: UUID
    name: str
    scopes: frozenset[str] = frozenset()
    kind: ActorKind = ActorKind.TOKEN
    token_id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def caller(self) -> UUID:
        """The owner of its turns: each token takes them with others."""
        return self.token_id or self.workspace_id

    def may(self, scope: str) -> bool:
        """True when it has the scope; Hookline itself and its command line have every one."""
        return self.kind is ActorKind.SYSTEM or scope in self.scopes

    @property
    def stored(self) -> dict[str, Any]:
        """The form that rows keep. With the token's id: a name may be used again once its token is
        revoked.
        """
        stored: dict[str, Any] = {"kind": self.kind.value, "name": self.name}
        return stored if self.token_id is None else {**stored, **self._token}

    def stored_of_sync(
        self, set_name: str, revision: int, commit: str | None, branch: str | None
    ) -> dict[str, Any]:
        """The form that rows keep of an apply: the set, and the token that applied it. commit,
        branch: as the caller claims; nothing here could check them.
        """
        return {
            "kind": ActorKind.SYNC.value,
            "name": set_name,
            "revision": revision,
            "by": self.name,
            "claimed": {"commit": commit, "branch": branch},
            **self._token,
        }

    @property
    def _token(self) -> dict[str, Any]:
        return {"tokenId": ids.encode("tok", self.token_id)} if self.token_id else {}


def system_actor(workspace_id: UUID, name: str = "hookline") -> Actor:
    """Hookline itself, or its command line."""
    return Actor(workspace_id, name, kind=ActorKind.SYSTEM)
