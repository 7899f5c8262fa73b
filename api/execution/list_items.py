"""Items of lists in the variables of an operation, and fields that no input has, counted before
graphql-core looks at each of them. `documents` finds once which variables may hold such, and
`execution` counts per request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    is_input_type,
    type_from_ast,
)

from api.execution.limits import Limits, TooCostly
from api.execution.sizes import Sizes


@dataclass(slots=True)
class Part:
    """A list or an input. item: of a list, None for one of scalars. name, known: of an input, with
    the names of its fields; below: those of them that are lists and inputs.
    """

    is_list: bool
    item: "Part | None" = None
    name: str = ""
    known: frozenset[str] = frozenset()
    below: "dict[str, Part]" = field(default_factory=dict)

    def is_plain(self, value: Any) -> bool:
        """True for an input that has nothing to count. Most often: an event to publish, thousands
        of times a second, by itself or in a batch.
        """
        return type(value) is dict and not self.below and value.keys() <= self.known


def list_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode
) -> tuple[tuple[str, Part], ...]:
    """The variables that are lists or inputs. JSON is one value: nothing looks into it."""
    inputs: dict[str, Part] = {}
    found = []
    for definition in operation.variable_definitions or ():
        kind = type_from_ast(schema, definition.type)
        if is_input_type(kind) and (part := _part_of(kind, inputs)):
            found.append((definition.variable.name.value, part))
    return tuple(found)


def check_list_items(
    variables: Mapping[str, Any],
    parts: tuple[tuple[str, Part], ...],
    sizes: Sizes,
    limits: Limits,
) -> None:
    """Counts, and shortens lists that are longer than what is looked at of them.

    Raises TooCostly for more items than may be sent, in all lists together (lists that may be
    longer are counted apart), and for more fields that the inputs don't have.
    """
    count = None
    for name, part in parts:
        value = variables.get(name)
        if value is None or part.is_plain(value):
            continue
        count = count or _Count(sizes, limits.list_items, limits.unknown_fields)
        count.add(value, part)


def _part_of(kind: GraphQLInputType, inputs: dict[str, Part]) -> Part | None:
    while isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(kind, GraphQLList):
        return Part(True, _part_of(kind.of_type, inputs))
    if not isinstance(kind, GraphQLInputObjectType):
        return None
    if kind.name not in inputs:
        # Known before what is below: an input may hold itself.
        part = inputs[kind.name] = Part(False, name=kind.name, known=frozenset(kind.fields))
        for name, own in kind.fields.items():
            if below := _part_of(own.type, inputs):
                part.below[name] = below
    return inputs[kind.name]


class _Count:
    def __init__(self, sizes: Sizes, limit: int, unknown_limit: int) -> None:
        self._sizes, self._limit, self._items = sizes, limit, 0
        self._unknown_limit, self._unknown = unknown_limit, 0

    def add(self, value: Any, part: Part) -> None:
        if part.is_list:
            # A single value stands for a list of one.
            self._add_items(value if isinstance(value, list) else [value], part.item)
        elif isinstance(value, dict):
            self._add_fields(value, part)

    def _add_items(self, items: list[Any], part: Part | None) -> None:
        self._items += len(items)
        if self._items > self._limit:
            raise TooCostly(
                f"The variables hold more than {self._limit:,} items in lists. Send fewer, or "
                "split them into several requests."
            )
        if part is not None:
            # Before it is coerced: 10,000 events take 0.14 s, to be refused for their number.
            if (most := self._sizes.looked_at.get(part.name)) is not None:
                del items[most + 1 :]
            for item in items:
                if not part.is_plain(item):
                    self.add(item, part)

    def _add_fields(self, value: dict[str, Any], part: Part) -> None:
        self._unknown += len(value.keys() - part.known)
        if self._unknown > self._unknown_limit:
            raise TooCostly(
                f"The variables hold more than {self._unknown_limit} fields that their inputs do "
                f"not have; one of them is in {part.name}. Leave them out."
            )
        for name, below in part.below.items():
            given = value.get(name)
            if given is None:
                continue
            apart = self._sizes.sent.get(f"{part.name}.{name}")
            count = self if apart is None else _Count(self._sizes, apart, self._unknown_limit)
            count.add(given, below)
