"""Values of variables that are no DateTime, Duration or Rate. The scalars mark them instead of
refusing the whole request, so that a mutation tells of them at their fields, beside all else that
is wrong. Other operations are refused, and so are fields below a mutation's.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    default_field_resolver,
    get_named_type,
)
from graphql.execution.values import VariableValues

from api.execution.errors import BadInput
from hookline.errors import Code, Problem

MARKING: Final = frozenset({"DateTime", "Duration", "Rate"})
"""Scalars that mark."""

T = TypeVar("T")
Resolve = Callable[..., Any]


class Malformed(str):
    """Text as it was given, which the checks of a form refuse by themselves; empty for a value that
    is no text. fault: a sentence that says what would be right.
    """

    fault: str

    def __new__(cls, value: object, fault: str) -> "Malformed":
        made = super().__new__(cls, value if isinstance(value, str) else "")
        made.fault = fault
        return made


def taken(value: T | None, problems: list[Problem], *path: str) -> T | None:
    """Returns the value; or None, after noting it, if it is malformed. path: below the input."""
    if isinstance(value, Malformed):
        problems.append(Problem(Code.INVALID, value.fault, path))
        return None
    return value


def malformed_in(value: object, *path: str) -> Iterator[tuple[tuple[str, ...], Malformed]]:
    """Yields the malformed values of coerced arguments, each with its path."""
    if isinstance(value, Malformed):
        yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from malformed_in(part, *path, name)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from malformed_in(part, *path, str(place))


def errors_of_variables(
    operation: OperationDefinitionNode, variables: VariableValues
) -> list[GraphQLError]:
    """Returns an error for each malformed variable of an operation without user errors; none for a
    mutation.
    """
    if operation.operation is OperationType.MUTATION:
        return []
    return [
        GraphQLError(f"Variable '${'.'.join(path)}' is malformed. {value.fault}", definition)
        for definition in operation.variable_definitions or ()
        for path, value in malformed_in(
            variables.coerced.get(definition.variable.name.value), definition.variable.name.value
        )
    ]


def guard_arguments(schema: GraphQLSchema) -> None:
    """Makes each field but those of Mutation refuse malformed values of its arguments, which it may
    get as a part of a mutation's answer.
    """
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and kind is not schema.mutation_type:
            for field in kind.fields.values():
                if any(has_marking_part(argument.type) for argument in field.args.values()):
                    field.resolve = _guarded(field.resolve or default_field_resolver)


def has_marking_part(kind: Any, seen: frozenset[str] = frozenset()) -> bool:
    """True for an input type that is one of MARKING or has one in it. seen: types that it is in."""
    named = get_named_type(kind)
    if not isinstance(named, GraphQLInputObjectType):
        return named.name in MARKING
    return named.name not in seen and any(
        has_marking_part(field.type, seen | {named.name}) for field in named.fields.values()
    )


def _guarded(resolve: Resolve) -> Resolve:
    def guarded(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        for path, value in malformed_in(arguments):
            raise BadInput(f"{'.'.join(path)}: {value.fault}")
        return resolve(source, info, **arguments)

    return guarded
