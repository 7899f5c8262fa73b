"""A takeover of either database moves a dead worker's deliveries as the rule of retries says."""

from datetime import timedelta
from itertools import product

from hookline import clock
from hookline.deliveries import manual
from hookline.deliveries.queue.base import DEAD_AFTER
from hookline.deliveries.retries import unknown_verdict
from hookline.models import Delivery, DeliveryState
from hookline.runtime import Runtime
from tests.making import SOMEBODY, WORKSPACE, Hand, enqueue, make_webhook, set_column

SCHEDULES = (["1s"], ["1m", "1500ms"], ["5s", "48h", "3h", "1m"])
STEPS = range(6)


def waits(schedule: list[str]) -> tuple[timedelta, ...]:
    seconds = {"1s": 1, "1m": 60, "1500ms": 1.5, "5s": 5, "48h": 172_800, "3h": 10_800}
    return tuple(timedelta(seconds=seconds[text]) for text in schedule)


async def test_takeover_ends_and_delays_deliveries_as_the_rule_says(runtime: Runtime) -> None:
    lost = dict[object, tuple[tuple[timedelta, ...], int, bool]]()
    hand = await Hand.begin(runtime)
    for schedule, step, by_hand in product(SCHEDULES, STEPS, (False, True)):
        webhook = await make_webhook(runtime, retry={"schedule": schedule})
        [key] = await enqueue(runtime, webhook.id)
        await set_column(runtime, "delivery", "schedule_step", step, [key])
        if by_hand:
            await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)
        await hand.claim_one(webhook.id)
        lost[key] = waits(schedule), step, by_hand
    before = {row.id: row.next_attempt_at for row in await Delivery.filter(workspace_id=WORKSPACE)}
    await hand.fall_silent(runtime)
    began = clock.now()
    assert await runtime.queue.take_over(DEAD_AFTER) == len(lost)
    took = clock.now() - began + timedelta(milliseconds=50)
    for row in await Delivery.filter(id__in=list(lost)):
        pauses, step, by_hand = lost[row.id]
        shortest, longest = (unknown_verdict(pauses, step, chance) for chance in (0.0, 1.0))
        is_over = shortest.is_final and not by_hand
        assert (row.status, row.schedule_step, row.finished_at is not None) == (
            DeliveryState.FAILED if is_over else DeliveryState.OPEN,
            step + (not by_hand),
            is_over,
        )
        if by_hand or shortest.wait is None or longest.wait is None:
            assert row.next_attempt_at == before[row.id]
        else:
            assert shortest.wait <= row.next_attempt_at - began + took
            assert row.next_attempt_at - began - took <= longest.wait


async def test_waits_of_a_takeover_are_spread_over_the_whole_width(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, retry={"schedule": ["1h"]})
    await enqueue(runtime, webhook.id, 200)
    hand = await Hand.begin(runtime)
    await hand.claim(webhook.id, room=200)
    await hand.fall_silent(runtime)
    began = clock.now()
    assert await runtime.queue.take_over(DEAD_AFTER) == 200
    rows = await Delivery.filter(webhook_id=webhook.id)
    shares = [(row.next_attempt_at - began) / timedelta(hours=1) for row in rows]
    # Each quarter of 0.8 to 1.2 has some: missing one by chance is (3/4)^200.
    assert {int((share - 0.8) / 0.1) for share in shares} >= {0, 1, 2, 3}
