"""A plan for a hot mutation: what graphql-core and Strawberry would do for its document, worked out
once. `documents` makes it, `execution` runs it.

It takes only documents and values that it knows exactly, and only their success is its own: the
words of every error are graphql-core's, which gets the resolver's outcome to say them about (a
resolver never runs twice). docs/decisions/compiled-mutations.md has why.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import MISSING, dataclass
from inspect import iscoroutinefunction
from operator import attrgetter
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    VariableNode,
    type_from_ast,
)
from strawberry.types.field import StrawberryField

from api.context import Context

COMPILED: Final = {"planned": True}
"""Metadata of a mutation whose resolver reads nothing of `info` but its context: its documents may
be planned.
"""

_STRAWBERRY: Final = (
    "strawberry-definition"  # where Strawberry 0.341 keeps its own definitions in graphql-core's
)
_IN_JSON: Final = {"String": str, "ID": str, "Boolean": bool}
"""Scalars whose JSON values of exactly this type are taken and answered as they are."""

Take = Callable[[Any], Any]  # a JSON value → what the resolver gets, as Strawberry would convert it
Give = Callable[[Any], Any]  # what the resolver returned → a JSON value


class NotSimple(Exception):
    """Not for a plan: graphql-core has to look at it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a resolver that did not simply succeed, as a middleware that has graphql-core
    answer for it instead of running it again.
    """

    value: Any = None
    fault: Exception | None = None

    def resolve(
        self,
        following: Callable[..., Any],
        source: Any,
        info: GraphQLResolveInfo[Any],
        **arguments: Any,
    ) -> Any:
        if info.path.prev is not None:
            return following(source, info, **arguments)
        if self.fault is not None:
            raise self.fault
        return self.value


class _Info:
    """All that a planned resolver sees of `info`."""

    __slots__ = ("context",)

    def __init__(self, context: Context) -> None:
        self.context = context


@dataclass(frozen=True, slots=True)
class CompiledMutation:
    """resolver: the mutation's own function. arguments: its argument names by the variables' names.
    answered_as: the field's alias or name.
    """

    resolver: Callable[..., Awaitable[Any]]
    variables: Mapping[str, Take]
    arguments: Mapping[str, str]
    info_name: str | None
    answered_as: str
    give: Give

    def take(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The resolver's arguments.

        Raises NotSimple, with nothing done yet.
        """
        values = {}
        for name, take in self.variables.items():
            if name not in given:
                raise NotSimple
            values[self.arguments[name]] = take(given[name])
        return values

    async def run(self, arguments: dict[str, Any], context: Context) -> dict[str, Any] | Outcome:
        """The operation's data; or what graphql-core has to answer for."""
        if self.info_name is not None:
            arguments[self.info_name] = _Info(context)
        try:
            value = await self.resolver(None, **arguments)
        except Exception as fault:  # noqa: BLE001  # graphql-core locates and masks it like any other
            return Outcome(fault=fault)
        try:
            return {self.answered_as: self.give(value)}
        except Exception:  # noqa: BLE001  # what can't be given is graphql-core's error to word
            return Outcome(value)


