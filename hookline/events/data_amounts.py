"""Amounts of what JSON data holds, by place: what checking it against a schema costs depends on
them. A place is the nearest key above a value, through lists. Pure.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

# Numbers of that size or more, and fractions below, are worked out with integers of hundreds of
# digits.
_LARGE_FLOAT: Final = 1e16
_SMALL_FLOAT: Final = 1e-5
# Larger ones may not be the float that they are compared with.
_LARGE_INTEGER: Final = 2**53
_LARGE_INTEGER_DIGITS: Final = 16
_EXPONENT: Final = re.compile(r"[0-9]e[+-]?[0-9]")

Place = str | int
HERE: Final = 0
"""Values that are under no key."""
ANYWHERE: Final = 1
"""All values."""


class Amounts(NamedTuple):
    """Amounts of what is at a place, or units for each of it. values: with an object's keys.
    characters: of texts and keys. odds: floats, and integers beyond 53 bits. extremes: floats that
    are very large or very small.
    """

    values: int = 0
    characters: int = 0
    odds: int = 0
    extremes: int = 0


class Held(NamedTuple):
    """places: the amounts at each, and at ANYWHERE. with_objects: places that hold objects, whose
    values are at other places.
    """

    places: Mapping[Place, Amounts]
    with_objects: frozenset[Place]


def held_amounts(value: object) -> Held:
    """Returns what JSON holds. Takes about 0.4 µs for each value.

    Example: `held_amounts({"a": ["b", 0.5]}).places["a"] == Amounts(3, 1, 1, 0)`
    """
    found = defaultdict[Place, list[int]](lambda: [0, 0, 0, 0])
    with_objects = set[Place]()
    # Any: JSON.
    waiting = list[tuple[Place, Any]]([(HERE, value)])
    while waiting:
        place, item = waiting.pop()
        amounts = found[place]
        amounts[0] += 1
        kind = type(item)
        if kind is str:
            amounts[1] += width(item)
        elif kind is int:
            amounts[2] += not -_LARGE_INTEGER < item < _LARGE_INTEGER
        elif kind is float:
            amounts[2] += 1
            amounts[3] += is_extreme(item)
        elif kind is list:
            waiting += [(place, inner) for inner in item]
        elif kind is dict:
            with_objects.add(place)
            amounts[0] += len(item)
            amounts[1] += sum(map(width, item))
            waiting += item.items()
    found[ANYWHERE] = [sum(column) for column in zip(*found.values(), strict=True)]
    places = {place: Amounts(*amounts) for place, amounts in found.items()}
    return Held(places, frozenset(with_objects))


def rough_amounts(data: str) -> Amounts:
    """Returns at least what JSON text holds, in microseconds for a kibibyte."""
    values = data.count(",") + data.count("[") + data.count("{") + data.count(":") + 1
    extremes = len(_EXPONENT.findall(data))
    odds = data.count(".") + extremes + len(data) // _LARGE_INTEGER_DIGITS
    return Amounts(values, width(data), odds, extremes)


def width(text: str) -> int:
    """Bytes of a text in UTF-8, or more."""
    return len(text) if text.isascii() else 4 * len(text)


def is_extreme(number: float) -> bool:
    return number != 0 and not _SMALL_FLOAT <= abs(number) < _LARGE_FLOAT
