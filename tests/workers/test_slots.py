"""The slots on the wire: who gets one, who waits, and in which order they go on."""

from tests.workers.test_lanes import lane
from workers.lanes import Lane
from workers.slots import ON_WIRE_LIMIT, SHARED_ON_WIRE_LIMIT, SLOW_ON_WIRE_LIMIT, Slot, Slots

QUICK = Slot(False, "")


def filled(slots: Slots, count: int) -> list[Lane]:
    """So many slots taken, by lanes of a hundred each. They, in order."""
    lanes = [lane(100) for _ in range(-(-count // 100))]
    for number in range(count):
        assert slots.acquire(lanes[number // 100])
    return lanes


def test_newcomer_gets_a_place_where_the_busy_get_no_more() -> None:
    slots = Slots()
    [*_, last] = filled(slots, SHARED_ON_WIRE_LIMIT)
    assert not slots.acquire(last)
    newcomer = lane()
    assert slots.acquire(newcomer)
    assert not slots.acquire(newcomer)


def test_no_more_than_all_places_are_given() -> None:
    slots = Slots()
    filled(slots, SHARED_ON_WIRE_LIMIT)
    assert (
        sum(
            slots.acquire(lane()) is not None
            for _ in range(SHARED_ON_WIRE_LIMIT, ON_WIRE_LIMIT + 5)
        )
        == ON_WIRE_LIMIT - SHARED_ON_WIRE_LIMIT
    )


def test_those_with_nothing_on_the_wire_go_on_first() -> None:
    slots = Slots()
    [busy, *_] = filled(slots, SHARED_ON_WIRE_LIMIT)
    taken = [lane() for _ in range(ON_WIRE_LIMIT - SHARED_ON_WIRE_LIMIT)]
    assert all(map(slots.acquire, taken))
    newcomer = lane()
    assert (slots.acquire(busy), slots.acquire(newcomer)) == (None, None)
    assert list(slots.next_in_line()) == []
    slots.release(taken[0], QUICK)
    line = slots.next_in_line()
    assert next(line) is newcomer
    assert slots.acquire(newcomer)
    assert list(line) == []


def test_slow_lanes_share_half_of_the_places_and_hold_nobody_else_up() -> None:
    slots, slow = Slots(), [lane() for _ in range(SLOW_ON_WIRE_LIMIT + 1)]
    for one in slow:
        one.slow_down()
    assert sum(slots.acquire(one) is not None for one in slow) == SLOW_ON_WIRE_LIMIT
    assert slots.acquire(lane())
    slots.release(slow[0], Slot(True, ""))
    assert next(slots.next_in_line()) is slow[-1]


def test_lane_waits_once_and_in_the_line_that_it_belongs_to_now() -> None:
    slots = Slots()
    [busy, *_] = filled(slots, SHARED_ON_WIRE_LIMIT)
    for _ in range(3):
        slots.acquire(busy)
    busy.slow_down()
    assert list(slots.next_in_line()) == [busy]
    assert list(slots.next_in_line()) == []


def test_lanes_of_one_host_take_turns_within_its_limit() -> None:
    slots, one, other, elsewhere = Slots(host_limit=2), lane(), lane(), lane()
    elsewhere.target.url = "http://127.0.0.2:8000/in"
    held = [slots.acquire(one), slots.acquire(one)]
    assert (held, slots.acquire(one)) == ([Slot(False, "127.0.0.1")] * 2, None)
    assert not slots.may_keep(Slot(False, "127.0.0.1"), elsewhere)  # of another host
    assert slots.acquire(elsewhere) == Slot(False, "127.0.0.2")
    assert slots.acquire(other) is None
    assert list(slots.next_in_line()) == []
    for waiting in (one, other):
        slot = held.pop()
        assert slot is not None
        assert not slots.may_keep(slot, one)
        slots.release(one, slot)
        line = slots.next_in_line()
        assert next(line) is waiting
        held.insert(0, slots.acquire(waiting))
        assert list(line) == []
    assert held[0] is not None
    assert slots.may_keep(held[0], other)


def test_lane_of_a_host_that_needs_its_place_no_more_leaves_it_to_the_next() -> None:
    slots, one, idle, other = Slots(host_limit=1), lane(), lane(), lane()
    slot = slots.acquire(one)
    assert slot is not None
    assert (slots.acquire(idle), slots.acquire(other)) == (None, None)
    slots.release(one, slot)
    assert list(slots.next_in_line()) == [idle, other]


def test_hosts_that_nobody_is_on_the_wire_to_are_forgotten() -> None:
    slots = Slots(host_limit=1)
    for number in range(3):
        one = lane()
        one.target.url = f"http://host-{number}/"
        slot = slots.acquire(one)
        assert slot is not None
        slots.release(one, slot)
    assert (slots._hosts, slots._host_lines) == ({}, {})
