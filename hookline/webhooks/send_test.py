"""The test of a webhook: a marked request that is really sent, and counts for nothing. Called by
the API.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.db.faults import faults_as_unavailable
from hookline.deliveries.queue.base import NewEvent
from hookline.errors import Code, Problem, Refused
from hookline.models import Attempt, AttemptCause, Delivery, DeliveryState, Event, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.columns import canonical
from hookline.webhooks.samples import Sample, event_of, not_found

# An attempt is claimed before it is sent and recorded afterwards.
ANSWER_TIME: Final = timedelta(seconds=2)
"""Time beyond the webhook's timeout for which a test is waited for."""
POLL_SECONDS: Final = 0.05


async def send_test(
    runtime: Runtime, actor: Actor, webhook_id: UUID, sample: Sample
) -> tuple[Delivery, Attempt | None]:
    """Sends a marked request now, even while the webhook is off, and waits for its attempt: None
    when it has not ended in time.

    It moves neither health nor schedule. Raises Refused: NOT_FOUND, INVALID for a sample that
    can't be used, and NOT_AVAILABLE while a secret of the webhook does not open: nothing would be
    sent.
    """
    with faults_as_unavailable():
        webhook = await Webhook.filter(
            id=webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
        ).first()
    if webhook is None:
        raise Refused(not_found("webhook"))
    target = runtime.registry.target(webhook_id)
    if target is not None and (error := target.secrets_error):
        raise Refused(Problem(Code.NOT_AVAILABLE, f"No test was sent. {error}", ("id",)))
    event = await event_of(runtime, actor, canonical(webhook, runtime.vault), sample)
    now, key = clock.now(), ids.uuid7()
    async with runtime.database.unit_of_work() as work:
        if sample.event_id is None:
            await _store_event(actor, event, now)
        await _store_delivery(actor, webhook_id, key, event, now)
        sent = {"deliveryId": ids.encode("dlv", key), "url": webhook.url, "type": event.type}
        at = ("wh", webhook_id)
        await audit.record(actor.workspace_id, actor.stored, "webhook.test", at, None, sent)
        # A worker that looks before the commit would not see it.
        work.after_commit(lambda: runtime.wakeups.notify_manual(webhook_id))
    attempt = await _attempt_of(key, timedelta(milliseconds=webhook.timeout_ms) + ANSWER_TIME)
    with faults_as_unavailable():
        return await Delivery.get(id=key), attempt


async def _store_event(actor: Actor, event: NewEvent, now: datetime) -> None:
    await Event.create(
        id=event.id,
        workspace_id=actor.workspace_id,
        type=event.type,
        environment=event.environment,
        data=event.data,
        occurred_at=event.occurred_at,
        received_at=now,
        is_test=True,
    )


async def _store_delivery(
    actor: Actor, webhook_id: UUID, key: UUID, event: NewEvent, now: datetime
) -> None:
    """A delivery that has ended and is asked for by hand: sent once, with no schedule after it."""
    await Delivery.create(
        id=key,
        workspace_id=actor.workspace_id,
        webhook_id=webhook_id,
        event_id=event.id,
        event_type=event.type,
        environment=event.environment,
        status=DeliveryState.FAILED,
        created_at=now,
        finished_at=now,
        next_attempt_at=now,
        manual_at=now,
        next_cause=AttemptCause.TEST,
    )


async def _attempt_of(delivery_id: UUID, within: timedelta) -> Attempt | None:
    until = clock.monotonic() + within.total_seconds()
    while True:
        with faults_as_unavailable():
            # Asked for again and again: the worker may be another process, and any signal may be
            # lost.
            attempt = await Attempt.filter(delivery_id=delivery_id).first()
        if attempt is not None or clock.monotonic() > until:
            return attempt
        await asyncio.sleep(POLL_SECONDS)
