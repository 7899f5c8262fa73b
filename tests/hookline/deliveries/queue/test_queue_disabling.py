"""What recorded attempts bring about, on both databases: a webhook that keeps failing is turned off
once, and who is told of what.
"""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookline import clock
from hookline.activity.events import Kind
from hookline.deliveries.health import Ended, Health, Policy, decide, fold, judge
from hookline.deliveries.queue.base import DEAD_AFTER, Claimed, Recorded, Result
from hookline.deliveries.queue.postgres import PostgresQueue
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
from hookline.notifications import mails
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    activity,
    ago,
    enqueue,
    failed,
    make_webhook,
    set_column,
    succeeded,
)

SOON = {"failures": 3, "over": "10s"}
DAY = 86_400
MAILS = ["a@example.com", "b@example.com"]


async def fail(runtime: Runtime, webhook: Webhook, *ends_ago: float, **changes: Any) -> None:
    """Failed attempts that ended so many seconds ago, one record each."""
    await enqueue(runtime, webhook.id, len(ends_ago))
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id, room=len(ends_ago))
    for row, seconds in zip(rows, ends_ago, strict=True):
        await hand.record(at(failed(row, **changes), seconds))


def at(result: Result, ended_ago: float) -> Result:
    return result._replace(began=clock.monotonic() - ended_ago - 0.001, duration_ms=1)


async def told(runtime: Runtime, webhook: Webhook) -> list[NotificationKind]:
    return [
        NotificationKind(row.kind)
        for row in await Notification.filter(webhook_id=webhook.id).order_by("id")
    ]


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
    assert not stored.is_live
    assert (await runtime.queue.versions())[WORKSPACE] == version + 1
    [row] = await Notification.filter(kind=NotificationKind.AUTO_DISABLED)
    assert (row.reason, row.failures, row.last_status_code, row.backlog) == ("FAILURES", 3, 503, 3)
    assert row.failing_since == stored.failing_since
    assert sorted(mail.address for mail in await Email.filter(notification_id=row.id)) == MAILS
    kinds = [(kind, subject) for _, kind, subject in (await activity(runtime))[-2:]]
    assert kinds == [(Kind.WEBHOOK_AUTO_DISABLED, webhook.id), (Kind.NOTIFICATION, row.id)]
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
    assert (await Webhook.get(id=webhook.id)).is_live


