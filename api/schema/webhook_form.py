"""GraphQL fields of the webhook form, made from the table in hookline.form.webhook_fields: a plain
row needs nothing here, a row of another shape one line of _SHAPES. Called by webhook_inputs and
webhook_fields.
"""

import re
import types
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Final, TypeVar

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from api.schema.enums import NotificationKind
from api.schema.header import Header, HeaderInput, Label, LabelInput
from api.schema.webhook_types import (
    AutoDisableInput,
    AutoDisablePolicy,
    BasicAuth,
    BasicAuthInput,
    RetryInput,
    RetryPolicy,
    SecretHeader,
    SecretHeaderInput,
    SigningAlgorithm,
)
from hookline.form.durations import parse_duration
from hookline.form.kinds import Choice, Duration, FieldKind, Flag, ListOf, Number
from hookline.form.mail_kind import Emails
from hookline.form.payload_kinds import ContentType, Filter, RateLimit
from hookline.form.rates import Rate, parse_rate
from hookline.form.text_kind import Text
from hookline.form.webhook_fields import FIELDS, Field
from hookline.form.webhook_kinds import Environment, Pattern, SigningSecret, Url
from hookline.models import Webhook as WebhookRow
from hookline.webhooks.columns import without_secrets

T = TypeVar("T")
Show = Callable[[Any], Any]  # a canonical value to what the type's field holds


@dataclass(frozen=True, slots=True)
class Shape:
    """A field's types in inputs and in the type Webhook. default: shown in the schema; otherwise a
    field that is left out takes the form's.
    """

    given: Any
    shown: Any
    show: Show = lambda value: value
    default: dict[str, Any] = field(default_factory=lambda: {"default": strawberry.UNSET})


_TEXT: Final = Shape(str, str)
_PLAIN: Final[dict[type[FieldKind], Shape]] = {
    Text: _TEXT,
    Url: _TEXT,
    Environment: _TEXT,
    Pattern: _TEXT,
    ContentType: _TEXT,
    Choice: _TEXT,
    SigningSecret: _TEXT,
    Emails: Shape(list[str], list[str]),
    Flag: Shape(bool, bool),
    Number: Shape(int, int),
    Duration: Shape(timedelta, timedelta, parse_duration),
    RateLimit: Shape(Rate, Rate, parse_rate),
    Filter: Shape(JSON, JSON),
}
_SHAPES: Final[dict[str, Shape]] = {
    "headers": Shape(list[HeaderInput], list[Header], lambda value: [Header(**h) for h in value]),
    "secretHeader": Shape(
        SecretHeaderInput, SecretHeader, lambda value: SecretHeader(name=value["name"])
    ),
    "basicAuth": Shape(
        BasicAuthInput, BasicAuth, lambda value: BasicAuth(username=value["username"])
    ),
    "retry": Shape(
        RetryInput,
        RetryPolicy,
        lambda value: RetryPolicy(schedule=[parse_duration(text) for text in value["schedule"]]),
    ),
    "autoDisable": Shape(
        AutoDisableInput,
        AutoDisablePolicy,
        lambda value: AutoDisablePolicy(
            failures=value["failures"], over=parse_duration(value["over"])
        ),
        {"default_factory": AutoDisableInput},
    ),
    "labels": Shape(list[LabelInput], list[Label], lambda value: [Label(**pair) for pair in value]),
    "notifyOn": Shape(
        list[NotificationKind],
        list[NotificationKind],
        lambda value: [NotificationKind[name] for name in value],
    ),
    "signingAlgorithm": Shape(
        SigningAlgorithm, SigningAlgorithm, default={"default": SigningAlgorithm.HMAC_SHA256}
    ),
}


def with_create_fields(made: type[T]) -> type[T]:
    """Class decorator: adds every field of the form to the input of a new webhook."""
    # runs below @strawberry.input, which makes its fields of the annotations that stand then
    for row in FIELDS.values():
        shape = _shape(row)
        if row.is_required:
            _add(made, row.name, shape.given, row.reference)
        else:
            _add(made, row.name, shape.given | None, _with_default(row, shape), shape.default)
    return made


def with_update_fields(made: type[T]) -> type[T]:
    """Class decorator: adds the fields of the form that an update may give."""
    for row in FIELDS.values():
        if not row.has_own_verb:
            unset = {"default": strawberry.UNSET}
            _add(made, row.name, _shape(row).given | None, row.reference, unset)
    return made


def with_shown_fields(made: type[T]) -> type[T]:
    """Class decorator: adds the fields of the form to the type that people read."""
    for row in FIELDS.values():
        if not row.has_own_verb:
            shown = _shape(row).shown
            may_be_null = row.may_be_null or (row.default is None and not row.is_required)
            _add(made, row.name, shown | None if may_be_null else shown, row.description)
    return made


def shown_values(row: WebhookRow) -> dict[str, Any]:
    """Returns the values of the fields that `with_shown_fields` adds, by their Python names; no
    secret.
    """
    form = without_secrets(row)
    return {
        _python_name(name): None if form[name] is None else _shape(entry).show(form[name])
        for name, entry in FIELDS.items()
        if not entry.has_own_verb
    }


def form_values(given: Any) -> dict[str, Any]:
    """Returns an input's fields of the form, and slug, as plain values by the API's field names,
    without those that were left out.
    """
    values = _plain(given)
    return {name: value for name, value in values.items() if name == "slug" or name in FIELDS}


def _plain(given: Any) -> Any:  # Any: an input object or what stands in one
    if isinstance(given, Enum):
        return given.name
    if isinstance(given, list):
        return [_plain(item) for item in given]
    if isinstance(given, Rate) or not is_dataclass(given):
        return given
    named = {to_camel_case(item.name): getattr(given, item.name) for item in fields(given)}
    return {name: _plain(value) for name, value in named.items() if value is not strawberry.UNSET}


def _shape(row: Field) -> Shape:
    return _SHAPES.get(row.name) or _shape_of(row.kind, row.default)


def _shape_of(kind: FieldKind, default: object) -> Shape:
    if isinstance(kind, ListOf):
        item = _shape_of(kind.item, None)
        given, shown = types.GenericAlias(list, item.given), types.GenericAlias(list, item.shown)
        return Shape(given, shown, lambda value: [item.show(part) for part in value])
    plain = _PLAIN[type(kind)]
    if isinstance(kind, Flag | Choice) and default is not None:
        return Shape(plain.given, plain.shown, plain.show, {"default": default})
    return plain


def _with_default(row: Field, shape: Shape) -> str:
    """The field's description with its default, unless it is empty or the schema shows it."""
    if not row.default or shape.default.get("default") is not strawberry.UNSET:
        return row.reference
    value = row.default["schedule"] if isinstance(row.default, dict) else row.default
    shown = ", ".join(value) if isinstance(value, list) else value
    return f"{row.reference} Defaults to {shown}."


def _add(
    made: type, name: str, annotation: Any, description: str, default: dict[str, Any] | None = None
) -> None:
    made.__annotations__[_python_name(name)] = annotation
    described = strawberry.field(description=description, **(default or {}))
    setattr(made, _python_name(name), described)


def _python_name(name: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)
