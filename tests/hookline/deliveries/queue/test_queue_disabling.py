"""Consequences of recorded attempts, on both databases: a webhook that keeps failing is turned off
once, and people are told as they asked.
"""

import asyncio
from typing import Any

import pytest

from hookline.activity.events import ActivityKind
from hookline.deliveries import manual
from hookline.deliveries.queue.base import DEAD_AFTER
from hookline.models import (
    AttemptCause,
    AuditEntry,
    Delivery,
    DeliveryState,
    Email,
    Notification,
    NotificationKind,
    Webhook,
)
from hookline.notifications.notifying import notify_failed_deliveries
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.hookline.deliveries.queue.failing import MAILS, SOON, at, fail, told
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    activity,
    ago,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    set_column,
    succeeded,
)

DAY = 86_400


async def test_enough_failures_over_enough_time_turn_it_off_once(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON, notificationEmails=MAILS)
    version = (await runtime.queue.versions())[WORKSPACE]
    await fail(runtime, webhook, 20, 12, 5, status_code=503)
    stored = await Webhook.get(id=webhook.id)
    assert (
        stored.auto_disabled_reason,
        stored.consecutive_failures,
        stored.is_active,
        stored.version,
    ) == ("FAILURES", 3, True, webhook.version)
    assert not stored.is_on
    assert (await runtime.queue.versions())[WORKSPACE] == version + 1
    [row] = await Notification.filter(kind=NotificationKind.AUTO_DISABLED)
    assert (row.reason, row.failures, row.last_status_code, row.backlog) == ("FAILURES", 3, 503, 3)
    assert row.failing_since == stored.failing_since
    assert sorted(mail.address for mail in await Email.filter(notification_id=row.id)) == MAILS
    kinds = [(kind, subject) for _, kind, subject in (await activity(runtime))[-2:]]
    assert kinds == [
        (ActivityKind.WEBHOOK_AUTO_DISABLED, webhook.id),
        (ActivityKind.NOTIFICATION, row.id),
    ]
    [entry] = await AuditEntry.filter(subject_id=webhook.id, action="webhook.autoDisable")
    assert (entry.actor, entry.after) == (
        {"kind": "SYSTEM", "name": "hookline"},
        {"status": "AUTO_DISABLED"},
    )


@pytest.mark.parametrize("ends_ago", [(20.0, 5.0), (9.0, 8.0, 1.0, 0.5)])
async def test_too_few_or_too_soon_turn_nothing_off(
    runtime: Runtime, ends_ago: tuple[float, ...]
) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await fail(runtime, webhook, *ends_ago)
    assert (await Webhook.get(id=webhook.id)).is_on


