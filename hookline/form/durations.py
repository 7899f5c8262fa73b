"""Durations as people write them: `500ms`, `30s`, `5m`, `2h`, `7d`. Called wherever text becomes a
timedelta or the other way; pure.
"""

import re
from datetime import timedelta
from functools import lru_cache

# 12 digits: int() of a text without a bound takes time by the square of its length.
_FORM = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)")
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# Written back in the largest unit that divides evenly, so that equal durations are equal texts: 60s
# and 1m are no change.
_LARGEST_FIRST = tuple(reversed(_MILLISECONDS.items()))


@lru_cache(1_000)
def parse_duration(text: str) -> timedelta:
    """The time that a text says: one whole number and one unit of ms, s, m, h, d.

    Raises ValueError with a sentence for a person.
    """
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError(
            "Write a duration as a whole number and a unit, such as 500ms, 30s, 5m, 2h or 7d."
        )
    try:
        return timedelta(milliseconds=int(found[1]) * _MILLISECONDS[found[2]])
    # 999999999999d is more than a timedelta can hold.
    except OverflowError:
        raise ValueError("The duration is too long.") from None


@lru_cache(1_000)
def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back: the largest unit that divides evenly.
    Whole milliseconds, not negative.

    Raises ValueError for what has no such text.
    """
    milliseconds, rest = divmod(duration, timedelta(milliseconds=1))
    if rest or milliseconds < 0:
        raise ValueError("A duration is a whole number of milliseconds and not negative.")
    if milliseconds == 0:
        return "0s"
    for unit, size in _LARGEST_FIRST:
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    raise AssertionError("every whole number divides by one millisecond")
