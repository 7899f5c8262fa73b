"""The verdict on an answer: success, another try and when, or the end."""

from datetime import UTC, datetime, timedelta

import pytest

from hookline.deliveries.retries import AttemptError, Verdict, retry_verdict
from tests.tables import each_of

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def judged(
    status_code: int | None,
    error: str | None = None,
    retry_after: str | None = None,
    step: int = 0,
    random: float = 0.5,
) -> Verdict:
    return retry_verdict(status_code, error, retry_after, NOW, (MINUTE, 2 * MINUTE), step, random)


@pytest.mark.parametrize("status_code", [200, 201, 204, 299])
def test_2xx_is_success(status_code: int) -> None:
    assert judged(status_code) == Verdict(is_success=True, is_final=True)


@each_of("status_code", [101, 301, 307, 400, 404, 429, 500, 503])
def test_every_other_answer_is_retried(status_code: int) -> None:
    verdict = judged(status_code)
    assert not verdict.is_success
    assert verdict.wait == MINUTE


@each_of(
    "error",
    [
        error
        for error in AttemptError
        if error not in (AttemptError.REFUSED_ADDRESS, AttemptError.STATUS)
    ],
)
def test_every_network_fault_is_retried(error: AttemptError) -> None:
    assert judged(None, error.value).wait == MINUTE


def test_410_and_a_refused_address_end_the_delivery() -> None:
    over = Verdict(is_success=False, is_final=True)
    assert judged(410) == over
    assert judged(None, "REFUSED_ADDRESS") == over


def test_used_up_schedule_ends_the_delivery() -> None:
    assert judged(500, step=1).wait == 2 * MINUTE
    assert judged(500, step=2) == Verdict(is_success=False, is_final=True)


def test_wait_is_spread_by_a_fifth_to_both_sides() -> None:
    assert judged(500, random=0.0).wait == timedelta(seconds=48)
    assert judged(500, random=0.999999).wait == pytest.approx(
        timedelta(seconds=72), abs=timedelta(milliseconds=1)
    )


@each_of(
    "retry_after, wait",
    [
        ("300", timedelta(minutes=5)),
        ("Tue, 24 Nov 2026 10:05:00 GMT", timedelta(minutes=5)),
        ("10", MINUTE),
        ("Tue, 24 Nov 2026 09:00:00 GMT", MINUTE),
        ("36001", timedelta(hours=10)),
        ("9" * 5000, timedelta(hours=10)),
        ("Tue, 24 Nov 2099 10:05:00 GMT", timedelta(hours=10)),
        ("soon", MINUTE),
        ("-5", MINUTE),
        ("٥", MINUTE),
        ("", MINUTE),
        ("Tue, 24 Nov 2026 10:05:00 -0000", timedelta(minutes=5)),
        ("Tue Nov 24 10:05:00 2026", timedelta(minutes=5)),
        ("Tue, 99 Nov 2026 10:05:00 GMT", MINUTE),
    ],
)
@each_of("status_code", [429, 503])
def test_retry_after_lengthens_the_wait_up_to_ten_hours(
    status_code: int, retry_after: str, wait: timedelta
) -> None:
    assert judged(status_code, retry_after=retry_after).wait == wait


@pytest.mark.parametrize(
    ("retry_after", "step", "asked"),
    [("7", 0, 7), ("36001", 0, 36_001), ("0", 0, None), ("soon", 0, None), ("7", 2, None)],
)
def test_the_verdict_says_which_pause_was_asked_for_and_is_kept(
    retry_after: str, step: int, asked: int | None
) -> None:
    expected = None if asked is None else timedelta(seconds=asked)
    assert judged(503, retry_after=retry_after, step=step).asked == expected


def test_retry_after_counts_on_429_and_503_only() -> None:
    assert judged(500, retry_after="300").wait == MINUTE
