"""Durations are read from text and written back in the largest unit that fits."""

from datetime import timedelta

import pytest

from hookline.form.durations import format_duration, parse_duration
from tests.tables import each_of


@each_of(
    "text, duration",
    [
        ("500ms", timedelta(milliseconds=500)),
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("0s", timedelta()),
    ],
)
def test_duration_is_read_and_written_the_same(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration
    assert format_duration(duration) == text


@pytest.mark.parametrize(
    ("text", "shortest"),
    [("120s", "2m"), ("90s", "90s"), ("1500ms", "1500ms"), ("48h", "2d"), ("0d", "0s")],
)
def test_largest_unit_that_divides_evenly_is_written(text: str, shortest: str) -> None:
    assert format_duration(parse_duration(text)) == shortest


@each_of(
    "text",
    [
        "",
        "5",
        "s",
        "-5s",
        "1.5s",
        "5 s",
        "5S",
        "5s ",
        "1h30m",
        "٥s",
        "999999999999d",
        "1" * 5000 + "s",
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration .*\.$"):
        parse_duration(text)


@pytest.mark.parametrize("duration", [timedelta(microseconds=1), timedelta(seconds=-1)])
def test_what_has_no_text_is_not_written(duration: timedelta) -> None:
    with pytest.raises(ValueError, match="whole number of milliseconds"):
        format_duration(duration)
