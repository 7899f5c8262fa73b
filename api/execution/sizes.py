"""Sizes of what a field returns, known before anything is read. `limits` adds them up, and the
resolvers of `schema` read by the same functions, so that what is counted is what is done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from graphql import FieldNode, GraphQLError, GraphQLField
from graphql.execution.values import VariableValues, get_argument_values

from api.execution.errors import BadInput
from api.execution.malformed import malformed_in

DEFAULT_PAGE: Final = 20
LARGEST_PAGE: Final = 100
# A list's statement and its plan cost about as much as ten rows, also where it returns none.
PAGE_PRICE: Final = 10
# A full introspection answers about this many objects.
INTROSPECTION_COST: Final = 5_000

# A field's arguments and the operation's time → items that come back.
SizeOf = Callable[[Mapping[str, Any], datetime], int]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of a list."""

    size: int
    is_from_end: bool


def page_request(first: int | None, last: int | None) -> PageRequest:
    """The page that the arguments first and last ask for; null is the same as left out.

    Raises BadInput: both of them, one that is negative or over LARGEST_PAGE.
    """
    if first is not None and last is not None:
        raise BadInput("Give either first or last, not both.")
    name, size = (
        ("last", last) if last is not None else ("first", DEFAULT_PAGE if first is None else first)
    )
    if not 0 <= size <= LARGEST_PAGE:
        raise BadInput(f"{name} must be from 0 to {LARGEST_PAGE}; go on with a cursor for more.")
    return PageRequest(size, last is not None)


def page_size(arguments: Mapping[str, Any], now: datetime) -> int:
    """Items of a page; 0 for arguments that its resolver refuses."""
    try:
        return page_request(arguments.get("first"), arguments.get("last")).size
    except BadInput:
        return 0


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes and prices of a schema, by `Type.field`.

    items: most items of a list that is no page. sized: fields whose arguments say how long they
    are, or the lists in them. prices: what a field costs besides what it returns, in objects, for
    each parent. sent: most items of an input's list, where more than usual are. looked_at: most
    items of a list of inputs that its resolver takes, by the input's name; of a longer one a single
    item more is kept, by which the resolver sees that it is too long.
    """

    items: Mapping[str, int] = field(default_factory=dict)
    sized: Mapping[str, SizeOf] = field(default_factory=dict)
    prices: Mapping[str, int] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    looked_at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A size that a request's variables say. Two of the same arguments are two."""

    field: GraphQLField
    node: FieldNode
    size_of: SizeOf

    def size(self, variables: VariableValues, now: datetime) -> int:
        """The size, from the very arguments that the resolver will get."""
        try:
            arguments = get_argument_values(self.field, self.node, variables)
        # graphql-core raises the same before the resolver runs: nothing comes back.
        except GraphQLError:
            return 0
        # refused before anything is read
        if next(malformed_in(arguments), None):
            return 0
        return self.size_of(arguments, now)
