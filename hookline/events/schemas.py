"""JSON Schemas of event types: which may be saved, and what an event of a strict type breaks. Pure.

A schema never reaches out of itself, and what it costs is bounded before it is saved: references go
inwards, none into itself, and patterns are those that run in linear time.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
import orjson

from hookline.outbound.payloads import check_data

# It is compiled in the process that publishes, and kept in memory for each type.
SIZE_LIMIT: Final = 65_536
# References can double the work at each level: 40 of them would have taken for ever.
WEIGHT_LIMIT: Final = 10_000
"""Parts of a schema, those that a reference stands for counted at each reference."""
PROBLEMS_LIMIT: Final = 20
_SHOWN: Final = 300
# By these a reference could lead out of the schema, or back into itself, past the check of $ref.
_REFUSED: Final = ("$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor", "id")

Found = tuple[tuple[str, ...], str]
"""A path (keys and indexes as text) and a sentence."""


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


def problems(schema: str, data: Any) -> list[Found]:
    """Returns at most 20 violations: the path within the data, and what the schema wants.
    schema: JSON text that was checked.
    """
    validator = _compile(schema.encode())
    if validator.is_valid(data):
        return []
    found = []
    for error in validator.iter_errors(data):
        found.append(
            (
                tuple(map(str, error.instance_path)),
                f"The schema of this type is not met: {_short(error.message)}.",
            )
        )
        if len(found) == PROBLEMS_LIMIT:
            break
    return found


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
                    "must be a reference to a part of this schema, such as #/$defs/item",
                )
            else:
                yield from _outward(inner, (*at, key), root)
    elif isinstance(node, list):
        for place, inner in enumerate(node):
            yield from _outward(inner, (*at, str(place)), root)


def _resolve(root: object, reference: str) -> object | None:
    if not reference.startswith("#/"):
        return None
    node = root
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return node


def _weigh(node: object, root: object, open_: frozenset[str], known: dict[str, int]) -> int:
    """Raises _TooMuch."""
    weight = 1
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in open_:
                raise _TooMuch(f"must not contain itself: {_short(reference)} leads back to itself")
            if reference not in known:
                known[reference] = _weigh(
                    _resolve(root, reference), root, open_ | {reference}, known
                )
            weight += known[reference]
        weight += sum(
            _weigh(inner, root, open_, known) for key, inner in node.items() if key != "$ref"
        )
    elif isinstance(node, list):
        weight += sum(_weigh(inner, root, open_, known) for inner in node)
    if weight > WEIGHT_LIMIT:
        raise _TooMuch(
            f"must have at most {WEIGHT_LIMIT:,} parts, those behind each reference counted"
        )
    return weight


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
