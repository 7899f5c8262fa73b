"""Work that outlasts a request: deliveries that failed or were missed are sent again, in steps of
the actor `run_job`. A worker leases the job's row. A step is one transaction that locks the job,
does a bounded part and moves its position: a crash loses and repeats nothing, and a lost lease
costs only a second worker beside the first.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.db.connection import Database, UnitOfWork, faults_as_unavailable
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.statements import for_dialect
from hookline.deliveries import missed_search
from hookline.deliveries.missed import Missed
from hookline.errors import Code, Problem, Refused
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.wakeups import Wakeups
from hookline.models import Delivery, Job, JobStatus, Webhook

log = logging.getLogger(__name__)

JOB_KIND: Final = "deliveries.retry"
STEP_ROWS: Final = 1_000
"""Deliveries or events that a step reads."""
# Counting costs time inside the request; beyond that many the progress is shown without a total.
COUNT_LIMIT: Final = 100_000
_MARGIN_MILLIS: Final = 600_000
"""Keys are made a little before or after the times of their rows."""

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
# The webhook's next deliveries, with whether the job is about them.
FAILED: Final = with_enum_numbers("""
select d.id, d.status = DeliveryState.FAILED and d.created_at >= $4 and d.created_at < $5
  and ($6 = '' or d.event_type = $6) as is_selected
from delivery d where d.webhook_id = $1 and d.id > $2 and d.id < $3 order by d.id limit $7""")
# The number of deliveries that the job is about, up to $7.
COUNT: Final = with_enum_numbers("""
select count(*) as number from (
  select 1 as one from delivery d
  where d.webhook_id = $1 and d.id > $2 and d.id < $3 and d.status = DeliveryState.FAILED
    and d.created_at >= $4 and d.created_at < $5 and ($6 = '' or d.event_type = $6)
  limit $7) found""")
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
returning id""")


class RetryScope(StrEnum):
    FAILED = "FAILED"
    MISSED = "MISSED"
    ALL = "ALL"


async def retry_deliveries(
    database: Database,
    enqueuer: Enqueuer,
    actor: Actor,
    webhook_id: UUID,
    which: RetryScope,
    since: datetime,
    until: datetime | None,
    event_type: str | None,
    found: Sequence[Problem] = (),
) -> Job:
    """Begins to send again what failed, what was missed, or both, of a time: oldest first, under
    the webhook's limits. found: problems of the input so far, told with the others.

    Raises Refused: NOT_FOUND, INVALID for a time that ends before it begins.
    """
    until = until or clock.now()
    async with database.unit_of_work() as work:
        await check_retry(actor, webhook_id, since, until, found)
        return await begin(work, enqueuer, actor, webhook_id, which, since, until, event_type)


async def check_retry(
    actor: Actor,
    webhook_id: UUID,
    since: datetime,
    until: datetime,
    found: Sequence[Problem] = (),
) -> Webhook:
    """Returns the webhook of a retry, in the transaction around it, if there is one.

    Raises Refused, as `retry_deliveries` does.
    """
    problems = list(found)
    webhook = await Webhook.filter(
        id=webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
    ).first()
    if webhook is None:
        message = "There is no such webhook, or it was deleted."
        problems.append(Problem(Code.NOT_FOUND, message, ("webhookId",)))
    if until <= since:
        message = "The time must end after it begins: give an `until` that is later than `since`."
        problems.append(Problem(Code.INVALID, message, ("until",)))
    if problems or webhook is None:
        raise Refused(problems)
    return webhook


async def begin(
    work: UnitOfWork,
    enqueuer: Enqueuer,
    actor: Actor,
    webhook_id: UUID,
    which: RetryScope,
    since: datetime,
    until: datetime,
    event_type: str | None = None,
) -> Job:
    """Writes the job and enqueues its actor after the commit."""
    asked = {
        "webhookId": str(webhook_id),
        "which": which,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "eventType": event_type or "",
    }
    now = clock.now()
    job = await Job.create(
        id=ids.uuid7(),
        workspace_id=actor.workspace_id,
        kind=JOB_KIND,
        work=asked,
        total=await _total(work, webhook_id, which, since, until, event_type),
        actor=actor.stored,
        run_at=now,
        created_at=now,
    )
    # By the clock that leases it: this process's may be ahead, and its actor would find it not due.
    await work.execute(for_dialect(DUE_NOW, work.dialect), job.id)
    shown = {**asked, "webhookId": ids.encode("wh", webhook_id)}
    subject = ("job", job.id)
    await audit.record(actor.workspace_id, actor.stored, "deliveries.retry", subject, None, shown)
    work.after_commit(lambda: enqueuer.run_job(job.id))
    return job