async def test_default_is_ten_failures_over_two_days(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await fail(runtime, webhook, *[2.5 * DAY] * 9, 2 * DAY)
    assert (await Webhook.get(id=webhook.id)).is_on
    await fail(runtime, webhook, 0.4 * DAY)
    assert not (await Webhook.get(id=webhook.id)).is_on


async def test_null_turns_it_never_off_not_even_for_410(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=None)
    await fail(runtime, webhook, *[9 * DAY] * 5, *[1.0] * 20, status_code=410)
    assert (await Webhook.get(id=webhook.id)).is_on
    assert await told(runtime, webhook) == []


async def test_third_410_in_a_row_turns_it_off_at_once(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await fail(runtime, webhook, 3, 2, status_code=410)
    await fail(runtime, webhook, 1.5, status_code=500)
    await fail(runtime, webhook, 1, 0.5, status_code=410)
    assert (await Webhook.get(id=webhook.id)).is_on
    await fail(runtime, webhook, 0.2, status_code=410)
    assert (await Webhook.get(id=webhook.id)).auto_disabled_reason == "GONE"


@pytest.mark.parametrize(
    "changes",
    [
        {"cause": AttemptCause.MANUAL},
        {"cause": AttemptCause.TEST},
        {"error_code": "REFUSED_ADDRESS"},
        {"error_code": "TEMPLATE", "status_code": None},
        {"webhook_version": 0},
    ],
)
async def test_what_does_not_count_never_turns_it_off(
    runtime: Runtime, changes: dict[str, Any]
) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await fail(runtime, webhook, 60, 50, 40, 30, 20, 10, **changes)
    stored = await Webhook.get(id=webhook.id)
    assert (stored.is_on, stored.consecutive_failures) == (True, 0)


async def test_what_is_open_is_held_and_goes_on_when_somebody_turns_it_on(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await fail(runtime, webhook, 20, 12, 5, wait_seconds=0.0)
    hand = await Hand.begin(runtime)
    assert await hand.claim(webhook.id) == []
    assert webhook.id not in await runtime.queue.due()
    on = await update_webhook(runtime, SOMEBODY, webhook.id, {"active": True})
    assert on.consecutive_failures == 0
    assert [on.failing_since, on.auto_disabled_at, on.auto_disabled_reason] == [None] * 3
    assert len(await hand.claim(webhook.id)) == 3


async def test_other_changes_leave_it_off(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await fail(runtime, webhook, 20, 12, 5)
    changed = await update_webhook(
        runtime, SOMEBODY, webhook.id, {"name": "Else", "url": "https://example.com/other"}
    )
    assert changed.auto_disabled_at is not None
    assert (await Webhook.get(id=webhook.id)).auto_disabled_reason == "FAILURES"


async def test_warning_comes_once_at_half_the_window_and_the_end_of_it_is_told(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(
        runtime,
        autoDisable={"failures": 4, "over": "20s"},
        notificationEmails=MAILS,
        notifyOn=["FAILING", "RECOVERED"],
    )
    await fail(runtime, webhook, 18, 7, 5)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(succeeded(await hand.claim_one(webhook.id)))
    assert await told(runtime, webhook) == [NotificationKind.FAILING, NotificationKind.RECOVERED]
    assert await Email.all().count() == 4
    await fail(runtime, webhook, 18, 7)
    assert await told(runtime, webhook) == [
        NotificationKind.FAILING,
        NotificationKind.RECOVERED,
        NotificationKind.FAILING,
    ]


async def test_kinds_that_nobody_asked_for_are_listed_but_not_mailed(runtime: Runtime) -> None:
    webhook = await make_webhook(
        runtime, autoDisable={"failures": 4, "over": "20s"}, notificationEmails=MAILS
    )
    await fail(runtime, webhook, 18, 7)
    assert await told(runtime, webhook) == [NotificationKind.FAILING]
    assert not await Email.exists()


async def test_deliveries_that_failed_for_good_are_told_of_at_most_once_an_hour(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime, notificationEmails=MAILS, notifyOn=["DELIVERY_FAILED"])
    await fail(runtime, webhook, 3, 2, 1, state=DeliveryState.FAILED)
    assert await notify_failed_deliveries(runtime) == 0
    await set_column(runtime, "webhook", "exhausted_notified_at", ago(3_700), [webhook.id])
    assert await notify_failed_deliveries(runtime) == 1
    assert await notify_failed_deliveries(runtime) == 0
    told_of = await Notification.filter(kind=NotificationKind.DELIVERY_FAILED).order_by("id")
    assert [row.failures for row in told_of] == [1, 2]
    assert await Email.all().count() == 4
    assert [kind for _, kind, _ in (await activity(runtime))[-1:]] == [ActivityKind.NOTIFICATION]


@pytest.mark.parametrize(("error", "reason"), [("TEMPLATE", "TEMPLATE"), ("STATUS", None)])
async def test_failure_of_the_template_is_told_as_such(
    runtime: Runtime, error: str, reason: str | None
) -> None:
    webhook = await make_webhook(runtime, notificationEmails=MAILS, notifyOn=["DELIVERY_FAILED"])
    await fail(runtime, webhook, 3, state=DeliveryState.FAILED, error_code=error)
    row = await Notification.get(webhook_id=webhook.id)
    assert (row.kind, row.reason) == (NotificationKind.DELIVERY_FAILED, reason)
    assert await Email.filter(notification_id=row.id).count() == len(MAILS)


async def test_last_attempt_that_a_dead_worker_lost_counts_and_is_told_of(runtime: Runtime) -> None:
    webhook = await make_webhook(
        runtime,
        retry={"schedule": ["1s"]},
        notificationEmails=MAILS,
        notifyOn=["DELIVERY_FAILED"],
    )
    [key] = await enqueue(runtime, webhook.id)
    await set_column(runtime, "delivery", "schedule_step", 1, [key])
    hand = await Hand.begin(runtime)
    await hand.claim_one(webhook.id)
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == 1
    assert (await Delivery.get(id=key)).status == DeliveryState.FAILED
    assert (await Webhook.get(id=webhook.id)).exhausted_count == 1
    # nobody recorded an answer, so it is the clock's actor that tells
    await enqueue(runtime, webhook.id, 2)
    assert await notify_failed_deliveries(runtime) == 1
    assert await told(runtime, webhook) == [NotificationKind.DELIVERY_FAILED]
    row = await Notification.get(webhook_id=webhook.id)
    assert (row.failures, row.backlog) == (1, 2)
    assert await Email.filter(notification_id=row.id).count() == len(MAILS)
    assert (await Webhook.get(id=webhook.id)).exhausted_count == 0


async def test_failed_deliveries_of_many_webhooks_and_workspaces_are_each_told_of_once(
    runtime: Runtime,
) -> None:
    other = await make_workspace(runtime)
    keys = [
        (await make_webhook(runtime, workspace_id=owner)).id for owner in (WORKSPACE, other) * 11
    ]
    await set_column(runtime, "webhook", "exhausted_count", 2, keys)
    before = len(await activity(runtime)), len(await activity(runtime, other))
    # as two workers do it
    await asyncio.gather(*(notify_all(runtime) for _ in range(2)))
    told_of = [row.webhook_id for row in await Notification.all() if row.webhook_id]
    assert sorted(told_of) == sorted(keys)
    after = len(await activity(runtime)), len(await activity(runtime, other))
    assert (after[0] - before[0], after[1] - before[1]) == (11, 11)


async def notify_all(runtime: Runtime) -> None:
    while await notify_failed_deliveries(runtime):
        pass


async def test_webhook_that_is_off_or_deleted_is_not_turned_off_by_itself(runtime: Runtime) -> None:
    off, gone = (
        await make_webhook(runtime, autoDisable=SOON),
        await make_webhook(runtime, autoDisable=SOON),
    )
    await enqueue(runtime, off.id, 3)
    await enqueue(runtime, gone.id, 3)
    hand = await Hand.begin(runtime)
    rows = await hand.claim(off.id, gone.id)
    await set_webhook_active(runtime, SOMEBODY, off.id, False)
    await delete_webhook(runtime, SOMEBODY, gone.id)
    await hand.record(
        *(at(failed(row, webhook_version=2), 30 - n * 5) for n, row in enumerate(rows))
    )
    assert not await Notification.exists()


@pytest.mark.parametrize("end", ["cancel", "delete"])
async def test_delivery_that_was_cancelled_on_the_wire_has_not_failed_for_good(
    runtime: Runtime, end: str
) -> None:
    webhook = await make_webhook(runtime, notificationEmails=MAILS, notifyOn=["DELIVERY_FAILED"])
    [key] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    if end == "cancel":
        await manual.cancel(runtime.database, SOMEBODY, key)
    else:
        await delete_webhook(runtime, SOMEBODY, webhook.id)
    await hand.record(failed(row, state=DeliveryState.FAILED, wait_seconds=None))
    assert (await Delivery.get(id=key)).status == DeliveryState.CANCELLED
    assert (await Webhook.get(id=webhook.id)).exhausted_count == 0
    assert not await Notification.exists()


async def test_nobody_is_told_what_failed_before_a_webhook_was_deleted(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, notificationEmails=MAILS, notifyOn=["DELIVERY_FAILED"])
    await fail(runtime, webhook, 3, 2, state=DeliveryState.FAILED)
    await set_column(runtime, "webhook", "exhausted_notified_at", ago(3_700), [webhook.id])
    before = await Notification.all().count()
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert await notify_failed_deliveries(runtime) == 0
    assert await Notification.all().count() == before
