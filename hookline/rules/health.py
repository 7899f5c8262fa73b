"""A webhook's health after a batch of attempts. Called by the SQLite queue; PostgreSQL folds the same way inside hl_record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Ended(NamedTuple):
    """One attempt, as far as health asks. began, ended: microseconds since 1970."""

    is_success: bool
    is_failure: bool
    """One that counts: not by hand, not a refused address, not begun under an older version of the webhook."""
    began: int
    ended: int
    status_code: int | None


@dataclass(slots=True)
class Health:
    consecutive_failures: int
    failing_since: int | None
    last_attempt_at: int | None
    last_success_at: int | None
    last_status_code: int | None


def fold(health: Health, batch: Sequence[Ended]) -> None:
    """Takes a batch into account, in the order in which the attempts ended: a success resets the count, a failure adds to it."""
    for attempt in batch:
        health.last_attempt_at, health.last_status_code = attempt.ended, attempt.status_code
        if attempt.is_success:
            health.consecutive_failures, health.failing_since, health.last_success_at = 0, None, attempt.ended
        elif attempt.is_failure:
            if health.consecutive_failures == 0:
                health.failing_since = attempt.began
            health.consecutive_failures += 1
