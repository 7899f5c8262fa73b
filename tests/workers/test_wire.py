"""The places on the wire: who gets one, who waits, and in which order they go on."""

from tests.workers.test_lanes import lane
from workers.lanes import Lane
from workers.wire import ON_WIRE_LIMIT, SHARED_ON_WIRE_LIMIT, SLOW_ON_WIRE_LIMIT, Place, Wire

QUICK = Place(False, "")


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
    assert sum(wire.take(lane()) is not None for _ in range(SHARED_ON_WIRE_LIMIT, ON_WIRE_LIMIT + 5)) == ON_WIRE_LIMIT - SHARED_ON_WIRE_LIMIT


def test_those_with_nothing_on_the_wire_go_on_first() -> None:
    wire = Wire()
    [busy, *_] = filled(wire, SHARED_ON_WIRE_LIMIT)
    taken = [lane() for _ in range(ON_WIRE_LIMIT - SHARED_ON_WIRE_LIMIT)]
    assert all(map(wire.take, taken))
    newcomer = lane()
    assert (wire.take(busy), wire.take(newcomer)) == (None, None)
    assert list(wire.next_in_line()) == []
    wire.leave(taken[0], QUICK)
    line = wire.next_in_line()
    assert next(line) is newcomer
    assert wire.take(newcomer)
    assert list(line) == []


def test_slow_lanes_share_half_of_the_places_and_hold_nobody_else_up() -> None:
    wire, slow = Wire(), [lane() for _ in range(SLOW_ON_WIRE_LIMIT + 1)]
    for one in slow:
        one.slow_down()
    assert sum(wire.take(one) is not None for one in slow) == SLOW_ON_WIRE_LIMIT
    assert wire.take(lane())
    wire.leave(slow[0], Place(True, ""))
    assert next(wire.next_in_line()) is slow[-1]


def test_lane_waits_once_and_in_the_line_that_it_belongs_to_now() -> None:
    wire = Wire()
    [busy, *_] = filled(wire, SHARED_ON_WIRE_LIMIT)
    for _ in range(3):
        wire.take(busy)
    busy.slow_down()
    assert list(wire.next_in_line()) == [busy]
    assert list(wire.next_in_line()) == []


def test_lanes_of_one_host_take_turns_within_its_limit() -> None:
    wire, one, other, elsewhere = Wire(host_limit=2), lane(), lane(), lane()
    elsewhere.target.url = "http://127.0.0.2:8000/in"
    places = [wire.take(one), wire.take(one)]
    assert (places, wire.take(one)) == ([Place(False, "127.0.0.1")] * 2, None)
    assert not wire.may_keep(Place(False, "127.0.0.1"), elsewhere)  # of another host
    assert wire.take(elsewhere) == Place(False, "127.0.0.2")
    assert wire.take(other) is None
    assert list(wire.next_in_line()) == []
    for waiting in (one, other):
        place = places.pop()
        assert place is not None
        assert not wire.may_keep(place, one)
        wire.leave(one, place)
        line = wire.next_in_line()
        assert next(line) is waiting
        places.insert(0, wire.take(waiting))
        assert list(line) == []
    assert places[0] is not None
    assert wire.may_keep(places[0], other)


def test_lane_of_a_host_that_needs_its_place_no_more_leaves_it_to_the_next() -> None:
    wire, one, idle, other = Wire(host_limit=1), lane(), lane(), lane()
    place = wire.take(one)
    assert place is not None
    assert (wire.take(idle), wire.take(other)) == (None, None)
    wire.leave(one, place)
    assert list(wire.next_in_line()) == [idle, other]


def test_hosts_that_nobody_is_on_the_wire_to_are_forgotten() -> None:
    wire = Wire(host_limit=1)
    for number in range(3):
        one = lane()
        one.target.url = f"http://host-{number}/"
        place = wire.take(one)
        assert place is not None
        wire.leave(one, place)
    assert (wire._hosts, wire._host_lines) == ({}, {})
