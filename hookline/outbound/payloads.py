"""An event's data: what may be stored, when two are the same, and the request body it becomes.
Called on publish and on claim; pure. The data of an event is stored as JSON text and goes into
every request as it stands, so that all tries send the same bytes.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from math import isfinite
from typing import Any, Final

import orjson

from hookline.clock import rfc3339

Json = Any  # what JSON decodes to: None, bool, int, float, str, list, dict

DEPTH_LIMIT = 64
INTEGER_MIN, INTEGER_MAX = -(2**63), 2**64 - 1

# Data of 1 MiB may hold a hundred thousand of them.
_PROBLEMS_LIMIT = 20
_PERHAPS_FLOAT = re.compile(rb"[0-9](?:\.[0-9]|e[+-]?[0-9])")
_FINGERPRINT_PARTS: Final = (
    (8, "another type"),
    (8, "another environment"),
    (8, "another time"),
    (16, "other data"),
)
"""Bytes of each part of a fingerprint. Two values of 8 bytes are equal by chance once in 10**19."""
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def request_body(
    event_id: str, event_type: str, environment: str, occurred_at: datetime, data: str
) -> bytes:
    """The JSON that a receiver gets, UTF-8. data: the event's stored JSON text. Type and
    environment need no escaping by their form.
    """
    return (
        f'{{"id":"{event_id}","type":"{event_type}","environment":"{environment}","timestamp":"{rfc3339(occurred_at)}","data":{data}}}'
    ).encode()


def dump(value: Json) -> bytes | None:
    """Returns the JSON (compact, keys in their order) that `storable` decides on; None for a value
    that `check_data` has something to say about. Takes 1 to 3 µs for 1 KB (2026-11).
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits, a lone surrogate, or too deep for orjson
        return None


def storable(value: Json, dumped: bytes | None) -> str | None:
    """Returns the JSON text to store, or None when `check_data` has something to say about the
    value. dumped: the value by `dump`. Only what looks suspicious is walked through.
    """
    if dumped is None:
        return None
    # It may be text that spells a backslash: only the walk tells.
    if b"\\u0000" in dumped:
        return None if check_data(value) else dumped.decode()
    # orjson writes NaN and Infinity as null
    if b"null" in dumped and orjson.loads(dumped) != value:
        return None
    # Counted in the bytes: only data with more brackets than levels allowed is walked through.
    if dumped.count(b"{") + dumped.count(b"[") > DEPTH_LIMIT and _is_too_deep(value):
        return None
    return dumped.decode()


def check_data(value: Json) -> list[tuple[tuple[str, ...], str]]:
    """Everything in the data that cannot be stored and sent, at most 20: the path to it (keys and
    indexes as text) and a sentence.
    """
    found = []
    for problem in _problems(value, (), 1):
        found.append(problem)
        if len(found) == _PROBLEMS_LIMIT:
            break
    return found


def has_more_values(value: Json, limit: int) -> bool:
    """True when the value and all inside it are more than so many; counts no further."""
    count, waiting = 0, [iter((value,))]
    while waiting and count <= limit:
        item = next(waiting[-1], waiting)
        if item is waiting:
            waiting.pop()
            continue
        count += 1
        if isinstance(item, Mapping | list):
            waiting.append(iter(item.values() if isinstance(item, Mapping) else item))
    return count > limit


def is_surely_longer(value: Json, limit_bytes: int) -> bool:
    """True when the JSON of a value has more bytes, by the number of its values and the characters
    of its texts; looks no further. False tells nothing.
    """
    # Two for each value: itself, and the comma or bracket behind it.
    size, waiting = 0, [iter((value,))]
    while waiting and size <= limit_bytes:
        item = next(waiting[-1], waiting)
        if item is waiting:
            waiting.pop()
            continue
        size += 2
        if isinstance(item, str):
            size += len(item)
        elif isinstance(item, Mapping):
            size += _size_of_keys(item, limit_bytes)
            waiting.append(iter(item.values()))
        elif isinstance(item, list):
            waiting.append(iter(item))
    # The last one has nothing behind it.
    return size - 1 > limit_bytes


def _size_of_keys(box: Mapping[str, Json], limit_bytes: int) -> int:
    """Bytes of its keys in JSON, at least; of too many their number."""
    return len(box) if len(box) > limit_bytes else sum(map(len, box)) + 3 * len(box)


def canonical_fingerprint(
    event_type: str, environment: str, occurred_at: datetime | None, data: Json
) -> bytes:
    """40 bytes that are equal for equal requests: key order ignored, numbers by value, a time left
    out equal to a time left out only. Made of a part for each, so that `differences` can tell them
    apart without the request that is stored.

    data: as `check_data` lets it pass.
    """
    encoded = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    # Most data has no floats, and then the walk through it is saved.
    if _PERHAPS_FLOAT.search(encoded):
        encoded = orjson.dumps(_with_whole_numbers(data), option=orjson.OPT_SORT_KEYS)
    time = occurred_at.astimezone(UTC).isoformat() if occurred_at else ""
    parts = (event_type.encode(), environment.encode(), time.encode(), encoded)
    return b"".join(
        sha256(part).digest()[:length]
        for part, (length, _) in zip(parts, _FINGERPRINT_PARTS, strict=True)
    )


def differences(one: bytes, other: bytes) -> list[str]:
    """Returns what differs between two requests, by their fingerprints; all of it, if one is no
    fingerprint.
    """
    found, at = list[str](), 0
    for length, name in _FINGERPRINT_PARTS:
        if one[at : at + length] != other[at : at + length]:
            found.append(name)
        at += length
    return found


def _with_whole_numbers(value: Json) -> Json:
    """Returns the value with every float that is a whole number within 64 bits as an integer: 1.0
    and 1e0 become 1.
    """
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() and INTEGER_MIN <= value <= INTEGER_MAX else value
    if kind is dict:
        return {key: _with_whole_numbers(item) for key, item in value.items()}
    if kind is list:
        return [_with_whole_numbers(item) for item in value]
    return value


def _is_too_deep(value: Json) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEPTH_LIMIT):
        level = [
            item
            for box in level
            for item in (box.values() if type(box) is dict else box)
            if type(item) in (dict, list)
        ]
        if not level:
            return False
    return True


def _problems(
    value: Json, path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        if _UNWRITABLE.search(value):
            yield (
                path,
                "The text holds a NUL character or half of a surrogate pair, which cannot be "
                "stored. Take it out.",
            )
    elif isinstance(value, int):
        if not INTEGER_MIN <= value <= INTEGER_MAX:
            yield path, "The integer does not fit into 64 bits. Send it as text."
    elif isinstance(value, float):
        if not isfinite(value):
            yield path, "NaN and Infinity are no JSON. Send null or text."
    elif isinstance(value, dict | list):
        yield from _problems_inside(value, path, depth)


def _problems_inside(
    box: dict[str, Json] | list[Json], path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], str]]:
    if depth > DEPTH_LIMIT:
        yield path, f"The data is nested deeper than {DEPTH_LIMIT} levels. Make it flatter."
        return
    if isinstance(box, list):
        for index, item in enumerate(box):
            yield from _problems(item, (*path, str(index)), depth + 1)
        return
    for key, item in box.items():
        if _UNWRITABLE.search(key):
            yield (
                path,
                "A key holds a NUL character or half of a surrogate pair, which cannot be stored. "
                "Rename it.",
            )
            continue  # it can't be part of a path
        yield from _problems(item, (*path, key), depth + 1)
