"""A hot mutation, compiled: the work of graphql-core and Strawberry for its document, done once.
`documents` compiles it, `execute` runs it. Takes only documents and values that it knows exactly;
the text of every error is graphql-core's, which gets the resolver's outcome (a resolver never runs
twice). docs/decisions/compiled-mutations.md has why.
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
from api.execution.input_conversion import InputConversion

COMPILED: Final = {"compiled": True}
"""Metadata of a mutation whose resolver reads nothing of `info` but its context: its documents may
be compiled.
"""

# Where Strawberry 0.341 keeps its own definitions in graphql-core's.
_STRAWBERRY: Final = "strawberry-definition"
_IN_JSON: Final = {"String": str, "ID": str, "Boolean": bool}
"""Scalars whose JSON values of exactly this type are taken and answered as they are."""

# A JSON value → the resolver's argument, as Strawberry converts it.
Decode = Callable[[Any], Any]
# The resolver's value → a JSON value.
Encode = Callable[[Any], Any]


class NotCompilable(Exception):
    """Nothing that can be compiled: graphql-core has to look at it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a resolver that did not simply succeed, as a middleware: graphql-core answers
    for it instead of running it again.
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
        # Only the mutation's own field: fields below it resolve as ever.
        if info.path.prev is not None:
            return following(source, info, **arguments)
        if self.fault is not None:
            raise self.fault
        return self.value


class _Info:
    """All that a compiled mutation's resolver sees of `info`."""

    __slots__ = ("context",)

    def __init__(self, context: Context) -> None:
        self.context = context


@dataclass(frozen=True, slots=True)
class CompiledMutation:
    """resolver: the mutation's own function. arguments: its argument names by the variables' names.
    answered_as: the field's alias or name.
    """

    resolver: Callable[..., Awaitable[Any]]
    variables: Mapping[str, Decode]
    arguments: Mapping[str, str]
    info_name: str | None
    answered_as: str
    encode: Encode

    def decode_arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The resolver's arguments.

        Raises NotCompilable, with nothing done yet.
        """
        values = {}
        for name, decode in self.variables.items():
            # Left out, with its default or its error: graphql-core's.
            if name not in given:
                raise NotCompilable
            values[self.arguments[name]] = decode(given[name])
        return values

    async def run(self, arguments: dict[str, Any], context: Context) -> dict[str, Any] | Outcome:
        """The operation's data; or what graphql-core has to answer for."""
        if self.info_name is not None:
            arguments[self.info_name] = _Info(context)
        try:
            value = await self.resolver(None, **arguments)
        # graphql-core locates and masks it like any other.
        except Exception as fault:  # noqa: BLE001
            return Outcome(fault=fault)
        try:
            return {self.answered_as: self.encode(value)}
        # What can't be given is graphql-core's error to word.
        except Exception:  # noqa: BLE001
            return Outcome(value)


