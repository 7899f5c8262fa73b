"""Kinds of values of a webhook's fields: each checks a value, and gives canonical form and schema.

Called by hookline/form/webhook_fields.py (the table) and hookline/sync/read/file_decoding.py, which
asks a kind for its shape. Pure: problems are added to a Validation, never raised.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Protocol

from hookline.errors import Code, Problem
from hookline.form.durations import format_duration, parse_duration
from hookline.outbound.addresses import AddressPolicy

Path = tuple[str, ...]
Schema = dict[str, object]

# No value of JSON or YAML is one of these two objects, so neither can be sent.
REFUSED: Final = object()
"""The answer of a check for a value that it has refused. Inside a list or mapping it marks an item
that was refused before: not checked again.
"""
UNKNOWN_SECRET: Final = object()
"""A secret whose value is not known here (planned with `--unresolved-secrets`): it passes every
check.
"""
REFERENCE: Final = r"\$\{(?:env|file):[^{}]+\}"
"""The form of a secret in YAML, for the JSON Schema; hookline/sync/read/references.py reads it."""


# Any: canonical values.
def inside(value: Any) -> Iterable[Any] | None:
    """The items of a list or an object; None of anything else. By type, as 10,000 webhooks have
    100,000 of them.
    """
    kind = type(value)
    if kind is dict:
        items: Iterable[Any] = value.values()
        return items
    return value if kind is list else None


def holds_unknown(value: Any) -> bool:
    """True when a secret that is not known here is in the canonical value."""
    if (items := inside(value)) is None:
        return value is UNKNOWN_SECRET
    # No call for each text, and no generator, which takes as long as the rest.
    for item in items:  # noqa: SIM110
        if type(item) is not str and holds_unknown(item):
            return True
    return False


@dataclass(frozen=True, slots=True)
class FieldProblem(Problem):
    """A problem with the two things that only YAML shows: yaml_code, stable and listed in
    docs/sync.md, and a hint.
    """

    yaml_code: str = "format"
    hint: str | None = None
    is_warning: bool = False

    def under(self, *path: str) -> "FieldProblem":
        return replace(self, field=(*path, *self.field))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits that the installation sets: the environments that exist and the addresses that may be
    sent to.
    """

    environments: tuple[str, ...]
    addresses: AddressPolicy
    mail_domains: tuple[str, ...] = ()
    """Domains that mail may go to; empty: any."""


@dataclass(frozen=True, slots=True)
class Validation:
    """One check of an input: the bounds that it keeps, and all problems so far."""

    bounds: Bounds
    problems: list[FieldProblem] = field(default_factory=list)

    def refuse(
        self, at: Path, code: Code, yaml_code: str, rule: str, hint: str | None = None
    ) -> object:
        """Notes a problem. rule: continues the sentence that begins with the field, such as "must
        be text".
        """
        self.problems.append(FieldProblem(code, f"{label(at)} {rule}.", at, yaml_code, hint))
        return REFUSED

    def add_problem(self, at: Path, yaml_code: str, sentence: str) -> object:
        """Notes a problem that another rule has put into a sentence of its own."""
        self.problems.append(FieldProblem(Code.INVALID, sentence, at, yaml_code))
        return REFUSED

    def warn_repeated(self, at: Path, value: str) -> None:
        """Notes, as a warning, an item that is listed a second time."""
        self.problems.append(
            FieldProblem(
                Code.INVALID,
                f"{label(at)} repeats '{value}'.",
                at,
                "duplicate-item",
                "remove one of the two",
                True,
            )
        )


class FieldKind(Protocol):
    def check(self, value: object, at: Path, validation: Validation) -> object:
        """The canonical form of a value that is not None, or REFUSED after noting why."""

    def schema(self) -> Schema:
        """The JSON Schema of the form that YAML has."""


def label(at: Path) -> str:
    """`headers[0].name` for ("headers", "0", "name")."""
    return "".join(
        f"[{part}]" if part.isdecimal() and place else f".{part}" if place else part
        for place, part in enumerate(at)
    )


