"""A webhook's lane: how much it holds, how much of that is on the wire, and what a timeout makes of
it.
"""

from typing import Any, cast
from uuid import UUID, uuid4

from hookline import clock
from hookline.deliveries.queue.base import ClaimedDelivery
from hookline.deliveries.target import Target
from hookline.ids import uuid7
from hookline.secrets.vault import Vault
from workers.lanes import LEASED_LIMIT, ONE_EACH_LIMIT, PREFETCH, PREFETCH_LIMIT, Lane, Pace


def target(concurrency: int = 10) -> Target:
    """A webhook as the queue loads it. Its secrets are never opened here."""
    row: dict[str, Any] = {
        "id": uuid7(),
        "workspace_id": uuid7(),
        "url": "http://127.0.0.1/in",
        "environments": "\nproduction\n",
    }
    row |= {
        "events": "\norder.*.*\n",
        "is_active": True,
        **dict.fromkeys(
            ("auto_disabled_at", "event_filter", "rate_per_minute", "payload_template")
        ),
        "version": 1,
        "timeout_ms": 15_000,
        "concurrency": concurrency,
        "retry_schedule": "[5]",
    }
    return Target(row, cast(Vault, None))


def claimed(is_manual: bool = False) -> ClaimedDelivery:
    return ClaimedDelivery(
        uuid7(),
        uuid7(),
        uuid7(),
        uuid7(),
        1,
        "order.order.create",
        "production",
        "{}",
        clock.now(),
        0,
        is_manual,
        None,
        1,
    )


def lane(concurrency: int = 10, queued: int = 0, on_wire: int = 0, reserved: int = 0) -> Lane:
    one = Lane(target(concurrency), uuid4(), Pace(on_wire))
    one.queue.extend(claimed() for _ in range(queued))
    one.reserved = reserved
    return one


def keys(rows: Any) -> list[UUID]:
    return [row.id for row in rows]


def test_lane_has_room_for_its_slots_and_a_stock_ahead() -> None:
    assert lane(10).room(0) == 10 + PREFETCH
    assert lane(10, queued=20, on_wire=10, reserved=5).room(0) == PREFETCH - 25
    assert lane(10, queued=PREFETCH, on_wire=10).room(0) == 0


def test_overfull_lane_has_no_room_and_never_less() -> None:
    assert lane(1, queued=PREFETCH + 20, on_wire=1).room(0) == 0


def test_lane_is_asked_for_only_when_it_has_drained_by_half_its_stock() -> None:
    assert lane(10, queued=PREFETCH // 2, on_wire=10).claim_size(0) == 0
    assert lane(10, queued=PREFETCH // 2 - 1, on_wire=10).claim_size(0) == PREFETCH // 2 + 1


def test_timeout_leaves_one_slot_and_one_delivery_ahead_and_gives_the_rest_back() -> None:
    one = lane(5, queued=8, on_wire=4)
    first, *rest = keys(one.queue)
    assert keys(one.slow_down()) == rest
    assert (keys(one.queue), one.slots, one.is_slow) == ([first], 1, True)
    assert one.room(0) == 0


def test_slow_lane_is_asked_for_as_soon_as_it_has_room_for_one() -> None:
    one = lane(5)
    one.slow_down()
    assert (one.room(0), one.claim_size(0)) == (2, 2)
    one.pace.on_wire = 1
    assert (one.room(0), one.claim_size(0)) == (1, 1)


def test_answer_gives_all_slots_back() -> None:
    one = lane(5)
    one.slow_down()
    one.speed_up()
    assert (one.slots, one.is_slow, one.room(0)) == (5, False, 5 + PREFETCH)


def test_webhook_that_always_has_one_slot_is_slow_only_after_a_timeout() -> None:
    one = lane(1)
    assert (one.is_slow, one.room(0)) == (False, 1 + PREFETCH)
    one.slow_down()
    assert (one.is_slow, one.room(0)) == (True, 2)


def test_stock_ahead_ends_where_the_process_is_half_full() -> None:
    assert lane(10).room(PREFETCH_LIMIT - 1) == 10 + PREFETCH
    assert lane(10).room(PREFETCH_LIMIT) == 10
    assert lane(10, queued=3, on_wire=6).claim_size(PREFETCH_LIMIT) == 1


def test_last_quarter_is_for_those_who_have_nothing() -> None:
    assert lane(10, on_wire=1).room(ONE_EACH_LIMIT) == 0
    assert lane(10).room(ONE_EACH_LIMIT) == 1
    assert lane(10).room(LEASED_LIMIT) == 0


def test_what_was_asked_for_by_hand_goes_first() -> None:
    one = lane(10)
    rows = [claimed(), claimed(is_manual=True)]
    for row in rows:
        one.add(row)
    assert keys(one.queue) == keys(reversed(rows))


def test_what_is_known_of_a_receiver_outlives_the_lane() -> None:
    old = lane(5, on_wire=3)
    old.slow_down()
    new = Lane(old.target, uuid4(), old.pace)
    assert (new.is_slow, new.leased_count, new.room(0)) == (True, 3, 0)


def test_only_what_was_named_is_taken_out_and_the_order_stays() -> None:
    one = lane()
    rows = [claimed(is_manual=number % 2 == 0) for number in range(6)]
    one.queue.extend(rows)
    taken = one.take_out(2, lambda row: not row.is_manual)
    assert (keys(taken), keys(one.queue)) == (
        keys([rows[3], rows[5]]),
        keys([rows[0], rows[1], rows[2], rows[4]]),
    )
    assert keys(one.take_out(keep=0)) == keys([rows[0], rows[1], rows[2], rows[4]])
    assert not one.queue


def test_lane_whose_results_cannot_be_recorded_takes_and_sends_nothing() -> None:
    one = lane(10, queued=1)
    one.pace.is_held = True
    assert (one.room(0), one.paced_room(0), one.claim_size(0), one.may_begin) == (0, 0, 0, False)
    one.pace.is_held = False
    assert (one.room(0), one.may_begin) == (9 + PREFETCH, True)
