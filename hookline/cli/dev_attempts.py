"""One line per attempt on the terminal of `hookline dev`. Reads the live feed, and only as fast as
a person could.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from uuid import UUID

from hookline.activity.events import ActivityEvent, ActivityKind, Gap
from hookline.cli.database import workspace_id_of
from hookline.cli.terminal import Colored, echo
from hookline.clock import monotonic
from hookline.errors import Unavailable
from hookline.form.durations import format_duration
from hookline.models import Attempt, AttemptOutcome, Webhook
from hookline.runtime import Runtime
from hookline.shutdown import end_tasks

LINES_PER_SECOND = 20


@asynccontextmanager
async def printing_attempts(runtime: Runtime) -> AsyncIterator[None]:
    """Prints each attempt until the block ends."""
    task = asyncio.create_task(_print_all(runtime, await workspace_id_of(runtime.database)))
    try:
        yield
    finally:
        await end_tasks(task)


async def _print_all(runtime: Runtime, workspace_id: UUID) -> None:
    """Prints attempts until there are too many, then how many were left out: a load test is not
    slowed by its onlooker.
    """
    while True:
        try:
            position = await _print_some(runtime, workspace_id)
            await asyncio.sleep(1)
            missed = await runtime.feeds.position(workspace_id) - position
        # The database is away for a while: the lines go on when it is back.
        except Unavailable:
            await asyncio.sleep(1)
            continue
        if missed > 0:
            echo(f"{'…':>10} {missed:,} more, not shown here")


async def _print_some(runtime: Runtime, workspace_id: UUID) -> int:
    """Prints attempts until a second has more of them than lines; the position of the last one."""
    second = lines = last = 0
    async with aclosing(
        runtime.feeds.follow(workspace_id, None, [ActivityKind.ATTEMPT])
    ) as batches:
        async for batch in batches:
            if isinstance(batch, Gap):
                continue
            slugs = await _slugs(batch)
            for event in batch:
                if int(monotonic()) != second:
                    second, lines = int(monotonic()), 0
                if lines == LINES_PER_SECOND:
                    return last
                if isinstance(event.row, Attempt):
                    echo(*line(event.row, slugs.get(event.row.webhook_id, "deleted")))
                lines, last = lines + 1, event.position
    raise AssertionError("a feed has no end")


async def _slugs(batch: list[ActivityEvent]) -> dict[UUID, str]:
    # One read for a batch, not one for each line.
    ids = {event.row.webhook_id for event in batch if isinstance(event.row, Attempt)}
    return {webhook.id: webhook.slug for webhook in await Webhook.filter(id__in=list(ids))}


def line(attempt: Attempt, slug: str) -> tuple[str | Colored, ...]:
    """`10:00:00 ✓ order.order.create → echo  200 in 3 ms`; a failure says why, and when it is tried
    again.
    """
    is_success = attempt.outcome == AttemptOutcome.SUCCEEDED
    mark = Colored("✓", "green") if is_success else Colored("✗", "red")
    result = (
        str(attempt.status_code)
        if attempt.status_code is not None
        else attempt.error_code or "unknown"
    )
    took = f" in {attempt.duration_ms} ms" if attempt.duration_ms is not None else ""
    number = f"  attempt {attempt.number}" if attempt.number > 1 or not is_success else ""
    return (
        f"{attempt.started_at.astimezone():%H:%M:%S} ",
        mark,
        f" {attempt.event_type} → {slug}  {result}{took}{number}{_next(attempt)}",
    )


def _next(attempt: Attempt) -> str:
    if attempt.next_attempt_at is None:
        return "" if attempt.outcome == AttemptOutcome.SUCCEEDED else ", the last one"
    ended_at = attempt.started_at + timedelta(milliseconds=attempt.duration_ms or 0)
    wait_seconds = max(1, round((attempt.next_attempt_at - ended_at).total_seconds()))
    return f", the next in {format_duration(timedelta(seconds=wait_seconds))}"
