"""A dead pump's attempts become UNKNOWN on both databases: logged, told, and a step of the schedule
used.
"""

from datetime import timedelta

import pytest

from hookline import clock
from hookline.activity.events import ActivityKind
from hookline.deliveries import manual
from hookline.deliveries.queue.base import DEAD_AFTER
from hookline.models import Attempt, AttemptCause, AttemptOutcome, Delivery, DeliveryState, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook
from tests.making import (
    SOMEBODY,
    Hand,
    activity,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    set_column,
    succeeded,
)


async def test_takeover_writes_unknown_and_uses_a_step_of_the_schedule(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, retry={"schedule": ["1m", "5m"]})
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.claim_one(webhook.id)
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == 1
    attempt = await Attempt.get(delivery_id=delivery_id)
    assert (attempt.number, attempt.outcome, attempt.cause, attempt.webhook_id) == (
        1,
        AttemptOutcome.UNKNOWN,
        AttemptCause.PUBLISH,
        webhook.id,
    )
    delivery = await Delivery.get(id=delivery_id)
    assert (delivery.status, delivery.schedule_step, delivery.attempt_count) == (
        DeliveryState.OPEN,
        1,
        1,
    )
    assert delivery.lease_token is None
    assert timedelta(seconds=40) < delivery.next_attempt_at - clock.now() < timedelta(seconds=80)
    assert [kind for _, kind, subject in await activity(runtime) if subject == attempt.id] == [
        ActivityKind.ATTEMPT
    ]


async def test_unknown_attempt_has_a_key_of_its_time(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.claim_one(webhook.id)
    await hand.fall_silent(runtime)
    await runtime.queue.take_over(DEAD_AFTER)
    key = (await Attempt.get(webhook_id=webhook.id)).id
    assert key.version == 7
    assert abs((key.int >> 80) / 1_000 - clock.now().timestamp()) < 60


async def test_takeover_at_the_end_of_the_schedule_fails_the_delivery(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, retry={"schedule": ["1m"]})
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(failed(await hand.claim_one(webhook.id), wait_seconds=0.0))
    await hand.claim_one(webhook.id)
    await hand.fall_silent(runtime)
    await runtime.queue.take_over(DEAD_AFTER)
    delivery = await Delivery.get(id=delivery_id)
    assert (delivery.status, delivery.schedule_step) == (DeliveryState.FAILED, 2)
    assert delivery.finished_at is not None


async def test_takeover_of_a_manual_attempt_moves_no_schedule(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(succeeded(await hand.claim_one(webhook.id)))
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, delivery_id)
    await hand.claim_one(webhook.id)
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == 1
    delivery = await Delivery.get(id=delivery_id)
    assert (delivery.status, delivery.schedule_step) == (DeliveryState.SUCCEEDED, 0)
    assert delivery.manual_at is None
    assert delivery.lease_token is None
    assert (await Attempt.get(delivery_id=delivery_id, number=2)).cause == AttemptCause.MANUAL


@pytest.mark.parametrize("schedule", [["1m", "5m"], ["1m"]])
async def test_takeover_cancels_what_a_deleted_webhook_had_on_the_wire(
    runtime: Runtime, schedule: list[str]
) -> None:
    webhook = await make_webhook(runtime, retry={"schedule": schedule})
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(failed(await hand.claim_one(webhook.id), wait_seconds=0.0))
    await hand.claim_one(webhook.id)
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert await runtime.queue.cancel_deleted() == 0
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == 1
    delivery = await Delivery.get(id=delivery_id)
    assert delivery.status == DeliveryState.CANCELLED
    assert delivery.finished_at is not None
    assert delivery.lease_token is None


async def test_unknown_does_not_count_as_a_failure(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.claim_one(webhook.id)
    await hand.fall_silent(runtime)
    await runtime.queue.take_over(DEAD_AFTER)
    assert (await Webhook.get(id=webhook.id)).consecutive_failures == 0


@pytest.mark.parametrize("count", [1, 3])
async def test_each_workspace_hears_of_its_own_unknown_attempts(
    runtime: Runtime, count: int
) -> None:
    other = await make_workspace(runtime)
    here, there = await make_webhook(runtime), await make_webhook(runtime, workspace_id=other)
    await enqueue(runtime, here.id, count)
    await enqueue(runtime, there.id, 2, other)
    hand = await Hand.begin(runtime)
    await hand.claim(here.id, there.id)
    before = len(await activity(runtime)), len(await activity(runtime, other))
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == count + 2
    assert len(await activity(runtime)) == before[0] + count
    assert len(await activity(runtime, other)) == before[1] + 2
    assert await Attempt.filter(workspace_id=other).count() == 2


async def test_dead_pumps_are_taken_over_one_after_the_other(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id, 5)
    for room in (2, 3):
        hand = await Hand.begin(runtime)
        await hand.claim(webhook.id, room=room)
        await hand.fall_silent(runtime)
    taken = [await runtime.queue.take_over(DEAD_AFTER) for _ in range(3)]
    assert sorted(taken) == [-1, 2, 3]


async def test_unknown_attempt_of_a_reopened_delivery_was_asked_for_by_hand(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    # as jobs.REOPEN leaves it
    await set_column(runtime, "delivery", "next_cause", AttemptCause.MANUAL, [delivery_id])
    hand = await Hand.begin(runtime)
    await hand.claim_one(webhook.id)
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == 1
    assert (await Attempt.get(delivery_id=delivery_id)).cause == AttemptCause.MANUAL
