"""Time. Aware UTC datetimes for what is stored or shown, monotonic seconds for what is measured.
Tests hand in a clock of their own.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def monotonic() -> float:
    return time.monotonic()


def rfc3339(at: datetime) -> str:
    """`2026-11-24T10:00:00Z`, with microseconds only where there are any (RFC 3339, UTC)."""
    text = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()
    return text[:-6] + "Z"
