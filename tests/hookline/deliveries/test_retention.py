"""Retention on both databases: rows that are too old go in small batches, all others stay."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hookline import clock
from hookline.activity.events import ActivityKind
from hookline.activity.sync_events import SyncReport, write_report
from hookline.deliveries import manual, retention
from hookline.ids import uuid7
from hookline.models import (
    Attempt,
    Delivery,
    DeliveryState,
    Email,
    Event,
    Notification,
    SyncEvent,
    SyncSource,
    Webhook,
)
from hookline.runtime import Runtime
from hookline.sync.pull.source import FollowedSource
from hookline.webhooks.change import delete_webhook
from tests.hookline.notifications.test_mails import Post, turned_off
from tests.making import (
    ENVIRONMENT,
    SOMEBODY,
    TYPE,
    WORKSPACE,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    set_column,
    succeeded,
)
from tests.working import send_due

DAY = 86_400


def old_key(days: float) -> UUID:
    """A key of that age."""
    millis = int((clock.now() - timedelta(days=days)).timestamp() * 1_000)
    return UUID(int=(millis << 80) | (uuid7().int & (1 << 80) - 1))


async def event_of(days: float) -> Event:
    at = ago(days * DAY)
    given: dict[str, Any] = {"type": TYPE, "environment": ENVIRONMENT, "data": "{}"}
    return await Event.create(
        id=old_key(days), workspace_id=WORKSPACE, occurred_at=at, received_at=at, **given
    )


async def delivery_of(
    webhook: Webhook, event: Event, days: float, status: DeliveryState
) -> Delivery:
    about: dict[str, Any] = {
        "webhook_id": webhook.id,
        "event_id": event.id,
        "event_type": event.type,
        "environment": event.environment,
    }
    at = ago(days * DAY)
    return await Delivery.create(
        id=old_key(days),
        workspace_id=WORKSPACE,
        status=status,
        next_attempt_at=at,
        created_at=at,
        **about,
    )


async def attempt_of(delivery: Delivery, days: float) -> Attempt:
    about: dict[str, Any] = {
        "delivery_id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "event_id": delivery.event_id,
    }
    kind: dict[str, Any] = {
        "event_type": TYPE,
        "environment": ENVIRONMENT,
        "number": 1,
        "outcome": 2,
        "cause": 1,
    }
    return await Attempt.create(
        id=old_key(days), workspace_id=WORKSPACE, started_at=ago(days * DAY), **about, **kind
    )


async def sweep(runtime: Runtime) -> None:
    while await retention.purge(runtime.database, runtime.queue, runtime.settings):
        pass


async def test_data_goes_after_thirty_days_and_what_was_held_has_failed(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, active=False)
    old, new = await event_of(31), await event_of(29)
    held, waiting = (
        await delivery_of(webhook, old, 31, DeliveryState.OPEN),
        await delivery_of(webhook, new, 29, DeliveryState.OPEN),
    )
    await runtime.queue.store_bodies([(held.id, b"old"), (waiting.id, b"new")])
    await sweep(runtime)
    assert [(await Event.get(id=row.id)).data for row in (old, new)] == [None, "{}"]
    assert [(await Delivery.get(id=row.id)).status for row in (held, waiting)] == [
        DeliveryState.FAILED,
        DeliveryState.OPEN,
    ]
    bodies = await runtime.database.reader().rows("select body from delivery_body")
    assert [bytes(row["body"]) for row in bodies] == [b"new"]


async def test_many_events_are_forgotten_in_batches(runtime: Runtime) -> None:
    for _ in range(3):
        at = ago(31 * DAY)
        given: dict[str, Any] = {
            "workspace_id": WORKSPACE,
            "type": TYPE,
            "environment": ENVIRONMENT,
            "data": "{}",
            "occurred_at": at,
            "received_at": at,
        }
        await Event.bulk_create([Event(id=old_key(31), **given) for _ in range(400)])
    assert await retention.forget_data(runtime.database, uuid7()) == retention.BATCH
    await sweep(runtime)
    assert not await Event.filter(data__isnull=False).exists()


async def test_log_goes_after_ninety_days(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    for days in (91, 89):
        event = await event_of(days)
        await attempt_of(await delivery_of(webhook, event, days, DeliveryState.SUCCEEDED), days)
    await sweep(runtime)
    assert [await model.all().count() for model in (Attempt, Delivery, Event)] == [1, 1, 1]


async def test_what_is_on_the_wire_is_left_alone(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    delivery = await delivery_of(webhook, await event_of(91), 91, DeliveryState.OPEN)
    hand = await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    await sweep(runtime)
    assert (await Delivery.get(id=delivery.id)).status == DeliveryState.OPEN
    await hand.record(succeeded(row))
    attempt = await Attempt.get()
    await set_column(runtime, "attempt", "id", old_key(91), [attempt.id])
    await sweep(runtime)
    assert not await Delivery.exists()


async def test_notifications_go_after_half_a_year_with_their_receipts_and_events_of_sets(
    runtime: Runtime,
) -> None:
    await turned_off(runtime)
    await send_due(runtime, Post())
    row = await Notification.get()
    async with runtime.database.unit_of_work() as work:
        await work.execute("update email set notification_id = $1", key := old_key(181))
        await work.execute("update notification set id = $1 where id = $2", key, row.id)
        await write_report(WORKSPACE, SyncReport(ActivityKind.SYNC_BLOCKED, "drift"))
        await work.execute("update sync_event set id = $1", old_key(181))
        await write_report(WORKSPACE, SyncReport(ActivityKind.SYNC_BLOCKED, "again"))
    await sweep(runtime)
    assert [await model.all().count() for model in (Notification, Email)] == [0, 0]
    assert [row.message for row in await SyncEvent.all()] == ["again"]


async def test_paths_that_no_server_follows_any_more_are_forgotten(runtime: Runtime) -> None:
    for path in ("/srv/old", "/srv/new"):
        await FollowedSource.open(runtime, WORKSPACE, path)
    old = await SyncSource.get(path="/srv/old")
    await set_column(runtime, "sync_source", "leased_until", ago(8 * 86_400), [old.id])
    await sweep(runtime)
    assert [row.path for row in await SyncSource.all()] == ["/srv/new"]


async def test_deleted_webhook_goes_when_its_log_has_gone(runtime: Runtime) -> None:
    gone, logged, living = [await make_webhook(runtime) for _ in range(3)]
    await enqueue(runtime, logged.id)
    for webhook in (gone, logged):
        await delete_webhook(runtime, SOMEBODY, webhook.id)
        await set_column(runtime, "webhook", "deleted_at", ago(91 * DAY), [webhook.id])
    await sweep(runtime)
    assert {row.id for row in await Webhook.all()} == {logged.id, living.id}


async def test_activity_beyond_what_can_be_replayed_goes(runtime: Runtime) -> None:
    await make_webhook(runtime)
    async with runtime.database.unit_of_work() as work:
        await work.execute(
            "update workspace_activity set position = position + $1", retention.ACTIVITY_KEPT
        )
    await make_webhook(runtime)
    await sweep(runtime)
    rows = await runtime.database.reader().rows("select position from activity")
    assert [row["position"] for row in rows] == [retention.ACTIVITY_KEPT + 2]


@pytest.mark.engines("sqlite")
async def test_delivery_stays_as_long_as_one_of_its_attempts(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    delivery = await delivery_of(webhook, await event_of(91), 91, DeliveryState.FAILED)
    attempt = await attempt_of(delivery, 88)
    await sweep(runtime)
    assert [await model.all().count() for model in (Attempt, Delivery, Event)] == [1, 1, 1]

    await set_column(runtime, "attempt", "id", old_key(91), [attempt.id])
    await sweep(runtime)
    assert [await model.all().count() for model in (Attempt, Delivery, Event)] == [0, 0, 0]


@pytest.mark.engines("sqlite")
async def test_data_stays_until_what_is_on_the_wire_has_ended(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    events = [await event_of(33), await event_of(32), await event_of(31)]
    for event in events:
        await delivery_of(webhook, event, 31, DeliveryState.OPEN)
    hand = await Hand.begin(runtime)
    rows = {row.event_id: row for row in await hand.claim(webhook.id)}
    await hand.give_back(rows[events[0].id], rows[events[2].id])
    await sweep(runtime)
    # in the order of time: what is newer than the one on the wire waits with it
    assert [(await Event.get(id=event.id)).data for event in events] == [None, "{}", "{}"]

    await hand.record(failed(rows[events[1].id]))
    await sweep(runtime)
    assert [(await Event.get(id=event.id)).data for event in events] == [None, None, None]
    assert await Delivery.filter(status=DeliveryState.FAILED).count() == 3


@pytest.mark.engines("sqlite")
async def test_data_takes_an_attempt_that_was_asked_for_by_hand_with_it(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    delivery = await delivery_of(webhook, await event_of(31), 31, DeliveryState.SUCCEEDED)
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, delivery.id)
    await sweep(runtime)
    found = await Delivery.get(id=delivery.id)
    assert found.status == DeliveryState.SUCCEEDED
    assert found.manual_at is None
    assert (await Event.get(id=delivery.event_id)).data is None


async def test_mailboxes_go_after_two_days_unless_they_want_no_mails(runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as work:
        for address, days, refused_at in (
            ("new@a.test", 1, None),
            ("old@a.test", 3, None),
            ("never@a.test", 3_000, ago(3_000 * DAY)),
        ):
            await work.execute(
                "insert into mailbox (address, tries, touched_at, refused_at) "
                "values ($1, '[]', $2, $3)",
                address,
                ago(days * DAY),
                refused_at,
            )
    assert await retention.purge(runtime.database, runtime.queue, runtime.settings) == 1
    rows = await runtime.database.reader().rows("select address from mailbox order by address")
    assert [row["address"] for row in rows] == ["never@a.test", "new@a.test"]


async def test_questions_without_an_answer_go_and_answers_stay(runtime: Runtime) -> None:
    days = retention.QUESTION_KEPT.days
    async with runtime.database.unit_of_work() as work:
        for address, age, confirmed_at in (
            ("asked@a.test", days - 1, None),
            ("silent@a.test", days + 1, None),
            ("yes@a.test", days + 1, ago(DAY)),
        ):
            at = ago(age * DAY)
            await work.execute(
                "insert into mail_consent (address, workspace_id, token_digest, asks, asked_at, "
                "ask_again_at, expires_at, confirmed_at) values ($1, $2, $3, 1, $4, $4, $4, $5)",
                address,
                WORKSPACE,
                address.encode(),
                at,
                confirmed_at,
            )
    assert await retention.purge(runtime.database, runtime.queue, runtime.settings) == 1
    sql = "select address from mail_consent order by address"
    rows = await runtime.database.reader().rows(sql)
    assert [row["address"] for row in rows] == ["asked@a.test", "yes@a.test"]
