"""Kinds of values that decide what a webhook is sent and how fast: filters, content types, rates.
Called by the table in webhook_fields. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hookline.errors import Code
from hookline.form.filters import check_filter
from hookline.form.kinds import REFUSED, Path, Schema, Validation
from hookline.form.rates import Rate, parse_rate
from hookline.outbound.templates import CONTENT_TYPE_LENGTH, is_content_type


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on an event, kept as it was given."""

    def check(self, value: object, at: Path, validation: Validation) -> object:
        found = check_filter(value)
        for path, rule in found:
            validation.refuse((*at, *path), Code.INVALID, "bad-filter", rule)
        # Neither sorted nor folded: people find the condition again as they wrote it.
        return REFUSED if found or not isinstance(value, Mapping) else dict(value)

    def schema(self) -> Schema:
        return {"type": "object", "minProperties": 1}


@dataclass(frozen=True, slots=True)
class ContentType:
    def check(self, value: object, at: Path, validation: Validation) -> object:
        if not isinstance(value, str) or not is_content_type(value):
            return validation.refuse(
                at,
                Code.INVALID,
                "format",
                "must be a media type such as application/json or text/plain; charset=utf-8",
            )
        return value

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1, "maxLength": CONTENT_TYPE_LENGTH}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate as text (or a Rate), kept as text: per second when that is whole, else per minute."""

    def check(self, value: object, at: Path, validation: Validation) -> object:
        if not isinstance(value, str | Rate):
            return validation.refuse(
                at, Code.INVALID, "type", "must be a rate such as 20/s or 600/m"
            )
        try:
            return str(value if isinstance(value, Rate) else parse_rate(value))
        except ValueError:
            return validation.refuse(
                at, Code.INVALID, "format", "must be a rate such as 20/s or 600/m, at most 10000/s"
            )

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[1-9][0-9]{0,6}/[sm]$"}
