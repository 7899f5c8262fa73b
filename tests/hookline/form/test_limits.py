"""The limits of a field are written for people in the table, and kept by its kind and its column:
the three say one thing.
"""

from hookline.form.codecs import Plain
from hookline.form.durations import format_duration
from hookline.form.kinds import Duration, FieldKind, ListOf, Number
from hookline.form.text_kind import Text
from hookline.form.webhook_fields import FIELDS, Field
from hookline.models import Webhook
from tests.tables import each_of


def limits_of(kind: FieldKind) -> str | None:
    """The limits as the table writes them; None where the table says no more than the kind."""
    if isinstance(kind, Text):
        return f"{kind.max_length:,} characters"
    if isinstance(kind, Number):
        return f"{kind.low:,} to {kind.high:,}."
    if isinstance(kind, Duration):
        return f"{format_duration(kind.low)} to {format_duration(kind.high)}."
    return f"{kind.low} to {kind.high} " if isinstance(kind, ListOf) else None


@each_of("field", FIELDS.values())
def test_limits_that_people_read_are_those_of_the_kind(field: Field) -> None:
    limits = limits_of(field.kind)
    if limits is not None and any(letter.isdecimal() for letter in field.limits):
        assert limits in field.limits


@each_of("field", FIELDS.values())
def test_a_text_that_the_kind_accepts_fits_into_its_column(field: Field) -> None:
    if isinstance(field.kind, Text) and isinstance(field.codec, Plain):
        column = Webhook._meta.fields_map[field.codec.column]
        length = getattr(column, "max_length", None)
        assert length is None or length == field.kind.max_length
