"""The time: aware UTC datetimes for what is stored or shown, monotonic seconds for what is timed.
Rules take it as an argument; what PostgreSQL decides goes by the database's own clock.
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
