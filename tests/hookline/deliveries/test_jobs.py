"""Sending again what failed or was missed, on both databases: a step at a time, nothing twice, and
on after a restart.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hookline import clock
from hookline.deliveries import jobs, manual
from hookline.deliveries.jobs import RetryScope
from hookline.errors import Code, Refused
from hookline.events.checking import PublishInput
from hookline.models import AttemptCause, Delivery, DeliveryState, Job, JobStatus, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.making import (
    ENVIRONMENT,
    SOMEBODY,
    TYPE,
    WORKSPACE,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    publish,
    set_column,
    succeeded,
)
from tests.working import finish_jobs

pytestmark = pytest.mark.engines("sqlite")

HOUR = timedelta(hours=1)


async def run(runtime: Runtime) -> Job:
    """All steps of the one job."""
    await finish_jobs(runtime)
    return await Job.get()


async def begin(
    runtime: Runtime, webhook: Webhook, which: RetryScope = RetryScope.FAILED, **changes: Any
) -> Job:
    asked = {"since": clock.now() - HOUR, "until": None, "event_type": None, **changes}
    return await jobs.retry_deliveries(
        runtime.database, runtime.enqueuer, SOMEBODY, webhook.id, which, **asked
    )


async def failed_for_good(runtime: Runtime, webhook: Webhook, count: int) -> list[UUID]:
    keys = await enqueue(runtime, webhook.id, count)
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id, room=count)
    await hand.record(*(failed(row, state=DeliveryState.FAILED, wait_seconds=None) for row in rows))
    return keys


@pytest.mark.engines("sqlite", "postgres")
async def test_what_failed_is_open_again_from_the_start_of_its_schedule(runtime: Runtime) -> None:
    webhook, other = await make_webhook(runtime), await make_webhook(runtime)
    keys = await failed_for_good(runtime, webhook, 3)
    await failed_for_good(runtime, other, 1)
    asked = await begin(runtime, webhook)
    assert (asked.status, asked.total, asked.done) == (JobStatus.PENDING, 3, 0)
    job = await run(runtime)
    assert (job.status, job.total, job.done) == (JobStatus.SUCCEEDED, 3, 3)
    assert not job.error
    open_ = await Delivery.filter(status=DeliveryState.OPEN).order_by("id")
    assert [row.id for row in open_] == sorted(keys)
    assert not any(row.schedule_step or row.finished_at for row in open_)
    rows = await (await Hand.begin(runtime)).claim(webhook.id)
    assert {(row.number, row.next_cause, row.is_manual) for row in rows} == {
        (2, AttemptCause.MANUAL, False)
    }


@pytest.mark.engines("sqlite", "postgres")
@pytest.mark.engines("sqlite", "postgres")
async def test_publishes_pass_by_a_retry_whose_count_has_not_ended(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await failed_for_good(runtime, webhook, 2)
    async with AsyncExitStack() as readers:
        # The count waits for a place among the lists.
        far = asyncio.get_running_loop().time() + 60
        for number in range(runtime.settings.database_readers):
            await readers.enter_async_context(runtime.database.reading(number, far))
        retrying = asyncio.create_task(begin(runtime, webhook))
        for _ in range(3):
            await publish(runtime)
        assert not retrying.done()
        assert await Job.all().count() == 0
    assert (await retrying).total == 2


async def test_only_what_failed_in_the_time_and_of_the_type_is_sent_again(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    old, new = await failed_for_good(runtime, webhook, 2)
    await set_column(runtime, "delivery", "created_at", ago(7_200), [old])
    hand = await Hand.begin(runtime)
    [fine] = await enqueue(runtime, webhook.id)
    await hand.record(succeeded(await hand.claim_one(webhook.id)))
    await begin(runtime, webhook, event_type="user.user.create")
    assert (await run(runtime)).done == 0
    await Job.all().delete()
    await begin(runtime, webhook, event_type=TYPE)
    assert (await run(runtime)).done == 1
    assert [row.id for row in await Delivery.filter(status=DeliveryState.OPEN)] == [new]
    assert (await Delivery.get(id=fine)).status == DeliveryState.SUCCEEDED


async def test_many_are_done_in_steps_and_go_on_where_another_worker_stopped(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    keys = await enqueue(runtime, webhook.id, 2_500)
    await set_column(runtime, "delivery", "status", int(DeliveryState.FAILED), keys)
    await begin(runtime, webhook)
    assert await jobs.step(runtime.database, runtime.wakeups, (await Job.get()).id)
    job = await Job.get()
    assert (job.status, job.total, job.done) == (JobStatus.RUNNING, 2_500, 1_000)
    await asyncio.gather(*(jobs.step(runtime.database, runtime.wakeups, job.id) for _ in range(4)))
    assert (
        (await run(runtime)).done,
        await Delivery.filter(status=DeliveryState.OPEN).count(),
    ) == (2_500, 2_500)


async def test_tests_and_events_without_data_are_not_sent_again(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [tried] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(
        failed(
            await hand.claim_one(webhook.id), cause=AttemptCause.TEST, state=DeliveryState.FAILED
        )
    )
    [gone] = await failed_for_good(runtime, webhook, 1)
    await set_column(runtime, "event", "data", None, [(await Delivery.get(id=gone)).event_id])
    await begin(runtime, webhook)
    assert (await run(runtime)).done == 0
    assert (await Delivery.get(id=tried)).status == DeliveryState.FAILED


@pytest.mark.engines("sqlite", "postgres")
async def test_what_was_missed_while_off_is_delivered_once(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, filter={"data.n": {"gte": 1}})
    [_before] = await publish(runtime, data={"n": 1})
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    await publish(runtime, 3)
    staging = PublishInput(TYPE, "staging", {"n": 5})
    await runtime.publisher.publish(
        WORKSPACE, [staging, PublishInput("user.user.create", ENVIRONMENT, {"n": 5})]
    )
    on, _ = await set_webhook_active(runtime, SOMEBODY, webhook.id, True, deliver_missed=True)
    await publish(runtime, data={"n": 9})
    assert on.is_on
    assert (await run(runtime)).done == 2  # of 0, 1, 2 the filter takes two
    await Job.all().delete()
    await begin(runtime, webhook, RetryScope.MISSED)
    assert (await run(runtime)).done == 0
    assert await Delivery.filter(webhook_id=webhook.id).count() == 4
    rows = await (await Hand.begin(runtime)).claim(webhook.id)
    assert {(row.number, row.next_cause) for row in rows} == {(1, None)}


async def test_asking_again_for_what_was_missed_says_that_it_did_nothing(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, active=False)
    await publish(runtime)
    asked = (runtime, SOMEBODY, webhook.id, True)
    first = await set_webhook_active(*asked, deliver_missed=True)
    again = await set_webhook_active(*asked, deliver_missed=True)
    assert first.notice is None
    assert again.notice is not None
    assert "on already, so deliverMissed did nothing" in again.notice
    assert again.webhook.version == first.webhook.version
    assert (await run(runtime)).done == 1  # of the one job


async def test_asking_for_what_was_missed_is_refused_where_it_is_turned_off(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    with pytest.raises(Refused) as refused:
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False, deliver_missed=True)
    [problem] = refused.value.problems
    assert (problem.code, problem.field) == (Code.NOT_ALLOWED, ("deliverMissed",))
    assert "to turn one off" in problem.message
    assert await Job.all().count() == 0
    assert (await Webhook.get(id=webhook.id)).is_on


@pytest.mark.engines("sqlite", "postgres")
async def test_what_was_published_while_it_was_on_is_no_miss(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, events=["user.user.create"])
    await publish(runtime, 2)
    await update_webhook(runtime, SOMEBODY, webhook.id, {"events": ["order.*.*"]})
    await begin(runtime, webhook, RetryScope.MISSED)
    assert (await run(runtime)).done == 0


async def test_webhook_that_was_turned_off_by_itself_misses_as_well(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, autoDisable={"failures": 1, "over": "1s"})
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    result = failed(await hand.claim_one(webhook.id))
    await hand.record(result._replace(began=result.began - 5, duration_ms=5_000))
    await publish(runtime, 2)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, True, deliver_missed=True)
    assert (await run(runtime)).done == 2


async def test_all_is_what_failed_and_what_was_missed(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await failed_for_good(runtime, webhook, 2)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    await publish(runtime, 3)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, True)
    await begin(runtime, webhook, RetryScope.ALL)
    job = await run(runtime)
    assert (job.status, job.done, job.total) == (JobStatus.SUCCEEDED, 5, 5)


async def test_job_of_a_deleted_webhook_ends_with_its_reason(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await begin(runtime, webhook)
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    job = await run(runtime)
    assert (job.status, job.error) == (JobStatus.FAILED, "The webhook was deleted.")


@pytest.mark.engines("sqlite", "postgres")
async def test_wrong_wishes_are_refused(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    stranger = await make_webhook(runtime, workspace_id=await make_workspace(runtime))
    for asked, until, code in (
        (stranger, None, Code.NOT_FOUND),
        (webhook, clock.now() - 2 * HOUR, Code.INVALID),
    ):
        with pytest.raises(Refused) as refused:
            await begin(runtime, asked, until=until)
        assert [problem.code for problem in refused.value.problems] == [code]
    assert not await Job.exists()


async def test_cancelled_delivery_stays_so_whatever_comes_back(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    waiting, sent = await enqueue(runtime, webhook.id, 2)
    hand = await Hand.begin(runtime)
    await set_column(runtime, "delivery", "next_attempt_at", clock.now() + HOUR, [waiting])
    row = await hand.claim_one(webhook.id)
    for key in (waiting, sent):
        await manual.cancel(runtime.database, SOMEBODY, key)
    await hand.record(succeeded(row))
    assert {row.status for row in await Delivery.all()} == {DeliveryState.CANCELLED}
    assert await hand.claim(webhook.id) == []
    with pytest.raises(Refused, match="has ended"):
        await manual.cancel(runtime.database, SOMEBODY, sent)


async def test_cancelled_delivery_that_goes_back_or_whose_worker_dies_is_not_sent(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    back, lost = await enqueue(runtime, webhook.id, 2)
    hand = await Hand.begin(runtime)
    rows = {row.id: row for row in await hand.claim(webhook.id)}
    for key in (back, lost):
        await manual.cancel(runtime.database, SOMEBODY, key)
    await hand.give_back(rows[back])
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(timedelta(seconds=10)) == 1
    found = await Delivery.all()
    assert {row.status for row in found} == {DeliveryState.CANCELLED}
    assert not any(row.lease_token or row.manual_at for row in found)
    assert await (await Hand.begin(runtime)).claim(webhook.id) == []


@pytest.mark.engines("sqlite", "postgres")
async def test_the_ends_of_the_calendar_are_times_like_others(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await failed_for_good(runtime, webhook, 1)
    ends = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    await begin(runtime, webhook, since=ends[0], until=ends[1])
    assert (await run(runtime)).done == 1
