"""Weights of JSON Schemas, known before one is compiled, and the cost of checking data by them, as
upper bounds. Pure. A keyword runs at most once on each value at its place, the nearest key above
it: what stands in `properties` under `price` costs as often as a `price` is in the data.
"""

from collections.abc import Mapping
from operator import mul
from typing import Final, NamedTuple

import orjson

from hookline.events.data_amounts import (
    ANYWHERE,
    HERE,
    Amounts,
    Held,
    Place,
    held_amounts,
    is_extreme,
    rough_amounts,
)
from hookline.events.pattern_prices import pattern_price
from hookline.events.schema_references import resolve, short

COMPILATION_LIMIT: Final = 40_000
"""Microseconds that the patterns of a schema may take, when it is saved and once in each process
that publishes.
"""
# The validator writes it out.
_EXTREME_MICROS: Final = 60
# A walk through the data takes 0.4 µs for each; what it could find is too much in any case.
_WALKED_LIMIT: Final = 100_000


_NOTHING: Final = Amounts()
_USUAL: Final = Amounts(1)


class Deep(NamedTuple):
    """A place with all that is compared there: everything, if objects are, as they hold more."""

    place: Place


Prices = Mapping[Place | Deep, Amounts]


class TooMuch(Exception):
    """A weight is over its limit; the message says which."""


class Weight(NamedTuple):
    """parts: of the schema, those behind a $ref counted at each. levels: nested, likewise. prices:
    units by place. text: the longest value to compare with, as an error repeats it.
    """

    parts: int
    levels: int
    prices: Prices
    text: int


_ONE: Final = Weight(1, 1, {HERE: _USUAL}, 0)
# Units of 3.3 ns, rounded up from the worst data that was found for each (jsonschema-rs 0.61,
# 2026-11-28). Every other keyword costs one for each value.
_PRICES: Final = {
    "additionalProperties": Amounts(8),
    "const": Amounts(10, 1),
    # Each element is compared by a slow path: 0.3 µs.
    "contains": Amounts(100),
    # Of the drafts 6 and 7, where texts are decoded and read.
    "contentEncoding": Amounts(5, 1),
    "contentMediaType": Amounts(10, 12),
    "enum": Amounts(10, 1),
    "maxLength": Amounts(1, 1),
    "minLength": Amounts(1, 1),
    "patternProperties": Amounts(8),
    # A text of its own is made of each key.
    "propertyNames": Amounts(25, 1),
    "unevaluatedItems": Amounts(12),
    "unevaluatedProperties": Amounts(25),
    # Up to 15 are compared with each other: 0.3 ms for a number of 5e-324.
    "uniqueItems": Amounts(250, 1, 6_500, 120_000),
}
_BOUNDS: Final = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
_NUMERIC: Final = _BOUNDS | {"multipleOf"}
# Whether a number is a multiple or below a bound is worked out in fractions of big integers.
_WHOLE_BOUND: Final = Amounts(4, 0, 8, 1_300)
_FLOAT_BOUND: Final = Amounts(600, 0, 250, 8_000)
_WHOLE_DIVISOR: Final = Amounts(4, 0, 500, 2_000)
_FLOAT_DIVISOR: Final = Amounts(600, 0, 1_500, 18_500)
_EXTREME_DIVISOR: Final = Amounts(13_000, 0, 5_000, 8_000)
# A number among those of const and enum, which is compared with each number of the data.
_INTEGER_CHOICE: Final = Amounts(12, 0, 850, 13_000)
_ODD_CHOICE: Final = Amounts(1_000, 0, 1_600, 14_000)
_EXTREME_CHOICE: Final = Amounts(13_000, 0, 13_000, 25_000)
# unevaluated… asks what stands beside it once more, so that nested ones double at each level: ten
# of them took 75 ms for a value, twenty would have taken minutes.
_REPEATED: Final = 4
_ASKED_ONCE: Final = ("properties", "items", "prefixItems")
_UNEVALUATED: Final = frozenset(("unevaluatedItems", "unevaluatedProperties"))

