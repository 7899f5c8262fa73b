"""Times as text: RFC 3339, and nothing that only looks like it."""

from datetime import UTC, datetime

import pytest
from graphql import GraphQLError

from api.schema.scalars import parse_date_time


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2026-11-24T10:00:00Z", 0),
        ("2026-11-24t10:00:00.5z", 500_000),
        ("2026-11-24 12:00:00.123456789+02:00", 123_456),
    ],
)
def test_a_time_with_its_offset_is_taken_and_cut_to_microseconds(text: str, micros: int) -> None:
    assert parse_date_time(text) == datetime(2026, 11, 24, 10, microsecond=micros, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T10:00:0012345Z", "2026-11-24T10:00:00.Z", "2026-11-24T10:00:00", "2026-11-24", ""],
)
def test_what_only_looks_like_a_time_is_refused(text: str) -> None:
    with pytest.raises(GraphQLError, match="Write a time as in RFC 3339"):
        parse_date_time(text)


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(GraphQLError, match="There is no such time"):
        parse_date_time("2026-02-30T10:00:00Z")