async def test_default_is_ten_failures_over_two_days(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await fail(runtime, webhook, *[2.5 * DAY] * 9, 2 * DAY)
    assert (await Webhook.get(id=webhook.id)).is_live
    await fail(runtime, webhook, 0.4 * DAY)
    assert not (await Webhook.get(id=webhook.id)).is_live


async def test_null_turns_it_never_off_not_even_for_410(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=None)
    await fail(runtime, webhook, *[9 * DAY] * 5, *[1.0] * 20, status_code=410)
    assert (await Webhook.get(id=webhook.id)).is_live
    assert await told(runtime, webhook) == []


async def test_third_410_in_a_row_turns_it_off_at_once(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await fail(runtime, webhook, 3, 2, status_code=410)
    await fail(runtime, webhook, 1.5, status_code=500)
    await fail(runtime, webhook, 1, 0.5, status_code=410)
    assert (await Webhook.get(id=webhook.id)).is_live
    await fail(runtime, webhook, 0.2, status_code=410)
    assert (await Webhook.get(id=webhook.id)).auto_disabled_reason == "GONE"


@pytest.mark.parametrize(
    "changes",
    [
        {"cause": AttemptCause.MANUAL},
        {"cause": AttemptCause.TEST},
        {"error_code": "REFUSED_ADDRESS"},
        {"webhook_version": 0},
    ],
)
async def test_what_does_not_count_never_turns_it_off(
    runtime: Runtime, changes: dict[str, Any]
) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await fail(runtime, webhook, 60, 50, 40, 30, 20, 10, **changes)
    stored = await Webhook.get(id=webhook.id)
    assert (stored.is_live, stored.consecutive_failures) == (True, 0)


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


async def test_evidence_stays_whatever_comes_back_from_the_wire(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await enqueue(runtime, webhook.id, 5)
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id)
    await hand.record(
        *(at(failed(row), seconds) for row, seconds in zip(rows[:3], (20, 12, 5), strict=True))
    )
    await hand.record(failed(rows[3]), succeeded(rows[4]))
    stored = await Webhook.get(id=webhook.id)
    assert (stored.consecutive_failures, stored.auto_disabled_reason) == (3, "FAILURES")
    assert await told(runtime, webhook) == [NotificationKind.AUTO_DISABLED]


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
    assert await mails.tell_of_failed(runtime) == 0
    await set_column(runtime, "webhook", "exhausted_told_at", ago(3_700), [webhook.id])
    assert await mails.tell_of_failed(runtime) == 1
    assert await mails.tell_of_failed(runtime) == 0
    told_of = await Notification.filter(kind=NotificationKind.DELIVERY_FAILED).order_by("id")
    assert [row.failures for row in told_of] == [1, 2]
    assert await Email.all().count() == 4
    assert [kind for _, kind, _ in (await activity(runtime))[-1:]] == [Kind.NOTIFICATION]


async def test_last_attempt_that_a_dead_worker_lost_counts_as_well(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, retry={"schedule": ["1s"]})
    [key] = await enqueue(runtime, webhook.id)
    await set_column(runtime, "delivery", "schedule_step", 1, [key])
    hand = await Hand.begin(runtime)
    await hand.claim_one(webhook.id)
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(DEAD_AFTER) == 1
    assert (await Delivery.get(id=key)).status == DeliveryState.FAILED
    assert (await Webhook.get(id=webhook.id)).exhausted_count == 1


async def test_workers_that_record_at_once_turn_it_off_once(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON, notificationEmails=MAILS)
    await enqueue(runtime, webhook.id, 40)
    hands = [await Hand.begin(runtime) for _ in range(8)]
    claims = [(hand, await hand.claim(webhook.id, room=5)) for hand in hands]
    await asyncio.gather(
        *(
            hand.record(*(at(failed(row), 20 - n * 3) for n, row in enumerate(rows)))
            for hand, rows in claims
        )
    )
    assert await told(runtime, webhook) == [NotificationKind.AUTO_DISABLED]
    assert await Email.all().count() == 2


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_crash_between_counting_and_acting_only_delays(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON, notificationEmails=MAILS)
    hand, queue, rows = await begin_failing(runtime, webhook)
    _, crossed = await queue.count(
        hand.token, WORKSPACE, [at(failed(row), 20 - n * 5) for n, row in enumerate(rows[:4])]
    )
    assert [one.health.consecutive_failures for one in crossed] == [4]
    assert (await Webhook.get(id=webhook.id)).is_live
    assert await told(runtime, webhook) == []
    await hand.record(at(failed(rows[4]), 1))
    stored = await Webhook.get(id=webhook.id)
    assert (stored.auto_disabled_reason, stored.consecutive_failures) == ("FAILURES", 5)
    assert await told(runtime, webhook) == [NotificationKind.AUTO_DISABLED]
    assert await Email.all().count() == 2


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_one_decision_is_carried_out_once_however_many_made_it(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON, notificationEmails=MAILS)
    hand, queue, rows = await begin_failing(runtime, webhook)
    before = (await activity(runtime))[-1][0] if await activity(runtime) else 0
    results = [
        at(failed(row), seconds) for row, seconds in zip(rows, (20, 15, 10, 5, 1), strict=True)
    ]
    decisions = [
        decide((await queue.count(hand.token, WORKSPACE, batch))[1])
        for batch in (results[:4], results[4:])
    ]
    version = (await runtime.queue.versions())[WORKSPACE]
    first, second = await asyncio.gather(*(queue.act(WORKSPACE, made) for made in decisions))
    assert sorted([first.has_switched, second.has_switched]) == [False, True]
    assert await told(runtime, webhook) == [NotificationKind.AUTO_DISABLED]
    assert (await runtime.queue.versions())[WORKSPACE] == version + 1
    assert await AuditEntry.filter(subject_id=webhook.id, action="webhook.autoDisable").count() == 1
    positions = [position for position, _, _ in await activity(runtime) if position > before]
    assert positions == list(range(before + 1, before + 8))  # five attempts, and two things more


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("meanwhile", ["success", "edit", "off"])
async def test_decision_whose_evidence_is_gone_does_nothing(
    runtime: Runtime, meanwhile: str
) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    hand, queue, rows = await begin_failing(runtime, webhook)
    results = [at(failed(row), 20 - n * 5) for n, row in enumerate(rows[:4])]
    decisions = decide((await queue.count(hand.token, WORKSPACE, results))[1])
    assert [one.word for one in decisions] == [NotificationKind.AUTO_DISABLED]
    if meanwhile == "success":
        await hand.record(succeeded(rows[4]))
    elif meanwhile == "edit":
        await update_webhook(runtime, SOMEBODY, webhook.id, {"autoDisable": None})
    else:
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    assert await queue.act(WORKSPACE, decisions) == Recorded(0, False)
    assert (await Webhook.get(id=webhook.id)).auto_disabled_at is None
    assert await told(runtime, webhook) == []


async def begin_failing(
    runtime: Runtime, webhook: Webhook
) -> tuple[Hand, PostgresQueue, list[Claimed]]:
    """Five claimed deliveries, with the queue whose halves are called apart."""
    assert isinstance(runtime.queue, PostgresQueue)
    await enqueue(runtime, webhook.id, 5)
    hand = await Hand.begin(runtime)
    return hand, runtime.queue, await hand.claim(webhook.id)


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


# an even number of seconds apart: neither the 17 of the policy nor their half
ENDING = st.tuples(
    st.sampled_from(["ok", "500", "410", "by hand", "last"]), st.sampled_from([2, 4, 6, 8])
)
ENDINGS = st.lists(st.lists(ENDING, min_size=1, max_size=5), min_size=1, max_size=5)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=ENDINGS)
async def test_database_judges_as_the_rule_says(
    runtime: Runtime, batches: list[list[tuple[str, int]]]
) -> None:
    webhook = await make_webhook(runtime, autoDisable={"failures": 4, "over": "17s"})
    count, left = (
        sum(map(len, batches)),
        float(sum(gap for batch in batches for _, gap in batch)) + 0.5,
    )
    await enqueue(runtime, webhook.id, count)
    hand = await Hand.begin(runtime)
    rows = iter(await hand.claim(webhook.id, room=count))
    rule, words = Rule(), list[NotificationKind]()
    for batch in batches:
        results = []
        for kind, gap in batch:
            left -= gap
            results.append(at(as_result(next(rows), kind), left))
            rule.ended.append(as_ended(kind, int(-left * 1_000_000)))
        await hand.record(*results)
        words += rule.judge()
    stored = await Webhook.get(id=webhook.id)
    assert sorted(
        NotificationKind(row.kind) for row in await Notification.filter(webhook_id=webhook.id)
    ) == sorted(words)
    assert (stored.consecutive_failures, stored.consecutive_gone) == (
        rule.health.consecutive_failures,
        rule.health.consecutive_gone,
    )
    assert (stored.exhausted_count, stored.auto_disabled_at is not None) == (
        rule.health.exhausted_count,
        rule.health.is_disabled,
    )


class Rule:
    """The rule's side: what hl_record and the SQLite queue keep in columns."""

    def __init__(self) -> None:
        self.health, self.ended = Health(0, None, None, None, None), list[Ended]()
        self.warned_at: int | None = None
        self.told_at: int | None = None

    def judge(self) -> list[NotificationKind]:
        folded = fold(self.health, self.ended)
        self.ended = []
        words = judge(self.health, Policy(4, 17, True, self.warned_at, self.told_at), folded, 0)
        for word in words:
            if word is NotificationKind.DELIVERY_FAILED:
                self.health.exhausted_count, self.told_at = 0, 0
            else:
                self.warned_at = None if word is NotificationKind.RECOVERED else 0
            self.health.is_disabled |= word is NotificationKind.AUTO_DISABLED
        return words


def as_result(row: Claimed, kind: str) -> Result:
    if kind == "ok":
        return succeeded(row)
    made = failed(row, state=DeliveryState.FAILED) if kind == "last" else failed(row)
    if kind == "by hand":
        return made._replace(cause=AttemptCause.MANUAL)
    return made._replace(status_code=410 if kind == "410" else 500)


def as_ended(kind: str, ended: int) -> Ended:
    code = {"ok": 200, "410": 410}.get(kind, 500)
    return Ended(
        kind == "ok", kind in ("500", "410", "last"), ended - 1_000, ended, code, kind == "last"
    )
