"""Kinds of values that only webhooks have: URLs, event patterns, headers, labels, signing secrets.
Called by the table in webhook_fields.

Pure, like kinds. A message never holds a header's or a secret's value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hookline.errors import Code
from hookline.form.event_names import PART, PATTERN, pattern_fault
from hookline.form.kinds import (
    REFERENCE,
    REFUSED,
    UNKNOWN_SECRET,
    Path,
    Record,
    RecordField,
    Schema,
    Validation,
)
from hookline.form.text_kind import Text
from hookline.outbound.addresses import HeaderRefused, UrlRefused, check_header, check_url
from hookline.outbound.signing import secret_fault

LABEL_KEY: Final = "[a-z0-9][a-z0-9._/-]{0,62}"

_MAX_HEADER_BYTES = 4_096
_header_name = Text(200)
_header_value = Text(_MAX_HEADER_BYTES, is_secret=True, may_be_empty=True)
# No equals sign: it separates key and value in the column.
_label_key = Text(
    63, LABEL_KEY, "1 to 63 lower-case letters, digits and . _ / - and begin with a letter or digit"
)
_label_value = Text(200, may_be_empty=True)


SECRET_WORDS: Final = (
    "key",
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "credential",
    "signature",
    "session",
    "jwt",
    "bearer",
)
"""Words that make the value of a header a secret, wherever they stand in its name."""
# X-Auth, X-Auth-User, Authorization, X-Authentication; not X-Author nor X-Oauthority.
_auth = re.compile(r"(?:^|[^a-z0-9])o?auth(?!or(?!i[sz]))")


# Webhooks repeat a few names, each of which is asked for six times on its way into the database.
@lru_cache(maxsize=1_024)
def is_sensitive_header(name: str) -> bool:
    """True when a header's value is a secret: a name with one of SECRET_WORDS in it, or with a part
    that begins with auth, such as Authorization and X-Auth.
    """
    folded = name.lower()
    # By its name, as nobody marks a value as a secret: what is sealed once too often does no harm.
    return any(word in folded for word in SECRET_WORDS) or _auth.search(folded) is not None


def sources_of_header(webhook: Mapping[str, object]) -> Iterator[tuple[str, Path]]:
    """Every header name that a canonical webhook sends of its own, with the place that sets it."""
    for place, header in enumerate(_pairs(webhook.get("headers"))):
        yield str(header["name"]), ("headers", str(place), "name")
    if isinstance(secret := webhook.get("secretHeader"), Mapping):
        yield str(secret["name"]), ("secretHeader", "name")
    if webhook.get("basicAuth"):
        yield "Authorization", ("basicAuth",)


@dataclass(frozen=True, slots=True)
class Url:
    def check(self, value: object, at: Path, validation: Validation) -> object:
        text = Text(2_048).check(value, at, validation)
        if not isinstance(text, str):
            return REFUSED
        try:
            # Also its canonical form, so that one URL spelled in two ways is no change. No DNS: a
            # name may resolve to something else when it is sent.
            return check_url(text, validation.bounds.addresses)
        except UrlRefused as refused:
            return validation.add_problem(at, "bad-url", str(refused))

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://", "maxLength": 2_048}


@dataclass(frozen=True, slots=True)
class Environment:
    def check(self, value: object, at: Path, validation: Validation) -> object:
        if not isinstance(value, str):
            return validation.refuse(at, Code.INVALID, "type", "must be text")
        known = validation.bounds.environments
        return (
            value
            if value in known
            else validation.refuse(at, Code.INVALID, "enum", f"must be one of {', '.join(known)}")
        )

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """An event pattern. YAML may also write it in parts, which hookline/sync/read/decoding.py
    joins.
    """

    def check(self, value: object, at: Path, validation: Validation) -> object:
        if not isinstance(value, str):
            return validation.refuse(
                at, Code.INVALID, "type", "must be text such as order.order.created"
            )
        if fault := pattern_fault(value):
            return validation.refuse(at, Code.INVALID, "bad-event", fault)
        return value

    def schema(self) -> Schema:
        part = {"type": "string", "pattern": rf"^(?:\*|{PART})$"}
        names = ["object", "model", "action"]
        in_parts = {
            "type": "object",
            "properties": dict.fromkeys(names, part),
            "required": names,
            "additionalProperties": False,
        }
        return {"anyOf": [{"type": "string", "pattern": f"^{PATTERN.pattern}$"}, in_parts]}


@dataclass(frozen=True, slots=True)
class Headers:
    """A list of names and values; in YAML a mapping. The order is kept, since it is sent. A value
    that an update leaves out, or gives as null, is the stored one of that name.
    """

    high: int

    def check(self, value: object, at: Path, validation: Validation) -> object:
        pairs = _checked_pairs(value, "name", self.high, at, validation)
        if pairs is None:
            return REFUSED
        checked = [
            _check_header(pair, (*at, str(place)), validation)
            for place, pair in enumerate(_without_nulls(pairs))
        ]
        headers = [header for header in checked if header]
        has_repeats = _refuse_repeats(
            [str(pair["name"]).lower() for pair in pairs],
            "name",
            "duplicate-header",
            at,
            validation,
        )
        return REFUSED if has_repeats or len(headers) < len(pairs) else headers

    def schema(self) -> Schema:
        return {
            "type": "object",
            "additionalProperties": Text(_MAX_HEADER_BYTES).schema(),
            "maxProperties": self.high,
        }


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """A header's name and its secret value, which an update may leave out."""

    def check(self, value: object, at: Path, validation: Validation) -> object:
        record = _SECRET_HEADER.check(value, at, validation)
        return (
            _check_header(record, at, validation) or REFUSED
            if isinstance(record, dict)
            else REFUSED
        )

    def schema(self) -> Schema:
        return _SECRET_HEADER.schema()


