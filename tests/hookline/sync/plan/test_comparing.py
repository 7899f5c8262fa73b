"""Values that mean the same."""

from typing import Any

import pytest

from tests.hookline.sync.files import told
from tests.hookline.sync.plan.states import PRINT, live, planned, wanted


@pytest.mark.parametrize(
    ("field", "one", "other", "different"),
    [
        (
            "notificationEmails",
            ["ops@x.test", "Dev@Y.test"],
            ["Dev@y.TEST", "ops@x.test"],
            ["dev@y.test", "ops@x.test"],
        ),
        (
            "filter",
            {"data.a": {"in": ["b", 2, 1.0, "a"]}, "any": [{"data.b": {"nin": [True, None]}}]},
            {"data.a": {"in": ["a", 1, "b", 2, 2]}, "any": [{"data.b": {"nin": [None, True]}}]},
            {"data.a": {"in": ["a", "1", "b", 2]}, "any": [{"data.b": {"nin": [None, True]}}]},
        ),
        (
            "headers",
            [{"name": "X-A", "value": "1"}, {"name": "X-B", "value": PRINT}],
            [{"name": "x-b", "value": PRINT}, {"name": "X-a", "value": "1"}],
            [{"name": "X-B", "value": "1"}, {"name": "X-A", "value": PRINT}],
        ),
        (
            "filter",
            {"data.a": 1, "any": [{"data.b": {"eq": True}}, {"data.c": 2.0}]},
            {"any": [{"data.b": {"eq": True}}, {"data.c": 2}], "data.a": 1.0},
            {"data.a": True, "any": [{"data.b": {"eq": 1}}, {"data.c": 2.0}]},
        ),
        (
            "filter",
            {"not": {"data.a": {"in": ["b", "a"]}}},
            {"not": {"data.a": {"in": ["a", "b"]}}},
            {"not": {"data.a": {"nin": ["a", "b"]}}},
        ),
    ],
)
def test_what_differs_in_order_and_case_of_domains_alone_is_no_change(
    field: str, one: Any, other: Any, different: Any
) -> None:
    there = live(applied={field: one}, **{field: one})
    found = planned(wanted(**{field: other}), there)
    assert (told(found), found.writes) == ([], ())
    assert found.digest == planned(wanted(**{field: one}), there).digest
    assert told(planned(wanted(**{field: different}), there)) == [f"UPDATE orders {field}"]
    by_hand = live(applied={field: one}, **{field: other})
    assert told(planned(wanted(**{field: one}), by_hand)) == []
