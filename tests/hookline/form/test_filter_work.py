"""The work of filters: `contains` over sets says what comparing one by one says, and what one
filter may cost is bounded, whatever rule meets whatever data.
"""

from time import thread_time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.form.filter_work import WORK_LIMIT, AskedEvent, TooMuchWork, frozen
from hookline.form.filters import TOO_MUCH, check_filter, compile_filter

Json = Any
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 1.0, 0.5, 2**53, 2.0**53, 2**53 + 1, 1e300, 2**64 - 1])
    | st.sampled_from(["", "a", "ab", "1", "true", "null"])
)
# Few keys and short lists, so that equal ones are drawn often.
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=6,
)


def is_same_json(one: Json, other: Json) -> bool:
    """Compares by JSON's own rules, written out: the types first, then the values."""
    kinds = [float if type(value) is int else type(value) for value in (one, other)]
    if kinds[0] is not kinds[1]:
        return False
    if kinds[0] is dict:
        return one.keys() == other.keys() and all(is_same_json(one[key], other[key]) for key in one)
    if kinds[0] is list:
        return len(one) == len(other) and all(map(is_same_json, one, other))
    return bool(one == other)


def contains_one_by_one(value: Json, wanted: Json) -> bool:
    if type(value) is list:
        return any(is_same_json(item, wanted) for item in value)
    return type(value) is str and type(wanted) is str and wanted in value


@given(st.lists(VALUES, max_size=6) | VALUES, st.lists(VALUES, min_size=1, max_size=4))
def test_contains_says_what_comparing_one_by_one_says(value: Json, wanted: list[Json]) -> None:
    event = AskedEvent("a.b.c", "production", value)
    # Of one event, so that what was built for the first one is asked by the others.
    for one in wanted:
        event.begin()
        assert event.contains(value, frozen(one)) is contains_one_by_one(value, one)


@given(VALUES, VALUES)
def test_frozen_values_are_equal_exactly_when_they_are_the_same_json(
    one: Json, other: Json
) -> None:
    assert (frozen(one) == frozen(other)) is is_same_json(one, other)
    assert frozen(one) != frozen(other) or hash(frozen(one)) == hash(frozen(other))


def nested(depth: int, width: int) -> Json:
    value: Json = [0] * width
    for _ in range(depth):
        value = [value]
    return value


def bounded(value: dict[str, Any], event: AskedEvent) -> tuple[bool | None, float]:
    """The answer, None beyond the limit, and the CPU seconds of this thread."""
    assert check_filter(value) == []
    compiled, began = compile_filter(value), thread_time()
    try:
        found: bool | None = compiled.matches(event)
    except TooMuchWork:
        found = None
    return found, thread_time() - began


STRINGS = [f"v{number}" for number in range(50_000)]
TEXT = "ab" * 500_000
HOSTILE: list[tuple[str, dict[str, Any], Json]] = [
    ("a list", {"any": [{"data": {"contains": f"x{n}"}} for n in range(100)]}, STRINGS),
    ("lists", {"any": [{"data": {"contains": [f"x{n}"]}} for n in range(100)]}, STRINGS),
    ("numbers", {"any": [{"data": {"contains": n + 0.5}} for n in range(100)]}, [1] * 500_000),
    ("objects", {"data": {"contains": {"a": 1}}}, [{"a": n} for n in range(100_000)]),
    ("a text", {"any": [{"data": {"contains": "a" * n + "c"}} for n in range(1, 101)]}, TEXT),
    (
        "each level of nested lists",
        {"any": [{".".join(["data", *["0"] * n]): {"contains": [1]}} for n in range(31)]},
        nested(30, 100_000),
    ),
    (
        "one list by many names",
        {"any": [{f"data.{'0' * n}": {"contains": [2]}} for n in range(1, 9)]},
        [[[1]] * 100_000],
    ),
]


@pytest.mark.parametrize(("value", "data"), [pytest.param(*c[1:], id=c[0]) for c in HOSTILE])
def test_no_filter_costs_more_than_its_limit(value: dict[str, Any], data: Json) -> None:
    found, seconds = bounded(value, AskedEvent("a.b.c", "production", data))
    assert found is not True
    # CPU of this thread, ten times of what it takes: neither a slow nor a busy machine fails it.
    assert seconds < 0.5


def test_hundred_conditions_on_one_list_cost_one_look_at_it() -> None:
    found, _ = bounded(HOSTILE[0][1], AskedEvent("a.b.c", "production", STRINGS))
    assert found is False
    wanted = {"all": [{"data": {"contains": f"v{n}"}} for n in range(100)]}
    assert bounded(wanted, AskedEvent("a.b.c", "production", STRINGS))[0] is True


@pytest.mark.parametrize("length", [WORK_LIMIT, WORK_LIMIT + 1])
def test_limit_is_the_same_whoever_asked_before(length: int) -> None:
    event = AskedEvent("a.b.c", "production", [1] * length)
    wanted: dict[str, Any] = {"data": {"contains": 1}}
    is_allowed = length <= WORK_LIMIT
    assert [bounded(wanted, event)[0] for _ in range(3)] == [is_allowed or None] * 3


def test_filter_that_others_made_cheap_still_pays_for_itself() -> None:
    half = [0] * (WORK_LIMIT // 2 + 1)
    event = AskedEvent("a.b.c", "production", [half, half.copy()])
    for path in ("data.0", "data.1"):
        assert bounded({path: {"contains": 1}}, event)[0] is False
    both = {"any": [{"data.0": {"contains": 1}}, {"data.1": {"contains": 1}}]}
    assert bounded(both, event)[0] is None


def test_filter_beyond_its_limit_is_not_met_inside_of_not_either() -> None:
    event = AskedEvent("a.b.c", "production", [1] * (WORK_LIMIT + 1))
    assert bounded({"not": {"data": {"contains": 2}}}, event)[0] is None


def test_reasons_say_that_the_limit_was_met() -> None:
    compiled = compile_filter({"data": {"contains": 2}})
    assert compiled.reasons(AskedEvent("a.b.c", "production", [1] * (WORK_LIMIT + 1))) == [TOO_MUCH]
    assert compiled.reasons(AskedEvent("a.b.c", "production", orjson.loads("[1]"))) == [
        "data is [1]; wanted: contains 2."
    ]
