"""Prices of JSON Schemas: no keyword of any draft takes longer than the units that it is counted
as, with the worst data known for it.
"""

from itertools import count
from operator import ge
from time import thread_time
from typing import Any

import jsonschema_rs
import orjson
import pytest

from hookline.events.data_amounts import ANYWHERE, held_amounts, rough_amounts
from hookline.events.schema_prices import COMPILATION_LIMIT, TooMuch, Weigher, work
from hookline.events.schemas import WORK_LIMIT, check_schema, problems
from tests.hookline.events.worst_data import (
    AB,
    DRAFTS,
    HUGE,
    INTEGERS,
    NANOS_PER_UNIT,
    NUMBER,
    REFUSED,
    SILENT,
    SPARE_NANOS,
    TEXT,
    TINY,
    WORST,
    measured,
)
from tests.tables import each_of


def keywords(metaschema: Any) -> set[str]:
    """Those that a draft defines, also in vocabularies of its own."""
    found = set(metaschema.get("properties", ()))
    return found.union(*(keywords(part) for part in metaschema.get("allOf", ())))


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_every_keyword_of_the_drafts_is_measured_or_says_nothing(draft: str) -> None:
    metaschema = jsonschema_rs.dereference({"$schema": draft, "$ref": draft})
    assert len(found := keywords(metaschema)) > 30
    assert found - WORST.keys() - SILENT - REFUSED == set()


@each_of("keyword", WORST)
def test_no_keyword_costs_more_than_its_units(keyword: str) -> None:
    for schema in WORST[keyword][0]:
        for data in WORST[keyword][1]:
            units, nanos = measured(schema, data)
            assert nanos < NANOS_PER_UNIT * units + SPARE_NANOS, (schema, units)


def test_schema_that_takes_long_to_compile_is_refused() -> None:
    for schema in (
        *({"pattern": r"\p{L}{100}"}, {"pattern": "[^a]{9000}"}, {"pattern": ".{99}{99}"}),
        {"allOf": [{"pattern": f"({number}|b)+c"} for number in range(1_000)]},
        {"patternProperties": {rf"\w{{{number}}}\P{{Lu}}": True for number in range(100)}},
        {"enum": HUGE + [number * 2e200 for number in range(1, 500)]},
    ):
        assert "takes too long to prepare" in check_schema(schema)[0][1]


def test_compilation_that_is_allowed_is_within_its_microseconds() -> None:
    for schema in (
        *(
            {"pattern": r"\p{L}{70}"},
            {"pattern": "[^a]{4000}"},
            {"pattern": "|".join(["ab"] * 9_000)},
        ),
        {"allOf": [{"pattern": f"({number}|b)+c"} for number in range(400)]},
        {"enum": HUGE},
    ):
        began = thread_time()
        assert check_schema(schema) == []
        assert (thread_time() - began) * 1e6 < 10 * COMPILATION_LIMIT


@each_of("keyword", ["unevaluatedItems", "unevaluatedProperties"])
@each_of("around", ["allOf", "anyOf", "oneOf"])
def test_unevaluated_within_unevaluated_is_refused_before_it_doubles(
    keyword: str, around: str
) -> None:
    schema: Any = {"properties": {"a": True}, "prefixItems": [True]}
    for _ in range(20):
        schema = {around: [schema], keyword: NUMBER}
    assert "at most 10,000 parts" in check_schema(schema)[0][1]


def test_unevaluated_of_objects_in_objects_is_taken() -> None:
    schema: Any = {"type": "object"}
    for _ in range(20):
        schema = {"properties": {"a": schema, "b": TEXT}, "unevaluatedProperties": False}
    assert check_schema(schema) == []


def test_price_is_paid_for_values_at_the_place_alone() -> None:
    line = {"text": "a" * 50, "code": "b", "price": 1.5, "more": [0.5] * 20}
    schema = {
        "properties": {
            "lines": {
                "items": {
                    "properties": {
                        "code": {"pattern": "[ab]*a[ab]{50}c?"},
                        "price": {"multipleOf": 0.01, "minimum": 0.01},
                    }
                }
            }
        }
    }
    prices, data = Weigher(schema, 10_000, 200).weigh().prices, {"lines": [line] * 1_000}
    text = orjson.dumps(data).decode()
    # 1,000 codes of one character and 1,000 prices; 51,000 characters and 21,000 numbers in all.
    assert 3_000_000 < work(prices, text, data, 0) < 6_000_000
    assert work(prices, text, data, 10**9) > 40_000_000
    # Anywhere: what stands under no name that the schema knows, too.
    prices = Weigher({"additionalProperties": {"multipleOf": 0.01}}, 10_000, 200).weigh().prices
    assert work(prices, text, data, 0) > 21_000 * 1_500


def test_amounts_at_first_sight_are_at_least_those_at_all_places() -> None:
    number = count()
    values: list[Any] = [
        *(
            1,
            "é😀",
            [],
            {},
            [[]] * 5,
            {"a": {"a": [1.5, 1e300, -2e-9, "x,y:[{"]}},
            [{"é": None}] * 3,
        ),
        {
            f"k{next(number)}": [2**54, next(number) + 0.5, {"e": 10.0 ** next(number)}]
            for _ in range(50)
        },
    ]
    for value in values:
        rough, exact = rough_amounts(orjson.dumps(value).decode()), held_amounts(value)
        assert all(map(ge, rough, exact.places[ANYWHERE])), (value, rough, exact)


def test_hostile_data_is_refused_and_common_data_is_not() -> None:
    extremes = orjson.dumps(TINY).decode()
    for schema in ({"uniqueItems": True}, {"items": {"enum": TINY[:400]}}):
        text = orjson.dumps(schema).decode()
        assert check_schema(schema) == []
        assert "too large for the schema" in problems(text, extremes)[0][1]
    text = orjson.dumps({"items": {"pattern": "[ab]*a[ab]{500}c"}}).decode()
    assert "too large for the schema" in problems(text, orjson.dumps([AB]).decode())[0][1]
    line = {"sku": "A-1", "price": 19.99, "tags": ["new", "sale"], "at": "2026-11-28T14:00:00Z"}
    schema = {
        "properties": {
            "lines": {
                "items": {
                    "required": list(line),
                    "properties": {
                        "sku": {"pattern": "^[A-Z0-9-]{1,40}$", "maxLength": 40},
                        "price": {"multipleOf": 0.01, "minimum": 0.01, "maximum": 1e6},
                        "tags": {"uniqueItems": True, "items": {"enum": ["new", "sale", "old"]}},
                        "at": {"pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$"},
                    },
                }
            }
        }
    }
    assert check_schema(schema) == []
    text = orjson.dumps(schema).decode()
    assert problems(text, orjson.dumps({"lines": [line] * 2_000}).decode()) == []


def test_long_values_to_compare_with_are_not_copied_for_many_errors() -> None:
    for schema, data in (
        ({"items": {"const": "y" * 60_000}}, INTEGERS[:900]),
        ({"allOf": [TEXT] * 900}, ["z" * 200_000]),
    ):
        assert len(problems(orjson.dumps(schema).decode(), orjson.dumps(data).decode())) == 1


def test_weigher_says_which_limit_was_too_much() -> None:
    with pytest.raises(TooMuch, match="at most 10 parts"):
        Weigher({"enum": INTEGERS}, 10, 200).weigh()
    assert WORK_LIMIT == 15_000_000
