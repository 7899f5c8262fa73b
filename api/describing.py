"""A schema as text, for `hookline api --describe`: from what a server tells of itself, so that it
is that server's. Imports nothing else of the API.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    IntrospectionQuery,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_specified_scalar_type,
    print_type,
)

QUESTION: Final = get_introspection_query()


class Unknown(Exception):
    """There is neither an operation nor a type of this name. Its text says which come close."""


def overview(answer: IntrospectionQuery) -> str:
    """Returns every operation with its arguments and the first sentence of its description. answer:
    data of QUESTION.
    """
    schema = build_client_schema(answer)
    return "\n".join(
        line
        for root in _roots(schema)
        for name, field in root.fields.items()
        for line in (_signature(root, name, field), f"    {_first_sentence(field)}")
    )


def described(answer: IntrospectionQuery, name: str) -> str:
    """Returns an operation with all types that its arguments have and the type of its answer, or a
    type, as the schema has them. answer: data of QUESTION.

    Raises Unknown.
    """
    schema = build_client_schema(answer)
    for root in _roots(schema):
        if field := root.fields.get(name):
            alone = GraphQLObjectType(root.name, {name: field})
            return "\n\n".join(map(print_type, (alone, *_types_of(field))))
    if found := schema.type_map.get(name):
        return print_type(found)
    known = [*schema.type_map, *(field for root in _roots(schema) for field in root.fields)]
    close = ", ".join(get_close_matches(name, known, 3)) or "nothing that comes close"
    raise Unknown(f"There is neither an operation nor a type of this name; there is: {close}.")


def _roots(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return (root for root in roots if root is not None)


def _signature(root: GraphQLObjectType, name: str, field: GraphQLField) -> str:
    arguments = ", ".join(f"{key}: {one.type}" for key, one in field.args.items())
    return f"{root.name.lower()} {name}{f'({arguments})' if arguments else ''}: {field.type}"


def _first_sentence(field: GraphQLField) -> str:
    return f"{(field.description or '').partition('. ')[0].rstrip('.')}."


def _types_of(field: GraphQLField) -> Iterator[GraphQLNamedType]:
    """The types of its arguments and of theirs, then that of its answer, and of a page's items."""
    seen = dict[str, GraphQLNamedType]()
    waiting = [get_named_type(one.type) for one in field.args.values()]
    while waiting:
        found = waiting.pop(0)
        if found.name in seen or is_specified_scalar_type(found):
            continue
        seen[found.name] = found
        if isinstance(found, GraphQLInputObjectType):
            waiting += [get_named_type(one.type) for one in found.fields.values()]
    answer = get_named_type(field.type)
    seen.setdefault(answer.name, answer)
    if isinstance(answer, GraphQLObjectType) and (items := answer.fields.get("nodes")):
        node = get_named_type(items.type)
        seen.setdefault(node.name, node)
    return iter(seen.values())
