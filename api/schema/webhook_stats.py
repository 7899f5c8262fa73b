"""Statistics of attempts by time, out of counters: of a webhook, called by webhook_fields.py, and
of the whole workspace.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.auth import require
from api.schema.enums import StatsStep
from api.schema.node import Info
from hookline.deliveries import statistics
from hookline.deliveries.statistics import Bucket

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
    bucket: strawberry.Private[Bucket]

    @strawberry.field(
        description="Median duration in milliseconds, to within 5 %, or null if there were no "
        "attempts."
    )
    def p50_ms(self) -> int | None:
        return self.bucket.percentile(0.5)

    @strawberry.field(
        description="Duration that 95 % of the attempts did not exceed, in milliseconds, to "
        "within 5 %, or null if there were no attempts."
    )
    def p95_ms(self) -> int | None:
        return self.bucket.percentile(0.95)

    @strawberry.field(
        description="Duration that 99 % of the attempts did not exceed, in milliseconds, to "
        "within 5 %, or null if there were no attempts."
    )
    def p99_ms(self) -> int | None:
        return self.bucket.percentile(0.99)

    @classmethod
    def of(cls, bucket: Bucket) -> "StatsBucket":
        return cls(
            start=bucket.start, attempts=bucket.attempts, failures=bucket.failures, bucket=bucket
        )


async def stats_of(
    info: Info, webhook_id: UUID, since: datetime, step: StatsStep, until: datetime | None
) -> list[StatsBucket]:
    """Returns every bucket from `since` to before `until` (None: now), empty ones too. All webhooks
    of a list are read in one statement.

    Raises HooklineError BAD_USER_INPUT and Unavailable.
    """
    span = statistics.span_of(since, until, step, info.context.now)
    counts = await info.context.loaders.stats.load((webhook_id, span))
    return [StatsBucket.of(bucket) for bucket in statistics.buckets(counts, span)]


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
        return [StatsBucket.of(bucket) for bucket in statistics.buckets(counts, span)]
