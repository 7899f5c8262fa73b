"""Publishing, on both databases: who gets an event, what a key protects, what a caller hears when
the database falters.
"""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest

from hookline.activity import events
from hookline.deliveries.queue.base import Queue
from hookline.errors import Code, Refused, Unavailable
from hookline.events.checking import EventLimits, PublishInput
from hookline.events.publishing import Published, Publisher
from hookline.models import Delivery, Event
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.making import ENVIRONMENT, SOMEBODY, TYPE, WORKSPACE, make_webhook, set_column
from tests.waiting import eventually


def given(
    data: Any = None, key: str | None = None, type: str = TYPE, occurred_at: datetime | None = None
) -> PublishInput:
    return PublishInput(type, ENVIRONMENT, data, key, occurred_at)


async def publish(runtime: Runtime, *inputs: PublishInput) -> list[Published]:
    return await runtime.publisher.publish(WORKSPACE, inputs)


async def problems_of(runtime: Runtime, *inputs: PublishInput) -> set[tuple[Code, tuple[str, ...]]]:
    with pytest.raises(Refused) as caught:
        await publish(runtime, *inputs)
    assert await Event.all().count() == 0
    return {(problem.code, problem.field) for problem in caught.value.problems}


class Tampered:
    """The real queue, whose publish goes wrong in a way of its own. faults: raised one after the
    other, before or after the commit.
    """

    def __init__(self, queue: Queue, *faults: Exception, after_commit: bool = False) -> None:
        self._queue, self._faults, self._after_commit = queue, list(faults), after_commit
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def publish(self, *given: Any) -> bool:
        self.waiting += 1
        await self.gate.wait()
        self.waiting -= 1
        if self._faults and not self._after_commit:
            raise self._faults.pop(0)
        written = await self._queue.publish(*given)
        if self._faults:
            raise self._faults.pop(0)
        return written


def over(runtime: Runtime, queue: Tampered) -> Runtime:
    """The same runtime with a publisher over another queue."""
    limits = EventLimits(runtime.settings.environments, runtime.settings.max_event_bytes)
    return replace(
        runtime, publisher=Publisher(cast(Queue, queue), runtime.registry, runtime.wakeups, limits)
    )


async def refuse_poison(runtime: Runtime) -> None:
    """Makes the database refuse every event whose data holds the word poison."""
    sqlite = (
        "create trigger t before insert on event when new.data like '%poison%' begin select "
        "raise(abort, 'poison'); end"
    )
    postgres = "alter table event add constraint no_poison check (data not like '%poison%')"
    async with runtime.database.unit_of_work() as work:
        await work.execute(sqlite if work.dialect == "sqlite" else postgres)


async def test_published_event_is_stored_as_it_was_given(runtime: Runtime) -> None:
    await make_webhook(runtime)
    at = datetime(2026, 1, 2, 3, 4, 5, 600_000, timezone(timedelta(hours=2)))
    [published] = await publish(
        runtime, given({"b": [1, None, "ä"], "a": 1.5}, "k", occurred_at=at)
    )
    assert (published.is_duplicate, published.delivery_count) == (False, 1)
    stored = await Event.get(id=published.event_id)
    assert (stored.type, stored.environment, stored.idempotency_key) == (TYPE, ENVIRONMENT, "k")
    assert stored.data == '{"b":[1,null,"ä"],"a":1.5}'
    assert stored.occurred_at == at
    assert published.event is not None
    assert (published.event.id, published.event.data, published.event.received_at) == (
        stored.id,
        stored.data,
        stored.received_at,
    )
    assert published.event.occurred_at.tzinfo is UTC


async def test_answers_come_in_the_order_of_the_inputs(runtime: Runtime) -> None:
    published = await publish(runtime, *(given(n) for n in range(50)))
    assert [(await Event.get(id=one.event_id)).data for one in published] == [
        str(n) for n in range(50)
    ]


async def test_event_that_nobody_wants_is_kept(runtime: Runtime) -> None:
    await make_webhook(runtime)
    [published] = await publish(runtime, given(1, type="user.user.create"))
    assert published.delivery_count == 0
    assert await Event.filter(id=published.event_id).exists()
    assert await Delivery.all().count() == 0


async def test_many_callers_at_once_each_get_their_own(runtime: Runtime) -> None:
    await make_webhook(runtime)
    published = await asyncio.gather(*(publish(runtime, given(n)) for n in range(300)))
    assert (
        len({one.event_id for [one] in published})
        == await Event.all().count()
        == await Delivery.all().count()
        == 300
    )


# keys


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
    assert two == (one.event_id, True, 0, None)


