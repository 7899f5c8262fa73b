"""Judges what an attempt means for its delivery: done, over, or again after a wait. Called for
every attempt; pure: time and chance are arguments. PostgreSQL's takeover has `unknown_verdict` as
SQL, since it moves a dead worker's deliveries in one statement (queue/functions/end_unknown.sql).
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import IntEnum, StrEnum


class AttemptError(StrEnum):
    """Why an attempt got no answer. STATUS: it got one, but not a 2xx; TEMPLATE: nothing was sent,
    since the webhook's template fails for the event; LISTENER_GONE: the command that took the
    webhook's requests has ended.
    """

    TIMEOUT = "TIMEOUT"
    DNS = "DNS"
    CONNECT = "CONNECT"
    TLS = "TLS"
    REFUSED_ADDRESS = "REFUSED_ADDRESS"
    PROTOCOL = "PROTOCOL"
    STATUS = "STATUS"
    TEMPLATE = "TEMPLATE"
    LISTENER_GONE = "LISTENER_GONE"


NO_FAILURES_OF_THE_RECEIVER = (AttemptError.REFUSED_ADDRESS, AttemptError.TEMPLATE)
"""Errors of what people have set, which say nothing about the receiver: its health leaves them out
(record_health.sql, health_evidence.sql, sqlite_health.py and manual.py have them too).
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """is_final: no further attempt by itself. wait: until the next one, None when final. asked:
    the pause that the receiver asked for, None when it asked for none or nothing follows.
    """

    is_success: bool
    is_final: bool
    wait: timedelta | None = None
    asked: timedelta | None = None


class RetryLimit(IntEnum):
    """Numbers that the rule and the takeover's statement share."""

    # Deliveries that failed together must not all come back together.
    JITTER_PERCENT = 20
    """Largest part of a wait that is added or taken off."""


# A receiver may ask for years; its delivery would be neither sent nor failed.
RETRY_AFTER_LIMIT = timedelta(hours=10)

_ENDLESS = 2 * RETRY_AFTER_LIMIT
_JITTER = RetryLimit.JITTER_PERCENT / 100
SUCCESS = Verdict(is_success=True, is_final=True)
_OVER = Verdict(is_success=False, is_final=True)


def retry_verdict(
    status_code: int | None,
    error: str | None,
    retry_after: str | None,
    now: datetime,
    schedule: tuple[timedelta, ...],
    step: int,
    random: float,
) -> Verdict:
    """The verdict over one attempt.

    status_code: None when no status line came; error: an AttemptError's name or None. retry_after:
    the header's text. now: aware, for a Retry-After that is a date. step: waits of the schedule
    already used. random: 0 up to, not including, 1; spreads the wait by ±20 %.
    """
    if status_code is not None and 200 <= status_code < 300:
        return SUCCESS
    # 410 says that nobody wants it any more; a refused address stays refused.
    if status_code == 410 or error == AttemptError.REFUSED_ADDRESS:
        return _OVER
    verdict = unknown_verdict(schedule, step, random)
    if verdict.wait is None or retry_after is None or status_code not in (429, 503):
        return verdict
    asked = _asked_wait(retry_after, now)
    if asked <= timedelta():
        return verdict
    return replace(verdict, wait=max(verdict.wait, min(asked, RETRY_AFTER_LIMIT)), asked=asked)


def unknown_verdict(schedule: tuple[timedelta, ...], step: int, random: float) -> Verdict:
    """The verdict over an attempt whose answer nobody knows: the schedule alone decides. Arguments
    as for `retry_verdict`.
    """
    if step >= len(schedule):
        return _OVER
    wait = schedule[step] * (1 - _JITTER + 2 * _JITTER * random)
    return Verdict(is_success=False, is_final=False, wait=wait)


def _asked_wait(retry_after: str, now: datetime) -> timedelta:
    """The pause that `Retry-After` asks for (RFC 9110: seconds or an HTTP date); nothing when it is
    unreadable or past.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        # Longer than the limit anyway, and int() and timedelta refuse what is much longer.
        return _ENDLESS if len(text.lstrip("0")) > 9 else timedelta(seconds=int(text))
    try:
        # An HTTP date has 29 characters; a longer text is none.
        at = parsedate_to_datetime(text[:64])
    except (ValueError, OverflowError):
        return timedelta()
    return (
        at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    ) - now  # the asctime form names no zone and means UTC
