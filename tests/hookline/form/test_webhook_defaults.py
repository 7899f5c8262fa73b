"""Defaults of a webhook: its behaviour when nobody said otherwise."""

from datetime import timedelta
from typing import Any, cast

from hookline.form.durations import parse_duration
from hookline.form.webhook_fields import DEFAULTS


def test_default_schedule_makes_eleven_attempts_in_about_three_days() -> None:
    schedule = cast(dict[str, Any], DEFAULTS["retry"])["schedule"]
    assert len(schedule) == 10
    assert (
        timedelta(days=2.9) < sum(map(parse_duration, schedule), timedelta()) < timedelta(days=3.1)
    )