_ONE_OR_LIST: Final = frozenset(
    (
        *("not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems"),
        *("allOf", "anyOf", "oneOf", "items", "prefixItems", "additionalItems"),
    )
)
_BY_KEY: Final = frozenset(("dependentSchemas", "dependencies"))
_STORED: Final = frozenset(("$defs", "definitions"))
_ANY_KEY: Final = frozenset(("additionalProperties", "unevaluatedProperties"))


class Weigher:
    """Weighs one schema, which is JSON of at most 64 levels and was checked for references that
    lead nowhere. parts_limit, levels_limit: of all parts together.
    """

    def __init__(self, root: object, parts_limit: int, levels_limit: int) -> None:
        self._root, self._parts_limit, self._levels_limit = root, parts_limit, levels_limit
        self._known: dict[str, Weight] = {}
        self._open: set[str] = set()
        self._patterns: set[str] = set()
        self._micros = 0

    def weigh(self) -> Weight:
        """Raises TooMuch."""
        weight = self._schema(self._root, 1)
        # Each once: the validator keeps patterns that it knows.
        micros = self._micros + sum(pattern_price(text).micros for text in self._patterns)
        if micros > COMPILATION_LIMIT:
            raise TooMuch(
                "takes too long to prepare: let its patterns repeat less often ({…}), with fewer "
                r"classes such as \p{L} and [^…], and list fewer numbers such as 1e300"
            )
        return weight

    def _schema(self, node: object, level: int) -> Weight:
        if not isinstance(node, Mapping):
            return self._literal(node, level)
        self._check_level(level)
        total = _WeightSum()
        reference = node.get("$ref")
        is_asked_again = not _UNEVALUATED.isdisjoint(node)
        for key, value in node.items():
            if key == "$ref" and isinstance(reference, str):
                weight = self._reference(reference, level)
            else:
                weight = self._keyword(key, value, level + 1)
            total.add(weight, _REPEATED if is_asked_again and key not in _ASKED_ONCE else 1)
            if total.parts > self._parts_limit:
                raise TooMuch(
                    f"must have at most {self._parts_limit:,} parts, those behind each reference "
                    f"counted, and those beside unevaluated… {_REPEATED} times"
                )
        return total.weight()

    def _reference(self, reference: str, level: int) -> Weight:
        if reference in self._open:
            raise TooMuch(f"must not contain itself: {short(reference)} leads back to itself")
        if (known := self._known.get(reference)) is None:
            self._open.add(reference)
            known = self._schema(resolve(self._root, reference), level + 1)
            self._open.discard(reference)
            self._known[reference] = known
        # Known from a place that was less deep: its levels are added to those of this one.
        self._check_level(level + known.levels)
        return known

    def _keyword(self, key: str, value: object, level: int) -> Weight:
        own = _own_price(key, value)
        if isinstance(value, list) and key in _ONE_OR_LIST:
            return self._several([(item, HERE) for item in value], own, level)
        if isinstance(value, Mapping):
            if key in _ONE_OR_LIST or key in _ANY_KEY:
                place = ANYWHERE if key in _ANY_KEY else HERE
                one = self._several([(value, place)], own, level - 1)
                return one._replace(levels=one.levels - 1)
            if key in _BY_KEY:
                return self._several([(item, HERE) for item in value.values()], own, level)
            if key == "properties":
                return self._several([(item, name) for name, item in value.items()], own, level)
            if key == "patternProperties":
                characters = sum(map(self._pattern, value))
                own = own._replace(characters=own.characters + characters)
                return self._several([(item, ANYWHERE) for item in value.values()], own, level)
            if key in _STORED:
                stored = self._several([(item, HERE) for item in value.values()], own, level)
                return stored._replace(prices={})
        if key == "pattern" and isinstance(value, str):
            own = own._replace(characters=own.characters + self._pattern(value))
        weight = self._literal(value, level)
        if key == "uniqueItems":
            return weight._replace(prices={Deep(HERE): own})
        if key in ("const", "enum"):
            # What an error repeats.
            text = len(orjson.dumps(value))
            return weight._replace(prices={Deep(HERE): _plus(own, self._choices(value))}, text=text)
        return weight._replace(prices={HERE: own._replace(values=own.values + weight.parts - 1)})

    def _several(self, schemas: list[tuple[object, Place]], own: Amounts, level: int) -> Weight:
        """The weight of a keyword with schemas for places."""
        total = _WeightSum()
        total.price(HERE, own._replace(values=own.values + len(schemas)))
        for schema, place in schemas:
            total.add(self._schema(schema, level + 1), 1, place)
        return total.weight()

    def _literal(self, value: object, level: int) -> Weight:
        """JSON that is no schema, or true or false."""
        if not isinstance(value, Mapping | list):
            return _ONE
        parts, levels, boxes = 1, 1, [value]
        while boxes:
            inner = [
                item
                for box in boxes
                for item in (box.values() if isinstance(box, Mapping) else box)
            ]
            boxes = [item for item in inner if isinstance(item, Mapping | list)]
            parts, levels = parts + len(inner), levels + bool(inner)
        self._check_level(level + levels - 1)
        return Weight(parts, levels, {HERE: _USUAL}, 0)

    def _choices(self, value: object) -> Amounts:
        """The price of the values of const or enum."""
        held = held_amounts(value).places[ANYWHERE]
        self._micros += held.extremes * _EXTREME_MICROS
        return _plus(
            _times(_INTEGER_CHOICE, held.values - held.odds),
            _plus(
                _times(_ODD_CHOICE, held.odds - held.extremes),
                _times(_EXTREME_CHOICE, held.extremes),
            ),
        )

    def _pattern(self, pattern: str) -> int:
        self._patterns.add(pattern)
        return pattern_price(pattern).character

    def _check_level(self, level: int) -> None:
        if level > self._levels_limit:
            raise TooMuch(
                f"must not be nested deeper than {self._levels_limit} levels, those behind each "
                "reference counted"
            )


