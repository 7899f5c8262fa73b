"""JSON Schemas of event types: which may be saved, and what an event of a strict type breaks. Pure.

A schema never reaches out of itself, and what it costs is bounded before it is saved: references go
inwards, none into itself, and patterns are those that run in linear time.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from hookline.events.data_amounts import rough_amounts
from hookline.events.schema_prices import TooMuch, Weigher, Weight, work
from hookline.events.schema_references import Found, outward, short
from hookline.outbound.payloads import check_data

# It is compiled in the process that publishes, and kept in memory for each type.
SIZE_LIMIT: Final = 65_536
# References can double the work at each level: 40 of them would have taken for ever.
WEIGHT_LIMIT: Final = 10_000
"""Parts of a schema, those that a reference stands for counted at each reference."""
# A chain of references nests without brackets: each level is a call in Weigher and in the
# validator, and 1,500 of them fit into a schema's size.
NESTING_LIMIT: Final = 200
WORK_LIMIT: Final = 15_000_000
"""Units of 3.3 ns that a check may take at most, by hookline.events.schema_prices: about 50 ms
(2026-11-28). jsonschema-rs 0.61 keeps the interpreter's lock while it checks, so a thread would
hold the loop as long.
"""
# jsonschema-rs 0.61 makes all errors before it gives the first, 3 to 10 µs each: 2,000,000 took
# 21 s and 3 GB. Each has a copy of the value and of what it should be.
_LISTED: Final = 5_000
_COPIED_BYTES: Final = 2_000
PROBLEMS_LIMIT: Final = 20

_TOO_LARGE: Final = (
    "The data is too large for the schema of this type: its values times the schema's parts are "
    f"more than {WORK_LIMIT:,}. Send less data in one event, or make the schema smaller."
)
_PREPARED_LIMIT: Final = 1_000
_PREPARED: Final = dict[str, None]()
"""Schemas that both caches hold, the oldest first; fewer than they have room for."""
_NO_WEIGHT: Final = Weight(WEIGHT_LIMIT, 0, {}, 0)


def check_schema(schema: object) -> list[Found]:
    """Returns the problem that keeps a schema from being saved, with its path inside it. Takes
    0.1 s for the largest: to be called in a thread.
    """
    # 4 MB, which many installations have no use for: imported with the first schema.
    import jsonschema_rs

    if not isinstance(schema, Mapping | bool):
        return [((), "must be a JSON Schema: an object, true or false")]
    try:
        text = orjson.dumps(schema).decode()
    # An integer beyond 64 bits and the like, which check_data names.
    except TypeError:
        text = ""
    # First: all else takes as long as the schema is large.
    if len(text) > SIZE_LIMIT or len(text.encode()) > SIZE_LIMIT:
        size = len(text.encode())
        return [((), f"must be at most {SIZE_LIMIT:,} bytes as JSON; it has {size:,}")]
    if found := check_data(schema):
        return [
            (path, f"is refused: {sentence[0].lower()}{sentence[1:].rstrip('.')}")
            for path, sentence in found
        ]
    # Before the schema is compiled: what it costs must be bounded first.
    if references := list(outward(schema, (), schema)):
        return references[:PROBLEMS_LIMIT]
    try:
        Weigher(schema, WEIGHT_LIMIT, NESTING_LIMIT).weigh()
    except TooMuch as much:
        return [((), str(much))]
    try:
        _compile(text)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        path = tuple(map(str, getattr(error, "instance_path", ())))
        reason = short(getattr(error, "message", str(error)))
        return [(path, f"is not a valid JSON Schema: {reason}")]
    return []


def is_prepared(schema: str) -> bool:
    """True when no event has to wait for the schema any more."""
    return schema in _PREPARED


def prepare(schema: str) -> None:
    """Weighs and compiles a schema before its first event in this process: 0.1 s for the largest,
    to be called in a thread. Most of it is Python's, which lets the loop run meanwhile; compiling,
    which keeps the interpreter's lock, is bounded by itself.
    """
    if _weight(schema) is not _NO_WEIGHT:
        _compile(schema)
    if len(_PREPARED) >= _PREPARED_LIMIT:
        del _PREPARED[next(iter(_PREPARED))]
    _PREPARED[schema] = None


def problems(schema: str, data: str) -> list[Found]:
    """Returns at most 20 violations: the path within the data, and what the schema wants. Of data
    that is large for its schema, the first one alone.

    schema: JSON text that was checked. data: JSON text.
    """
    weight, value = _weight(schema), orjson.loads(data)
    if weight is _NO_WEIGHT or work(weight.prices, data, value, WORK_LIMIT) > WORK_LIMIT:
        return [((), _TOO_LARGE)]
    validator = _compile(schema)
    if validator.is_valid(value):
        return []
    found = []
    for error in _errors(validator, value, is_listed=_errors_are_few(weight, data)):
        found.append(
            (
                tuple(map(str, error.instance_path)),
                f"The schema of this type is not met: {short(error.message)}.",
            )
        )
        if len(found) == PROBLEMS_LIMIT:
            break
    return found


def _errors_are_few(weight: Weight, data: str) -> bool:
    copied = (weight.text + len(data)) // _COPIED_BYTES
    return weight.parts * rough_amounts(data).values * (1 + copied) <= _LISTED


def _errors(validator: Any, value: Any, *, is_listed: bool) -> Iterator[Any]:
    import jsonschema_rs

    if is_listed:
        yield from validator.iter_errors(value)
        return
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        yield error


@lru_cache(2_000)
def _weight(text: str) -> Weight:
    try:
        return Weigher(orjson.loads(text), WEIGHT_LIMIT, NESTING_LIMIT).weigh()
    # Saved under other limits.
    except TooMuch:
        return _NO_WEIGHT


@lru_cache(2_000)
def _compile(text: str) -> Any:
    """A validator; data in its messages shows as `value`, so that none is repeated."""
    import jsonschema_rs

    return jsonschema_rs.validator_for(
        orjson.loads(text),
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
        validate_formats=False,
        mask="value",
    )
