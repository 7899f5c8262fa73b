"""A webhook is turned off once, however many decide it, and only while the evidence stands."""

import asyncio

import pytest

from hookline.deliveries.health import decide
from hookline.deliveries.queue.base import ClaimedDelivery, Recorded
from hookline.deliveries.queue.postgres import PostgresQueue
from hookline.models import AuditEntry, Email, NotificationKind, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import set_webhook_active, update_webhook
from tests.hookline.deliveries.queue.failing import MAILS, SOON, at, told
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    activity,
    enqueue,
    failed,
    make_webhook,
    succeeded,
)


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


@pytest.mark.engines("postgres")
async def test_crash_between_counting_and_acting_only_delays(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON, notificationEmails=MAILS)
    hand, queue, rows = await begin_failing(runtime, webhook)
    _, evidence = await queue.record_attempts(
        hand.token, WORKSPACE, [at(failed(row), 20 - n * 5) for n, row in enumerate(rows[:4])]
    )
    assert [one.health.consecutive_failures for one in evidence] == [4]
    assert (await Webhook.get(id=webhook.id)).is_on
    assert await told(runtime, webhook) == []
    await hand.record(at(failed(rows[4]), 1))
    stored = await Webhook.get(id=webhook.id)
    assert (stored.auto_disabled_reason, stored.consecutive_failures) == ("FAILURES", 5)
    assert await told(runtime, webhook) == [NotificationKind.AUTO_DISABLED]
    assert await Email.all().count() == 2


@pytest.mark.engines("postgres")
async def test_one_decision_is_carried_out_once_however_many_made_it(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON, notificationEmails=MAILS)
    hand, queue, rows = await begin_failing(runtime, webhook)
    before = (await activity(runtime))[-1][0] if await activity(runtime) else 0
    results = [
        at(failed(row), seconds) for row, seconds in zip(rows, (20, 15, 10, 5, 1), strict=True)
    ]
    decisions = [
        decide((await queue.record_attempts(hand.token, WORKSPACE, batch))[1])
        for batch in (results[:4], results[4:])
    ]
    version = (await runtime.queue.versions())[WORKSPACE]
    first, second = await asyncio.gather(
        *(queue.apply_decisions(WORKSPACE, made) for made in decisions)
    )
    assert sorted([first.has_auto_disabled, second.has_auto_disabled]) == [False, True]
    assert await told(runtime, webhook) == [NotificationKind.AUTO_DISABLED]
    assert (await runtime.queue.versions())[WORKSPACE] == version + 1
    assert await AuditEntry.filter(subject_id=webhook.id, action="webhook.autoDisable").count() == 1
    positions = [position for position, _, _ in await activity(runtime) if position > before]
    assert positions == list(range(before + 1, before + 8))  # five attempts, and two things more


@pytest.mark.engines("postgres")
@pytest.mark.parametrize("meanwhile", ["success", "edit", "off"])
async def test_decision_whose_evidence_is_gone_does_nothing(
    runtime: Runtime, meanwhile: str
) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    hand, queue, rows = await begin_failing(runtime, webhook)
    results = [at(failed(row), 20 - n * 5) for n, row in enumerate(rows[:4])]
    decisions = decide((await queue.record_attempts(hand.token, WORKSPACE, results))[1])
    assert [one.kind for one in decisions] == [NotificationKind.AUTO_DISABLED]
    if meanwhile == "success":
        await hand.record(succeeded(rows[4]))
    elif meanwhile == "edit":
        await update_webhook(runtime, SOMEBODY, webhook.id, {"autoDisable": None})
    else:
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    assert await queue.apply_decisions(WORKSPACE, decisions) == Recorded(0, False)
    assert (await Webhook.get(id=webhook.id)).auto_disabled_at is None
    assert await told(runtime, webhook) == []


async def begin_failing(
    runtime: Runtime, webhook: Webhook
) -> tuple[Hand, PostgresQueue, list[ClaimedDelivery]]:
    """Five claimed deliveries, with the queue whose halves are called apart."""
    assert isinstance(runtime.queue, PostgresQueue)
    await enqueue(runtime, webhook.id, 5)
    hand = await Hand.begin(runtime)
    return hand, runtime.queue, await hand.claim(webhook.id)
