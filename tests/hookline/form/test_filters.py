"""Filters: what each operator says, of what is missing or of another type too; what is refused, and
why an event does not match.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.form.filter_work import AskedEvent
from hookline.form.filters import OPERATORS, check_filter, compile_filter
from tests.tables import each_of

DATA = {
    "total": 100,
    "ratio": 0.5,
    "status": "paid",
    "paid": True,
    "nothing": None,
    "tags": ["a", 1],
    "items": [{"sku": "x"}],
    "0": "zero",
}
TYPE, ENVIRONMENT = "order.order.create", "production"


def matches(value: dict[str, Any], data: Any = DATA) -> bool:
    assert check_filter(value) == []
    compiled = compile_filter(value)
    found = compiled.matches(AskedEvent(TYPE, ENVIRONMENT, data))
    assert (compiled.reasons(AskedEvent(TYPE, ENVIRONMENT, data)) == []) is found
    return found


HOLDING: list[tuple[str, dict[str, Any]]] = [
    ("type", {"eq": TYPE}),
    ("type", {"startsWith": "order."}),
    ("environment", {"in": ["staging", "production"]}),
    ("data", {"exists": True}),
    ("data.total", {"eq": 100}),
    ("data.total", {"eq": 100.0}),
    ("data.total", {"gt": 99.5, "lt": 101}),
    ("data.total", {"gte": 100, "lte": 100}),
    ("data.total", {"ne": 99}),
    ("data.total", {"nin": [1, "a"]}),
    ("data.status", {"in": ["paid", "sent"]}),
    ("data.status", {"gt": "open"}),
    ("data.status", {"endsWith": "id"}),
    ("data.status", {"contains": "ai"}),
    ("data.paid", {"eq": True}),
    ("data.paid", {"ne": False}),
    ("data.nothing", {"eq": None}),
    ("data.nothing", {"exists": True}),
    ("data.tags", {"contains": 1}),
    ("data.tags", {"eq": ["a", 1.0]}),
    ("data.tags.0", {"eq": "a"}),
    ("data.items.0.sku", {"eq": "x"}),
    ("data.0", {"eq": "zero"}),
    ("data.missing", {"exists": False}),
    ("data.status.deeper", {"exists": False}),
    ("data.tags.2", {"exists": False}),
]
FALSE: list[tuple[str, dict[str, Any]]] = [
    *[
        (
            "data.missing",
            {
                name: {"in": [1], "nin": [1], "exists": True, "startsWith": "", "endsWith": ""}.get(
                    name, 1
                )
            },
        )
        for name in OPERATORS
    ],
    ("data.status", {"ne": 1}),
    ("data.status", {"nin": [1, 2]}),
    ("data.status", {"gt": 1}),
    ("data.status", {"exists": False}),
    ("data.total", {"gt": "1"}),
    ("data.total", {"startsWith": "1"}),
    ("data.total", {"contains": 1}),
    ("data.paid", {"eq": 1}),
    ("data.paid", {"ne": 0}),
    ("data.paid", {"gt": 0}),
    ("data.paid", {"in": [1]}),
    ("data.tags", {"contains": True}),
    ("data.tags", {"eq": ["a", True]}),
    ("data.nothing", {"ne": "x"}),
    ("data.tags.-1", {"exists": True}),
    ("data.tags.9999999999999999999", {"exists": True}),
    ("data.total", {"gt": 100}),
]


@each_of("path, wanted", HOLDING)
def test_condition_holds(path: str, wanted: dict[str, Any]) -> None:
    assert matches({path: wanted})
    assert not matches({"not": [{path: wanted}]})


@each_of("path, wanted", FALSE)
def test_what_is_missing_or_of_another_type_is_false_and_its_negation_true(
    path: str, wanted: dict[str, Any]
) -> None:
    assert not matches({path: wanted})
    assert matches({"not": {path: wanted}})


YES, NO = {"type": {"eq": TYPE}}, {"type": {"eq": "x.y.z"}}


@each_of(
    "value, expected",
    [
        ({**YES, "data.total": {"gte": 100}}, True),
        ({**YES, "data.total": {"gt": 100}}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"not": [YES, NO]}, True),
        ({"not": [YES, YES]}, False),
        ({"any": [{"not": NO}, NO]}, True),
        ({"any": [{**YES, "data.total": {"lt": 1}}]}, False),
    ],
)
def test_groups_join_conditions(value: dict[str, Any], expected: bool) -> None:
    assert matches(value) is expected


@each_of("data", [None, 5, "text", [1, 2], [], {}])
def test_data_of_any_kind_can_be_asked(data: Any) -> None:
    assert not matches({"data.total": {"gte": 1}}, data)
    assert matches({"data": {"eq": data}}, data)


def deep(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = YES
    for _ in range(depth):
        value = {"not": [value]}
    return value


@each_of(
    "value, path, said",
    [
        (5, (), "must be an object"),
        ({}, (), "leave the filter out"),
        ({"total": {"eq": 1}}, ("total",), "must be type, environment or a path"),
        ({"data.": {"eq": 1}}, ("data.",), "must be type, environment or a path"),
        ({"type.x": {"eq": 1}}, ("type.x",), "must be type, environment or a path"),
        ({"data.x": "paid"}, ("data.x",), 'write {"eq": …}'),
        ({"data.x": {}}, ("data.x",), "must have an operator"),
        ({"data.x": {"equals": 1}}, ("data.x", "equals"), "is not an operator"),
        ({"data.x": {"gt": True}}, ("data.x", "gt"), "number or text"),
        ({"data.x": {"in": []}}, ("data.x", "in"), "1 to 100 values"),
        ({"data.x": {"in": list(range(101))}}, ("data.x", "in"), "1 to 100 values"),
        ({"data.x": {"exists": 1}}, ("data.x", "exists"), "true or false"),
        ({"data.x": {"startsWith": 1}}, ("data.x", "startsWith"), "must be text"),
        ({"any": YES}, ("any",), "must be a list"),
        ({"all": []}, ("all",), "must be a list"),
        ({"any": [YES, {}]}, ("any", "1"), "leave the filter out"),
        ({"data." + ".".join("a" * 40): {"eq": 1}}, ("data." + ".".join("a" * 40),), "segments"),
        ({"data.x": {"eq": 10**5000}}, ("data.x", "eq"), "64 bits"),
        ({"data.x": {"eq": float("nan")}}, ("data.x", "eq"), "naN and Infinity"),
        ({"data.x": {"eq": "\x00"}}, ("data.x", "eq"), "NUL"),
        ({"data.x": {"eq": "\ud800"}}, ("data.x", "eq"), "surrogate"),
        ({"data.x": {"eq": "x" * 20_000}}, (), "at most 16,384 bytes"),
        # Not dumped: refused before its end is looked at.
        ({"data.x": {"in": [*[[]] * 20_000, 2**70]}}, (), "at most 16,384 bytes"),
        (
            {"any": [{f"data.a{n}": {"eq": 1}} for n in range(100)], "type": {"eq": "a"}},
            (),
            "at most 100 conditions",
        ),
    ],
)
def test_wrong_filter_is_refused_where_it_is_wrong(
    value: Any, path: tuple[str, ...], said: str
) -> None:
    [(found, sentence)] = check_filter(value)
    assert found == path
    assert said in sentence


@pytest.mark.parametrize("depth", [8, 50, 200, 5_000])
def test_filter_that_nests_too_deep_is_refused(depth: int) -> None:
    [(_, sentence)] = check_filter(deep(depth))
    assert "nested" in sentence
    assert check_filter(deep(7)) == []


def test_all_that_is_wrong_is_told_up_to_twenty() -> None:
    assert len(check_filter({f"data.a{n}": {} for n in range(5)})) == 5
    assert len(check_filter({f"data.a{n}": {} for n in range(50)})) == 20


def test_reasons_say_what_was_wanted_and_what_was_found() -> None:
    compiled = compile_filter(
        {
            "data.total": {"gte": 200},
            "data.currency": {"eq": "EUR"},
            "any": [{"data.paid": {"eq": False}}],
            "not": YES,
        }
    )
    assert compiled.reasons(AskedEvent(TYPE, ENVIRONMENT, DATA)) == [
        "data.total is 100; wanted: gte 200.",
        'data.currency is missing; wanted: eq "EUR".',
        "None of the conditions in `any` holds: data.paid is true; wanted: eq false.",
        "All of what stands in `not` holds, and must not: type is "
        '"order.order.create" (eq "order.order.create").',
    ]
    assert (
        len(
            compile_filter({"data.x": {"eq": 1}}).reasons(
                AskedEvent(TYPE, ENVIRONMENT, {"x": "y" * 10_000})
            )[0]
        )
        < 120
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (
            {"not": {"data.total": {"gte": 100, "lt": 200}, "data.x": {"exists": False}}},
            "must not: data.total is 100 (gte 100); data.total is 100 (lt 200); data.x is missing "
            "(exists false).",
        ),
        (
            {"not": {"any": [{"data.total": {"eq": 1}}, {"data.status": {"eq": "paid"}}]}},
            'must not: data.status is "paid" (eq "paid").',
        ),
        (
            {"not": {"not": {"data.total": {"eq": 1}}}},
            "must not: `not` with data.total is 100; wanted: eq 1.",
        ),
        (
            {"any": [{"data.x": {"eq": 1}}, {"not": {"data.total": {"eq": 100}}}]},
            "None of the conditions in `any` holds: data.x is missing; wanted: eq 1. All of what "
            "stands in `not` holds, and must not: data.total is 100 (eq 100).",
        ),
        (
            {"not": {"all": [{"data.total": {"eq": 100}}, {"data.paid": {"eq": True}}]}},
            "must not: data.total is 100 (eq 100); data.paid is true (eq true).",
        ),
    ],
)
def test_reasons_of_groups_name_path_and_value(value: dict[str, Any], reason: str) -> None:
    [told] = compile_filter(value).reasons(AskedEvent(TYPE, ENVIRONMENT, DATA))
    assert told.endswith(reason)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-3, 3)
    | st.sampled_from(["", "a", "ab", "b"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "0"]), inner, max_size=3)
    ),
    max_leaves=6,
)
ENTRIES = st.one_of(
    st.tuples(st.sampled_from(["eq", "ne", "contains"]), VALUES),
    st.tuples(
        st.sampled_from(["gt", "gte", "lt", "lte"]),
        st.integers(-3, 3) | st.sampled_from(["a", "b"]),
    ),
    st.tuples(st.sampled_from(["in", "nin"]), st.lists(VALUES, min_size=1, max_size=3)),
    st.tuples(st.just("exists"), st.booleans()),
    st.tuples(st.sampled_from(["startsWith", "endsWith"]), st.sampled_from(["a", "b", ""])),
)
PATHS = st.sampled_from(["data", "data.a", "data.b.0", "data.a.b", "data.0"])
LEAVES = st.builds(lambda path, entry: {path: dict([entry])}, PATHS, ENTRIES)
GROUPS = st.sampled_from(["any", "all", "not"])
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda key, items: {key: items}, GROUPS, st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def naive(value: dict[str, Any], data: Any) -> bool:
    [(key, inner)] = value.items()
    if key in ("any", "all", "not"):
        held = [naive(item, data) for item in inner]
        return any(held) if key == "any" else all(held) if key == "all" else not all(held)
    for segment in key.split(".")[1:]:
        if isinstance(data, dict) and segment in data:
            data = data[segment]
        elif isinstance(data, list) and segment.isdigit() and int(segment) < len(data):
            data = data[int(segment)]
        else:
            return bool(inner == {"exists": False})
    [(name, wanted)] = inner.items()
    return bool(naive_operator(name, data, wanted))


def kind(value: Any) -> str:
    return (
        "number"
        if isinstance(value, int | float) and not isinstance(value, bool)
        else type(value).__name__
    )


def tagged(value: Any) -> Any:
    """A value that compares as JSON does."""
    if isinstance(value, dict):
        return "dict", {key: tagged(item) for key, item in value.items()}
    return (
        (kind(value), [tagged(item) for item in value])
        if isinstance(value, list)
        else (kind(value), value)
    )


def naive_operator(name: str, found: Any, wanted: Any) -> Any:
    if name == "exists":
        return wanted
    if name in ("in", "nin"):
        is_in = tagged(found) in [tagged(item) for item in wanted]
        is_comparable = found is not None and (kind(found) in map(kind, wanted) or None in wanted)
        return is_in if name == "in" else is_comparable and not is_in
    if name == "contains":
        if isinstance(found, list):
            return tagged(wanted) in map(tagged, found)
        return isinstance(found, str) and isinstance(wanted, str) and wanted in found
    if name in ("startsWith", "endsWith"):
        return isinstance(found, str) and (
            found.startswith(wanted) if name == "startsWith" else found.endswith(wanted)
        )
    if name == "ne" and (found is None or wanted is None):
        return found is not None
    if kind(found) != kind(wanted):
        return False
    if name in ("eq", "ne"):
        return (tagged(found) == tagged(wanted)) is (name == "eq")
    return {
        "gt": found > wanted,
        "gte": found >= wanted,
        "lt": found < wanted,
        "lte": found <= wanted,
    }[name]


@given(value=FILTERS, data=VALUES)
def test_compiled_filter_says_what_a_naive_one_says(value: dict[str, Any], data: Any) -> None:
    assert matches(value, data) is naive(value, data)
