"""Conversion of variables to Strawberry inputs, prepared once for each input type. Strawberry 0.341
asks for names and types of all fields again for each object: 27 µs for a secret of two fields, and
0.5 s of the loop for the 20,000 that a sync may send.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, Final

from graphql import GraphQLInputObjectType, GraphQLSchema
from strawberry.types.arguments import InputContext, _is_leaf_type
from strawberry.types.base import (
    StrawberryList,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)

# A coerced value, the conversion's context and the name of the field → the resolver's value.
Convert = Callable[[Any, InputContext, str], Any]
_STRAWBERRY: Final = "strawberry-definition"


def prepare_inputs(schema: GraphQLSchema) -> None:
    """Gives every input type of the schema its own conversion."""
    for kind in schema.type_map.values():
        own = kind.extensions.get(_STRAWBERRY)
        if isinstance(kind, GraphQLInputObjectType) and own is not None:
            own.from_input = InputConversion(own)


class InputConversion:
    """Makes an input of its coerced fields, as Strawberry would."""

    def __init__(self, own: StrawberryObjectDefinition) -> None:
        self._own = own
        self._fields: list[tuple[str, str, Convert | None]] = []
        self._usual: dict[str, None] = {}

    def __call__(self, kind: type, given: Mapping[str, Any], context: InputContext) -> Any:
        # Not before: types may name one another that are not there yet.
        if not self._fields:
            self._prepare(context)
        arguments: dict[str, Any] = self._usual.copy()
        for name, attribute, convert in self._fields:
            if name in given:
                value = given[name]
                arguments[attribute] = value if convert is None else convert(value, context, name)
        return kind(**arguments)

    def _prepare(self, context: InputContext) -> None:
        for field in self._own.fields:
            if field.default_value is MISSING and field.default_factory is MISSING:
                self._usual[field.python_name] = None
            kind = field.resolve_type(type_definition=self._own)
            name = context.config.name_converter.from_field(field)
            self._fields.append((name, field.python_name, _conversion(kind, context)))


def _conversion(kind: Any, context: InputContext) -> Convert | None:
    """None: values of the kind are taken as they are."""
    if isinstance(kind, StrawberryOptional):
        return _or_none(_conversion(kind.of_type, context))
    if _is_leaf_type(kind, context.scalar_registry):
        return None
    if isinstance(kind, StrawberryList):
        return _or_none(_list(_conversion(kind.of_type, context)))
    if has_object_definition(kind) and isinstance(
        make := kind.__strawberry_definition__.from_input, InputConversion
    ):
        return _or_none(lambda value, context, _: make(kind, value, context))
    # `Maybe` and what else there may be one day: value by value, as Strawberry does it.
    return lambda value, context, name: context.convert(value, kind, name)


def _list(convert: Convert | None) -> Convert:
    if convert is None:
        # A copy, since a default is one list for all requests.
        return lambda value, _, __: list(value)
    return lambda value, context, name: [convert(one, context, name) for one in value]


def _or_none(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda value, context, name: None if value is None else convert(value, context, name)