@pytest.mark.parametrize(
    "other",
    [
        given({"a": 2}, "k"),
        given({"a": True}, "k"),
        given({"a": 1}, "k", "order.order.update"),
        given({"a": 1}, "k", occurred_at=datetime(2026, 1, 1, tzinfo=UTC)),
    ],
    ids=["data", "boolean", "type", "time"],
)
async def test_same_key_for_something_else_is_a_conflict(
    runtime: Runtime, other: PublishInput
) -> None:
    await publish(runtime, given({"a": 1}, "k"))
    with pytest.raises(Refused) as caught:
        await publish(runtime, given(0), other)
    [problem] = caught.value.problems
    assert (problem.code, problem.field) == (Code.IDEMPOTENCY_CONFLICT, ("1", "idempotencyKey"))
    assert await Event.all().count() == 1


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


async def test_opposite_orders_of_keys_end_without_a_deadlock(runtime: Runtime) -> None:
    other = over(runtime, Tampered(runtime.queue))
    keys = [f"k{n}" for n in range(40)]
    there, back = [[given(1, key) for key in order] for order in (keys, keys[::-1])]
    await asyncio.gather(
        *(publish(at, *(there if n % 2 else back)) for n in range(4) for at in (runtime, other))
    )
    assert await Event.all().count() == 40


# a change is in force for the very next publish


async def test_webhook_that_another_process_made_gets_the_very_next_event(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await set_column(runtime, "webhook", "is_active", False, [webhook.id])
    await runtime.registry.reload(WORKSPACE, None)
    async with runtime.database.unit_of_work() as work:  # nobody is told
        await work.execute("update webhook set is_active = $1 where id = $2", True, webhook.id)
        await work.execute(events.BUMP, WORKSPACE)
    [published] = await publish(runtime, given(1))
    assert published.delivery_count == await Delivery.filter(webhook_id=webhook.id).count() == 1


async def test_webhook_that_was_switched_off_gets_nothing_more(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    assert (await publish(runtime, given(1)))[0].delivery_count == 0
    await set_webhook_active(runtime, SOMEBODY, webhook.id, True)
    assert (await publish(runtime, given(1)))[0].delivery_count == 1
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert (await publish(runtime, given(1)))[0].delivery_count == 0


# faults


@pytest.mark.parametrize("key", [None, "k"])
async def test_answer_lost_after_the_commit_is_given_again(
    runtime: Runtime, key: str | None
) -> None:
    await make_webhook(runtime)
    lossy = over(runtime, Tampered(runtime.queue, ConnectionResetError(), after_commit=True))
    [published] = await publish(lossy, given(1, key))
    assert (published.is_duplicate, published.delivery_count) == (False, 1)
    assert [event.id for event in await Event.all()] == [published.event_id]
    assert await Delivery.all().count() == 1


async def test_answer_lost_with_somebody_elses_key_in_the_group(runtime: Runtime) -> None:
    [first] = await publish(runtime, given(1, "theirs"))
    lossy = over(runtime, Tampered(runtime.queue, ConnectionResetError(), after_commit=True))
    theirs, own = await publish(lossy, given(1, "theirs"), given(2, "own"))
    assert (theirs.event_id, theirs.is_duplicate, own.is_duplicate) == (first.event_id, True, False)
    assert await Event.all().count() == 2


@pytest.mark.parametrize(
    "fault",
    [ConnectionResetError(), TimeoutError(), sqlite3.OperationalError("database is locked")],
    ids=repr,
)
async def test_short_absence_of_the_database_is_waited_out(
    runtime: Runtime, fault: Exception
) -> None:
    [published] = await publish(over(runtime, Tampered(runtime.queue, fault, fault)), given(1))
    assert await Event.filter(id=published.event_id).exists()


async def test_what_the_database_refuses_is_heard_by_its_sender_alone(runtime: Runtime) -> None:
    await refuse_poison(runtime)
    outcomes = await asyncio.gather(
        publish(runtime, given(1)),
        publish(runtime, given("poison")),
        publish(runtime, given(2)),
        return_exceptions=True,
    )
    assert [isinstance(outcome, list) for outcome in outcomes] == [True, False, True]
    assert await Event.all().count() == 2


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
    await asyncio.sleep(0)
    blocked.gate.set()
    poisoned, good = await rest
    await first
    assert isinstance(poisoned, Exception)
    assert isinstance(good, list)
    assert (await Event.get(idempotency_key="k")).data == '"good"'


async def test_caller_that_leaves_takes_nothing_out_of_the_group(runtime: Runtime) -> None:
    blocked = Tampered(runtime.queue)
    blocked.gate.clear()
    at = over(runtime, blocked)
    leaving, staying = (
        asyncio.create_task(publish(at, given("left"))),
        asyncio.create_task(publish(at, given("stayed"))),
    )
    await eventually(lambda: blocked.waiting)
    leaving.cancel()
    blocked.gate.set()
    assert await staying
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert {event.data for event in await Event.all()} == {'"left"', '"stayed"'}


async def test_too_many_waiting_events_are_answered_unavailable(runtime: Runtime) -> None:
    blocked = Tampered(runtime.queue)
    blocked.gate.clear()
    at = over(runtime, blocked)
    full = [asyncio.create_task(publish(at, *[given(1)] * 1_000))]
    await eventually(lambda: blocked.waiting)
    full += [asyncio.create_task(publish(at, *[given(1)] * 1_000)) for _ in range(19)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="more slowly"):
        await publish(at, given(1))
    blocked.gate.set()
    await asyncio.gather(*full)
    assert await publish(at, given(1))
    assert await Event.all().count() == 20_001


async def test_large_events_that_wait_are_bounded_by_their_size(runtime: Runtime) -> None:
    blocked = Tampered(runtime.queue)
    blocked.gate.clear()
    at, large = over(runtime, blocked), given("x" * 262_000)
    full = [asyncio.create_task(publish(at, large)) for _ in range(256)]
    await eventually(lambda: blocked.waiting)
    with pytest.raises(Unavailable, match="more slowly"):
        await publish(at, large)
    blocked.gate.set()
    await asyncio.gather(*full)
    assert await publish(at, large)
    assert at.publisher._waiting_size == at.publisher._waiting_events == 0


async def test_close_waits_for_what_was_accepted(runtime: Runtime) -> None:
    accepted = asyncio.create_task(publish(runtime, given(1)))
    await asyncio.sleep(0)
    await runtime.publisher.close()
    await accepted
    assert await Event.all().count() == 1


# bad input


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"a": ["ok", "b\0d"]}, ("a", "1")),
        ({"n": 2**64}, ("n",)),
        ({"n": -(2**63) - 1}, ("n",)),
        ([float("nan")], ("0",)),
        ({"deep": {"x": float("inf")}}, ("deep", "x")),
        ({"s": "\ud800"}, ("s",)),
    ],
    ids=["nul", "large", "small", "nan", "infinite", "surrogate"],
)
async def test_data_that_cannot_be_stored_is_refused_at_its_path(
    runtime: Runtime, data: Any, path: tuple[str, ...]
) -> None:
    assert await problems_of(runtime, given(1), given(data)) == {
        (Code.INVALID, ("1", "data", *path))
    }


