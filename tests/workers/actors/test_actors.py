"""Every actor, over every broker: once, ten times, in two workers, after a crash in the middle, and
when its row is gone.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from hookline import clock, ids
from hookline.deliveries import jobs
from hookline.messaging.messages import ActorName
from hookline.models import (
    Attempt,
    Delivery,
    DeliveryState,
    Email,
    EmailStatus,
    Event,
    Job,
    JobStatus,
    Notification,
    Webhook,
)
from hookline.notifications import mail_leasing
from hookline.runtime import Runtime
from tests.background import (
    ADDRESS,
    a_job,
    a_mail,
    after_all,
    failed_deliveries,
    is_done,
    is_sent,
    mails_sent,
    processed,
    send,
)
from tests.making import WORKSPACE, ago, make_webhook, make_workspace, publish, set_column
from tests.receivers import Receiver
from tests.waiting import eventually
from tests.workers.actors.on_brokers import (
    DAY,
    add_old_minutes,
    once_and_again,
    rows_of,
    two_workers,
    unscheduled,
)
from tests.working import working
from workers.context import THREADS_HELD
from workers.scheduler import PERIODS

# deliver


@once_and_again
async def test_deliver_sends_each_delivery_once(runtime: Runtime, url: str, times: int) -> None:
    async with Receiver() as receiver, two_workers(runtime, url) as brokers:
        webhook = await make_webhook(runtime, receiver.url)
        await publish(runtime, 3)
        for broker in brokers:
            send(broker, ActorName.DELIVER, [str(webhook.id)], times=times)
        await eventually(lambda: have_succeeded(3))
        await after_all(brokers, ActorName.DELIVER, 2 * times)
    assert len(receiver.requests) == 3
    assert await Attempt.all().count() == 3


async def have_succeeded(count: int) -> bool:
    return await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == count


async def test_deliver_of_webhooks_that_are_gone_or_anothers_does_nothing(
    runtime: Runtime, url: str
) -> None:
    async with Receiver() as receiver, unscheduled(runtime, url) as broker:
        webhook = await make_webhook(runtime, receiver.url)
        await make_webhook(runtime, receiver.url, active=False)
        await make_webhook(runtime, receiver.url, workspace_id=await make_workspace(runtime))
        send(broker, ActorName.DELIVER, [str(uuid4()) for _ in range(200)])
        send(broker, ActorName.DELIVER, [str(row.id) for row in await Webhook.all()])
        await publish(runtime)
        assert len(await receiver.wait_for(1)) == 1
        await after_all([broker], ActorName.DELIVER, 2)
    assert {row.webhook_id for row in await Attempt.all()} == {webhook.id}


# send_mail


@once_and_again
async def test_send_mail_sends_it_once(runtime: Runtime, url: str, times: int) -> None:
    notification = await a_mail(runtime)
    async with two_workers(runtime, url) as brokers:
        for broker in brokers:
            send(broker, ActorName.SEND_MAIL, str(notification), ADDRESS, times=times)
        await eventually(lambda: is_sent(notification))
        await after_all(brokers, ActorName.SEND_MAIL, 2 * times)
    assert mails_sent(runtime) == 1
    assert (await Email.get()).tries == 1


async def test_send_mail_of_what_is_gone_or_never_was_does_nothing(
    runtime: Runtime, url: str
) -> None:
    notification = await a_mail(runtime)
    await Email.all().delete()
    async with unscheduled(runtime, url) as broker:
        send(broker, ActorName.SEND_MAIL, str(notification), ADDRESS)
        send(broker, ActorName.SEND_MAIL, str(uuid4()), "stranger@example.com")
        await after_all([broker], ActorName.SEND_MAIL, 2)
    assert mails_sent(runtime) == 0


async def test_a_mail_whose_worker_died_waits_for_its_lease_and_no_longer(
    runtime: Runtime, url: str
) -> None:
    notification = await a_mail(runtime)
    await leave_leased(runtime, "email", "next_try_at", (await Email.get()).id)
    async with unscheduled(runtime, url) as broker:
        send(broker, ActorName.SEND_MAIL, str(notification), ADDRESS)
        await after_all([broker], ActorName.SEND_MAIL, 1)
        assert mails_sent(runtime) == 0
    await set_column(runtime, "email", "next_try_at", ago(1), [(await Email.get()).id])
    async with working(runtime, url):
        await eventually(lambda: is_sent(notification))
    assert mails_sent(runtime) == 1


async def leave_leased(runtime: Runtime, table: str, column: str, key: UUID) -> None:
    """Leaves a row as a worker does that dies while it works on a row."""
    await set_column(
        runtime, table, column, clock.now() + timedelta(seconds=mail_leasing.LEASE_SECONDS), [key]
    )


# run_job


@once_and_again
async def test_run_job_does_it_once(runtime: Runtime, url: str, times: int) -> None:
    webhook, keys = await failed_deliveries(runtime, 2_500)
    await set_column(runtime, "webhook", "is_active", False, [webhook.id])
    job = await a_job(runtime, webhook.id)
    async with two_workers(runtime, url) as brokers:
        for broker in brokers:
            send(broker, ActorName.RUN_JOB, str(job.id), times=times)
        await eventually(lambda: is_done(job.id))
        await after_all(brokers, ActorName.RUN_JOB, 2 * times)
    done = await Job.get(id=job.id)
    assert (done.status, done.done) == (JobStatus.SUCCEEDED, 2_500)
    assert await Delivery.filter(id__in=keys[:900], status=DeliveryState.OPEN).count() == 900


async def test_run_job_of_what_is_gone_or_ended_does_nothing(runtime: Runtime, url: str) -> None:
    ended = await a_job(runtime, (await make_webhook(runtime)).id)
    await set_column(runtime, "job", "status", int(JobStatus.FAILED), [ended.id])
    async with unscheduled(runtime, url) as broker:
        send(broker, ActorName.RUN_JOB, str(uuid4()))
        send(broker, ActorName.RUN_JOB, str(ended.id))
        await after_all([broker], ActorName.RUN_JOB, 2)
    assert (await Job.get(id=ended.id)).finished_at is None


async def test_a_job_whose_worker_died_waits_for_its_lease_and_goes_on_where_it_was(
    runtime: Runtime, url: str
) -> None:
    webhook, _ = await failed_deliveries(runtime, 1_500)
    await set_column(runtime, "webhook", "is_active", False, [webhook.id])
    job = await a_job(runtime, webhook.id)
    await jobs.step(runtime.database, runtime.wakeups, job.id)
    await leave_leased(runtime, "job", "run_at", job.id)
    async with unscheduled(runtime, url) as broker:
        send(broker, ActorName.RUN_JOB, str(job.id))
        await after_all([broker], ActorName.RUN_JOB, 1)
    assert (await Job.get(id=job.id)).done == 1_000
    await set_column(runtime, "job", "run_at", ago(1), [job.id])
    async with working(runtime, url):
        await eventually(lambda: is_done(job.id))
    assert (await Job.get(id=job.id)).done == 1_500


# roll_up_statistics, purge_expired, notify_failures


@once_and_again
async def test_roll_up_statistics_makes_hours_once(runtime: Runtime, url: str, times: int) -> None:
    await add_old_minutes(runtime)
    async with two_workers(runtime, url) as brokers:
        for broker in brokers:
            send(broker, ActorName.ROLL_UP_STATISTICS, times=times)
        await eventually(
            lambda: rows_of(runtime, "select attempts from webhook_stat where step = 3600")
        )
        await after_all(brokers, ActorName.ROLL_UP_STATISTICS, 2 * times)
    found = await rows_of(runtime, "select step, attempts, failures from webhook_stat")
    assert [(row["step"], row["attempts"], row["failures"]) for row in found] == [(3_600, 6, 3)]


async def add_old_events(count: int) -> None:
    at = ago(31 * DAY)
    given: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "type": "a.b.c",
        "environment": "production",
        "data": "{}",
    }
    await Event.bulk_create(
        [
            Event(
                id=UUID(int=ids.first_of(at).int + n + 1), occurred_at=at, received_at=at, **given
            )
            for n in range(count)
        ]
    )


@once_and_again
async def test_purge_expired_deletes_what_is_too_old(
    runtime: Runtime, url: str, times: int
) -> None:
    await add_old_events(600)
    await publish(runtime, key="old")
    async with runtime.database.unit_of_work() as work:
        await work.execute("update idempotency set expires_at = $1", ago(1))

    async def is_purged() -> bool:
        return not await Event.filter(data="{}").exists() and not await rows_of(
            runtime, "select key from idempotency"
        )

    async with two_workers(runtime, url) as brokers:
        for broker in brokers:
            send(broker, ActorName.PURGE_EXPIRED, times=times)
        await eventually(is_purged)
    assert await Event.filter(data__isnull=False).count() == 1


@once_and_again
async def test_notify_failures_tells_once_and_mails_it(
    runtime: Runtime, url: str, times: int
) -> None:
    webhook = await make_webhook(
        runtime, notifyOn=["DELIVERY_FAILED"], notificationEmails=[ADDRESS]
    )
    async with runtime.database.unit_of_work() as work:
        await work.execute(
            "update webhook set exhausted_count = 3, exhausted_notified_at = $1 where id = $2",
            ago(2 * 3_600),
            webhook.id,
        )
    async with two_workers(runtime, url) as brokers:
        for broker in brokers:
            send(broker, ActorName.NOTIFY_FAILURES, times=times)
        await eventually(lambda: Email.filter(status=EmailStatus.SENT).exists())
        await after_all(brokers, ActorName.NOTIFY_FAILURES, 2 * times)
    assert [(row.failures, row.webhook_id) for row in await Notification.all()] == [(3, webhook.id)]
    assert mails_sent(runtime) == 1


@pytest.mark.parametrize("actor", PERIODS)
async def test_a_second_message_of_a_periodic_actor_holds_no_thread_beside_the_first(
    runtime: Runtime, url: str, actor: ActorName
) -> None:
    async with unscheduled(runtime, url) as broker:
        async with runtime.database.unit_of_work() as work:
            # SQLite has one writer; on PostgreSQL the tables that each of them writes first
            if work.dialect == "postgres":
                await work.execute("lock table retention, webhook_stat, webhook")
            send(broker, actor, times=THREADS_HELD * 2)
            await after_all([broker], actor, THREADS_HELD * 2 - 1)
            assert processed(broker, actor) == THREADS_HELD * 2 - 1
        await after_all([broker], actor, THREADS_HELD * 2)


async def test_periodic_actors_with_nothing_to_do_do_nothing(runtime: Runtime, url: str) -> None:
    async with unscheduled(runtime, url) as broker:
        for actor in PERIODS:
            send(broker, actor, times=2)
            await after_all([broker], actor, 2)
    assert not await Notification.exists()
