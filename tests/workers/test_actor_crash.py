"""A worker's process is killed in the middle of an actor: nothing stays locked longer than its
lease, and another worker goes on.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from hookline.models import Delivery, DeliveryState, Email, Job, JobStatus
from hookline.runtime import Runtime
from tests.background import a_job, a_mail, failed_deliveries, is_done, is_sent, mails_sent
from tests.making import ago, set_column
from tests.processes import PROJECT, kill_group, start_python
from tests.receivers import Server
from tests.waiting import eventually
from tests.working import working

DELIVERIES = 12_000

pytestmark = pytest.mark.engines("postgres")


@contextmanager
def worker_process(runtime: Runtime, **environment: str) -> Iterator[None]:
    """`hookline worker`; killed with all that it started when the block ends."""
    around = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "HOOKLINE_DATABASE_URL": runtime.settings.database_url,
        "HOOKLINE_HOME": str(runtime.settings.home),
        **environment,
    }
    process = start_python("hookline", "worker", folder=PROJECT, environment=around, output=2)
    try:
        yield
    finally:
        kill_group(process)


@pytest.fixture(params=["memory", "valkey_server", "rabbitmq_server"])
def broker_url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    server = request.getfixturevalue(request.param)
    server.empty()
    return str(server.url)


async def test_a_mail_is_sent_by_another_worker(runtime: Runtime, broker_url: str) -> None:
    notification = await a_mail(runtime)
    async with Server(lambda reader, writer: asyncio.sleep(60)) as silent:
        with worker_process(
            runtime,
            HOOKLINE_MAIL_DOMAINS="example.com",
            HOOKLINE_SMTP_URL=f"smtp://127.0.0.1:{silent.port}?from=hookline@example.com",
            HOOKLINE_BROKER_URL=broker_url,
        ):
            await eventually(lambda: silent.connection_count)
    row = await Email.get(notification_id=notification)
    assert row.tries == 1
    assert not await is_sent(notification)

    await set_column(runtime, "email", "next_try_at", ago(1), [row.id])  # the lease ends
    async with working(runtime, broker_url):
        await eventually(lambda: is_sent(notification))
    assert mails_sent(runtime) == 1


async def test_a_job_goes_on_where_it_was(runtime: Runtime, broker_url: str) -> None:
    webhook, _ = await failed_deliveries(runtime, DELIVERIES)
    await set_column(runtime, "webhook", "is_active", False, [webhook.id])
    job = await a_job(runtime, webhook.id)
    with worker_process(runtime, HOOKLINE_BROKER_URL=broker_url):
        await eventually(lambda: has_begun(job.id))
    await eventually(lambda: is_consistent(job.id))  # a commit that was on its way may still come
    half = await Job.get(id=job.id)
    assert (half.status, half.done < DELIVERIES) == (JobStatus.RUNNING, True)

    await set_column(runtime, "job", "run_at", ago(1), [job.id])
    async with working(runtime, broker_url):
        await eventually(lambda: is_done(job.id))
    done = await Job.get(id=job.id)
    assert (done.status, done.done) == (JobStatus.SUCCEEDED, DELIVERIES)
    assert await Delivery.filter(status=DeliveryState.OPEN).count() == DELIVERIES


async def is_consistent(job_id: UUID) -> bool:
    """True when the deliveries that the job has sent again are as many as it says."""
    return (await Job.get(id=job_id)).done == await Delivery.filter(
        status=DeliveryState.OPEN
    ).count()


async def has_begun(job_id: UUID) -> bool:
    return bool((await Job.get(id=job_id)).done)
