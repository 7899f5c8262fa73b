"""Events that a webhook missed while it was off: what is told of them is true for ever, and what
is counted is what a retry delivers.
"""

import asyncio
import contextvars
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hookline import clock
from hookline.activity.writer import bump_match_version
from hookline.deliveries import jobs, retention
from hookline.deliveries.jobs import RetryScope
from hookline.deliveries.missed import Count, Missed, count_missing, find_missing
from hookline.deliveries.missed_search import Window, count_missed, find_missed
from hookline.deliveries.pauses import Pause, pauses_of
from hookline.models import Delivery, Event, Job, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    publish,
    set_column,
)
from tests.working import finish_jobs

both = pytest.mark.engines("sqlite", "postgres")
pytestmark = pytest.mark.engines("sqlite")

HOUR = timedelta(hours=1)
FIRST = UUID(int=0)


def lately(**changes: Any) -> Window:
    return Window(clock.now() - HOUR, clock.now() + HOUR, **changes)


async def switch(runtime: Runtime, webhook: Webhook, is_on: bool) -> None:
    await set_webhook_active(runtime, SOMEBODY, webhook.id, is_on)


async def missed_by(runtime: Runtime, webhook: Webhook, **changes: Any) -> list[Missed]:
    row = await Webhook.get(id=webhook.id)
    return (await find_missed(runtime.database.reader(), row, lately(**changes))).missed


async def counted(runtime: Runtime, webhook: Webhook) -> Count:
    row = await Webhook.get(id=webhook.id)
    return await count_missed(runtime.database.reader(), row, lately())


async def pauses(runtime: Runtime, webhook: Webhook) -> list[Pause]:
    reader, window = runtime.database.reader(), lately()
    return await pauses_of(
        reader, WORKSPACE, webhook.id, window.since, window.until, is_ascending=True
    )


async def retried(runtime: Runtime, webhook: Webhook) -> int:
    """The number of deliveries that a retry of what was missed makes."""
    await Job.all().delete()
    given = (webhook.id, RetryScope.MISSED, clock.now() - HOUR, None, None)
    await jobs.retry_deliveries(runtime.database, runtime.enqueuer, SOMEBODY, *given)
    await finish_jobs(runtime)
    return (await Job.get()).done


@both
async def test_pause_says_who_when_and_what_was_wanted_each_time(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, filter={"data.n": {"eq": 1}})
    await switch(runtime, webhook, False)
    await update_webhook(runtime, SOMEBODY, webhook.id, {"name": "No other form"})
    await update_webhook(runtime, SOMEBODY, webhook.id, {"events": ["user.*.*"], "filter": None})
    open_ = await pauses(runtime, webhook)
    await switch(runtime, webhook, True)
    first, second = await pauses(runtime, webhook)
    assert [pause.ended_at is None for pause in open_] == [False, True]
    assert (first.form.events, second.form.events) == (("order.*.*",), ("user.*.*",))
    assert (first.form.conditions, second.form.conditions) == ({"data.n": {"eq": 1}}, None)
    assert first.off_at == first.began_at == second.off_at <= second.began_at == first.ended_at
    assert first.on_at == second.on_at == second.ended_at
    assert {pause.cause for pause in (first, second)} == {"INACTIVE"}
    assert [pause.actor and pause.actor["name"] for pause in (first, second)] == ["tester"] * 2
    await switch(runtime, webhook, False)
    [*_, third] = await pauses(runtime, webhook)
    assert (third.number, third.on_at, third.off_at > first.off_at) == (3, None, True)