_SECRET_HEADER: Final = Record(
    (
        RecordField("name", _header_name, "Name of the header."),
        RecordField(
            "value",
            Text(_MAX_HEADER_BYTES, is_secret=True),
            "Value, stored encrypted and never returned.",
            is_optional_in_update=True,
        ),
    )
)
SECRET_HEADER_FIELDS: Final = _SECRET_HEADER.fields


@dataclass(frozen=True, slots=True)
class Labels:
    """A list of keys and values; in YAML a mapping. Sorted by key."""

    high: int

    def check(self, value: object, at: Path, validation: Validation) -> object:
        pairs = _checked_pairs(value, "key", self.high, at, validation)
        if pairs is None:
            return REFUSED
        before = len(validation.problems)
        for place, pair in enumerate(pairs):
            _label_key.check(pair["key"], (*at, str(place), "key"), validation)
            if pair["value"] is not REFUSED:
                _label_value.check(pair["value"], (*at, str(place), "value"), validation)
        _refuse_repeats(
            [str(pair["key"]) for pair in pairs], "key", "duplicate-key", at, validation
        )
        # Also what was refused while it was decoded, which has its problem already.
        is_good = len(validation.problems) == before and not any(
            pair["value"] is REFUSED for pair in pairs
        )
        return sorted(pairs, key=lambda pair: str(pair["key"])) if is_good else REFUSED

    def schema(self) -> Schema:
        names = {"pattern": f"^{LABEL_KEY}$"}
        return {
            "type": "object",
            "propertyNames": names,
            "additionalProperties": _label_value.schema(),
            "maxProperties": self.high,
        }


@dataclass(frozen=True, slots=True)
class SigningSecret:
    def check(self, value: object, at: Path, validation: Validation) -> object:
        if value is UNKNOWN_SECRET:
            return value
        if not isinstance(value, str):
            return validation.refuse(at, Code.INVALID, "type", "must be text")
        if fault := secret_fault(value):
            return validation.refuse(at, Code.INVALID, "format", fault)
        return value

    def schema(self) -> Schema:
        return {"type": "string", "pattern": REFERENCE}


def _pairs(value: object) -> Sequence[Mapping[str, object]]:
    return value if isinstance(value, list | tuple) else ()


def _checked_pairs(
    value: object, key: str, high: int, at: Path, validation: Validation
) -> list[dict[str, object]] | None:
    """A list of objects with the key and `value`, otherwise unchecked; None after noting that it is
    no such list.
    """
    if not isinstance(value, list | tuple) or not all(
        isinstance(pair, Mapping) and {key, "value"} <= set(pair) for pair in value
    ):
        validation.refuse(
            at, Code.INVALID, "type", f"must be a list of objects with {key} and value"
        )
        return None
    if len(value) > high:
        validation.refuse(at, Code.TOO_MANY, "too-many", f"must have at most {high} items")
        return None
    return [{key: pair[key], "value": pair["value"]} for pair in value]


def _without_nulls(pairs: list[dict[str, object]]) -> list[dict[str, object]]:
    """Headers without the values that are null: they keep the stored ones."""
    return [
        {name: part for name, part in pair.items() if part is not None or name == "name"}
        for pair in pairs
    ]


def _check_header(
    pair: dict[str, object], at: Path, validation: Validation
) -> dict[str, object] | None:
    """The pair as it came, or None after noting what is wrong with its name, else with
    its value.
    """
    name = _header_name.check(pair["name"], (*at, "name"), validation)
    # An update may leave a secret out: the stored one was checked when it was saved.
    value = pair.get("value", UNKNOWN_SECRET)
    value = value if value is REFUSED else _header_value.check(value, (*at, "value"), validation)
    if value == "" and isinstance(name, str) and is_sensitive_header(name):
        rule = "must not be empty: null keeps the stored value, leaving the header out removes it"
        value = validation.refuse((*at, "value"), Code.REQUIRED, "missing-value", rule)
    if not isinstance(name, str) or value is REFUSED:
        return None
    # First the name alone, so that the problem stands at the part that it is about.
    for part, tried in (("name", ""), ("value", value if isinstance(value, str) else "")):
        if fault := _header_fault(name, tried):
            validation.add_problem((*at, part), "bad-header", fault)
            return None
    return pair


def _header_fault(name: str, value: str) -> str | None:
    try:
        check_header(name, value)
    except HeaderRefused as refused:
        return str(refused)
    return None


def _refuse_repeats(
    names: list[str], key: str, yaml_code: str, at: Path, validation: Validation
) -> bool:
    first: dict[str, int] = {}
    repeats = [place for place, name in enumerate(names) if first.setdefault(name, place) != place]
    for place in repeats:
        validation.refuse(
            (*at, str(place), key),
            Code.INVALID,
            yaml_code,
            f"is the same as that of item {first[names[place]]}; keep one of them",
        )
    return bool(repeats)
