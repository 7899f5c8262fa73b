"""Failures of one event alone turn no webhook off, on both databases."""

import pytest

from hookline.models import AttemptCause, NotificationKind, Webhook
from hookline.runtime import Runtime
from tests.hookline.deliveries.queue.failing import SOON, at, fail, told
from tests.making import Hand, enqueue, failed, make_webhook, succeeded


async def fail_again(runtime: Runtime, webhook: Webhook, *ends_ago: float) -> None:
    """Failed attempts of one and the same delivery, one record each."""
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    for seconds in ends_ago:
        row = await hand.claim_one(webhook.id)
        await hand.record(at(failed(row, wait_seconds=0.0), seconds))
    # out of the way of the next claim, unless nothing is given any more
    for row in await hand.claim(webhook.id):
        await hand.record(succeeded(row, cause=AttemptCause.TEST))


async def test_one_event_that_its_receiver_cannot_take_turns_no_webhook_off(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await fail_again(runtime, webhook, 60, 50, 40, 30, 20)
    assert (await Webhook.get(id=webhook.id)).is_on
    assert await told(runtime, webhook) == [NotificationKind.FAILING]

    await fail(runtime, webhook, 1)
    off = await Webhook.get(id=webhook.id)
    assert (off.auto_disabled_reason, off.consecutive_failures) == ("FAILURES", 6)


async def test_events_that_failed_before_the_last_success_are_not_among_them(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await fail(runtime, webhook, 90)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(at(succeeded(await hand.claim_one(webhook.id)), 80))
    await fail_again(runtime, webhook, 60, 50, 40, 30, 20)
    assert (await Webhook.get(id=webhook.id)).is_on


@pytest.mark.parametrize(
    "changes",
    [
        {"cause": AttemptCause.MANUAL},
        {"error_code": "TEMPLATE", "status_code": None},
        {"error_code": "REFUSED_ADDRESS", "status_code": None},
    ],
)
async def test_an_event_whose_failure_does_not_count_is_not_among_them(
    runtime: Runtime, changes: dict[str, object]
) -> None:
    webhook = await make_webhook(runtime, autoDisable=SOON)
    await fail_again(runtime, webhook, 60, 50, 40)
    await fail(runtime, webhook, 35, **changes)
    assert (await Webhook.get(id=webhook.id)).is_on


async def test_who_asks_for_one_failure_means_any_one(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable={"failures": 1, "over": "10s"})
    await fail_again(runtime, webhook, 60, 20)
    assert (await Webhook.get(id=webhook.id)).auto_disabled_reason == "FAILURES"
