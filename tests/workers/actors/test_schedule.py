"""Background work over every broker: what creates a row enqueues its actor, a scheduler finds what
was lost, and long work takes turns.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import SecretStr

from hookline.messaging.messages import OWN, ActorName, make_message
from hookline.models import Email, EmailStatus, Job
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
from tests.making import make_webhook, publish, set_column
from tests.receivers import Receiver, Reply, Server
from tests.waiting import eventually
from tests.workers.actors.on_brokers import add_old_minutes, on_every_broker, rows_of, unscheduled
from tests.working import working


@on_every_broker
async def test_what_creates_a_row_enqueues_its_actor(runtime: Runtime, url: str) -> None:
    always: dict[str, Any] = {
        "retry": {"schedule": ["1s"] * 5},
        "autoDisable": {"failures": 2, "over": "1s"},
        "notificationEmails": [ADDRESS],
    }
    async with Receiver([Reply(500)]) as receiver, unscheduled(runtime, url):
        webhook = await make_webhook(runtime, receiver.url, **always)
        await publish(runtime, 2)
        await eventually(lambda: Email.filter(status=EmailStatus.SENT).exists())
        job = await a_job(runtime, webhook.id)
        await eventually(lambda: is_done(job.id))
    assert mails_sent(runtime) == 1


@on_every_broker
async def test_what_no_message_named_is_found_by_a_scheduler(runtime: Runtime, url: str) -> None:
    await add_old_minutes(runtime)
    notification, job = (
        await a_mail(runtime),
        await a_job(runtime, (await make_webhook(runtime)).id),
    )
    async with working(runtime, url):
        await eventually(lambda: is_done(job.id))
        await eventually(lambda: is_sent(notification))
        await eventually(
            lambda: rows_of(runtime, "select attempts from webhook_stat where step = 3600")
        )


async def test_a_job_that_is_long_yields_and_goes_on_by_messages_to_its_own_process(
    runtime: Runtime, url: str
) -> None:
    webhook, _ = await failed_deliveries(runtime, 3_500)
    await set_column(runtime, "webhook", "is_active", False, [webhook.id])
    job = await a_job(runtime, webhook.id)
    async with working(runtime, url, is_scheduled=False, slice_seconds=0) as (_, broker):
        broker.enqueue(make_message(ActorName.RUN_JOB, str(job.id), queue=OWN))
        await eventually(lambda: is_done(job.id))
        assert processed(broker, ActorName.RUN_JOB) >= 3


async def test_long_jobs_take_turns_and_leave_threads_to_others(runtime: Runtime, url: str) -> None:
    webhook, _ = await failed_deliveries(runtime, 1_500)
    await set_column(runtime, "webhook", "is_active", False, [webhook.id])
    keys = [(await a_job(runtime, webhook.id)).id for _ in range(8)]
    notification = await a_mail(runtime)
    async with working(runtime, url, slice_seconds=0) as (context, _):
        await eventually(lambda: is_sent(notification))
        for key in keys:
            await eventually(partial(is_done, key))
        await eventually(lambda: not context.job_slots.locked())
    assert sum([job.done for job in await Job.all()]) == 1_500  # none twice


async def test_long_jobs_of_a_webhook_hold_no_other_ones_job_up(runtime: Runtime, url: str) -> None:
    webhook, _ = await failed_deliveries(runtime, 3_500)
    await set_column(runtime, "webhook", "is_active", False, [webhook.id])
    long_ones = [(await a_job(runtime, webhook.id)).id for _ in range(6)]
    other = await a_job(runtime, (await make_webhook(runtime)).id)
    async with working(runtime, url, slice_seconds=0):
        for job_id in (other.id, *long_ones):
            await eventually(partial(is_done, job_id))
    # In turn: each of them needs four turns and more, the other one its first.
    last = await Job.all().order_by("-finished_at").first()
    assert last
    assert last.id in long_ones


async def test_a_stop_waits_for_the_mails_under_way(runtime: Runtime, url: str) -> None:
    notification = await a_mail(runtime)
    async with working(runtime, url, is_scheduled=False) as (context, _):
        context.mails.send(notification, ADDRESS)
    assert await is_sent(notification)
    assert mails_sent(runtime) == 1


async def test_a_mail_server_that_hangs_holds_no_thread(runtime: Runtime, url: str) -> None:
    addresses = [f"{number}@example.com" for number in range(15)]
    async with AsyncExitStack() as stack:
        silent = await stack.enter_async_context(Server(lambda reader, writer: asyncio.sleep(60)))
        smtp_url = SecretStr(f"smtp://127.0.0.1:{silent.port}?from=a@example.com")
        hanging = replace(
            runtime,
            settings=runtime.settings.model_copy(
                update={
                    "smtp_url": smtp_url,
                    "mail_other_domains": "allow",
                    "shutdown_seconds": 0.5,
                }
            ),
        )
        notification = await a_mail(hanging, notificationEmails=addresses)
        broker = await stack.enter_async_context(unscheduled(hanging, url))
        for address in addresses:
            send(broker, ActorName.SEND_MAIL, str(notification), address)
        await eventually(lambda: Email.filter(tries=1).count())
        await after_all([broker], ActorName.SEND_MAIL, len(addresses))
        job = await a_job(hanging, (await make_webhook(hanging)).id)
        await eventually(lambda: is_done(job.id))
        assert await Email.filter(status=EmailStatus.SENT).count() == 0
