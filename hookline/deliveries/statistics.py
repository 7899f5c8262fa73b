"""Attempts by time, out of the counters that the record keeps: no attempt is read. Called by the
API; workers fold old minutes into hours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cached_property
from math import ceil
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
# The step that a counter began in, in seconds since 1970.
_START: Final = {
    "postgres": "(floor(extract(epoch from at) / $1::int) * $1::int)::bigint",
    "sqlite": "at / 1000000 / $1 * $1",
}
_LISTED: Final = {"postgres": "string_agg", "sqlite": "group_concat"}
# $1 seconds of a bucket; only rows of $2 seconds or more make buckets of that size. A row for each
# bucket, with its histogram as text: one for each place of the histogram would be twenty times as
# many, and most of them for percentiles that nobody asks for.
COUNTS: Final = """
select webhook_id, start, cast(sum(attempts) as bigint) as attempts,
  cast(sum(failures) as bigint) as failures,
  {listed}(bucket || ':' || attempts, ',') as durations
from (
  select {key} as webhook_id, {start} as start, bucket,
    sum(attempts) as attempts, sum(failures) as failures
  from webhook_stat
  where webhook_id in ({{}}) and step in (60, $2) and at >= $3 and at < $4
  group by 1, 2, 3) counted
group by 1, 2"""
OF_WEBHOOKS: Final = {
    dialect: COUNTS.format(key="webhook_id", start=start, listed=_LISTED[dialect])
    for dialect, start in _START.items()
}
# Deleted webhooks too: their attempts were made.
OF_WORKSPACE: Final = {
    dialect: COUNTS.format(key="null", start=start, listed=_LISTED[dialect]).format(
        "select id from webhook where workspace_id = $5"
    )
    for dialect, start in _START.items()
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


@dataclass(frozen=True)
class Bucket:
    """Attempts that began in a step. durations: their histogram, `bucket:attempts,…`. Percentiles
    are milliseconds that this share of the attempts did not exceed, within 5 %; None without
    attempts.
    """

    start: datetime
    attempts: int
    failures: int
    durations: str = ""

    @property
    def p50_ms(self) -> int | None:
        return percentile(self._counts, 0.5)

    @property
    def p95_ms(self) -> int | None:
        return percentile(self._counts, 0.95)

    @property
    def p99_ms(self) -> int | None:
        return percentile(self._counts, 0.99)

    # Once for those that ask for a percentile: half of the time of a page of statistics.
    @cached_property
    def _counts(self) -> dict[int, int]:
        places = (place.split(":") for place in self.durations.split(",") if place)
        return {int(bucket): int(count) for bucket, count in places}


def span_of(since: datetime, until: datetime | None, step: StatsStep, now: datetime) -> Span:
    """The buckets from the one that `since` is in to the one before `until` (now). Days are UTC's.

    Raises HooklineError BAD_USER_INPUT for more than 3,000 buckets, and for minutes of more than 48
    hours ago.
    """
    seconds = step.value
    first = int(max(since, _EPOCH).timestamp()) // seconds * seconds
    # Up: in the first second of a minute that one has begun.
    end = ceil(min(until or now, now + timedelta(days=1)).timestamp())
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


Counts = Mapping[int, Mapping[str, Any]]
"""Rows of `webhook_stat`, summed for each bucket that has attempts, by its start."""


async def counts(reader: Reader, webhook_ids: Sequence[UUID], span: Span) -> dict[UUID, Counts]:
    """Counters of these webhooks in one statement; none of a webhook without attempts. The caller
    has checked that they belong to its workspace.
    """
    if not webhook_ids:
        return {}
    places = ", ".join(f"${number}" for number in range(5, len(webhook_ids) + 5))
    sql = OF_WEBHOOKS[reader.dialect].format(places)
    found: dict[UUID, dict[int, Mapping[str, Any]]] = {}
    for row in await reader.rows(sql, *_bounds(span), *webhook_ids):
        found.setdefault(row["webhook_id"], {})[int(row["start"])] = row
    return dict(found)


async def workspace_counts(reader: Reader, workspace_id: UUID, span: Span) -> Counts:
    """Counters of all webhooks of a workspace together."""
    rows = await reader.rows(OF_WORKSPACE[reader.dialect], *_bounds(span), workspace_id)
    return {int(row["start"]): row for row in rows}


def buckets(counts: Counts, span: Span) -> list[Bucket]:
    """Every bucket of the span, oldest first, empty ones too."""
    return [_bucket(start, counts.get(start)) for start in span.starts]


def _bounds(span: Span) -> tuple[int, int, datetime, datetime]:
    return (
        span.step.value,
        60 if span.step is StatsStep.MINUTE else 3_600,
        datetime.fromtimestamp(span.first, UTC),
        datetime.fromtimestamp(max(span.end, span.first), UTC),
    )


def _bucket(start: int, row: Mapping[str, Any] | None) -> Bucket:
    at = datetime.fromtimestamp(start, UTC)
    if row is None:
        return Bucket(at, 0, 0)
    return Bucket(at, row["attempts"], row["failures"], row["durations"])


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
