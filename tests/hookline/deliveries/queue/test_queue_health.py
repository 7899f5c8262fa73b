"""Both queues fold a batch into a webhook's health as rules/health.py says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookline import clock
from hookline.deliveries.health import EndedAttempt, Health, fold
from hookline.deliveries.queue.base import AttemptResult, ClaimedDelivery
from hookline.models import Attempt, AttemptCause, DeliveryState, Notification, Webhook
from hookline.models.column_types import from_micros, to_micros
from hookline.runtime import Runtime
from tests.making import Hand, ago, enqueue, failed, make_webhook, set_column, succeeded

SECOND = 1_000_000
KINDS = [
    "success",
    "failure",
    "no answer",
    "refused address",
    "template",
    "under an older version",
    "by hand",
    "success by hand",
    "test",
    "success of a test",
]
ERRORS = {"no answer": "CONNECT", "refused address": "REFUSED_ADDRESS", "template": "TEMPLATE"}


@dataclass(frozen=True)
class Ending:
    """One attempt. gap: seconds after the one before; duration: seconds that it took."""

    kind: str
    gap: int
    duration: int


ENDINGS = st.builds(Ending, st.sampled_from(KINDS), st.integers(1, 5), st.integers(0, 30))


def as_result(row: ClaimedDelivery, ending: Ending, ended_ago: float) -> AttemptResult:
    made = succeeded(row) if "success" in ending.kind else failed(row, wait_seconds=0.0)
    if "by hand" in ending.kind:
        made = made._replace(cause=AttemptCause.MANUAL)
    if "test" in ending.kind:
        made = made._replace(cause=AttemptCause.TEST)
    if ending.kind in ERRORS:
        made = made._replace(status_code=None, error_code=ERRORS[ending.kind])
    if ending.kind == "under an older version":
        made = made._replace(webhook_version=0)
    return made._replace(
        began=clock.monotonic() - ended_ago - ending.duration, duration_ms=ending.duration * 1_000
    )


def as_ended(ending: Ending, ended: int, code: int | None) -> EndedAttempt:
    counts = ending.kind in ("failure", "no answer")
    return EndedAttempt(
        "success" in ending.kind, counts, ended - ending.duration * SECOND, ended, code
    )


def is_near(stored: datetime | None, expected: int | None) -> bool:
    if stored is None or expected is None:
        return stored is None and expected is None
    return abs((stored - from_micros(expected)).total_seconds()) < 0.4


async def record_all(
    runtime: Runtime, webhook: Webhook, batches: list[list[Ending]], health: Health
) -> None:
    """Records the batches and folds the same into `health`."""
    endings = [ending for batch in batches for ending in batch]
    await enqueue(runtime, webhook.id, len(endings))
    hand = await Hand.begin(runtime)
    rows = iter(await hand.claim(webhook.id, room=len(endings)))
    left, now = sum(ending.gap for ending in endings), to_micros(clock.now())
    for batch in batches:
        results, folded = [], []
        for ending in batch:
            left -= ending.gap
            results.append(as_result(next(rows), ending, left))
            if "test" not in ending.kind:
                folded.append(as_ended(ending, now - left * SECOND, results[-1].status_code))
        await hand.record(*results)
        fold(health, folded)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=st.lists(st.lists(ENDINGS, min_size=1, max_size=8), min_size=1, max_size=4))
async def test_database_folds_as_the_rule_says(
    runtime: Runtime, batches: list[list[Ending]]
) -> None:
    webhook, health = await make_webhook(runtime), Health(0, None, None, None, None)
    await record_all(runtime, webhook, batches, health)
    stored = await Webhook.get(id=webhook.id)
    assert (stored.consecutive_failures, stored.last_status_code) == (
        health.consecutive_failures,
        health.last_status_code,
    )
    assert is_near(stored.failing_since, health.failing_since)
    assert is_near(stored.last_attempt_at, health.last_attempt_at)
    assert is_near(stored.last_success_at, health.last_success_at)


async def test_failures_before_a_success_in_the_middle_count_no_more(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id, 5)
    hand = await Hand.begin(runtime)
    one, two, three, four, five = await hand.claim(webhook.id)
    await hand.record(failed(one), failed(two))
    await hand.record(failed(three), succeeded(four), failed(five))
    stored = await Webhook.get(id=webhook.id)
    assert (stored.consecutive_failures, stored.last_status_code) == (1, 500)
    assert stored.last_success_at is not None
    assert stored.failing_since is not None


async def test_each_webhook_of_a_batch_has_a_fold_of_its_own(runtime: Runtime) -> None:
    good, bad = await make_webhook(runtime), await make_webhook(runtime)
    await enqueue(runtime, good.id)
    await enqueue(runtime, bad.id)
    hand = await Hand.begin(runtime)
    await hand.record(
        failed(await hand.claim_one(bad.id)), succeeded(await hand.claim_one(good.id))
    )
    assert (await Webhook.get(id=good.id)).consecutive_failures == 0
    assert (await Webhook.get(id=bad.id)).consecutive_failures == 1


async def test_health_moves_no_version(runtime: Runtime) -> None:
    webhook, versions = await make_webhook(runtime), await runtime.queue.versions()
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(failed(await hand.claim_one(webhook.id)))
    assert (await Webhook.get(id=webhook.id)).version == webhook.version
    assert await runtime.queue.versions() == versions


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.SUCCEEDED])
async def test_failure_counts_whatever_becomes_of_its_delivery(
    runtime: Runtime, state: DeliveryState
) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    await set_column(runtime, "delivery", "status", int(state), [delivery_id])
    await hand.record(failed(row, state=DeliveryState.FAILED))
    assert (await Webhook.get(id=webhook.id)).consecutive_failures == 1
    assert row.number == 1


@pytest.mark.parametrize("make", [succeeded, failed])
async def test_a_test_is_in_the_log_and_counts_for_nothing(
    runtime: Runtime, make: Callable[[ClaimedDelivery], AttemptResult]
) -> None:
    """In the log alone: the webhook's columns and its statistics stay as they were."""
    webhook, hand = await make_webhook(runtime), await Hand.begin(runtime)
    await enqueue(runtime, webhook.id, 2)
    real, test = await hand.claim(webhook.id)
    await hand.record(failed(real))
    await set_column(runtime, "webhook", "warned_at", ago(60), [webhook.id])
    before = [await all_of(runtime, "webhook"), await all_of(runtime, "webhook_stat")]
    await hand.record(make(test)._replace(cause=AttemptCause.TEST, state=DeliveryState.OPEN))
    after = [await all_of(runtime, "webhook"), await all_of(runtime, "webhook_stat")]
    assert after == before
    assert await Attempt.filter(cause=AttemptCause.TEST).count() == 1
    assert await Notification.all().count() == 0


async def all_of(runtime: Runtime, table: str) -> list[Any]:
    return list(await runtime.database.reader().rows(f"select * from {table}"))
