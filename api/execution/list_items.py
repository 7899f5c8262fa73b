"""Items of lists in the variables of an operation, counted before graphql-core looks at each of
them. `documents` finds once which variables may hold lists, `execution` counts per request.
"""

from collections.abc import Mapping
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

from api.execution.limits import TooCostly
from api.execution.sizes import Sizes


def list_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode
) -> tuple[tuple[str, GraphQLInputType], ...]:
    """The variables whose types have a list somewhere. JSON is one value: nothing looks into it."""
    found = []
    for definition in operation.variable_definitions or ():
        kind = type_from_ast(schema, definition.type)
        if is_input_type(kind) and _has_list(kind, set()):
            found.append((definition.variable.name.value, kind))
    return tuple(found)


def check_list_items(
    variables: Mapping[str, Any],
    kinds: tuple[tuple[str, GraphQLInputType], ...],
    sizes: Sizes,
    limit: int,
) -> None:
    """Raises TooCostly for more items than may be sent, in all lists together; lists that may be
    longer are counted apart.
    """
    count = _Count(sizes, limit)
    for name, kind in kinds:
        if variables.get(name) is not None:
            count.add(variables[name], kind)


def _has_list(kind: object, seen: set[str]) -> bool:
    while isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(kind, GraphQLList):
        return True
    # An input may hold itself.
    if not isinstance(kind, GraphQLInputObjectType) or kind.name in seen:
        return False
    seen.add(kind.name)
    return any(_has_list(field.type, seen) for field in kind.fields.values())


class _Count:
    def __init__(self, sizes: Sizes, limit: int) -> None:
        self._sizes, self._limit, self._items = sizes, limit, 0

    def add(self, value: Any, kind: object) -> None:
        while isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(kind, GraphQLList):
            # A single value stands for a list of one.
            items = value if isinstance(value, list) else [value]
            self._items += len(items)
            if self._items > self._limit:
                raise TooCostly(
                    f"The variables hold more than {self._limit:,} items in lists. Send fewer, or "
                    "split them into several requests."
                )
            if _has_list(kind.of_type, set()):
                for item in items:
                    self.add(item, kind.of_type)
        elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
            for name, field in kind.fields.items():
                if value.get(name) is not None:
                    self._add_field(value[name], field.type, f"{kind.name}.{name}")

    def _add_field(self, value: Any, kind: object, key: str) -> None:
        apart = self._sizes.sent.get(key)
        if apart is None:
            self.add(value, kind)
        else:
            _Count(self._sizes, apart).add(value, kind)