def compiled_mutation(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> CompiledMutation | None:
    """The plan of a valid document, if it is one mutation of one planned field with every argument
    a required variable of its own.
    """
    if (
        len(document.definitions) != 1
        or operation.operation is not OperationType.MUTATION
        or schema.mutation_type is None
    ):
        return None
    try:
        return _compiled(schema, schema.mutation_type, operation)
    except NotSimple:
        return None


def _compiled(
    schema: GraphQLSchema, mutations: GraphQLObjectType, operation: OperationDefinitionNode
) -> CompiledMutation:
    _require(not operation.directives and len(operation.selection_set.selections) == 1)
    answered_as, node = _plain(operation.selection_set.selections[0])
    _require(node.name.value in mutations.fields)
    field = mutations.fields[node.name.value]
    variables = {}
    for definition in operation.variable_definitions or ():
        kind = type_from_ast(schema, definition.type)
        if (
            definition.default_value is not None
            or definition.directives
            or not isinstance(kind, GraphQLNonNull)
        ):
            raise NotSimple
        variables[definition.variable.name.value] = _taker(kind)
    arguments = _arguments(field, node)
    _require(arguments.keys() == variables.keys())
    resolver, info_name = _resolver(field.extensions[_STRAWBERRY])
    return CompiledMutation(
        resolver,
        variables,
        arguments,
        info_name,
        answered_as,
        _giver(field.type, node.selection_set),
    )


def _require(is_simple: bool) -> None:
    if not is_simple:
        raise NotSimple


def _plain(node: object) -> tuple[str, FieldNode]:
    """A selected field without directives, and the name that it is answered under."""
    if not isinstance(node, FieldNode) or node.directives:
        raise NotSimple
    return (node.alias or node.name).value, node


def _resolver(own: StrawberryField) -> tuple[Callable[..., Awaitable[Any]], str | None]:
    """The function behind a planned field, and its name for `info`."""
    behind = own.base_resolver
    if (
        behind is None
        or not own.metadata.get("planned")
        or own.extensions
        or own.permission_classes
        or behind.self_parameter is None
    ):
        raise NotSimple
    function = behind.wrapped_func
    if (
        not iscoroutinefunction(function)
        or behind.root_parameter is not None
        or behind.parent_parameter is not None
    ):
        raise NotSimple
    return function, behind.info_parameter.name if behind.info_parameter else None


def _arguments(field: GraphQLField, node: FieldNode) -> dict[str, str]:
    """Python's argument names by the variables that fill them; one variable for each argument."""
    names = {}
    for argument in node.arguments or ():
        if not isinstance(argument.value, VariableNode):
            raise NotSimple
        names[argument.value.name.value] = (
            field.args[argument.name.value].extensions[_STRAWBERRY].python_name
        )
    _require(len(names) == len(field.args))
    return names


def _taker(kind: GraphQLInputType) -> Take:
    if isinstance(kind, GraphQLNonNull):
        return _present(_taker(kind.of_type))
    if isinstance(kind, GraphQLList):
        return _or_null(_listed(_taker(kind.of_type)))
    if isinstance(kind, GraphQLInputObjectType):
        return _or_null(_made(kind))
    if isinstance(kind, GraphQLScalarType):
        return _or_null(_scalar(kind))
    raise NotSimple


def _present(take: Take) -> Take:
    def present(value: Any) -> Any:
        _require(value is not None)
        return take(value)

    return present


def _or_null(take: Take) -> Take:
    def given(value: Any) -> Any:
        return None if value is None else take(value)

    return given


def _listed(take: Take) -> Take:
    def listed(value: Any) -> Any:
        _require(type(value) is list)
        return [take(item) for item in value]

    return listed


def _scalar(kind: GraphQLScalarType) -> Take:
    plain = _IN_JSON.get(kind.name)
    if plain is not None:

        def same(value: Any) -> Any:
            _require(type(value) is plain)
            return value

        return same

    def parsed(value: Any) -> Any:
        try:
            taken = kind.coerce_input_value(value)
        except Exception:  # noqa: BLE001  # graphql-core takes any exception of a scalar for a refusal, and words it
            raise NotSimple from None
        _require(taken is not Undefined and taken is not None)
        return taken

    return parsed


def _made(kind: GraphQLInputObjectType) -> Take:
    """Makes the Strawberry input. What was left out gets its default, or None as Strawberry gives
    it.
    """
    own = kind.extensions[_STRAWBERRY]
    _require(not kind.is_one_of and own.from_input is None)
    origin, takers, needed = own.origin, dict[str, tuple[str, Take]](), set[str]()
    usual: dict[str, None] = {}
    for name, field in kind.fields.items():
        about: StrawberryField = field.extensions[_STRAWBERRY]
        _require(
            about.default_factory is MISSING
            and field.default_value in (Undefined, None)
            and about.default in (MISSING, None)
        )
        takers[name] = (about.python_name, _taker(field.type))
        if isinstance(field.type, GraphQLNonNull):
            needed.add(name)
        else:
            usual[about.python_name] = None

    def made(value: Any) -> Any:
        _require(type(value) is dict and needed <= value.keys())
        arguments = usual.copy()
        for name, item in value.items():
            found = takers.get(name)
            if found is None:
                raise NotSimple
            arguments[found[0]] = found[1](item)
        return origin(**arguments)

    return made


def _giver(kind: GraphQLOutputType, selections: SelectionSetNode | None) -> Give:
    if isinstance(kind, GraphQLNonNull):
        return _present(_giver(kind.of_type, selections))
    if isinstance(kind, GraphQLList):
        return _or_null(_listed(_giver(kind.of_type, selections)))
    if isinstance(kind, GraphQLObjectType) and selections is not None:
        return _or_null(_object(kind, selections))
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType) and kind.name != "JSON":
        return _or_null(_leaf(kind))
    raise NotSimple


def _leaf(kind: GraphQLScalarType | GraphQLEnumType) -> Give:
    plain = _IN_JSON.get(kind.name)

    def leaf(value: Any) -> Any:
        if type(value) is plain:
            return value
        given = kind.coerce_output_value(value)
        _require(given is not Undefined and given is not None)
        return given

    return leaf


def _object(kind: GraphQLObjectType, selections: SelectionSetNode) -> Give:
    """Reads the selected attributes of exactly this Strawberry type; none of them may have a
    resolver.
    """
    origin, parts = (
        kind.extensions[_STRAWBERRY].origin,
        dict[str, tuple[Callable[[Any], Any], Give]](),
    )
    for selection in selections.selections:
        name, node = _plain(selection)
        _require(name not in parts)
        if node.name.value == "__typename":
            parts[name] = (lambda _: kind.name, str)
            continue
        field = kind.fields[node.name.value]
        own: StrawberryField = field.extensions[_STRAWBERRY]
        _require(own.is_basic_field and not own.extensions and not node.arguments)
        parts[name] = (attrgetter(own.python_name), _giver(field.type, node.selection_set))
    entries = [(name, read, give) for name, (read, give) in parts.items()]

    def given(value: Any) -> Any:
        _require(type(value) is origin)
        return {name: give(read(value)) for name, read, give in entries}

    return given
