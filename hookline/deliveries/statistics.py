"""Attempts by time, out of the counters that the record keeps: no attempt is read. Called by the
API; workers fold old minutes into hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID

from hookline import clock
from hookline.db.connection import Database, Reader
from hookline.deliveries.histogram import percentile
from hookline.errors import HooklineError

# What is older is shown by the hour, in up to sixty times fewer rows.
MINUTES_KEPT: Final = timedelta(hours=48)
BUCKETS_LIMIT: Final = 3_000
FOLDED_AT_ONCE: Final = 2_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# $2 seconds of a bucket; only rows of $5 seconds or more make buckets of that size
COUNTS: Final = {
    "postgres": """
select (floor(extract(epoch from at) / $2::int) * $2::int)::bigint as start, bucket,
  sum(attempts)::bigint as attempts, sum(failures)::bigint as failures
from webhook_stat
where webhook_id = $1 and step in (60, $5) and at >= $3 and at < $4
group by 1, 2""",
    "sqlite": """
select at / 1000000 / $2 * $2 as start, bucket,
  sum(attempts) as attempts, sum(failures) as failures
from webhook_stat
where webhook_id = $1 and step in (60, $5) and at >= $3 and at < $4
group by 1, 2""",
}
# One statement, and skip locked: two workers take different minutes.
FOLD: Final = """
with old as (
  select webhook_id, at, bucket from webhook_stat
  where step = 60 and at < $1
  order by at limit $2 for update skip locked),
gone as (
  delete from webhook_stat s using old o
  where s.webhook_id = o.webhook_id and s.step = 60 and s.at = o.at and s.bucket = o.bucket
  returning s.*)
insert into webhook_stat as s (webhook_id, step, at, bucket, attempts, failures)
select webhook_id, 3600, date_trunc('hour', at, 'UTC'), bucket, sum(attempts), sum(failures)
from gone
group by 1, 3, 4
order by 1, 3, 4
on conflict (webhook_id, step, at, bucket) do update set
  attempts = s.attempts + excluded.attempts, failures = s.failures + excluded.failures
returning bucket"""
OLD: Final = """
select webhook_id, at, bucket, attempts, failures from webhook_stat
where step = 60 and at < $1
order by at limit $2"""
ADD: Final = """
insert into webhook_stat as s (webhook_id, step, at, bucket, attempts, failures)
values ($1, 3600, $2, $3, $4, $5)
on conflict (webhook_id, step, at, bucket) do update set
  attempts = s.attempts + excluded.attempts, failures = s.failures + excluded.failures"""
TAKE: Final = """
delete from webhook_stat
where webhook_id = $1 and step = 60 and at = $2 and bucket = $3"""


class StatsStep(Enum):
    """Seconds of a bucket."""

    MINUTE = 60
    HOUR = 3_600
    DAY = 86_400


@dataclass(frozen=True, slots=True)
class Span:
    """Time that statistics are asked of. first, end: seconds since 1970, of whole buckets."""

    first: int
    end: int
    step: StatsStep

    @property
    def starts(self) -> range:
        """The start of each bucket: as many as `stats` returns."""
        return range(self.first, self.end, self.step.value)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Attempts that began in a step. p50, p95: milliseconds, within 5 %; None without attempts."""

    start: datetime
    attempts: int
    failures: int
    p50: int | None
    p95: int | None


def span_of(since: datetime, until: datetime | None, step: StatsStep, now: datetime) -> Span:
    """The buckets from the one that `since` is in to the one before `until` (now). Days are UTC's.

    Raises HooklineError BAD_USER_INPUT for more than 3,000 buckets, and for minutes of more than 48
    hours ago.
    """
    seconds = step.value
    first = int(max(since, _EPOCH).timestamp()) // seconds * seconds
    end = int(min(until or now, now + timedelta(days=1)).timestamp())
    if (end - first) / seconds > BUCKETS_LIMIT:
        raise HooklineError(
            "BAD_USER_INPUT",
            f"That is more than {BUCKETS_LIMIT:,} buckets. Take a larger step or a shorter time.",
        )
    if step is StatsStep.MINUTE and first < (now - MINUTES_KEPT).timestamp() - 60:
        raise HooklineError(
            "BAD_USER_INPUT", "Minutes are kept for 48 hours. Take the step HOUR for what is older."
        )
    return Span(first, end, step)


async def stats(reader: Reader, webhook_id: UUID, span: Span) -> list[Bucket]:
    """Every bucket of the span, oldest first, empty ones too."""
    rows = await reader.rows(
        COUNTS[reader.dialect],
        webhook_id,
        span.step.value,
        datetime.fromtimestamp(span.first, UTC),
        datetime.fromtimestamp(max(span.end, span.first), UTC),
        60 if span.step is StatsStep.MINUTE else 3_600,
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(int(row["start"]), []).append(row)
    return [_bucket(start, found.get(start, ())) for start in span.starts]


def _bucket(start: int, rows: Sequence[Any]) -> Bucket:
    counts = {row["bucket"]: row["attempts"] for row in rows}
    failures = sum(row["failures"] for row in rows)
    return Bucket(
        datetime.fromtimestamp(start, UTC),
        sum(counts.values()),
        failures,
        percentile(counts, 0.5),
        percentile(counts, 0.95),
    )


async def fold_minutes(database: Database) -> int:
    """Makes hours of minutes that are older than 48 hours, a batch at a time. 0: none is left."""
    before = clock.now() - MINUTES_KEPT
    async with database.unit_of_work() as work:
        if work.dialect == "postgres":
            return len(await work.rows(FOLD, before, FOLDED_AT_ONCE))
        rows = await work.rows(OLD, before, FOLDED_AT_ONCE)
        for row in rows:
            key, at, bucket = row["webhook_id"], row["at"], row["bucket"]
            hour = at.replace(minute=0, second=0, microsecond=0)
            await work.execute(ADD, key, hour, bucket, row["attempts"], row["failures"])
            await work.execute(TAKE, key, at, bucket)
        return len(rows)
