"""Statistics of a webhook's attempts by time, out of counters. Called by webhook_fields.py."""

from datetime import datetime
from uuid import UUID

import strawberry

from api.schema.enums import StatsStep
from api.schema.node import Info
from hookline.deliveries import statistics


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


async def stats_of(
    info: Info, webhook_id: UUID, since: datetime, step: StatsStep, until: datetime | None
) -> list[StatsBucket]:
    """Returns every bucket from `since` to before `until` (None: now), empty ones too.

    Raises HooklineError BAD_USER_INPUT and Unavailable.
    """
    span = statistics.span_of(since, until, step, info.context.now)
    async with info.context.reading() as reader:
        found = await statistics.stats(reader, webhook_id, span)
    return [
        StatsBucket(
            start=b.start, attempts=b.attempts, failures=b.failures, p50_ms=b.p50, p95_ms=b.p95
        )
        for b in found
    ]