def compiled_mutation(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> CompiledMutation | None:
    """Compiles a valid document, if it is one mutation of one field that opted in, with every
    argument a required variable of its own.
    """
    if (
        # A second operation or a fragment: rare, and not worth a second way to be wrong.
        len(document.definitions) != 1
        or operation.operation is not OperationType.MUTATION
        or schema.mutation_type is None
    ):
        return None
    try:
        return _compiled(schema, schema.mutation_type, operation)
    except NotCompilable:
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
            raise NotCompilable
        variables[definition.variable.name.value] = _decoder(kind)
    arguments = _arguments(field, node)
    # An unused variable is graphql-core's to judge.
    _require(arguments.keys() == variables.keys())
    resolver, info_name = _resolver(field.extensions[_STRAWBERRY])
    return CompiledMutation(
        resolver,
        variables,
        arguments,
        info_name,
        answered_as,
        _encoder(field.type, node.selection_set),
    )


def _require(is_simple: bool) -> None:
    if not is_simple:
        raise NotCompilable


def _plain(node: object) -> tuple[str, FieldNode]:
    """A selected field without directives, and the name that it is answered under."""
    if not isinstance(node, FieldNode) or node.directives:
        raise NotCompilable
    return (node.alias or node.name).value, node


def _resolver(own: StrawberryField) -> tuple[Callable[..., Awaitable[Any]], str | None]:
    """The function behind a field that opted in, and its name for `info`."""
    behind = own.base_resolver
    if (
        behind is None
        or not own.metadata.get("compiled")
        or own.extensions
        # Whatever Strawberry does around a resolver would be skipped.
        or own.permission_classes
        or behind.self_parameter is None
    ):
        raise NotCompilable
    function = behind.wrapped_func
    if (
        not iscoroutinefunction(function)
        or behind.root_parameter is not None
        or behind.parent_parameter is not None
    ):
        raise NotCompilable
    return function, behind.info_parameter.name if behind.info_parameter else None


def _arguments(field: GraphQLField, node: FieldNode) -> dict[str, str]:
    """Python's argument names by the variables that fill them; one variable for each argument."""
    names = {}
    for argument in node.arguments or ():
        if not isinstance(argument.value, VariableNode):
            raise NotCompilable
        names[argument.value.name.value] = (
            field.args[argument.name.value].extensions[_STRAWBERRY].python_name
        )
    _require(len(names) == len(field.args))
    return names


# A decoder or encoder runs for each value of each event published: it calls no other function than
# it must, and refuses null by itself.


def _decoder(kind: GraphQLInputType) -> Decode:
    if isinstance(kind, GraphQLNonNull):
        return _decoder_of_present(kind.of_type)
    return _or_null(_decoder_of_present(kind))


def _decoder_of_present(kind: GraphQLInputType) -> Decode:
    if isinstance(kind, GraphQLList):
        return _list(_decoder(kind.of_type))
    if isinstance(kind, GraphQLInputObjectType):
        return _input_object(kind)
    if isinstance(kind, GraphQLScalarType):
        return _input_scalar(kind)
    raise NotCompilable


def _or_null(decode: Decode) -> Decode:
    def given(value: Any) -> Any:
        return None if value is None else decode(value)

    return given


def _list(decode: Decode) -> Decode:
    def listed(value: Any) -> Any:
        # GraphQL takes a single value for a list of one: graphql-core does that.
        _require(type(value) is list)
        return [decode(item) for item in value]

    return listed


def _input_scalar(kind: GraphQLScalarType) -> Decode:
    plain = _IN_JSON.get(kind.name)
    if plain is not None:

        def same(value: Any) -> Any:
            # By type: graphql-core refuses true for a String, and takes 1 for an ID.
            if type(value) is not plain:
                raise NotCompilable
            return value

        return same

    def parsed(value: Any) -> Any:
        _require(value is not None)
        try:
            taken = kind.coerce_input_value(value)
        # graphql-core takes any exception of a scalar for a refusal, and words it.
        except Exception:  # noqa: BLE001
            raise NotCompilable from None
        _require(taken is not Undefined and taken is not None)
        return taken

    return parsed


def _input_object(kind: GraphQLInputObjectType) -> Decode:
    """Makes the Strawberry input. What was left out gets its default, or None as Strawberry gives
    it.
    """
    own = kind.extensions[_STRAWBERRY]
    # Rules of an input's own.
    is_usual = own.from_input is None or isinstance(own.from_input, InputConversion)
    _require(not kind.is_one_of and is_usual)
    origin, decoders, needed = own.origin, dict[str, tuple[str, Decode]](), set[str]()
    usual: dict[str, None] = {}
    for name, field in kind.fields.items():
        about: StrawberryField = field.extensions[_STRAWBERRY]
        _require(
            about.default_factory is MISSING
            and field.default_value in (Undefined, None)
            and about.default in (MISSING, None)
        )
        decoders[name] = (about.python_name, _decoder(field.type))
        if isinstance(field.type, GraphQLNonNull):
            needed.add(name)
        else:
            usual[about.python_name] = None

    def made(value: Any) -> Any:
        if type(value) is not dict or not needed <= value.keys():
            raise NotCompilable
        arguments = usual.copy()
        for name, item in value.items():
            found = decoders.get(name)
            if found is None:
                raise NotCompilable
            arguments[found[0]] = found[1](item)
        return origin(**arguments)

    return made


def _encoder(kind: GraphQLOutputType, selections: SelectionSetNode | None) -> Encode:
    if isinstance(kind, GraphQLNonNull):
        return _encoder_of_present(kind.of_type, selections)
    return _or_null(_encoder_of_present(kind, selections))


def _encoder_of_present(kind: GraphQLOutputType, selections: SelectionSetNode | None) -> Encode:
    if isinstance(kind, GraphQLList):
        return _list(_encoder(kind.of_type, selections))
    if isinstance(kind, GraphQLObjectType) and selections is not None:
        return _output_object(kind, selections)
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType) and kind.name != "JSON":
        return _output_scalar(kind)
    raise NotCompilable


def _output_scalar(kind: GraphQLScalarType | GraphQLEnumType) -> Encode:
    plain = _IN_JSON.get(kind.name)

    def leaf(value: Any) -> Any:
        if type(value) is plain:
            return value
        _require(value is not None)
        given = kind.coerce_output_value(value)
        _require(given is not Undefined and given is not None)
        return given

    return leaf


def _output_object(kind: GraphQLObjectType, selections: SelectionSetNode) -> Encode:
    """Reads the selected attributes of exactly this Strawberry type; none of them may have a
    resolver.
    """
    origin, parts = (
        kind.extensions[_STRAWBERRY].origin,
        dict[str, tuple[Callable[[Any], Any], Encode]](),
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
        parts[name] = (attrgetter(own.python_name), _encoder(field.type, node.selection_set))
    entries = [(name, read, encode) for name, (read, encode) in parts.items()]

    def given(value: Any) -> Any:
        # A subclass or another type may need is_type_of.
        if type(value) is not origin:
            raise NotCompilable
        return {name: encode(read(value)) for name, read, encode in entries}

    return given
