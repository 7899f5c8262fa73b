"""Shared by all nouns: the Node interface, ids at the edge, the actor. The schema's modules import
it; it knows none of them.
"""

from typing import Any, Final, TypeVar
from uuid import UUID

import strawberry
from tortoise.models import Model
from tortoise.queryset import QuerySet

from api.context import Context
from api.schema.enums import ActorKind
from hookline import ids

Info = strawberry.Info[Context, Any]
Row = TypeVar("Row", bound=Model)

# A URL may be as long; everything else that lists are filtered by is shorter.
LONGEST_TEXT: Final = 2_048
NOTHING = UUID(int=0)
"""The key of no row: a well-formed id of another kind asks for this one."""


@strawberry.interface(description="An object with a globally unique ID.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Globally unique ID: a prefix for the type and 26 characters, such as "
        "wh_01h455vb4pex5vsknk084sn02q."
    )


def node_id(prefix: str, key: UUID) -> strawberry.ID:
    return strawberry.ID(ids.encode(prefix, key))


def key_of(prefix: str, text: str) -> UUID:
    """Returns the key in an id of this kind; NOTHING for an id of another kind.

    Raises MalformedId, which becomes a BAD_USER_INPUT.
    """
    found, key = ids.decode(text)
    return key if found == prefix else NOTHING


async def first_of(info: Info, rows: QuerySet[Row]) -> Row | None:
    """Reads the first of these rows as a list is read: apart from what publishing waits for.

    Raises Unavailable.
    """
    async with info.context.reading() as reader:
        return await rows.using_db(reader.client).first()


def is_storable(text: str) -> bool:
    """True when a text can stand in a column that is filtered by. One with NUL or half a surrogate
    pair equals nothing that is there, nor does a longer one than any that is taken.
    """
    # SQLite raises for a pattern of more than 50,000 bytes.
    if len(text) > LONGEST_TEXT:
        return False
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


@strawberry.type(
    description="Origin of an applied file as the caller stated it. It is not verified."
)
class ClaimedSource:
    commit: str | None = strawberry.field(description="Commit, or null if none was given.")
    branch: str | None = strawberry.field(description="Branch, or null if none was given.")


@strawberry.type(description="The originator of a change.")
class Actor:
    kind: ActorKind = strawberry.field(description="Kind of the actor.")
    name: str = strawberry.field(
        description="Name of the token or of the set; hookline for the system."
    )
    token_id: strawberry.ID | None = strawberry.field(
        description="ID of the token (tok_…), also of the one that applied a file. Null for the "
        "system and for commands that work on the database itself."
    )
    applied_by: str | None = strawberry.field(
        description="Name of the token that applied the file, or of the command. Null unless the "
        "actor is a sync."
    )
    revision: int | None = strawberry.field(
        description="Number of the set's revision. Null unless the actor is a sync."
    )
    claimed: ClaimedSource | None = strawberry.field(
        description="Origin of the file as the caller stated it. Null unless the actor is a sync."
    )


def actor_of(stored: dict[str, Any]) -> Actor:
    """Makes an actor of one as rows keep it."""
    claimed = stored.get("claimed")
    return Actor(
        kind=ActorKind(stored["kind"]),
        name=stored["name"],
        token_id=stored.get("tokenId"),
        applied_by=stored.get("by"),
        revision=stored.get("revision"),
        claimed=ClaimedSource(**claimed) if claimed else None,
    )
