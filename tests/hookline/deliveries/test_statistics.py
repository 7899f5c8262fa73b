"""Statistics out of the recorder's counters, on both databases: what attempts and counters say is
the same, before and after minutes become hours.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from hookline import clock, ids
from hookline.deliveries import statistics
from hookline.deliveries.histogram import BOUNDS, bucket_of, percentile
from hookline.deliveries.queue.base import AttemptResult
from hookline.deliveries.statistics import Bucket, StatsStep
from hookline.errors import HooklineError
from hookline.models import Webhook
from hookline.runtime import Runtime
from tests.making import Hand, enqueue, failed, make_webhook, succeeded
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(result: AttemptResult, ago: timedelta, duration_ms: int) -> AttemptResult:
    return result._replace(
        began=clock.monotonic() - ago.total_seconds(),
        duration_ms=duration_ms,
        bucket=bucket_of(duration_ms),
    )


async def record(runtime: Runtime, webhook: Webhook, *endings: tuple[timedelta, int, bool]) -> None:
    """Attempts that began so long ago, took so many milliseconds, and failed or not."""
    await enqueue(runtime, webhook.id, len(endings))
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id, room=len(endings))
    for row, (ago, duration_ms, is_failed) in zip(rows, endings, strict=True):
        await hand.record(at((failed if is_failed else succeeded)(row), ago, duration_ms))


async def stats(
    runtime: Runtime,
    webhook: Webhook,
    since: datetime,
    step: StatsStep,
    until: datetime | None = None,
) -> list[Bucket]:
    span = statistics.span_of(since, until, step, clock.now())
    found = await statistics.counts(runtime.database.reader(), [webhook.id], span)
    return statistics.buckets(found.get(webhook.id, {}), span)


def figures(buckets: list[Bucket]) -> list[tuple[datetime, int, int, int | None, int | None]]:
    return [(one.start, one.attempts, one.failures, one.p50_ms, one.p99_ms) for one in buckets]


def summed(buckets: list[Bucket]) -> tuple[int, int]:
    return sum(one.attempts for one in buckets), sum(one.failures for one in buckets)


async def test_every_minute_is_there_with_what_began_in_it(runtime: Runtime) -> None:
    webhook, other = await make_webhook(runtime), await make_webhook(runtime)
    await record(
        runtime,
        webhook,
        *[(timedelta(minutes=5), 10, False)] * 9,
        (timedelta(minutes=5), 1_000, True),
    )
    await record(runtime, other, (timedelta(minutes=5), 10, True))
    now = clock.now()
    found = await stats(runtime, webhook, now - timedelta(minutes=10), StatsStep.MINUTE)
    assert len(found) in (10, 11)
    assert [later.start - earlier.start for earlier, later in pairwise(found)] == [
        timedelta(minutes=1)
    ] * (len(found) - 1)
    [full] = [bucket for bucket in found if bucket.attempts]
    assert (full.attempts, full.failures, full.p50_ms) == (10, 1, 10)
    slowest = full.p95_ms
    assert slowest is not None
    assert 950 <= slowest <= 1_050
    assert {
        (bucket.failures, bucket.p50_ms, bucket.p95_ms) for bucket in found if not bucket.attempts
    } == {(0, None, None)}


@pytest.mark.engines("sqlite", "postgres")
@pytest.mark.parametrize("step", [StatsStep.HOUR, StatsStep.DAY])
async def test_folding_changes_no_figure(runtime: Runtime, step: StatsStep) -> None:
    webhook = await make_webhook(runtime)
    agos = [timedelta(hours=hours) for hours in (1, 49, 49.2, 50, 75, 100)]
    await record(runtime, webhook, *((ago, 20 + n, bool(n % 2)) for n, ago in enumerate(agos)))
    since, until = clock.now() - 6 * DAY, clock.now()
    before = figures(await stats(runtime, webhook, since, step, until))
    folded = 0
    while count := await statistics.fold_minutes(runtime.database):
        folded += count
    assert folded
    assert figures(await stats(runtime, webhook, since, step, until)) == before
    assert (
        sum(attempts for _, attempts, *_ in before),
        sum(failures for _, _, failures, *_ in before),
    ) == (6, 3)
    rows = await runtime.database.reader().rows(
        "select step, sum(attempts) as n from webhook_stat group by step order by step"
    )
    assert [(row["step"], row["n"]) for row in rows] == [(60, 1), (3_600, 5)]


async def test_webhooks_are_counted_in_one_statement_each_for_itself_and_together(
    runtime: Runtime,
) -> None:
    webhooks = [await make_webhook(runtime) for _ in range(3)]
    for number, webhook in enumerate(webhooks[:2], 1):
        await record(runtime, webhook, *[(timedelta(seconds=1), 10, number == 2)] * number)
    span = statistics.span_of(clock.now() - HOUR, None, StatsStep.DAY, clock.now())
    reader = runtime.database.reader()
    counts = await statistics.counts(reader, [webhook.id for webhook in webhooks], span)
    found = {key: summed(statistics.buckets(each, span)) for key, each in counts.items()}
    assert found == {webhooks[0].id: (1, 0), webhooks[1].id: (2, 2)}
    together = await statistics.workspace_counts(reader, webhooks[0].workspace_id, span)
    assert summed(statistics.buckets(together, span)) == (3, 2)
    other = await statistics.workspace_counts(reader, ids.uuid7(), span)
    assert summed(statistics.buckets(other, span)) == (0, 0)


async def test_too_many_buckets_and_minutes_that_are_gone_are_refused(runtime: Runtime) -> None:
    webhook, now = await make_webhook(runtime), clock.now()
    with pytest.raises(HooklineError, match="larger step"):
        await stats(runtime, webhook, now - timedelta(days=400), StatsStep.HOUR)
    with pytest.raises(HooklineError, match="48 hours"):
        await stats(
            runtime, webhook, now - timedelta(hours=49), StatsStep.MINUTE, now - timedelta(hours=48)
        )
    assert await stats(runtime, webhook, now, StatsStep.HOUR, now - DAY) == []
    with pytest.raises(HooklineError, match="larger step"):
        await stats(runtime, webhook, datetime(1, 1, 1, tzinfo=UTC), StatsStep.DAY)


@each_of("duration_ms", [0, 1, 7, 15, 16, 17, 120, 999, 12_345, 29_999, 60_000, 10**6])
def test_percentile_is_near(duration_ms: int) -> None:
    found = percentile({bucket_of(duration_ms): 3}, 0.5)
    assert found is not None
    expected = min(duration_ms, BOUNDS[-1])
    assert abs(found - expected) <= max(1, expected * 0.05)


# What began in the first second of a minute was not counted until the next one.
@each_of("step", list(StatsStep))
def test_the_step_that_has_just_begun_is_one_of_those_until_now(step: StatsStep) -> None:
    began = datetime(2026, 12, 1, tzinfo=UTC)

    for now in (began + timedelta(milliseconds=1), began + timedelta(milliseconds=999)):
        assert began.timestamp() in statistics.span_of(began - HOUR, None, step, now).starts
    until = statistics.span_of(began - HOUR, began, step, began + HOUR).starts
    assert began.timestamp() not in until
