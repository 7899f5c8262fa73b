"""Waits between tries: back-off, jitter, and what Retry-After asks for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from hookline_client.retries import Retries, retry_after_seconds


def test_waits_double_up_to_the_longest_with_a_random_half() -> None:
    retries = Retries(first_wait_seconds=1, longest_wait_seconds=4)
    for tries, longest in enumerate([1, 2, 4, 4], start=1):
        waits = [retries.wait_seconds(tries, None) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest


def test_a_longer_wait_of_the_server_is_kept_and_spread() -> None:
    waits = [Retries(first_wait_seconds=1).wait_seconds(1, 30) for _ in range(200)]
    assert 30 <= min(waits) < max(waits) <= 31
    assert Retries(first_wait_seconds=1).wait_seconds(1, 0) >= 0.5


def test_retry_after_is_seconds_or_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    found = retry_after_seconds(later)
    assert found is not None
    assert 60 < found <= 120
    assert retry_after_seconds(" 7 ") == 7
    assert retry_after_seconds("Mon, 01 Jan 2024 00:00:00 GMT") == 0
    for text in (None, "", "soon", "-1", "1.5"):
        assert retry_after_seconds(text) is None


def test_no_try_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="tries is 0"):
        Retries(tries=0)
