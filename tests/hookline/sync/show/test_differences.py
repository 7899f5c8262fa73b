"""Differences of two values: before and after never look alike."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hookline.sync.plan.changes import ChangeKind
from hookline.sync.show import report
from hookline.sync.show.differences import difference
from tests.hookline.sync.plan.states import OTHER_PRINT, PRINT, live, planned, wanted
from tests.tables import each_of

LONG = "https://crm.example.com/in/" + "a" * 80
HEADERS = [
    {"name": "X-Key", "value": "(secret)"},
    {"name": "X-Shop", "value": "1"},
    {"name": "X-Token", "value": "(secret)"},
]


@each_of(
    "field, before, after, text",
    [
        ("timeout", "15s", "20s", "15s → 20s"),
        ("description", None, "one", "none → one"),
        ("description", None, "none", 'null → "none"'),
        ("description", "one", "one ", '"one" → "one "'),
        ("description", "caf\u00e9", "cafe\u0301", '"caf\\u00e9" → "cafe\\u0301"'),
        ("events", ["a.b.c", "d.e.f"], ["d.e.f", "g.h.i"], "+ g.h.i, - a.b.c"),
        ("notificationEmails", ["A@X.test", "b@x.test"], ["A@x.test"], "- b@x.test"),
        (
            "headers",
            HEADERS,
            [HEADERS[0], {"name": "X-SHOP", "value": "2"}],
            "X-SHOP 1 → 2, - X-Token",
        ),
        ("headers", [], HEADERS[:2], "+ X-Key (secret), + X-Shop 1"),
        ("labels", [{"key": "a", "value": "1"}], [{"key": "b", "value": "1"}], "+ b 1, - a"),
        ("retry", {"schedule": ["5s", "1m"]}, {"schedule": ["1m", "5s"]}, "[5s, 1m] → [1m, 5s]"),
        (
            "autoDisable",
            {"failures": 10, "over": "2d"},
            {"failures": 9, "over": "2d"},
            "failures 10 → 9",
        ),
        ("autoDisable", {"failures": 10, "over": "2d"}, None, "failures 10, over 2d → none"),
        (
            "basicAuth",
            None,
            {"username": "shop", "password": "(secret)"},
            "+ username shop, + password (secret)",
        ),
        (
            "filter",
            {"data.a": {"in": [1, 2]}},
            {"data.a": {"in": ["1", 2]}},
            'data.a in 1: 1 → "1"',
        ),
        (
            "filter",
            {"any": [{"data.a": {"gt": 1}}]},
            {"any": [{"data.a": {"gt": 2}}]},
            "any 1: data.a gt 1 → 2",
        ),
    ],
)
def test_only_what_differs_is_told(field: str, before: Any, after: Any, text: str) -> None:
    assert difference(field, before, after) == text


@pytest.mark.parametrize("place", [0, 30, 79, 200])
def test_a_long_value_is_shown_where_it_begins_to_differ(place: int) -> None:
    before = "".join(chr(ord("a") + number % 26) for number in range(300))
    after = f"{before[:place]}XYZ{before[place + 3 :]}"
    one, other = difference("payloadTemplate", before, after).split(" → ")
    assert "XYZ" in other
    assert before[place : place + 3] in one
    assert max(len(one), len(other)) <= 62


_leaves = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text(max_size=90)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(one=_values, other=_values)
def test_before_and_after_never_look_alike(one: Any, other: Any) -> None:
    assume(json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))
    text = difference("filter", one, other)
    half = (len(text) - len(" → ")) // 2
    assert text
    assert " → " not in text or text != f"{text[:half]} → {text[:half]}"


def test_of_three_secret_headers_the_one_that_changed_is_named() -> None:
    def headers(changing: Any, plain: str) -> list[dict[str, Any]]:
        values = {"X-Api-Key": PRINT, "X-Token": changing, "X-Auth": PRINT, "X-Shop": plain}
        return [{"name": name, "value": value} for name, value in values.items()]

    there = live(applied={"headers": headers(PRINT, "a")}, headers=headers(PRINT, "a"))
    found = planned(wanted(headers=headers(OTHER_PRINT, "a")), there)
    [change] = found.changes
    assert change.fields[0].changed_secrets == ("headers.X-Token",)
    assert report.field_text(change.kind, change.fields[0]) == "headers X-Token (secret) changed"
    [plain] = planned(wanted(headers=headers(PRINT, "b")), there).changes
    assert report.field_text(plain.kind, plain.fields[0]) == "headers X-Shop a → b"


@pytest.mark.parametrize(
    ("field", "before", "after", "text"),
    [
        ("secretHeader", {"name": "X-S", "value": PRINT}, {"name": "X-S", "value": OTHER_PRINT},
         "secretHeader value (secret) changed"),
        ("secretHeader", {"name": "X-S", "value": PRINT}, {"name": "X-T", "value": PRINT},
         "secretHeader name X-S → X-T"),
        ("basicAuth", {"username": "a", "password": PRINT},
         {"username": "b", "password": OTHER_PRINT},
         "basicAuth username a → b, password (secret) changed"),
        ("signingSecret", PRINT, OTHER_PRINT, "signingSecret (secret) changed"),
    ],
)  # fmt: skip
def test_a_changed_secret_is_told_and_not_shown(
    field: str, before: Any, after: Any, text: str
) -> None:
    there = live(applied={field: before}, **{field: before})
    [change] = planned(wanted(**{field: after}), there).changes
    assert report.field_text(change.kind, change.fields[0]) == text
    by_hand = live(applied={field: before}, **{field: after})
    [drift] = planned(wanted(**{field: before}), by_hand).changes
    assert drift.kind is ChangeKind.DRIFT
    assert report.field_text(drift.kind, drift.fields[0]).startswith(f"{text}, changed by hand")


def test_whether_a_guess_of_an_adopted_webhooks_secret_is_right_is_not_told() -> None:
    def text(guess: Any) -> str:
        header = {"name": "X-S", "value": PRINT}
        there = replace(live(secretHeader=header), set_name=None, applied={})
        [change] = planned(wanted(secretHeader={**header, "value": guess}), there).changes
        return report.field_text(change.kind, change.fields[0])

    assert text(PRINT) == text(OTHER_PRINT) == "secretHeader value (secret) changed"
