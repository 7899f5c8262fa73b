"""Variables of large requests: coerced off the loop, and the same inputs as Strawberry's own."""

import threading
from typing import Any, Final, NewType

import pytest
import strawberry
from graphql import GraphQLInputObjectType, GraphQLNonNull, get_nullable_type, is_list_type
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_argument

from api.context import Context
from api.execution.execute import Execution, Request
from api.execution.input_conversion import InputConversion
from tests.api.small_schema import VIEWER
from tests.served_schema import SCHEMA

Noted = NewType("Noted", int)
COERCED_IN: Final = list[int]()


def _note(value: int) -> int:
    COERCED_IN.append(threading.get_ident())
    return value


@strawberry.input
class Item:
    number: Noted


@strawberry.type
class Query:
    @strawberry.field
    def total(self, items: list[Item]) -> int:
        return sum(item.number for item in items)


async def _read_cursor(_: Context) -> str:
    return ""


@pytest.mark.parametrize("is_large", [True, False])
async def test_variables_of_a_large_request_are_coerced_off_the_loop(is_large: bool) -> None:
    scalars: dict[object, Any] = {Noted: strawberry.scalar(name="Noted", parse_value=_note)}
    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=scalars))
    execution = Execution(schema)
    context = Context(None, VIEWER, "request", _read_cursor, lambda _: None, 60)
    variables = {"items": [{"number": 1}, {"number": 2}]}
    text = "query ($items: [Item!]!) { total(items: $items) }"
    request = Request(text, variables=variables, is_large=is_large)
    operation = execution.select(request)
    COERCED_IN.clear()
    await execution.check_large(operation, request, VIEWER)
    answer = await execution.run(operation, request, context)
    assert answer.body == {"data": {"total": 3}}
    assert (threading.get_ident() not in COERCED_IN) is is_large


INPUTS: Final = {
    name: kind
    for name, kind in SCHEMA._schema.type_map.items()
    if isinstance(kind, GraphQLInputObjectType)
}


def _sample(kind: Any, levels: int) -> Any:
    """A coerced value of a type, with lists of two."""
    kind = get_nullable_type(kind)
    if is_list_type(kind):
        return [_sample(kind.of_type, levels)] * 2
    if not isinstance(kind, GraphQLInputObjectType):
        return object()
    return {
        name: _sample(field.type, levels - 1)
        for name, field in kind.fields.items()
        if levels or isinstance(field.type, GraphQLNonNull)
    }


@pytest.mark.parametrize("levels", [0, 2], ids=["least", "all"])
@pytest.mark.parametrize("name", INPUTS)
def test_prepared_conversion_makes_the_input_that_strawberry_makes(
    name: str, levels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = _sample(INPUTS[name], levels)
    registry = SCHEMA.schema_converter.scalar_registry
    own = INPUTS[name].extensions["strawberry-definition"]
    assert isinstance(own.from_input, InputConversion)
    prepared = convert_argument(value, own.origin, registry, SCHEMA.config)
    for kind in INPUTS.values():
        monkeypatch.setattr(kind.extensions["strawberry-definition"], "from_input", None)
    assert repr(prepared) == repr(convert_argument(value, own.origin, registry, SCHEMA.config))
