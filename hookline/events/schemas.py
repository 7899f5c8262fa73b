"""JSON Schemas of event types: which may be saved, and what an event of a strict type breaks. Pure.

A schema never reaches out of itself, and what it costs is bounded before it is saved: references go
inwards, none into itself, and patterns are those that run in linear time.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import jsonschema_rs
import orjson

from hookline.outbound.payloads import check_data

# It is compiled in the process that publishes, and kept in memory for each type.
SIZE_LIMIT: Final = 65_536
# References can double the work at each level: 40 of them would have taken for ever.
WEIGHT_LIMIT: Final = 10_000
"""Parts of a schema, those that a reference stands for counted at each reference."""
# A chain of references nests without brackets: each level is a call in this module and in the
# validator, and 1,500 of them fit into a schema's size.
NESTING_LIMIT: Final = 200
WORK_LIMIT: Final = 15_000_000
"""Parts of a schema times values of the data (and characters, for a schema with patterns): about
50 ms (2026-11-28). jsonschema-rs 0.61 keeps the interpreter's lock while it checks, so a thread
would hold the loop as long. multipleOf of floats, unevaluated… and large patterns cost more.
"""
# jsonschema-rs 0.61 makes all errors before it gives the first: 2,000,000 took 21 s and 3 GB.
_LISTED_WORK: Final = 5_000
PROBLEMS_LIMIT: Final = 20
_SHOWN: Final = 300
# By these a reference could lead out of the schema, or back into itself, past the check of $ref.
_REFUSED: Final = ("$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor", "id")

# Letters that mean themselves to every reader of a reference. jsonschema-rs 0.61 decodes percent
# signs, so "%61" was one part here and another one there: what was weighed was not what ran.
_REFERENCE: Final = re.compile(r"#(?:/(?:[A-Za-z0-9._$:@-]|~[01])*)+")
# No list is longer, and int() refuses a text of thousands of digits.
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")

Found = tuple[tuple[str, ...], str]
"""A path (keys and indexes as text) and a sentence."""


_TOO_LARGE: Final = (
    "The data is too large for the schema of this type: its values times the schema's parts are "
    f"more than {WORK_LIMIT:,}. Send less data in one event, or make the schema smaller."
)
_TOO_DEEP: Final = (
    f"must not be nested deeper than {NESTING_LIMIT} levels, those behind each reference counted"
)


class _TooMuch(Exception):
    pass


def check_schema(schema: object) -> list[Found]:
    """Returns the problem that keeps a schema from being saved, with its path inside it."""
    if not isinstance(schema, Mapping | bool):
        return [((), "must be a JSON Schema: an object, true or false")]
    if found := check_data(schema):
        return [
            (path, f"is refused: {sentence[0].lower()}{sentence[1:].rstrip('.')}")
            for path, sentence in found
        ]
    text = orjson.dumps(schema)
    if len(text) > SIZE_LIMIT:
        return [((), f"must be at most {SIZE_LIMIT:,} bytes as JSON; it has {len(text):,}")]
    # Before the schema is compiled: what it costs must be bounded first.
    if references := list(_outward(schema, (), schema)):
        return references[:PROBLEMS_LIMIT]
    try:
        _weigh(schema, schema, frozenset(), {})
    except _TooMuch as much:
        return [((), str(much))]
    try:
        _compile(text)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        path = tuple(map(str, getattr(error, "instance_path", ())))
        reason = _short(getattr(error, "message", str(error)))
        return [(path, f"is not a valid JSON Schema: {reason}")]
    return []


def work(schema: str, data: str) -> int:
    """Returns how much checking may cost at most. Both are JSON text."""
    size = data.count(",") + data.count("[") + data.count("{") + 1
    # patternProperties too
    if '"pattern' in schema:
        size += len(data)
    return _weight(schema.encode()) * size


def problems(schema: str, data: str) -> list[Found]:
    """Returns at most 20 violations: the path within the data, and what the schema wants. Of data
    that is large for its schema, the first one alone.

    schema: JSON text that was checked. data: JSON text.
    """
    cost = work(schema, data)
    if cost > WORK_LIMIT:
        return [((), _TOO_LARGE)]
    validator, value = _compile(schema.encode()), orjson.loads(data)
    if validator.is_valid(value):
        return []
    found = []
    for error in _errors(validator, value, is_listed=cost <= _LISTED_WORK):
        found.append(
            (
                tuple(map(str, error.instance_path)),
                f"The schema of this type is not met: {_short(error.message)}.",
            )
        )
        if len(found) == PROBLEMS_LIMIT:
            break
    return found


def _errors(validator: Any, value: Any, *, is_listed: bool) -> Iterator[Any]:
    if is_listed:
        yield from validator.iter_errors(value)
        return
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        yield error


@lru_cache(2_000)
def _weight(text: bytes) -> int:
    schema = orjson.loads(text)
    try:
        return _weigh(schema, schema, frozenset(), {}).weight
    # Saved under other limits.
    except _TooMuch:
        return WORK_LIMIT + 1


@lru_cache(2_000)
def _compile(text: bytes) -> Any:
    """A validator; data in its messages shows as `value`, so that none is repeated."""
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.validator_for(
        orjson.loads(text),
        pattern_options=options,
        offline=True,
        validate_formats=False,
        mask="value",
    )


def _outward(node: object, at: tuple[str, ...], root: object) -> Iterator[Found]:
    if isinstance(node, Mapping):
        for key, inner in node.items():
            if key in _REFUSED and isinstance(inner, str):
                yield (*at, key), "is not supported: references go to #/… within the schema"
            elif key == "$ref" and (not isinstance(inner, str) or _resolve(root, inner) is None):
                yield (
                    (*at, key),
                    "must be a reference to a part of this schema, such as #/$defs/item, of "
                    "letters, digits and . _ $ : @ -",
                )
            else:
                yield from _outward(inner, (*at, key), root)
    elif isinstance(node, list):
        for place, inner in enumerate(node):
            yield from _outward(inner, (*at, str(place)), root)


def _resolve(root: object, reference: str) -> object | None:
    if not _REFERENCE.fullmatch(reference):
        return None
    node = root
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping) and key in node:
            node = node[key]
        elif isinstance(node, list) and _INDEX.fullmatch(key) and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return node


class _Size(NamedTuple):
    weight: int
    levels: int


def _weigh(
    node: object, root: object, open_: frozenset[str], known: dict[str, _Size], level: int = 1
) -> _Size:
    """Raises _TooMuch."""
    if level > NESTING_LIMIT:
        raise _TooMuch(_TOO_DEEP)
    inside = list[_Size]()
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str):
            inside.append(_weigh_reference(reference, root, open_, known, level))
        for key, inner in node.items():
            if key != "$ref":
                inside.append(_weigh(inner, root, open_, known, level + 1))
    elif isinstance(node, list):
        for inner in node:
            inside.append(_weigh(inner, root, open_, known, level + 1))
    weight = 1 + sum(size.weight for size in inside)
    if weight > WEIGHT_LIMIT:
        raise _TooMuch(
            f"must have at most {WEIGHT_LIMIT:,} parts, those behind each reference counted"
        )
    return _Size(weight, 1 + max((size.levels for size in inside), default=0))


def _weigh_reference(
    reference: str, root: object, open_: frozenset[str], known: dict[str, _Size], level: int
) -> _Size:
    if reference in open_:
        raise _TooMuch(f"must not contain itself: {_short(reference)} leads back to itself")
    if reference not in known:
        target = _resolve(root, reference)
        known[reference] = _weigh(target, root, open_ | {reference}, known, level + 1)
    # Known from a place that was less deep: its levels are added to those of this one.
    elif level + known[reference].levels > NESTING_LIMIT:
        raise _TooMuch(_TOO_DEEP)
    return known[reference]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
