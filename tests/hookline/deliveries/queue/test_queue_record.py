"""Recording on both databases: what an ended attempt moves, and that nothing moves without its
lease.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from hookline import clock
from hookline.activity.events import ActivityKind
from hookline.deliveries import manual
from hookline.deliveries.queue.base import DEAD_AFTER, AttemptResult, ClaimedDelivery
from hookline.ids import uuid7
from hookline.models import Attempt, AttemptCause, AttemptOutcome, Delivery, DeliveryState, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook
from tests.making import (
    NOWHERE,
    SOMEBODY,
    Hand,
    activity,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    publish,
    succeeded,
)


async def claimed(runtime: Runtime, count: int = 1) -> tuple[Hand, list[ClaimedDelivery]]:
    """Deliveries of a new webhook in somebody's hand, oldest first."""
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id, count)
    hand = await Hand.begin(runtime)
    return hand, sorted(await hand.claim(webhook.id))


async def retried(runtime: Runtime, hand: Hand, row: ClaimedDelivery) -> ClaimedDelivery:
    """The same delivery, asked for by hand and claimed."""
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, row.id)
    return await hand.claim_one(row.webhook_id)


async def taken_over(runtime: Runtime, hand: Hand) -> None:
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) >= 0


async def attempts_noted(runtime: Runtime) -> list[object]:
    return [subject for _, kind, subject in await activity(runtime) if kind == ActivityKind.ATTEMPT]


