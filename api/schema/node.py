"""Shared by all nouns: the Node interface, ids at the edge, the actor. The schema's modules import
it; it knows none of them.
"""

from typing import Any
from uuid import UUID

import strawberry

from api.context import Context
from api.schema.enums import ActorKind
from hookline import ids

Info = strawberry.Info[Context, Any]

NOTHING = UUID(int=0)
"""The key of no row: a well-formed id of another kind asks for this one."""


@strawberry.interface(description="Anything with an id that `node` can find.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Its id: a prefix that says what it is, then 26 characters. The same text "
        "everywhere."
    )


def node_id(prefix: str, key: UUID) -> strawberry.ID:
    return strawberry.ID(ids.encode(prefix, key))


def key_of(prefix: str, text: str) -> UUID:
    """The key in an id of this kind; NOTHING for an id of another kind.

    Raises MalformedId, which becomes a BAD_USER_INPUT.
    """
    found, key = ids.decode(text)
    return key if found == prefix else NOTHING


def is_storable(text: str) -> bool:
    """True when a text can stand in a database at all. One with NUL or half a surrogate pair equals
    nothing that is there.
    """
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


@strawberry.type(description="Who did something.")
class Actor:
    kind: ActorKind = strawberry.field(description="A token, a sync or the system.")
    name: str = strawberry.field(description="The token's name, or the set's.")
    commit: str | None = strawberry.field(description="The commit that was applied, for a sync.")
    revision: int | None = strawberry.field(description="The set's revision, for a sync.")


def actor_of(stored: dict[str, Any]) -> Actor:
    """An actor as rows keep it."""
    return Actor(
        kind=ActorKind(stored["kind"]),
        name=stored["name"],
        commit=stored.get("commit"),
        revision=stored.get("revision"),
    )
