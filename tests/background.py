"""Rows and messages for tests of background work: a mail that is due, a job, messages to their
actors. The rows are real, and no worker was told of them.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from dramatiq import Broker

from hookline import clock
from hookline.deliveries import jobs
from hookline.messaging.messages import ActorName, make_message
from hookline.models import Email, EmailStatus, Job, JobStatus, Notification, Webhook
from hookline.runtime import Runtime
from tests.making import SOMEBODY, Hand, enqueue, failed, make_webhook
from tests.waiting import eventually
from workers.reporting import Reporting

ADDRESS = "ops@example.com"


def send(broker: Broker, actor: ActorName, *arguments: object, times: int = 1) -> None:
    for _ in range(times):
        broker.enqueue(make_message(actor, *arguments))


async def after_all(brokers: Iterable[Broker], actor: ActorName, count: int) -> None:
    """Returns once the workers behind these brokers have worked on so many messages to
    that actor.
    """
    each = set(brokers)
    await eventually(lambda: sum(processed(broker, actor) for broker in each) >= count)


def processed(broker: Broker, actor: ActorName) -> float:
    """Messages, as the worker's counters say."""
    [reporting] = [
        middleware for middleware in broker.middleware if isinstance(middleware, Reporting)
    ]
    samples = [sample for metric in reporting.registry.collect() for sample in metric.samples]
    return sum(
        sample.value
        for sample in samples
        if sample.name == "dramatiq_messages_total" and sample.labels["actor_name"] == actor
    )


async def is_done(job_id: UUID) -> bool:
    return bool((await Job.get(id=job_id)).status >= JobStatus.SUCCEEDED)


async def a_job(runtime: Runtime, webhook_id: UUID) -> Job:
    since = clock.now() - timedelta(hours=1)
    return await jobs.retry_deliveries(
        runtime.database,
        runtime.enqueuer,
        SOMEBODY,
        webhook_id,
        jobs.RetryScope.FAILED,
        since,
        None,
        None,
    )


async def failed_deliveries(runtime: Runtime, count: int) -> tuple[Webhook, list[UUID]]:
    webhook = await make_webhook(runtime)
    keys = await enqueue(runtime, webhook.id, count)
    async with runtime.database.unit_of_work() as work:
        await work.execute(
            "update delivery set status = 3, next_attempt_at = $1", clock.now() + timedelta(days=1)
        )
    return webhook, keys


async def a_mail(runtime: Runtime, **changes: Any) -> UUID:
    """A notification with one receipt that is due, written as the record does it.
    Nobody was told.
    """
    fields: dict[str, Any] = {
        "autoDisable": {"failures": 1, "over": "1s"},
        "notificationEmails": [ADDRESS],
        **changes,
    }
    webhook = await make_webhook(runtime, **fields)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    result = failed(await hand.claim_one(webhook.id))
    await hand.record(result._replace(began=result.began - 5, duration_ms=5_000))
    return (await Notification.get(webhook_id=webhook.id)).id


def mails_sent(runtime: Runtime) -> int:
    return len(list((runtime.settings.home / "outbox").glob("*.eml")))


async def is_sent(notification_id: UUID) -> bool:
    return bool((await Email.get(notification_id=notification_id)).status == EmailStatus.SENT)
