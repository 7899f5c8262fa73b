"""Statistics of a webhook's attempts by time, out of counters. Called by webhook_fields."""

from datetime import datetime
from uuid import UUID

import strawberry

from api.schema.enums import StatsStep
from api.schema.node import Info
from hookline.deliveries import statistics


@strawberry.type(description="Attempts that began in one step.")
class StatsBucket:
    start: datetime = strawberry.field(description="When the step begins.")
    attempts: int = strawberry.field(description="How many attempts ended with an outcome.")
    failures: int = strawberry.field(description="How many of them failed.")
    p50_ms: int | None = strawberry.field(
        description="Half of them took no longer, in milliseconds, within 5 %; null without "
        "attempts."
    )
    p95_ms: int | None = strawberry.field(description="95 % of them took no longer.")


async def stats_of(
    info: Info, webhook_id: UUID, since: datetime, step: StatsStep, until: datetime | None
) -> list[StatsBucket]:
    """Every step from `since` to before `until` (None: now), empty ones too."""
    found = await statistics.stats(info.context.runtime.database, webhook_id, since, until, step)
    return [
        StatsBucket(
            start=b.start, attempts=b.attempts, failures=b.failures, p50_ms=b.p50, p95_ms=b.p95
        )
        for b in found
    ]