@both
async def test_what_was_missed_is_known_after_the_webhook_has_changed(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await publish(runtime)
    await switch(runtime, webhook, False)
    keys = await publish(runtime, 3)
    await switch(runtime, webhook, True)
    await publish(runtime)
    before = await missed_by(runtime, webhook)
    await update_webhook(runtime, SOMEBODY, webhook.id, {"events": ["user.*.*"]})
    after = await missed_by(runtime, webhook)
    assert [one.event_id for one in before] == sorted(keys, reverse=True)
    assert [one.is_deliverable for one in before] == [True] * 3
    assert [one.event_id for one in after] == [one.event_id for one in before]
    assert await counted(runtime, webhook) == Count(3, 0, 0, is_exact=True)
    assert await retried(runtime, webhook) == 0  # the webhook wants none of them any more


@both
async def test_retry_delivers_what_was_counted_and_its_deliveries_are_shown(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime, filter={"data.n": {"gte": 1}})
    await switch(runtime, webhook, False)
    [_, second, third] = await publish(runtime, 3)
    await switch(runtime, webhook, True)
    assert await counted(runtime, webhook) == Count(2, 0, 2, is_exact=True)
    assert await retried(runtime, webhook) == 2
    assert await counted(runtime, webhook) == Count(2, 2, 0, is_exact=True)
    made = {row.event_id: row.id for row in await Delivery.filter(webhook_id=webhook.id)}
    told = {one.event_id: one.delivery_id for one in await missed_by(runtime, webhook)}
    assert told == made
    assert told.keys() == {second, third}
    assert await retried(runtime, webhook) == 0


@both
async def test_each_event_was_delivered_or_missed_whenever_the_switch_falls(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    keys = list[UUID]()

    for turn in range(12):
        *published, _ = await asyncio.gather(
            publish(runtime), publish(runtime), switch(runtime, webhook, bool(turn % 2))
        )
        keys += [key for [key] in published]
    delivered = {row.event_id for row in await Delivery.filter(webhook_id=webhook.id)}
    missed = {one.event_id for one in await missed_by(runtime, webhook)}
    assert delivered | missed == set(keys)
    assert not delivered & missed


@pytest.mark.engines("postgres")
async def test_event_published_while_the_switch_waits_for_its_commit_is_missed(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime, active=False)
    async with runtime.database.unit_of_work() as work:
        await work.execute("update webhook set is_active = true where id = $1", webhook.id)
        # Matched against the webhook as everybody sees it, which is off, later than it went on.
        [key] = await asyncio.create_task(publish(runtime), context=contextvars.Context())
        await bump_match_version(work, runtime.hub, WORKSPACE)
    [pause] = await pauses(runtime, webhook)
    received_at = (await Event.get(id=key)).received_at
    assert pause.on_at is not None
    assert received_at > pause.on_at
    assert [one.event_id for one in await missed_by(runtime, webhook)] == [key]
    assert await retried(runtime, webhook) == 1


async def test_nobody_misses_what_it_would_not_have_received(runtime: Runtime) -> None:
    [_before] = await publish(runtime)
    webhook = await make_webhook(runtime, active=False, events=["order.order.delete"])
    other = await make_webhook(runtime, active=False)
    gone = await make_webhook(runtime)
    await delete_webhook(runtime, SOMEBODY, gone.id)
    [key] = await publish(runtime)
    assert await missed_by(runtime, webhook) == await missed_by(runtime, gone) == []
    assert [one.event_id for one in await missed_by(runtime, other)] == [key]
    assert [
        one.webhook_id
        for one in (await find_missing(runtime.database.reader(), WORKSPACE, key, FIRST)).missed
    ] == [other.id]


@both
async def test_event_tells_all_webhooks_that_were_off_also_a_deleted_one(runtime: Runtime) -> None:
    webhooks = [await make_webhook(runtime) for _ in range(3)]
    for webhook in webhooks[:2]:
        await switch(runtime, webhook, False)
    [key] = await publish(runtime)
    for webhook in webhooks[:2]:
        await switch(runtime, webhook, True)
    assert await retried(runtime, webhooks[0]) == 1
    await delete_webhook(runtime, SOMEBODY, webhooks[1].id)
    reader = runtime.database.reader()
    found = await find_missing(reader, WORKSPACE, key, FIRST)
    assert {one.webhook_id: bool(one.delivery_id) for one in found.missed} == {
        webhooks[0].id: True,
        webhooks[1].id: False,
    }
    assert await count_missing(reader, WORKSPACE, key) == Count(2, 1, 0, is_exact=True)
    rest = await find_missing(reader, WORKSPACE, key, webhooks[0].id)
    assert [one.webhook_id for one in rest.missed] == [webhooks[1].id]


@pytest.mark.parametrize("is_ascending", [True, False])
async def test_parts_are_together_the_whole(runtime: Runtime, is_ascending: bool) -> None:
    webhook = await make_webhook(runtime, active=False)
    keys = list[UUID]()
    for _ in range(3):
        keys += await publish(runtime, 5)
        await update_webhook(runtime, SOMEBODY, webhook.id, {"active": True})
        await publish(runtime, 5)
        await update_webhook(runtime, SOMEBODY, webhook.id, {"active": False})
    row, reader = await Webhook.get(id=webhook.id), runtime.database.reader()
    told, place, parts = list[UUID](), None, 0
    while parts == 0 or place is not None:
        window = lately(after=place) if is_ascending else lately(before=place)
        found = await find_missed(
            *(reader, row, window), is_ascending=is_ascending, limit=2, events=7
        )
        told += [one.event_id for one in found.missed]
        place, parts = found.last, parts + 1
    assert told == sorted(keys, reverse=not is_ascending)
    assert parts >= 8


async def test_count_that_looked_at_only_a_part_says_so(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, active=False)
    await publish(runtime, 5)
    row, reader = await Webhook.get(id=webhook.id), runtime.database.reader()
    found = await find_missed(reader, row, lately(), events=3)
    assert len(found.missed) == 3
    assert found.last is not None


async def test_all_events_that_may_be_looked_at_are_asked_of_a_filter(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, active=False, filter={"data.n": {"gte": 0}})
    await publish(runtime, 60)
    row, reader = await Webhook.get(id=webhook.id), runtime.database.reader()
    found = await find_missed(reader, row, lately(), events=50)
    assert len(found.missed) == 50


async def test_only_events_of_the_time_and_type_are_told(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, active=False)
    [early, late] = [(await publish(runtime))[0] for _ in range(2)]
    since = (await Event.get(id=late)).received_at
    row, reader = await Webhook.get(id=webhook.id), runtime.database.reader()
    for window, wanted in (
        (Window(since, clock.now()), [late]),
        (Window(clock.now() - HOUR, since), [early]),
        (lately(event_type="order.order.delete"), []),
        (Window(datetime.min.replace(tzinfo=since.tzinfo), since), [early]),
    ):
        found = await find_missed(reader, row, window)
        assert [one.event_id for one in found.missed] == wanted


async def test_without_its_data_an_event_is_missed_where_no_filter_has_to_be_asked(
    runtime: Runtime,
) -> None:
    plain = await make_webhook(runtime, active=False)
    choosy = await make_webhook(runtime, active=False, filter={"data.n": {"eq": 0}})
    keys = await publish(runtime)
    await set_column(runtime, "event", "data", None, keys)
    assert await counted(runtime, plain) == Count(1, 0, 0, is_exact=True)
    assert await counted(runtime, choosy) == Count(0, 0, 0, is_exact=True)


@both
async def test_webhook_that_was_turned_off_by_itself_says_why(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable={"failures": 1, "over": "1s"})
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    result = failed(await hand.claim_one(webhook.id))
    await hand.record(result._replace(began=result.began - 5, duration_ms=5_000))
    await publish(runtime)
    [missed] = await missed_by(runtime, webhook)
    assert (missed.pause.cause, missed.pause.actor) == ("FAILURES", None)
    # Turned off by hand as well, it stays off by hand.
    await switch(runtime, webhook, False)
    first, second = await pauses(runtime, webhook)
    assert (second.cause, second.actor and second.actor["name"]) == ("INACTIVE", "tester")
    assert second.off_at == first.off_at


@both
async def test_clock_that_went_back_leaves_both_times_in_their_order(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await switch(runtime, webhook, False)
    ahead = clock.now() + HOUR
    async with runtime.database.unit_of_work() as work:
        await work.execute("update webhook_pause set began_at = $1, off_at = $1", ahead)
    await publish(runtime)
    await switch(runtime, webhook, True)
    async with runtime.database.unit_of_work() as work:
        [pause] = await work.rows("select began_at, ended_at, off_at, on_at from webhook_pause")
    assert pause["began_at"] < pause["ended_at"] == ahead
    assert pause["off_at"] <= pause["on_at"]


@both
async def test_pauses_go_with_the_events_of_their_time(runtime: Runtime) -> None:
    old, open_ = await make_webhook(runtime), await make_webhook(runtime)
    for webhook in (old, open_):
        await switch(runtime, webhook, False)
    await switch(runtime, old, True)
    long_ago = ago((runtime.settings.attempt_days + 1) * 86_400)
    async with runtime.database.unit_of_work() as work:
        await work.execute("update webhook_pause set began_at = $1", long_ago)
        await work.execute(
            "update webhook_pause set ended_at = $1 where ended_at is not null", long_ago
        )
    assert await retention.purge(runtime.database, runtime.queue, runtime.settings) == 1
    async with runtime.database.unit_of_work() as work:
        left = await work.rows("select webhook_id from webhook_pause")
    assert [row["webhook_id"] for row in left] == [open_.id]
