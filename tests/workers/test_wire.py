"""The places on the wire: who gets one, who waits, and in which order they go on."""

from tests.workers.test_lanes import lane
from workers.lanes import Lane
from workers.wire import ON_WIRE_LIMIT, SHARED_ON_WIRE_LIMIT, SLOW_ON_WIRE_LIMIT, Wire


def filled(wire: Wire, count: int) -> list[Lane]:
    """So many places taken, by lanes of a hundred each. They, in order."""
    lanes = [lane(100) for _ in range(-(-count // 100))]
    for place in range(count):
        assert wire.take(lanes[place // 100])
    return lanes


def test_newcomer_gets_a_place_where_the_busy_get_no_more() -> None:
    wire = Wire()
    [*_, last] = filled(wire, SHARED_ON_WIRE_LIMIT)
    assert not wire.take(last)
    newcomer = lane()
    assert wire.take(newcomer)
    assert not wire.take(newcomer)


def test_no_more_than_all_places_are_given() -> None:
    wire = Wire()
    filled(wire, SHARED_ON_WIRE_LIMIT)
    assert [wire.take(lane()) for _ in range(SHARED_ON_WIRE_LIMIT, ON_WIRE_LIMIT + 5)].count(True) == ON_WIRE_LIMIT - SHARED_ON_WIRE_LIMIT


def test_those_with_nothing_on_the_wire_go_on_first() -> None:
    wire = Wire()
    [busy, *_] = filled(wire, SHARED_ON_WIRE_LIMIT)
    taken = [lane() for _ in range(ON_WIRE_LIMIT - SHARED_ON_WIRE_LIMIT)]
    assert all(map(wire.take, taken))
    newcomer = lane()
    assert (wire.take(busy), wire.take(newcomer)) == (False, False)
    assert list(wire.next_in_line()) == []
    wire.leave(taken[0], was_slow=False)
    line = wire.next_in_line()
    assert next(line) is newcomer
    assert wire.take(newcomer)
    assert list(line) == []


def test_slow_lanes_share_half_of_the_places_and_hold_nobody_else_up() -> None:
    wire, slow = Wire(), [lane() for _ in range(SLOW_ON_WIRE_LIMIT + 1)]
    for one in slow:
        one.slow_down()
    assert [wire.take(one) for one in slow].count(True) == SLOW_ON_WIRE_LIMIT
    assert wire.take(lane())
    wire.leave(slow[0], was_slow=True)
    assert next(wire.next_in_line()) is slow[-1]


def test_lane_waits_once_and_in_the_line_that_it_belongs_to_now() -> None:
    wire = Wire()
    [busy, *_] = filled(wire, SHARED_ON_WIRE_LIMIT)
    for _ in range(3):
        wire.take(busy)
    busy.slow_down()
    assert list(wire.next_in_line()) == [busy]
    assert list(wire.next_in_line()) == []
