"""Texts of megabytes are refused by their length, before anything is looked for in them: each took
0.1 to 1.1 s of the loop.
"""

from typing import Any

import pytest
from graphql import GraphQLError

from api.schema.scalars import parse_date_time
from hookline.form.check import check_given
from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from tests.tables import each_of

BOUNDS = Bounds(("production",), AddressPolicy())
LENGTH = 4 * 1024 * 1024


@each_of(
    "field, value, said",
    [
        ("events", ["?a" * (LENGTH // 2)], "4,194,304 characters long: three parts"),
        ("notificationEmails", ["a@b.co," * 1_142] * 260, "of 16,000 characters in all"),
        ("notificationEmails", [""] * 1_001, "at most 1,000 items"),
        ("signingSecret", "whsec_" + "A" * LENGTH, "4,194,310 characters long: no key"),
        ("filter", {"data.a": {"in": ["x" * LENGTH] * 4}}, "at most 16,384 bytes"),
        ("filter", {"x" * LENGTH: {"eq": 1}}, "at most 16,384 bytes"),
    ],
)
def test_long_text_is_refused_by_its_length(field: str, value: Any, said: str) -> None:
    canonical, [problem] = check_given({field: value}, BOUNDS)
    assert not canonical
    assert problem.field[0] == field
    assert said in problem.message
    assert len(problem.message) < 200


def test_time_with_a_million_decimals_is_none() -> None:
    with pytest.raises(GraphQLError, match="RFC 3339"):
        parse_date_time("2026-11-24T10:00:00." + "1" * LENGTH + "x")