async def test_everything_that_is_wrong_is_told_at_once(runtime: Runtime) -> None:
    bad = PublishInput("Order.created", "nowhere", {"a": "\0"}, " key ")
    found = await problems_of(runtime, bad, given(1, "k" * 256))
    fields = {
        ("0", "type"),
        ("0", "environment"),
        ("0", "data", "a"),
        ("0", "idempotencyKey"),
        ("1", "idempotencyKey"),
    }
    assert found == {(Code.INVALID, field) for field in fields}


async def test_batch_of_no_event_or_too_many_is_refused(runtime: Runtime) -> None:
    assert await problems_of(runtime) == {(Code.REQUIRED, ())}
    assert await problems_of(runtime, *[given(1)] * 1_001) == {(Code.TOO_MANY, ())}


async def test_data_that_is_too_long_is_refused(runtime: Runtime) -> None:
    limit = runtime.settings.max_event_bytes
    assert await problems_of(runtime, given("ä" * (limit // 2))) == {(Code.TOO_LONG, ("0", "data"))}
    assert await problems_of(runtime, *[given("a" * (limit - 2))] * 33) == {(Code.TOO_LONG, ())}
    assert await publish(runtime, given("a" * (limit - 2)))


@pytest.mark.parametrize(
    "at",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
    ],
)
@pytest.mark.parametrize("key", [None, "k"])
async def test_time_at_the_end_of_time_is_refused(
    runtime: Runtime, at: datetime, key: str | None
) -> None:
    assert await problems_of(runtime, given(1, key, occurred_at=at)) == {
        (Code.OUT_OF_RANGE, ("0", "occurredAt"))
    }


async def test_filter_decides_among_what_the_patterns_match(runtime: Runtime) -> None:
    large = await make_webhook(runtime, filter={"data.total": {"gte": 100}})
    every = await make_webhook(runtime)
    inputs = [
        PublishInput(TYPE, ENVIRONMENT, {"total": total}, f"key-{total}") for total in (99, 100)
    ]
    published = await runtime.publisher.publish(WORKSPACE, inputs)
    assert [one.delivery_count for one in published] == [1, 2]
    assert await Delivery.filter(webhook_id=large.id).count() == 1
    assert await Delivery.filter(webhook_id=every.id).count() == 2
    again = await runtime.publisher.publish(WORKSPACE, inputs)
    assert [(one.is_duplicate, one.delivery_count) for one in again] == [(True, 1), (True, 2)]


async def test_changed_filter_is_in_force_for_the_very_next_publish(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, filter={"data.total": {"gte": 100}})
    for changed, count in (
        ({"data.total": {"lt": 100}}, 1),
        (None, 1),
        ({"environment": {"ne": ENVIRONMENT}}, 0),
    ):
        await update_webhook(runtime, SOMEBODY, webhook.id, {"filter": changed})
        [published] = await runtime.publisher.publish(
            WORKSPACE, [PublishInput(TYPE, ENVIRONMENT, {"total": 1})]
        )
        assert published.delivery_count == count
