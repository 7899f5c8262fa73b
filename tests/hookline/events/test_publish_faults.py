"""Publishing while the database falters, on both databases: answers, and what is stored."""

import asyncio
import sqlite3

import pytest

from hookline.errors import Unavailable
from hookline.ids import uuid7
from hookline.models import Delivery, Event, Webhook
from hookline.runtime import Runtime
from tests.hookline.events.publishers import Tampered, given, over, publish, refuse_poison
from tests.making import make_webhook
from tests.waiting import eventually, turns

pytestmark = pytest.mark.engines("sqlite")


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


@pytest.mark.engines("sqlite", "postgres")
async def test_answer_lost_with_somebody_elses_key_in_the_group(runtime: Runtime) -> None:
    [first] = await publish(runtime, given(1, "theirs"))
    lossy = over(runtime, Tampered(runtime.queue, ConnectionResetError(), after_commit=True))
    theirs, own = await publish(lossy, given(1, "theirs"), given(2, "own"))
    assert (theirs.event_id, theirs.is_duplicate, own.is_duplicate) == (first.event_id, True, False)
    assert await Event.all().count() == 2


@pytest.mark.engines("sqlite", "postgres")
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


@pytest.mark.engines("sqlite", "postgres")
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


async def test_requests_with_too_many_deliveries_for_one_commit_are_each_stored_once(
    runtime: Runtime,
) -> None:
    first = await make_webhook(runtime)
    copies = [first.clone(pk=uuid7()) for _ in range(149)]
    for number, copy in enumerate(copies):
        copy.slug = f"copy-{number}"
    await Webhook.bulk_create(copies)
    await runtime.registry.reload(first.workspace_id, None)
    queue = Tampered(runtime.queue, ConnectionResetError(), after_commit=True)
    at = over(runtime, queue)
    # 66 of them fill a commit, whose answer is lost.
    outcomes = await asyncio.gather(*(publish(at, given(n)) for n in range(100)))
    ids = {event.id for event in await Event.all()}
    assert [one.event_id in ids for [one] in outcomes] == [True] * 100
    assert {one.delivery_count for [one] in outcomes} == {150}
    assert (len(ids), await Delivery.all().count()) == (100, 15_000)
    assert queue.sizes == [9_900, 9_900, 5_100]


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
    await eventually(lambda: at.publisher._waiting_events == 20_000)
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
    blocked = Tampered(runtime.queue)
    blocked.gate.clear()
    at = over(runtime, blocked)
    accepted = asyncio.create_task(publish(at, given(1)))
    await eventually(lambda: blocked.waiting)
    closing = asyncio.create_task(at.publisher.close())
    await turns(3)  # enough for a close that does not wait
    assert not closing.done()
    blocked.gate.set()
    await closing
    assert accepted.done()
    assert await Event.all().count() == 1
