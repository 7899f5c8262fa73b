"""Idempotency keys, on both databases: a repeat makes no second event, other content conflicts."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hookline.errors import Code, Refused
from hookline.events.checking import PublishInput
from hookline.models import Delivery, Event
from hookline.runtime import Runtime
from tests.hookline.events.publishers import Tampered, given, over, publish, refuse_poison
from tests.making import make_webhook
from tests.tables import each_of
from tests.waiting import eventually

pytestmark = [pytest.mark.usefixtures("unstalled"), pytest.mark.engines("sqlite")]


@pytest.mark.engines("sqlite", "postgres")
async def test_equal_keys_at_once_make_one_event(runtime: Runtime) -> None:
    await make_webhook(runtime)
    other = over(runtime, Tampered(runtime.queue))  # a publisher of its own, as in another process
    calls = [
        publish(at, given({"a": 1, "b": 2.0}, "k")) for at in (runtime, other) for _ in range(5)
    ]
    published = [one for [one] in await asyncio.gather(*calls)]
    assert (
        len({one.event_id for one in published})
        == await Event.all().count()
        == await Delivery.all().count()
        == 1
    )
    assert sum(one.is_duplicate for one in published) == 9
    assert {one.delivery_count for one in published} == {1}


async def test_key_twice_in_a_batch_counts_as_a_repeat(runtime: Runtime) -> None:
    first, second, third = await publish(runtime, given(1, "k"), given(1, "k"), given(1, "other"))
    assert (first.is_duplicate, second.is_duplicate, third.is_duplicate) == (False, True, False)
    assert first.event_id == second.event_id
    assert second.event is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"d": 2, "c": 1}, "a": 1}),
        ({"n": 1}, {"n": 1.0}),
        ([1e3], [1000]),
    ],
)
async def test_same_data_in_another_form_is_a_duplicate(
    runtime: Runtime, first: Any, second: Any
) -> None:
    [one] = await publish(runtime, given(first, "k"))
    [two] = await publish(runtime, given(second, "k"))
    assert two == (one.event_id, True, 0, None, 0)


@each_of(
    "other, differs",
    [
        (given({"a": 2}, "k"), "other data"),
        (given({"a": True}, "k"), "other data"),
        (given({"a": 1}, "k", "order.order.update"), "another type"),
        (
            given({"a": 1}, "k", occurred_at=datetime(2026, 1, 1, tzinfo=UTC)),
            "another time",
        ),
        (given({}, "k", "order.order.update"), "another type and other data"),
        (replace(given({"a": 1}, "k"), environment="staging"), "another environment"),
    ],
)
async def test_same_key_for_something_else_is_a_conflict_that_says_what_differs(
    runtime: Runtime, other: PublishInput, differs: str
) -> None:
    await publish(runtime, given({"a": 1}, "k"))
    with pytest.raises(Refused) as caught:
        await publish(runtime, given(0), other)
    [problem] = caught.value.problems
    assert (problem.code, problem.field) == (Code.IDEMPOTENCY_CONFLICT, ("1", "idempotencyKey"))
    assert problem.message == (
        f"This key was used within 24 hours for an event with {differs}. Take a new key, or send "
        "that event as it was."
    )
    assert await Event.all().count() == 1


async def test_conflict_within_a_batch_names_the_other_event(runtime: Runtime) -> None:
    with pytest.raises(Refused) as caught:
        await publish(runtime, given(0), given(1, "k"), given(1, "k"), given(2, "k"))
    [problem] = caught.value.problems
    assert problem.field == ("3", "idempotencyKey")
    assert problem.message == (
        "Event 1 of this batch has the same key with other data. Give each event a key of its own."
    )


async def test_conflict_takes_out_its_own_batch_only(runtime: Runtime) -> None:
    await publish(runtime, given(1, "taken"))
    outcomes = await asyncio.gather(
        publish(runtime, given(7)),
        publish(runtime, given(2, "taken"), given(3, "free")),
        publish(runtime, given(8, "mine")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [list, Refused, list]
    [again] = await publish(runtime, given("anything", "free"))
    assert not again.is_duplicate


async def test_duplicate_tells_the_deliveries_of_the_first(runtime: Runtime) -> None:
    await make_webhook(runtime)
    await publish(runtime, given(1, "k"))
    await make_webhook(runtime)
    [again] = await publish(runtime, given(1, "k"))
    assert (again.is_duplicate, again.delivery_count) == (True, 1)


@pytest.mark.engines("sqlite", "postgres")
async def test_opposite_orders_of_keys_end_without_a_deadlock(runtime: Runtime) -> None:
    other = over(runtime, Tampered(runtime.queue))
    keys = [f"k{n}" for n in range(40)]
    there, back = [[given(1, key) for key in order] for order in (keys, keys[::-1])]
    await asyncio.gather(
        *(publish(at, *(there if n % 2 else back)) for n in range(4) for at in (runtime, other))
    )
    assert await Event.all().count() == 40


@pytest.mark.engines("sqlite", "postgres")
async def test_conflict_with_a_key_that_was_never_stored_is_none(runtime: Runtime) -> None:
    await refuse_poison(runtime)
    blocked = Tampered(runtime.queue)
    blocked.gate.clear()
    at = over(runtime, blocked)
    # keeps the writer busy, so that the next two share a group
    first = asyncio.create_task(publish(at, given(0)))
    await eventually(lambda: blocked.waiting)
    rest = asyncio.gather(
        publish(at, given("poison", "k")), publish(at, given("good", "k")), return_exceptions=True
    )
    await eventually(lambda: at.publisher._waiting_events == 3)
    blocked.gate.set()
    poisoned, good = await rest
    await first
    assert isinstance(poisoned, Exception)
    assert isinstance(good, list)
    assert (await Event.get(idempotency_key="k")).data == '"good"'
