"""Webhooks that fail as the tests of disabling want it, and what was told about them."""

from typing import Any

from hookline import clock
from hookline.deliveries.queue.base import AttemptResult
from hookline.models import Notification, NotificationKind, Webhook
from hookline.runtime import Runtime
from tests.making import Hand, enqueue, failed

SOON = {"failures": 3, "over": "10s"}
MAILS = ["a@example.com", "b@example.com"]


async def fail(runtime: Runtime, webhook: Webhook, *ends_ago: float, **changes: Any) -> None:
    """Failed attempts that ended so many seconds ago, one record each."""
    await enqueue(runtime, webhook.id, len(ends_ago))
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id, room=len(ends_ago))
    for row, seconds in zip(rows, ends_ago, strict=True):
        await hand.record(at(failed(row, **changes), seconds))


def at(result: AttemptResult, ended_ago: float) -> AttemptResult:
    return result._replace(began=clock.monotonic() - ended_ago - 0.001, duration_ms=1)


async def told(runtime: Runtime, webhook: Webhook) -> list[NotificationKind]:
    return [
        NotificationKind(row.kind)
        for row in await Notification.filter(webhook_id=webhook.id).order_by("id")
    ]
