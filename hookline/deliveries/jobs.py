"""Work that outlasts a request: deliveries that failed or were missed are sent again, in steps of
the actor `run_job`. A worker leases the job's row. A step is one transaction that locks the job,
does a bounded part and moves its position: a crash loses and repeats nothing, and a lost lease
costs only a second worker beside the first.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.db.connection import Database, UnitOfWork
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.faults import faults_as_unavailable
from hookline.db.statements import for_dialect
from hookline.deliveries import missed_search
from hookline.deliveries.failed_search import FailedSearch
from hookline.deliveries.missed import Missed
from hookline.errors import Code, Problem, Refused, Unavailable
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.wakeups import Wakeups
from hookline.models import Delivery, Job, JobStatus, Webhook

log = logging.getLogger(__name__)

JOB_KIND: Final = "deliveries.retry"
STEP_ROWS: Final = 1_000
"""Deliveries or events that a step reads."""
# Counting costs time inside the request; beyond that many the progress is shown without a total.
COUNT_LIMIT: Final = 100_000
_COUNT_SECONDS: Final = 3.0

LEASE_SECONDS: Final = 30
"""Longer than a slice of a job takes; a worker that dies in it lets another one go on then."""
# Open jobs that no worker has leased, those that wait longest first.
DUE: Final = with_enum_numbers("""
select id from job where status < JobStatus.SUCCEEDED and run_at <= {now}
order by run_at limit $1""")
# Moves the job's time on, which leases it; no row: it has ended, is not due, or is leased.
LEASE: Final = with_enum_numbers("""
update job set run_at = {now} + $2 * {second} where id in (
  select id from job
  where id = $1 and status < JobStatus.SUCCEEDED and run_at <= {now} {skip_locked})
returning run_at""")
# Ends a lease that is still one's own.
RELEASE: Final = "update job set run_at = {now} where id = $1 and run_at = $2"
DUE_NOW: Final = "update job set run_at = {now} where id = $1"
# Waits for the row: another message's try for the lease locks it for a moment, and a step that
# skipped it would leave the job until the end of its own lease.
OPEN: Final = with_enum_numbers(
    "select id from job where id = $1 and status < JobStatus.SUCCEEDED {locked}"
)
# Opens failed deliveries again, but those of tests and those whose event's data is gone. Locked in
# the order of their ids first, as a record does: an update locks in the order of its plan.
REOPEN: Final = with_enum_numbers("""
update delivery set status = DeliveryState.OPEN, finished_at = null, next_attempt_at = $1,
  schedule_step = 0, next_cause = AttemptCause.MANUAL
where id in (select id from delivery where id in ({}) order by id {{locked}})
  and status = DeliveryState.FAILED and lease_token is null and manual_at is null
  and exists (select 1 as one from event e
    where e.id = delivery.event_id and e.data is not null and not e.is_test)
  and not exists (select 1 as one from attempt a
    where a.delivery_id = delivery.id and a.number = 1 and a.cause = AttemptCause.TEST)
