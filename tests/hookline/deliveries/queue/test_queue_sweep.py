"""The sweep's questions on both databases: what is due, what a deleted webhook left, which pump is
alive.
"""

from datetime import timedelta

from hookline import clock
from hookline.deliveries import manual
from hookline.deliveries.queue.base import DEAD_AFTER
from hookline.models import Delivery, DeliveryState
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active
from tests.making import SOMEBODY, Hand, activity, enqueue, make_webhook, set_column, succeeded


async def cancel_all(runtime: Runtime) -> int:
    total = 0
    while count := await runtime.queue.cancel_deleted():
        total += count
    return total


async def test_webhooks_with_something_due_are_found_once_each(runtime: Runtime) -> None:
    first, second, idle = [await make_webhook(runtime) for _ in range(3)]
    await enqueue(runtime, first.id, 5)
    await enqueue(runtime, second.id, 2)
    assert sorted(await runtime.queue.due()) == sorted([first.id, second.id])
    assert idle.id not in await runtime.queue.due()


async def test_later_leased_and_held_ones_are_not_due(runtime: Runtime) -> None:
    later, leased, held = [await make_webhook(runtime) for _ in range(3)]
    await set_column(
        runtime,
        "delivery",
        "next_attempt_at",
        clock.now() + timedelta(minutes=1),
        await enqueue(runtime, later.id),
    )
    await enqueue(runtime, leased.id)
    await enqueue(runtime, held.id)
    await (await Hand.begin(runtime)).claim(leased.id)
    await set_webhook_active(runtime, SOMEBODY, held.id, False)
    assert await runtime.queue.due() == []


async def test_what_was_asked_for_by_hand_is_due_even_while_off(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, delivery_id)
    assert await runtime.queue.due() == [webhook.id]


async def test_nothing_of_a_deleted_webhook_is_due(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    done, _ = await enqueue(runtime, webhook.id, 2)
    hand = await Hand.begin(runtime)
    await hand.record(*(succeeded(row) for row in await hand.claim(webhook.id) if row.id == done))
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, done)
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert await runtime.queue.due() == []


async def test_open_deliveries_of_a_deleted_webhook_are_cancelled(runtime: Runtime) -> None:
    gone, living = await make_webhook(runtime), await make_webhook(runtime)
    await enqueue(runtime, gone.id, 1_100)
    [kept] = await enqueue(runtime, living.id)
    await delete_webhook(runtime, SOMEBODY, gone.id)
    assert await cancel_all(runtime) == 1_100
    assert (
        await Delivery.filter(
            webhook_id=gone.id, status=DeliveryState.CANCELLED, finished_at__isnull=False
        ).count()
        == 1_100
    )
    assert (await Delivery.get(id=kept)).status == DeliveryState.OPEN


async def test_cancelling_leaves_what_is_finished(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(succeeded(await hand.claim_one(webhook.id)))
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert await cancel_all(runtime) == 0
    assert (await Delivery.get(id=delivery_id)).status == DeliveryState.SUCCEEDED


async def test_pump_that_beats_is_left_alone(runtime: Runtime) -> None:
    hand = await Hand.begin(runtime)
    assert await runtime.queue.beat(hand.token)
    assert await runtime.queue.take_over(DEAD_AFTER) == -1


async def test_beat_after_a_takeover_is_refused(runtime: Runtime) -> None:
    hand = await Hand.begin(runtime)
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == 0
    assert not await runtime.queue.beat(hand.token)
    assert await runtime.queue.take_over(DEAD_AFTER) == -1
    assert await activity(runtime) == []


async def test_pump_that_left_is_not_taken_over(runtime: Runtime) -> None:
    hand = await Hand.begin(runtime)
    await runtime.queue.unregister(hand.token)
    assert await runtime.queue.take_over(timedelta(0)) == -1


async def test_pump_that_leaves_with_a_lease_stays_for_the_takeover(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.claim_one(webhook.id)
    await runtime.queue.unregister(hand.token)
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == 1