class _WeightSum:
    """A weight that is added up."""

    def __init__(self) -> None:
        self.parts, self._levels, self._text = 1, 0, 0
        self._prices: dict[Place | Deep, Amounts] = {HERE: Amounts(1)}

    def add(self, weight: Weight, times: int, here: Place = HERE) -> None:
        """here: the place of a schema that was weighed."""
        self.parts += weight.parts * times
        self._levels = max(self._levels, weight.levels)
        self._text = max(self._text, weight.text)
        for place, price in weight.prices.items():
            if times > 1:
                price = _times(price, times)
            if here != HERE:
                place = here if place == HERE else Deep(here) if place == Deep(HERE) else place
            self.price(place, price)

    def price(self, place: Place | Deep, price: Amounts) -> None:
        known = self._prices.get(place)
        self._prices[place] = _plus(known, price) if known else price

    def weight(self) -> Weight:
        return Weight(self.parts, self._levels + 1, self._prices, self._text)


def _plus(a: Amounts, b: Amounts) -> Amounts:
    # Written out: ten thousand times for the largest schema.
    return Amounts(a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3])


def _times(price: Amounts, times: int) -> Amounts:
    return Amounts(*(times * units for units in price))


def _own_price(key: str, value: object) -> Amounts:
    """Units of a keyword for what stands at its place, without the schemas in it."""
    if key in _NUMERIC and isinstance(value, int | float):
        is_whole = isinstance(value, int)
        if key in _BOUNDS:
            return _WHOLE_BOUND if is_whole else _FLOAT_BOUND
        if is_whole:
            return _WHOLE_DIVISOR
        return _EXTREME_DIVISOR if is_extreme(value) else _FLOAT_DIVISOR
    return _PRICES.get(key, _USUAL)


def work(prices: Prices, data: str, value: object, limit: int) -> int:
    """Returns the units that checking data may take: exactly counted if they seem more than the
    limit at first sight.

    data, value: the same, as JSON text and decoded.
    """
    rough = rough_amounts(data)
    units = _units(Amounts(*map(sum, zip(*prices.values(), strict=True))), rough)
    if units <= limit or rough.values > _WALKED_LIMIT:
        return units
    held = held_amounts(value)
    return sum(_units(price, _amounts_at(place, held)) for place, price in prices.items())


def _amounts_at(place: Place | Deep, held: Held) -> Amounts:
    if isinstance(place, Deep):
        place = ANYWHERE if place.place in held.with_objects else place.place
    return held.places.get(place, _NOTHING)


def _units(price: Amounts, amounts: Amounts) -> int:
    return sum(map(mul, price, amounts))