@dataclass(frozen=True, slots=True)
class Flag:
    def check(self, value: object, at: Path, validation: Validation) -> object:
        return (
            value
            if isinstance(value, bool)
            else validation.refuse(at, Code.INVALID, "type", "must be true or false")
        )

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Number:
    low: int
    high: int

    def check(self, value: object, at: Path, validation: Validation) -> object:
        # True is an int for Python.
        if not isinstance(value, int) or isinstance(value, bool):
            return validation.refuse(at, Code.INVALID, "type", "must be a whole number")
        if not self.low <= value <= self.high:
            return validation.refuse(
                at, Code.OUT_OF_RANGE, "range", f"must be from {self.low} to {self.high}"
            )
        return value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration as text (or a timedelta), kept as text in the largest unit that divides evenly."""

    low: timedelta
    high: timedelta
    step: timedelta = timedelta(milliseconds=1)

    def check(self, value: object, at: Path, validation: Validation) -> object:
        if not isinstance(value, str | timedelta):
            return validation.refuse(
                at, Code.INVALID, "type", "must be a duration such as 30s, 5m or 2h"
            )
        try:
            duration = value if isinstance(value, timedelta) else parse_duration(value)
        except ValueError:
            return validation.refuse(
                at, Code.INVALID, "format", "must be a duration such as 500ms, 30s, 5m, 2h or 7d"
            )
        if not self.low <= duration <= self.high:
            return validation.refuse(
                at,
                Code.OUT_OF_RANGE,
                "range",
                f"must be from {format_duration(self.low)} to {format_duration(self.high)}",
            )
        if duration % self.step:
            return validation.refuse(
                at, Code.INVALID, "format", f"must be a multiple of {format_duration(self.step)}"
            )
        return format_duration(duration)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[0-9]{1,12}(?:ms|s|m|h|d)$"}


@dataclass(frozen=True, slots=True)
class Choice:
    values: tuple[str, ...]

    def check(self, value: object, at: Path, validation: Validation) -> object:
        return (
            value
            if value in self.values
            else validation.refuse(
                at, Code.INVALID, "enum", f"must be one of {', '.join(self.values)}"
            )
        )

    def schema(self) -> Schema:
        return {"enum": list(self.values)}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind. is_set: order and repeats mean nothing, so that the canonical form is
    sorted.
    """

    item: FieldKind
    low: int
    high: int
    is_set: bool = False

    def check(self, value: object, at: Path, validation: Validation) -> object:
        # A text is a sequence too, of its letters.
        if isinstance(value, str) or not isinstance(value, Sequence):
            return validation.refuse(at, Code.INVALID, "type", "must be a list")
        if len(value) < self.low:
            return validation.refuse(
                at,
                Code.REQUIRED,
                "too-few",
                f"must have at least {self.low} item{'s' if self.low > 1 else ''}",
            )
        if len(value) > self.high:
            return validation.refuse(
                at, Code.TOO_MANY, "too-many", f"must have at most {self.high} items"
            )
        items = [
            item if item is REFUSED else self.item.check(item, (*at, str(place)), validation)
            for place, item in enumerate(value)
        ]
        # Only then may repeats be looked for: what was refused has no canonical form.
        if any(item is REFUSED for item in items):
            return REFUSED
        return self._unique(items, at, validation) if self.is_set else items

    def _unique(self, items: list[object], at: Path, validation: Validation) -> list[str]:
        seen: set[str] = set()
        for place, item in enumerate(map(str, items)):
            if item in seen:
                validation.warn_repeated((*at, str(place)), item)
            seen.add(item)
        return sorted(seen)

    def schema(self) -> Schema:
        return {
            "type": "array",
            "items": self.item.schema(),
            "minItems": self.low,
            "maxItems": self.high,
        }


@dataclass(frozen=True, slots=True)
class RecordField:
    """One entry of a Record. is_optional_in_update: an update may leave it out, which keeps what is
    stored. default: filled in where it is left out.
    """

    name: str
    kind: FieldKind
    description: str
    is_required: bool = True
    is_optional_in_update: bool = False
    default: object = None


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with fixed keys."""

    fields: tuple[RecordField, ...]

    def check(self, value: object, at: Path, validation: Validation) -> object:
        if not isinstance(value, Mapping):
            return validation.refuse(
                at,
                Code.INVALID,
                "type",
                f"must be a mapping with {' and '.join(entry.name for entry in self.fields)}",
            )
        given = {
            entry.name: (entry.kind, value[entry.name])
            for entry in self.fields
            # GraphQL gives null for an entry that was left out.
            if value.get(entry.name) is not None
        }
        checked = {
            name: item if item is REFUSED else kind.check(item, (*at, name), validation)
            for name, (kind, item) in given.items()
        }
        missing = [
            entry
            for entry in self.fields
            # A secret may be left out of a change; `check_whole` sees whether there is a stored
            # one.
            if entry.is_required and not entry.is_optional_in_update and entry.name not in checked
        ]
        for entry in missing:
            validation.refuse((*at, entry.name), Code.REQUIRED, "required", "is required")
        if missing or any(item is REFUSED for item in checked.values()):
            return REFUSED
        return {
            entry.name: checked.get(entry.name, entry.default)
            for entry in self.fields
            if entry.name in checked or entry.default is not None
        }

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {
                entry.name: {"description": entry.description, **entry.kind.schema()}
                for entry in self.fields
            },
            "required": [entry.name for entry in self.fields if entry.is_required],
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class NullableRecord:
    """A policy, or null for never: for this field null is a value, not a way to the default."""

    record: Record

    def check(self, value: object, at: Path, validation: Validation) -> object:
        return None if value is None else self.record.check(value, at, validation)

    def schema(self) -> Schema:
        return {**self.record.schema(), "type": ["object", "null"]}
