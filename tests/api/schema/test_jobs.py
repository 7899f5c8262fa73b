"""Jobs in the API: all of them, and one that is ended before it is done."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hookline import clock, ids
from hookline.deliveries import jobs
from hookline.deliveries.jobs import RetryScope
from hookline.models import AuditEntry, Job
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker, told
from tests.making import (
    SOMEBODY,
    make_webhook,
    make_workspace,
    set_column,
)
from tests.working import finish_jobs

JOBS = """query ($filter: JobFilter, $first: Int, $after: String) {
    jobs(filter: $filter, first: $first, after: $after) {
        nodes { id status done webhook { id } createdBy { name } } totalCount
        pageInfo { endCursor hasNextPage } } }"""
CANCEL = """mutation ($id: ID!) { jobCancel(input: {id: $id}) {
    job { status finishedAt } userErrors { field code } } }"""


async def begin(runtime: Runtime) -> Job:
    """A job that no worker has looked at."""
    webhook = await make_webhook(runtime)
    since = clock.now() - timedelta(hours=1)
    return await jobs.retry_deliveries(
        runtime.database,
        runtime.enqueuer,
        SOMEBODY,
        webhook.id,
        RetryScope.FAILED,
        since,
        None,
        None,
    )


async def cancelled(asker: Asker, job: Job) -> Any:
    return (await asker.data(CANCEL, id=ids.encode("job", job.id)))["jobCancel"]


@pytest.mark.engines("sqlite")
async def test_jobs_are_listed_newest_first_with_their_webhook(
    runtime: Runtime, admin: Asker
) -> None:
    made = [await begin(runtime) for _ in range(3)]
    await set_column(runtime, "job", "status", 2, [made[1].id])
    keys = [ids.encode("job", job.id) for job in made]
    page = (await admin.data(JOBS, first=2))["jobs"]
    assert [job["id"] for job in page["nodes"]] == keys[:0:-1]
    webhook_id = UUID(made[2].work["webhookId"])
    assert page["nodes"][0]["webhook"]["id"] == ids.encode("wh", webhook_id)
    assert page["nodes"][0]["createdBy"] == {"name": SOMEBODY.name}
    after = page["pageInfo"]["endCursor"]
    rest = (await admin.data(JOBS, first=2, after=after))["jobs"]
    assert ([job["id"] for job in rest["nodes"]], rest["totalCount"]) == (keys[:1], 3)
    ended = (await admin.data(JOBS, filter={"status": ["SUCCEEDED", "CANCELLED"]}))["jobs"]
    assert [job["id"] for job in ended["nodes"]] == [keys[1]]
    elsewhere = admin.in_workspace(await make_workspace(runtime))
    assert (await elsewhere.data(JOBS))["jobs"]["totalCount"] == 0


async def test_a_job_that_is_cancelled_does_no_further_step(runtime: Runtime, admin: Asker) -> None:
    job = await begin(runtime)
    foreign = admin.in_workspace(await make_workspace(runtime))
    assert told(await cancelled(foreign, job)) == {("NOT_FOUND", "input.id")}
    answer = await cancelled(admin, job)
    assert answer["job"]["status"] == "CANCELLED"
    assert answer["job"]["finishedAt"]
    await finish_jobs(runtime)
    assert not await jobs.step(runtime.database, runtime.wakeups, job.id)
    assert await jobs.due(runtime.database, 10) == []
    row = await Job.get(id=job.id)
    assert (row.status, row.done) == (4, 0)
    entry = await AuditEntry.get(action="job.cancel")
    assert (entry.subject_prefix, entry.subject_id) == ("job", job.id)


async def test_a_job_that_has_ended_can_not_be_cancelled(runtime: Runtime, admin: Asker) -> None:
    job = await begin(runtime)
    await cancelled(admin, job)
    assert told(await cancelled(admin, job)) == {("NOT_ALLOWED", "input.id")}
    done = await begin(runtime)
    await finish_jobs(runtime)
    assert told(await cancelled(admin, done)) == {("NOT_ALLOWED", "input.id")}