async def test_success_ends_the_delivery_and_is_logged(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    result = succeeded(row, response_body=b"\x00\xff", is_truncated=True)
    assert await hand.record(result) > 0
    delivery = await Delivery.get(id=row.id)
    assert (delivery.status, delivery.attempt_count) == (DeliveryState.SUCCEEDED, 1)
    assert delivery.lease_token is None
    assert delivery.finished_at is not None
    attempt = await Attempt.get(id=result.attempt_id)
    assert (attempt.delivery_id, attempt.webhook_id, attempt.event_id, attempt.number) == (
        row.id,
        row.webhook_id,
        row.event_id,
        1,
    )
    assert (attempt.outcome, attempt.cause, attempt.status_code) == (
        AttemptOutcome.SUCCEEDED,
        AttemptCause.PUBLISH,
        200,
    )
    assert (attempt.request_url, attempt.request_headers) == (
        NOWHERE,
        [["Content-Type", "application/json"]],
    )
    assert (attempt.response_headers, attempt.response_body, attempt.response_truncated) == (
        [],
        b"\x00\xff",
        True,
    )
    assert attempt.duration_ms == 20
    assert attempt.next_attempt_at is None
    assert abs(attempt.started_at - clock.now()) < timedelta(seconds=10)


async def test_failure_moves_the_schedule(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    result = failed(
        row,
        wait_seconds=300.0,
        step=1,
        error_code="TIMEOUT",
        error_message="No answer.",
        status_code=None,
    )
    await hand.record(result)
    delivery = await Delivery.get(id=row.id)
    assert (delivery.status, delivery.schedule_step) == (DeliveryState.OPEN, 1)
    assert delivery.lease_token is None
    assert delivery.finished_at is None
    assert timedelta(seconds=280) < delivery.next_attempt_at - clock.now() <= timedelta(seconds=300)
    attempt = await Attempt.get(id=result.attempt_id)
    assert (attempt.error_code, attempt.error_message, attempt.status_code) == (
        "TIMEOUT",
        "No answer.",
        None,
    )
    assert attempt.next_attempt_at == delivery.next_attempt_at


async def test_last_failure_fails_the_delivery(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    await hand.record(failed(row, state=DeliveryState.FAILED, wait_seconds=None))
    delivery = await Delivery.get(id=row.id)
    assert delivery.status == DeliveryState.FAILED
    assert delivery.finished_at is not None
    assert (await Attempt.get(delivery_id=row.id)).next_attempt_at is None


async def test_recording_again_changes_nothing(runtime: Runtime) -> None:
    hand, rows = await claimed(runtime, 3)
    results = [failed(row) for row in rows]
    assert await hand.record(*results) > 0
    before = (
        await Webhook.get(id=rows[0].webhook_id),
        await activity(runtime),
        await Attempt.all().order_by("id").values(),
    )
    assert await hand.record(*results) == 0
    webhook, noted, attempts = before
    assert (
        (await Webhook.get(id=webhook.id)).consecutive_failures == webhook.consecutive_failures == 3
    )
    assert await activity(runtime) == noted
    assert await Attempt.all().order_by("id").values() == attempts


async def test_part_that_was_recorded_before_counts_once(runtime: Runtime) -> None:
    hand, rows = await claimed(runtime, 4)
    results = [failed(row) for row in rows]
    await hand.record(*results[:2])
    await hand.record(*results)
    assert (await Webhook.get(id=rows[0].webhook_id)).consecutive_failures == 4
    assert await attempts_noted(runtime) == [result.attempt_id for result in results]


async def test_positions_have_no_holes_and_each_attempt_one(runtime: Runtime) -> None:
    first, rows = await claimed(runtime, 3)
    second, more = await claimed(runtime, 2)
    last = await first.record(*(succeeded(row) for row in rows))
    assert await second.record(*(failed(row) for row in more)) == last + 2
    positions = [position for position, _, _ in await activity(runtime)]
    assert positions == list(range(1, last + 3))
    assert len(await attempts_noted(runtime)) == 5


async def test_attempts_are_announced_in_the_order_in_which_they_ended(runtime: Runtime) -> None:
    hand, rows = await claimed(runtime, 5)
    results = [succeeded(row) for row in (rows[3], rows[0], rows[4], rows[2], rows[1])]
    await hand.record(*results)
    assert await attempts_noted(runtime) == [result.attempt_id for result in results]


@pytest.mark.parametrize("wrong", ["token", "number"])
async def test_nothing_moves_without_the_lease(runtime: Runtime, wrong: str) -> None:
    hand, [row] = await claimed(runtime)
    if wrong == "token":
        assert await (await Hand.begin(runtime)).record(succeeded(row)) == 0
    else:
        assert await hand.record(succeeded(row, number=2)) == 0
    delivery = await Delivery.get(id=row.id)
    assert (delivery.status, delivery.lease_token) == (DeliveryState.OPEN, hand.token)
    assert await attempts_noted(runtime) == []
    assert (await Webhook.get(id=row.webhook_id)).last_attempt_at is None


async def test_what_was_sent_replaces_unknown_and_changes_nothing_else(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    await taken_over(runtime, hand)
    before, noted = await Delivery.get(id=row.id), await activity(runtime)
    assert await hand.record(succeeded(row)) == 0
    attempt = await Attempt.get(delivery_id=row.id)
    assert (attempt.number, attempt.outcome, attempt.status_code, attempt.response_body) == (
        1,
        AttemptOutcome.SUCCEEDED,
        200,
        b"{}",
    )
    after = await Delivery.get(id=row.id)
    assert (after.status, after.schedule_step, after.next_attempt_at) == (
        DeliveryState.OPEN,
        before.schedule_step,
        before.next_attempt_at,
    )
    assert await activity(runtime) == noted
    assert (await Webhook.get(id=row.webhook_id)).last_attempt_at is None


async def test_evidence_replaces_unknown_only(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    await hand.record(succeeded(row))
    await hand.record(failed(row, attempt_id=uuid7()))
    assert (await Attempt.get(delivery_id=row.id)).outcome == AttemptOutcome.SUCCEEDED


async def test_old_holder_and_new_holder_keep_their_own_rows(runtime: Runtime) -> None:
    old, [row] = await claimed(runtime)
    await taken_over(runtime, old)
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, row.id)
    new = await Hand.begin(runtime)
    again = await new.claim_one(row.webhook_id)
    await old.record(failed(row))
    await new.record(succeeded(again))
    outcomes = [
        (attempt.number, attempt.outcome)
        for attempt in await Attempt.filter(delivery_id=row.id).order_by("number")
    ]
    assert outcomes == [(1, AttemptOutcome.FAILED), (2, AttemptOutcome.SUCCEEDED)]
    assert (await Delivery.get(id=row.id)).status == DeliveryState.SUCCEEDED


async def test_success_stays_after_a_manual_failure(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    await hand.record(succeeded(row))
    finished_at = (await Delivery.get(id=row.id)).finished_at
    await hand.record(failed(await retried(runtime, hand, row)))
    delivery = await Delivery.get(id=row.id)
    assert (delivery.status, delivery.finished_at) == (DeliveryState.SUCCEEDED, finished_at)
    assert delivery.manual_at is None
    assert (await Attempt.get(delivery_id=row.id, number=2)).cause == AttemptCause.MANUAL


async def test_manual_success_mends_a_failed_delivery(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    await hand.record(failed(row, state=DeliveryState.FAILED, wait_seconds=None))
    await hand.record(succeeded(await retried(runtime, hand, row)))
    assert (await Delivery.get(id=row.id)).status == DeliveryState.SUCCEEDED


async def test_manual_failure_of_an_open_delivery_leaves_its_schedule(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    await hand.record(failed(row))
    before = await Delivery.get(id=row.id)
    await hand.record(failed(await retried(runtime, hand, row)))
    after = await Delivery.get(id=row.id)
    assert (after.status, after.schedule_step, after.next_attempt_at) == (
        DeliveryState.OPEN,
        1,
        before.next_attempt_at,
    )
    assert after.manual_at is None
    assert after.attempt_count == 2


@pytest.mark.parametrize("by_hand", [False, True])
async def test_sweep_leaves_what_is_on_the_wire_to_its_record_which_cancels_it_whatever_came_back(
    runtime: Runtime, by_hand: bool
) -> None:
    hand, [row] = await claimed(runtime)
    if by_hand:
        await hand.give_back(row)
        row = await retried(runtime, hand, row)
    await delete_webhook(runtime, SOMEBODY, row.webhook_id)
    assert await runtime.queue.cancel_deleted() == 0
    assert await hand.record(succeeded(row)) > 0
    delivery = await Delivery.get(id=row.id)
    assert delivery.status == DeliveryState.CANCELLED
    assert delivery.lease_token is None
    assert (await Attempt.get(delivery_id=row.id)).outcome == AttemptOutcome.SUCCEEDED


@pytest.mark.parametrize("end", [succeeded, failed])
async def test_what_ends_after_the_delete_is_cancelled_before_the_sweep_comes(
    runtime: Runtime, end: Callable[[ClaimedDelivery], AttemptResult]
) -> None:
    hand, [row] = await claimed(runtime)
    await delete_webhook(runtime, SOMEBODY, row.webhook_id)
    assert await hand.record(end(row)) > 0
    delivery = await Delivery.get(id=row.id)
    assert delivery.status == DeliveryState.CANCELLED
    assert delivery.finished_at is not None
    assert (await Attempt.get(delivery_id=row.id)).outcome == end(row).outcome


async def test_each_workspace_has_positions_of_its_own(runtime: Runtime) -> None:
    other = await make_workspace(runtime)
    webhook = await make_webhook(runtime, workspace_id=other)
    await publish(runtime, 2, workspace_id=other)
    hand = await Hand.begin(runtime)
    here = await activity(runtime)
    rows = await hand.claim(webhook.id)
    before = len(await activity(runtime, other))
    assert await hand.record(*(succeeded(row) for row in rows), workspace_id=other) == before + 2
    assert await activity(runtime) == here


async def test_large_batch_is_recorded_whole(runtime: Runtime) -> None:
    hand, rows = await claimed(runtime, 500 - 450)
    await enqueue(runtime, rows[0].webhook_id, 450)
    rows += await hand.claim(rows[0].webhook_id, room=450, limit=450)
    await hand.record(*(succeeded(row) for row in rows))
    assert (
        await Delivery.filter(status=DeliveryState.SUCCEEDED, lease_token__isnull=True).count()
        == 500
    )
    assert await Attempt.all().count() == len(await attempts_noted(runtime)) == 500


@pytest.mark.parametrize("codes", [(200, 200, 200), (204, 200, None)], ids=["same", "own"])
async def test_each_attempt_of_a_batch_keeps_its_own_values(
    runtime: Runtime, codes: tuple[int | None, ...]
) -> None:
    hand, rows = await claimed(runtime, 3)
    results = [
        succeeded(row, status_code=code, request_url=f"https://a.test/{code}")
        if code
        else failed(row, status_code=code, error_code="TIMEOUT", error_message="Late.")
        for row, code in zip(rows, codes, strict=True)
    ]
    await hand.record(*results)
    for result in results:
        kept = await Attempt.get(id=result.attempt_id)
        assert (kept.status_code, kept.outcome) == (result.status_code, result.outcome)
        assert (kept.error_code, kept.error_message) == (result.error_code, result.error_message)
        assert (kept.request_url, kept.event_type) == (result.request_url, result.event_type)
        assert (kept.next_attempt_at is not None) == (result.wait_seconds is not None)
        delivery = await Delivery.get(id=result.delivery_id)
        assert (delivery.status, delivery.schedule_step) == (result.state, result.step)


async def test_manual_success_after_the_delete_mends_a_failed_delivery(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime)
    await hand.record(failed(row, state=DeliveryState.FAILED, wait_seconds=None))
    again = await retried(runtime, hand, row)
    await delete_webhook(runtime, SOMEBODY, row.webhook_id)
    await hand.record(succeeded(again))
    assert (await Delivery.get(id=row.id)).status == DeliveryState.SUCCEEDED