returning webhook_id""")


class RetryScope(StrEnum):
    FAILED = "FAILED"
    MISSED = "MISSED"
    ALL = "ALL"


async def retry_deliveries(
    database: Database,
    enqueuer: Enqueuer,
    actor: Actor,
    webhook_id: UUID | None,
    which: RetryScope,
    since: datetime,
    until: datetime | None,
    event_type: str | None = None,
    environment: str | None = None,
    found: Sequence[Problem] = (),
) -> Job:
    """Begins to send again what failed, what was missed, or both, of a time: oldest first, under
    the limits of each webhook. webhook_id: None for what failed of all webhooks. found: problems
    of the input so far, told with the others.

    Raises Refused: NOT_FOUND; INVALID for a time that ends before it begins, or for what was missed
    of all webhooks.
    """
    asked = BulkRetry(
        webhook_id, which, since, until or clock.now(), event_type or "", environment or ""
    )
    async with database.unit_of_work():
        await check_retry(actor, asked, found)
    total = await _total(database, actor.workspace_id, asked)
    async with database.unit_of_work() as work:
        return await begin(work, enqueuer, actor, asked, total)


class BulkRetry(NamedTuple):
    """A retry as it was asked for. webhook_id: None for all. event_type, environment: empty for
    any.
    """

    webhook_id: UUID | None
    which: RetryScope
    since: datetime
    until: datetime
    event_type: str = ""
    environment: str = ""

    @classmethod
    def of(cls, stored: dict[str, str | None]) -> "BulkRetry":
        return cls(
            UUID(stored["webhookId"]) if stored["webhookId"] else None,
            RetryScope(str(stored["which"])),
            datetime.fromisoformat(str(stored["since"])),
            datetime.fromisoformat(str(stored["until"])),
            stored["eventType"] or "",
            # Not in the rows of a version before.
            stored.get("environment") or "",
        )

    @property
    def stored(self) -> dict[str, str | None]:
        return {
            "webhookId": str(self.webhook_id) if self.webhook_id else None,
            "which": self.which,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "eventType": self.event_type,
            "environment": self.environment,
        }

    def failed(self, workspace_id: UUID, after: UUID | None = None) -> FailedSearch:
        """The search for the failed deliveries of it."""
        times = (self.since, self.until)
        return FailedSearch(
            workspace_id, self.webhook_id, *times, self.event_type, self.environment, after
        )


async def check_retry(
    actor: Actor, asked: BulkRetry, found: Sequence[Problem] = ()
) -> Webhook | None:
    """Returns the webhook of a retry, in the transaction around it, if it is of one.

    Raises Refused, as `retry_deliveries` does.
    """
    problems, webhook = list(found), None
    if asked.webhook_id is not None:
        webhook = await Webhook.filter(
            id=asked.webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
        ).first()
        if webhook is None:
            message = "There is no such webhook, or it was deleted."
            problems.append(Problem(Code.NOT_FOUND, message, ("webhookId",)))
    elif asked.which is not RetryScope.FAILED:
        message = "Missed events are sent for one webhook: give its `webhookId`, or ask for FAILED."
        problems.append(Problem(Code.INVALID, message, ("which",)))
    if asked.until <= asked.since:
        message = "The time must end after it begins: give an `until` that is later than `since`."
        problems.append(Problem(Code.INVALID, message, ("until",)))
    if problems:
        raise Refused(problems)
    return webhook


async def begin(
    work: UnitOfWork, enqueuer: Enqueuer, actor: Actor, asked: BulkRetry, total: int | None = None
) -> Job:
    """Writes the job and enqueues its actor after the commit. total: of deliveries, if known."""
    now = clock.now()
    job = await Job.create(
        id=ids.uuid7(),
        workspace_id=actor.workspace_id,
        kind=JOB_KIND,
        work=asked.stored,
        total=total,
        actor=actor.stored,
        run_at=now,
        created_at=now,
    )
    # By the clock that leases it: this process's may be ahead, and its actor would find it not due.
    await work.execute(for_dialect(DUE_NOW, work.dialect), job.id)
    webhook = ids.encode("wh", asked.webhook_id) if asked.webhook_id else None
    shown = {**asked.stored, "webhookId": webhook}
    subject = ("job", job.id)
    await audit.record(actor.workspace_id, actor.stored, "deliveries.retry", subject, None, shown)
    work.after_commit(lambda: enqueuer.run_job(job.id))
    return job


async def _total(database: Database, workspace_id: UUID, asked: BulkRetry) -> int | None:
    """Deliveries that the job is about, where they can be counted beforehand and in time."""
    if asked.which is not RetryScope.FAILED:
        return None
    until = asyncio.get_running_loop().time() + _COUNT_SECONDS
    try:
        # As a list is read: it may look at all that failed, and on SQLite publishes would wait for
        # a transaction around it.
        async with database.reading(workspace_id, until) as reader:
            number = await asked.failed(workspace_id).count(reader, COUNT_LIMIT + 1)
    except Unavailable:
        return None
    return number if number <= COUNT_LIMIT else None


async def due(database: Database, limit: int) -> list[UUID]:
    """Returns open jobs that are not leased, those first that wait longest."""
    with faults_as_unavailable():
        rows = await database.reader().rows(for_dialect(DUE, database.dialect), limit)
    return [row["id"] for row in rows]


async def run(database: Database, wakeups: Wakeups, job_id: UUID, seconds: float) -> bool:
    """Leases a job and does steps of it for about that long. False: it had ended, is gone, is not
    due, or another worker has it.

    Raises Unavailable; the lease then ends by itself.
    """
    async with database.unit_of_work() as work:
        leased = await work.rows(for_dialect(LEASE, work.dialect), job_id, LEASE_SECONDS)
    if not leased:
        return False
    until = clock.monotonic() + seconds
    while await step(database, wakeups, job_id):
        if clock.monotonic() >= until:
            async with database.unit_of_work() as work:
                await work.execute(for_dialect(RELEASE, work.dialect), job_id, leased[0]["run_at"])
            break
    return True


async def step(database: Database, wakeups: Wakeups, job_id: UUID) -> bool:
    """Does a bounded step of the job, in one transaction. Returns True when it goes on."""
    async with database.unit_of_work() as work:
        if not await work.rows(for_dialect(OPEN, work.dialect), job_id):
            return False
        job = await Job.get(id=job_id)
        asked = BulkRetry.of(job.work)
        webhook = await _webhook_of(job, asked)
        if webhook is None and asked.webhook_id is not None:
            job.status, job.error, job.finished_at = (
                JobStatus.FAILED,
                "The webhook was deleted.",
                clock.now(),
            )
        else:
            opened = await _advance(work, job, asked, webhook)
            # Each step wakes: the first deliveries go out while the job goes on.
            work.after_commit(lambda: wakeups.notify_due(opened))
        await job.save(
            update_fields=["status", "position", "total", "done", "error", "finished_at"]
        )
    return bool(job.status < JobStatus.SUCCEEDED)


async def _webhook_of(job: Job, asked: BulkRetry) -> Webhook | None:
    if asked.webhook_id is None:
        return None
    found = Webhook.filter(id=asked.webhook_id, deleted_at__isnull=True)
    # Held to the commit: two jobs of one webhook would both find an event without a delivery. Not
    # where deliveries are opened again: a record locks those before their webhook, and what is
    # opened of a webhook that is deleted meanwhile the sweep cancels.
    phase = (job.position or _first_position(asked))["phase"]
    return await (found.select_for_update() if phase == "MISSED" else found).first()


async def _advance(
    work: UnitOfWork, job: Job, asked: BulkRetry, webhook: Webhook | None
) -> list[UUID]:
    """Does one step and moves the job on. Returns the webhook of each delivery that is due now."""
    position = job.position or _first_position(asked)
    after = UUID(position["after"]) if position["after"] else None
    if position["phase"] == "MISSED" and webhook is not None:
        last, opened = await _deliver_missed(work, webhook, asked, after)
    else:
        last, opened = await _reopen(work, asked.failed(job.workspace_id, after))
    job.status, job.done = JobStatus.RUNNING, job.done + len(opened)
    if last is not None:
        job.position = {**position, "after": str(last)}
    elif position["phase"] == "FAILED" and asked.which is RetryScope.ALL:
        job.position = {"phase": "MISSED", "after": None}
    else:
        job.status, job.finished_at, job.total = JobStatus.SUCCEEDED, clock.now(), job.done
    return opened


def _first_position(asked: BulkRetry) -> dict[str, str | None]:
    return {"phase": "MISSED" if asked.which is RetryScope.MISSED else "FAILED", "after": None}


async def _reopen(work: UnitOfWork, search: FailedSearch) -> tuple[UUID | None, list[UUID]]:
    """Opens failed deliveries again. Returns the last one looked at, None when there was none, and
    the webhook of each that is open again.
    """
    rows = await search.next_rows(work, STEP_ROWS)
    wanted = [row["id"] for row in rows if row["is_selected"]]
    opened = list[UUID]()
    if wanted:
        places = ", ".join(f"${number}" for number in range(2, len(wanted) + 2))
        sql = for_dialect(REOPEN.format(places), work.dialect)
        opened = [row["webhook_id"] for row in await work.rows(sql, clock.now(), *wanted)]
    return (rows[-1]["id"] if rows else None), opened


async def _deliver_missed(
    work: UnitOfWork, webhook: Webhook, asked: BulkRetry, after: UUID | None
) -> tuple[UUID | None, list[UUID]]:
    """Makes deliveries of the events that the webhook missed and still wants. Returns the last
    event looked at, None when nothing is left, and the webhook of each that was made.
    """
    window = missed_search.Window(
        asked.since, asked.until, asked.event_type, after, environment=asked.environment
    )
    found = await missed_search.find_missed(
        work, webhook, window, is_ascending=True, events=STEP_ROWS
    )
    now = clock.now()
    new = [
        _new_delivery(webhook.workspace_id, one, now) for one in found.missed if one.is_deliverable
    ]
    if new:
        await Delivery.bulk_create(new)
    return found.last, [webhook.id] * len(new)


def _new_delivery(workspace_id: UUID, missed: Missed, now: datetime) -> Delivery:
    return Delivery(
        id=ids.uuid7(),
        workspace_id=workspace_id,
        webhook_id=missed.webhook_id,
        event_id=missed.event_id,
        event_type=missed.event_type,
        environment=missed.environment,
        next_attempt_at=now,
        # Later than the event: by that one knows it from a delivery that the publish made.
        created_at=max(now, missed.received_at + timedelta(microseconds=1)),
    )
