"""The schema's own scalars: DateTime, Duration, Rate and JSON. The schema takes SCALARS as its
`scalar_map`; its fields are annotated datetime, timedelta, Rate and JSON. A wrong literal makes a
document invalid; a wrong value of a variable is a Malformed, told of at its field.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError, IntValueNode, ListValueNode, ObjectValueNode, ValueNode
from graphql.pyutils import Undefined
from graphql.utilities import value_from_ast_untyped
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from api.execution.malformed import Malformed
from hookline.clock import rfc3339
from hookline.form.durations import format_duration, parse_duration
from hookline.form.rates import Rate, parse_rate

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:(\.\d{1,6})\d*)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_RIGHT_DATE_TIME = "Write a time as in RFC 3339, with its offset: 2026-11-24T10:00:00Z."
_LONGEST_TIME = 100  # characters
_LONGEST_INTEGER = 40  # digits: any longer one is as much beyond 64 bits as one of these


def parse_date_time(value: object) -> datetime:
    """Parses RFC 3339 text to an aware UTC datetime; more than six decimals are cut off.

    Raises GraphQLError with what would be right.
    """
    # own pattern: fromisoformat also takes dates without time, week dates and times without offset
    # Their decimals have two ways to match, so that 4 MiB of them took 0.9 s.
    is_short = isinstance(value, str) and len(value) <= _LONGEST_TIME
    found = _RFC3339.fullmatch(str(value)) if is_short else None
    if found is None:
        raise GraphQLError(_RIGHT_DATE_TIME)
    date, time, fraction, offset = found.groups()
    try:
        return datetime.fromisoformat(f"{date}T{time}{fraction or ''}{offset.upper()}").astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        raise GraphQLError(f"There is no such time. {_RIGHT_DATE_TIME}") from None


def serialize_date_time(value: datetime) -> str:
    return rfc3339(value)


def parse_duration_value(value: object) -> timedelta:
    """Parses text such as 30s to a timedelta.

    Raises GraphQLError with what would be right.
    """
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError as error:
        raise GraphQLError(str(error)) from None


def parse_rate_value(value: object) -> Rate:
    """Parses text such as 20/s to a rate.

    Raises GraphQLError with what would be right.
    """
    try:
        return parse_rate(value if isinstance(value, str) else "")
    except ValueError as error:
        raise GraphQLError(str(error)) from None


def _or_malformed(parse: Callable[[object], Any]) -> Callable[[object], Any]:
    """Parses a variable's value: Malformed where the parser refuses it."""

    def parsed(value: object) -> Any:
        try:
            return parse(value)
        except GraphQLError as error:
            return Malformed(value, error.message)

    return parsed


def _of_literal(parse: Callable[[object], Any]) -> Callable[..., Any]:
    """Parses a literal of a document, and raises GraphQLError where the parser does."""

    def parsed(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        return parse(value_from_ast_untyped(node, variables))

    return parsed


def parse_json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    """Returns the value of a JSON literal in a document. Of integers 40 digits are kept: the check
    of the data sees that they are beyond 64 bits.

    A variable inside that was not given is null in a list; in an object its field is left out.
    """
    if isinstance(node, IntValueNode):
        # int() of more than 4,300 digits is a ValueError (Python 3.11), which would be a 500
        return int(node.value[:_LONGEST_INTEGER])
    if isinstance(node, ListValueNode):
        items = [parse_json_literal(item, variables) for item in node.values]
        return [None if item is Undefined else item for item in items]
    if isinstance(node, ObjectValueNode):
        fields = {
            field.name.value: parse_json_literal(field.value, variables) for field in node.fields
        }
        return {name: value for name, value in fields.items() if value is not Undefined}
    return value_from_ast_untyped(node, variables)


def _as_it_is(value: Any) -> Any:
    return value


def _serialize_json(value: Any) -> Any:
    """bytes are JSON already."""
    return orjson.Fragment(value) if type(value) is bytes else value


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A time as RFC 3339 text with an offset, such as 2026-11-24T10:00:00Z. "
    "Responses use UTC.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=serialize_date_time,
    parse_value=_or_malformed(parse_date_time),
    parse_literal=_of_literal(parse_date_time),
)
DURATION = strawberry.scalar(
    name="Duration",
    description="A whole number and a unit (ms, s, m, h or d), such as 500ms, 30s or 7d. "
    "Responses use the largest unit that divides evenly.",
    serialize=format_duration,
    parse_value=_or_malformed(parse_duration_value),
    parse_literal=_of_literal(parse_duration_value),
)
RATE = strawberry.scalar(
    name="Rate",
    description="A number of requests per second or minute, such as 20/s or 600/m. "
    "Responses use seconds if the number is whole, otherwise minutes.",
    serialize=str,
    parse_value=_or_malformed(parse_rate_value),
    parse_literal=_of_literal(parse_rate_value),
)
JSON_VALUE = strawberry.scalar(
    name="JSON",
    description="Any JSON value. Integers have at most 64 bits and keep every digit; clients in "
    "JavaScript, GraphiQL too, show those beyond 2^53 rounded. Other numbers are doubles: of more "
    "than about 17 digits the rest is lost, and the same number stands in responses, requests, "
    "templates and filters. Send as text what must keep more.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    serialize=_serialize_json,
    parse_value=_as_it_is,
    parse_literal=parse_json_literal,
)

SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: DATE_TIME,
    timedelta: DURATION,
    Rate: RATE,
    JSON: JSON_VALUE,
}
