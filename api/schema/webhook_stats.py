"""Statistics of attempts by time, out of counters: of a webhook, called by webhook_fields.py, and
of the whole workspace.
"""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.auth import require
from api.schema.enums import StatsStep
from api.schema.node import Info
from hookline.deliveries import statistics

Since = Annotated[
    datetime,
    strawberry.argument(description="Time in the first bucket. With MINUTE at most 48 hours ago."),
]
Step = Annotated[StatsStep, strawberry.argument(description="Length of a bucket.")]
Until = Annotated[
    datetime | None,
    strawberry.argument(description="End of the last bucket, exclusive. Defaults to now."),
]


@strawberry.type(description="Statistics of the attempts in a step of time.")
class StatsBucket:
    start: datetime = strawberry.field(description="Start of the bucket.")
    attempts: int = strawberry.field(description="Number of attempts that succeeded or failed.")
    failures: int = strawberry.field(description="Number of attempts that failed.")
    p50_ms: int | None = strawberry.field(
        description="Median duration in milliseconds, to within 5 %, or null if there were no "
        "attempts."
    )
    p95_ms: int | None = strawberry.field(
        description="Duration that 95 % of the attempts did not exceed, in milliseconds, to "
        "within 5 %, or null if there were no attempts."
    )
    p99_ms: int | None = strawberry.field(
        description="Duration that 99 % of the attempts did not exceed, in milliseconds, to "
        "within 5 %, or null if there were no attempts."
    )


def _shown(counts: statistics.Counts, span: statistics.Span) -> list[StatsBucket]:
    # The core's own buckets, which have the same names: a resolver for each percentile, or an
    # object more for each bucket, made a page of statistics a third slower (2026-11).
    return cast(list[StatsBucket], statistics.buckets(counts, span))


async def stats_of(
    info: Info, webhook_id: UUID, since: datetime, step: StatsStep, until: datetime | None
) -> list[StatsBucket]:
    """Returns every bucket from `since` to before `until` (None: now), empty ones too. All webhooks
    of a list are read in one statement.

    Raises HooklineError BAD_USER_INPUT and Unavailable.
    """
    span = statistics.span_of(since, until, step, info.context.now)
    counts = await info.context.loaders.stats.load((webhook_id, span))
    return _shown(counts, span)


@strawberry.type
class StatsQuery:
    @strawberry.field(
        description="Returns statistics of the attempts of all webhooks together, deleted ones "
        "too, oldest bucket first, including empty ones. At most 3,000 buckets. Requires the scope "
        "deliveries:read."
    )
    async def stats(
        self, info: Info, since: Since, step: Step, until: Until = None
    ) -> list[StatsBucket] | None:
        actor = require(info, "deliveries:read")
        span = statistics.span_of(since, until, step, info.context.now)
        async with info.context.reading() as reader:
            counts = await statistics.workspace_counts(reader, actor.workspace_id, span)
        return _shown(counts, span)