async def _total(
    work: UnitOfWork,
    webhook_id: UUID,
    which: RetryScope,
    since: datetime,
    until: datetime,
    event_type: str | None,
) -> int | None:
    """Deliveries that the job is about, where that can be counted beforehand."""
    if which is not RetryScope.FAILED:
        return None
    found = await work.rows(
        COUNT,
        webhook_id,
        *keys_around(since, until),
        since,
        until,
        event_type or "",
        COUNT_LIMIT + 1,
    )
    number: int = found[0]["number"]
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
        webhook = await _webhook_of(job)
        if webhook is None:
            job.status, job.error, job.finished_at = (
                JobStatus.FAILED,
                "The webhook was deleted.",
                clock.now(),
            )
        else:
            await _advance(work, job, webhook)
            # Each step wakes: the first deliveries go out while the job goes on.
            work.after_commit(lambda: wakeups.notify_due([webhook.id]))
        await job.save(
            update_fields=["status", "position", "total", "done", "error", "finished_at"]
        )
    return bool(job.status < JobStatus.SUCCEEDED)


async def _webhook_of(job: Job) -> Webhook | None:
    found = Webhook.filter(id=UUID(job.work["webhookId"]), deleted_at__isnull=True)
    # Held to the commit: two jobs of one webhook would both find an event without a delivery. Not
    # where deliveries are opened again: a record locks those before their webhook, and what is
    # opened of a webhook that is deleted meanwhile the sweep cancels.
    phase = (job.position or _first_position(job.work["which"]))["phase"]
    return await (found.select_for_update() if phase == "MISSED" else found).first()


class _Window(NamedTuple):
    """The rows that a step reads: those with keys between two, of a time and a type."""

    after: UUID
    high: UUID
    since: datetime
    until: datetime
    event_type: str


async def _advance(work: UnitOfWork, job: Job, webhook: Webhook) -> None:
    asked, position = job.work, job.position or _first_position(job.work["which"])
    since, until = datetime.fromisoformat(asked["since"]), datetime.fromisoformat(asked["until"])
    low, high = keys_around(since, until)
    after = UUID(position["after"]) if position["after"] else low
    window = _Window(after, high, since, until, asked["eventType"])
    do = _reopen if position["phase"] == "FAILED" else _deliver_missed
    last, count = await do(work, webhook, window)
    job.status, job.done = JobStatus.RUNNING, job.done + count
    if last is not None:
        job.position = {**position, "after": str(last)}
    elif position["phase"] == "FAILED" and asked["which"] == RetryScope.ALL:
        job.position = {"phase": "MISSED", "after": None}
    else:
        job.status, job.finished_at, job.total = JobStatus.SUCCEEDED, clock.now(), job.done


def _first_position(which: str) -> dict[str, str | None]:
    return {"phase": "MISSED" if which == RetryScope.MISSED else "FAILED", "after": None}


async def _reopen(work: UnitOfWork, webhook: Webhook, window: _Window) -> tuple[UUID | None, int]:
    """Opens failed deliveries again. Returns the last one looked at, None when there was none, and
    how many are open again.
    """
    rows = await work.rows(FAILED, webhook.id, *window, STEP_ROWS)
    wanted = [row["id"] for row in rows if row["is_selected"]]
    count = 0
    if wanted:
        places = ", ".join(f"${number}" for number in range(2, len(wanted) + 2))
        sql = for_dialect(REOPEN.format(places), work.dialect)
        count = len(await work.rows(sql, clock.now(), *wanted))
    return (rows[-1]["id"] if rows else None), count


async def _deliver_missed(
    work: UnitOfWork, webhook: Webhook, window: _Window
) -> tuple[UUID | None, int]:
    """Makes deliveries of the events that the webhook missed and still wants. Returns the last
    event looked at, None when nothing is left, and how many were made.
    """
    asked = missed_search.Window(window.since, window.until, window.event_type, window.after)
    found = await missed_search.find_missed(
        work, webhook, asked, is_ascending=True, events=STEP_ROWS
    )
    now = clock.now()
    new = [
        _new_delivery(webhook.workspace_id, one, now) for one in found.missed if one.is_deliverable
    ]
    if new:
        await Delivery.bulk_create(new)
    return found.last, len(new)


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


def keys_around(since: datetime, until: datetime) -> tuple[UUID, UUID]:
    """Keys before and after all that were made in a time, generously: a UUIDv7 begins with its
    milliseconds.
    """
    # As numbers: the years 1 and 9999 have no times ten minutes before and after them.
    low = int(since.timestamp() * 1_000) - _MARGIN_MILLIS
    high = int(until.timestamp() * 1_000) + _MARGIN_MILLIS
    return UUID(int=max(0, low) << 80), UUID(int=min(max(0, high), 2**48 - 1) << 80)
