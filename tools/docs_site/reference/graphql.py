"""Pages of the GraphQL schema, from the schema that is served."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    Undefined,
    ast_from_value,
    get_named_type,
    print_ast,
)

from api.schema import make_schema
from tools.docs_site.reference.examples import examples
from tools.docs_site.reference.markdown import cell, table

_OPERATIONS: Final = """# GraphQL operations

Made from the schema: every query, mutation and subscription, with its arguments, its result and the scope that a
token needs, and an example that tests run. [GraphQL types](graphql-types.md) has what they take and return,
[Reading the API](../graphql.md) what belongs together and what it costs, [Error codes](errors.md) what may go wrong,
[the schema itself](schema.graphql) all of it for tools.

One endpoint, `POST /graphql`, with the header `Authorization: Bearer hl_…`; subscriptions by WebSocket
(`graphql-transport-ws`) or event stream (`Accept: text/event-stream`) at the same address.
"""
_TYPES: Final = """# GraphQL types

Made from the schema. `!` means never null, `[…]` a list. [GraphQL operations](graphql-operations.md) has what
returns them.
"""
_ROOTS: Final = (("Query", "Queries"), ("Mutation", "Mutations"), ("Subscription", "Subscriptions"))


@cache
def served_schema() -> GraphQLSchema:
    return make_schema()._schema


def root_fields() -> Iterator[tuple[str, str, GraphQLField]]:
    """Kind (Query, Mutation, Subscription), name and field of every operation."""
    for kind, _ in _ROOTS:
        for name, field in _fields(served_schema().type_map[kind]).items():
            yield kind, name, field


def operations() -> str:
    parts = [_OPERATIONS]
    for kind, title in _ROOTS:
        parts.append(f"## {title}\n")
        for found, name, field in root_fields():
            if found == kind:
                parts += _operation(kind, name, field)
    return "\n".join(parts)


def types() -> str:
    roots = {kind for kind, _ in _ROOTS}
    named = [
        found
        for name, found in sorted(served_schema().type_map.items(), key=lambda row: row[0].lower())
        if not name.startswith("__") and name not in roots
    ]
    return "\n".join([_TYPES, *(part for found in named for part in _type(found))])


def _operation(kind: str, name: str, field: GraphQLField) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{cell(field.description or '')}\n"
    yield f"Result: {_linked(field.type)}\n"
    if field.args:
        yield table(
            ["argument", "type", "default", ""],
            ([f"`{arg}`", *_given(row)] for arg, row in field.args.items()),
        )
    yield f"```graphql\n{examples()[kind, name]}\n```\n"


def _type(found: GraphQLNamedType) -> Iterator[str]:
    yield f"## {found.name}\n"
    yield f"{_kind(found)}. {cell(found.description or '')}\n"
    if isinstance(found, GraphQLEnumType):
        yield table(
            ["value", ""],
            ([f"`{name}`", cell(value.description or "")] for name, value in found.values.items()),
        )
    elif isinstance(found, GraphQLInputObjectType):
        yield table(
            ["field", "type", "default", ""],
            ([f"`{name}`", *_given(field)] for name, field in found.fields.items()),
        )
    elif isinstance(found, GraphQLUnionType):
        yield "One of " + ", ".join(_linked(one) for one in found.types) + ".\n"
    elif isinstance(found, GraphQLObjectType | GraphQLInterfaceType):
        yield table(["field", "type", ""], map(_field, *zip(*found.fields.items(), strict=True)))


def _field(name: str, field: GraphQLField) -> list[str]:
    arguments = ", ".join(f"`{arg}`: {_linked(row.type)}" for arg, row in field.args.items())
    shown = f"`{name}`" + (f"<br>({arguments})" if arguments else "")
    return [shown, _linked(field.type), cell(field.description or "")]


def _given(row: GraphQLArgument | GraphQLInputField) -> list[str]:
    """Type, default and description of a value that a client gives."""
    default = ""
    if row.default_value is not Undefined:
        written = ast_from_value(row.default_value, row.type)
        default = f"`{print_ast(written)}`" if written else ""
    return [_linked(row.type), default, cell(row.description or "")]


def _linked(found: GraphQLType) -> str:
    name = get_named_type(found).name
    before, _, after = str(found).partition(name)
    brackets = before.replace("[", r"\["), after.replace("]", r"\]")
    return f"{brackets[0]}[{name}](graphql-types.md#{name.lower()}){brackets[1]}"


def _kind(found: GraphQLNamedType) -> str:
    kinds: dict[type[Any], str] = {
        GraphQLEnumType: "Enum",
        GraphQLInputObjectType: "Input",
        GraphQLInterfaceType: "Interface",
        GraphQLObjectType: "Object",
        GraphQLScalarType: "Scalar",
        GraphQLUnionType: "Union",
    }
    return next(name for kind, name in kinds.items() if isinstance(found, kind))


def _fields(found: GraphQLNamedType) -> Mapping[str, GraphQLField]:
    assert isinstance(found, GraphQLObjectType)
    fields: Mapping[str, GraphQLField] = found.fields
    return fields
