"""An event's data: how it is stored, what can't be, and when two of them are the same."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.outbound.payloads import (
    canonical_fingerprint,
    check_data,
    dump,
    request_body,
    storable,
)
from tests.tables import each_of

AT = datetime(2026, 11, 24, 10, 0, 0, 250_000, tzinfo=UTC)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.text(alphabet=st.characters(categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def fingerprint(
    data: Any,
    at: datetime | None = None,
    event_type: str = "order.order.create",
    environment: str = "production",
) -> bytes:
    return canonical_fingerprint(event_type, environment, at, data)


def test_request_body_is_the_envelope_around_the_stored_text() -> None:
    text = '{"b":1,"a":"Zoë"}'
    body = request_body("evt_01", "order.order.create", "production", AT, text)
    assert body.decode() == (
        '{"id":"evt_01","type":"order.order.create","environment":"production","timestamp":"2026-11-24T10:00:00.250000Z","data":{"b":1,"a":"Zoë"}}'
    )
    assert json.loads(body)["data"] == {"b": 1, "a": "Zoë"}


@each_of(
    "value",
    [
        None,
        True,
        1,
        "x",
        [],
        {},
        {"b": 1, "a": None, "c": [1.5, None]},
        2**64 - 1,
        -(2**63),
        "😀 \\u0000",
        nested(64),
        [{}] * 500,
    ],
)
def test_ordinary_data_is_stored_as_it_came(value: Any) -> None:
    text = storable(value, dump(value))
    assert text is not None
    assert json.loads(text) == value
    assert check_data(value) == []


@each_of(
    "value, path, words",
    [
        ({"a": [0, 2**64]}, ("a", "1"), "64 bits"),
        ({"a": -(2**63) - 1}, ("a",), "64 bits"),
        ([float("nan")], ("0",), "NaN"),
        ({"a": {"b": float("-inf")}}, ("a", "b"), "Infinity"),
        ({"a": "x\x00"}, ("a",), "NUL"),
        ({"a": "\ud800"}, ("a",), "surrogate"),
        ({"a": {"x\x00": 1}}, ("a",), "key"),
        ({"\udfff": 1}, (), "key"),
        ({"a": nested(64)}, ("a", *["0"] * 63), "deeper than 64"),
    ],
)
def test_what_cannot_be_stored_is_found_at_its_path(
    value: Any, path: tuple[str, ...], words: str
) -> None:
    assert storable(value, dump(value)) is None
    [(found_path, message)] = check_data(value)
    assert found_path == path
    assert words in message


def test_all_problems_are_found_at_once_up_to_twenty() -> None:
    assert [path for path, _ in check_data({"a": 2**64, "b": ["\x00"]})] == [("a",), ("b", "0")]
    assert len(check_data([float("inf")] * 100)) == 20


def test_hostile_nesting_is_refused_without_exhausting_the_stack() -> None:
    deep = nested(50_000)
    assert storable(deep, dump(deep)) is None
    assert len(check_data(deep)) == 1


@given(JSON)
def test_data_is_encoded_exactly_when_nothing_is_wrong_with_it(value: Any) -> None:
    assert (storable(value, dump(value)) is not None) == (check_data(value) == [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}),
        ({"a": 1}, {"a": 1.0}),
        ([1e3, -0.0], [1000, 0]),
        ([2**63], [float(2**63)]),
    ],
)
def test_same_values_have_one_fingerprint(one: Any, other: Any) -> None:
    assert fingerprint(one) == fingerprint(other)


@each_of(
    "one, other",
    [
        (1, True),
        (0, False),
        (1, "1"),
        ("1.0", "1"),
        ([1, 2], [2, 1]),
        (2**53, 2**53 + 1),
        (1.5, 1),
        (None, 0),
        ({"a": None}, {}),
        ("a1.0", "a1"),
    ],
)
def test_different_values_have_different_fingerprints(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_fingerprint_tells_types_environments_and_times_apart() -> None:
    assert (
        len(
            {
                fingerprint(1),
                fingerprint(1, AT),
                fingerprint(1, event_type="a.b.c"),
                fingerprint(1, environment="staging"),
            }
        )
        == 4
    )
    assert len(fingerprint(1)) == 40


def test_the_same_moment_in_another_zone_has_the_same_fingerprint() -> None:
    assert fingerprint(1, AT) == fingerprint(1, AT.astimezone(timezone(timedelta(hours=2))))
