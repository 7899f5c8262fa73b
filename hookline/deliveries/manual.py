"""Deliveries by hand: send one again, cancel one, count what waits. Called by the API; claiming and
recording are the queue's.
"""

from collections.abc import Sequence
from uuid import UUID

from hookline import clock
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.db.connection import Database, Reader
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.statements import for_dialect
from hookline.deliveries.health import HealthLimit
from hookline.errors import Code, Problem, Refused
from hookline.messaging.wakeups import Wakeups
from hookline.models import AttemptCause, DeliveryState

# The delivery's row, held until the commit: its lease and state are as read.
LOCK = """
select id, webhook_id, lease_token, status from delivery
where id = $1 and workspace_id = $2 {locked}"""
# The two reasons not to send again: the data is gone, or the webhook.
SENDABLE = """
select e.data is not null as has_data, w.deleted_at is not null as is_deleted from delivery d
join event e on e.id = d.event_id join webhook w on w.id = d.webhook_id where d.id = $1"""
REQUEST_ATTEMPT = "update delivery set manual_at = $2 where id = $1"
CANCEL = with_enum_numbers("""
update delivery set status = DeliveryState.CANCELLED, finished_at = $2, manual_at = null
where id = $1""")
# With manual_at the index of what is by hand finds the lease of a delivery that is not open.
CANCEL_ON_WIRE = with_enum_numbers("""
update delivery set status = DeliveryState.CANCELLED, finished_at = $2, manual_at = $2,
  next_cause = NextCause.CANCELLED_ON_WIRE
where id = $1""")
# Open deliveries per webhook, counted so far that a backlog costs no more than a page of them.
BACKLOG = with_enum_numbers("""
select w.id as webhook_id, (
  select count(*) from (
    select 1 as one from delivery d
    where d.webhook_id = w.id and d.status = DeliveryState.OPEN limit 10000) open) as waiting
from webhook w where w.id in ({})""")
# As the rule of health counts them (queue/functions/health_evidence.sql).
FAILED_EVENTS = with_enum_numbers(
    """
select w.id as webhook_id, (
  select count(distinct a.event_id) from (
    select event_id, outcome, cause, error_code, started_at from attempt
    where webhook_id = w.id and outcome > 2
    order by id desc limit HealthLimit.ATTEMPTS_READ) a
  where a.outcome = AttemptOutcome.FAILED and a.started_at >= w.failing_since
    and a.cause in (AttemptCause.PUBLISH, AttemptCause.RETRY)
    and coalesce(a.error_code, '') not in ('REFUSED_ADDRESS', 'TEMPLATE')) as events
from webhook w where w.id in ({})""",
    HealthLimit,
)
# Whether deliveries were sent by hand, or as a test.
CAUSES = with_enum_numbers("""
select d.id as delivery_id,
  exists (select 1 as one from attempt a
    where a.delivery_id = d.id and a.cause = AttemptCause.MANUAL) as is_manual,
  exists (select 1 as one from attempt a
    where a.delivery_id = d.id and a.cause = AttemptCause.TEST) as is_test
from delivery d where d.id in ({})""")
LAST_ATTEMPT = """
select w.id as webhook_id, (
  select a.id from attempt a where a.webhook_id = w.id order by a.id desc limit 1) as attempt_id
from webhook w where w.id in ({})"""
# By the index of what is due, which the queue keeps anyway: one by age would make each delivery
# dearer. Bounded, as a backlog may have millions.
OLDEST_OPEN = with_enum_numbers("""
select w.id as webhook_id, (
  select waiting.id from (
    select d.id from delivery d where d.webhook_id = w.id and d.status = DeliveryState.OPEN
    order by d.next_attempt_at limit 10000) waiting
  order by waiting.id limit 1) as delivery_id
from webhook w where w.id in ({})""")
ON_WIRE = "select on_wire from pump where on_wire <> ''"
BODIES = "select delivery_id, body from delivery_body where delivery_id in ({})"


async def retry(database: Database, wakeups: Wakeups, actor: Actor, delivery_id: UUID) -> None:
    """Asks for one attempt now, by hand: the schedule does not move, and the webhook's switch does
    not hold it.

    Raises Refused: NOT_FOUND; NOT_ALLOWED while an attempt is on its way or after the webhook was
    deleted; DATA_EXPIRED.
    """
    async with database.unit_of_work() as work:
        rows = await work.rows(for_dialect(LOCK, work.dialect), delivery_id, actor.workspace_id)
        if not rows:
            raise Refused(Problem(Code.NOT_FOUND, "There is no such delivery.", ("id",)))
        # The record of the attempt under way clears manual_at with its lease: the wish would be
        # lost.
        if rows[0]["lease_token"] is not None:
            raise Refused(
                Problem(
                    Code.NOT_ALLOWED,
                    "This delivery is being sent right now. Wait for its attempt to end.",
                    ("id",),
                )
            )
        found = (await work.rows(SENDABLE, delivery_id))[0]
        if found["is_deleted"]:
            raise Refused(
                Problem(
                    Code.NOT_ALLOWED,
                    "The webhook of this delivery was deleted, so there is nowhere to send it.",
                    ("id",),
                )
            )
        if not found["has_data"]:
            raise Refused(
                Problem(
                    Code.DATA_EXPIRED,
                    "The event's data is older than it is kept for, so it can't be sent again.",
                    ("id",),
                )
            )
        await work.execute(REQUEST_ATTEMPT, delivery_id, clock.now())
        await audit.record(actor.workspace_id, actor.stored, "delivery.retry", ("dlv", delivery_id))
        key = rows[0]["webhook_id"]
        # After the commit: a worker that looked sooner would find nothing.
        work.after_commit(lambda: wakeups.notify_manual(key))


async def cancel(database: Database, actor: Actor, delivery_id: UUID) -> None:
    """Ends an open delivery for good, also one whose request is on the wire and may yet succeed (it
    is logged then).

    Raises Refused: NOT_FOUND; NOT_ALLOWED for one that has ended.
    """
    async with database.unit_of_work() as work:
        rows = await work.rows(for_dialect(LOCK, work.dialect), delivery_id, actor.workspace_id)
        if not rows:
            raise Refused(Problem(Code.NOT_FOUND, "There is no such delivery.", ("id",)))
        if rows[0]["status"] != DeliveryState.OPEN:
            raise Refused(
                Problem(
                    Code.NOT_ALLOWED,
                    "This delivery has ended; there is nothing to cancel.",
                    ("id",),
                )
            )
        # What is leased may be on the wire; its record or the takeover ends the lease, so its token
        # stays.
        if rows[0]["lease_token"] is None:
            await work.execute(CANCEL, delivery_id, clock.now())
        else:
            await work.execute(CANCEL_ON_WIRE, delivery_id, clock.now())
        await audit.record(
            actor.workspace_id, actor.stored, "delivery.cancel", ("dlv", delivery_id)
        )


async def backlogs(reader: Reader, webhook_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Open deliveries of each webhook, counted up to 10,000."""
    if not webhook_ids:
        return {}
    places = ", ".join(f"${number}" for number in range(1, len(webhook_ids) + 1))
    rows = await reader.rows(BACKLOG.format(places), *webhook_ids)
    return {row["webhook_id"]: row["waiting"] for row in rows}


async def failed_events(reader: Reader, webhook_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Distinct events among the failures of each webhook since its last success."""
    if not webhook_ids:
        return {}
    places = ", ".join(f"${number}" for number in range(1, len(webhook_ids) + 1))
    rows = await reader.rows(FAILED_EVENTS.format(places), *webhook_ids)
    return {row["webhook_id"]: row["events"] for row in rows}


async def last_attempts(reader: Reader, webhook_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Newest attempt of each webhook; None of one that was never sent to."""
    if not webhook_ids:
        return {}
    places = ", ".join(f"${number}" for number in range(1, len(webhook_ids) + 1))
    rows = await reader.rows(LAST_ATTEMPT.format(places), *webhook_ids)
    return {row["webhook_id"]: row["attempt_id"] for row in rows}


async def oldest_open(reader: Reader, webhook_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Oldest open delivery of each webhook, of the 10,000 that are due first; None without any."""
    if not webhook_ids:
        return {}
    places = ", ".join(f"${number}" for number in range(1, len(webhook_ids) + 1))
    rows = await reader.rows(OLDEST_OPEN.format(places), *webhook_ids)
    return {row["webhook_id"]: row["delivery_id"] for row in rows}


async def on_wire(reader: Reader) -> set[UUID]:
    """Deliveries of all workspaces whose requests are under way, but for the last half second."""
    rows = await reader.rows(ON_WIRE)
    return {UUID(hex=key) for row in rows for key in row["on_wire"].split(",")}


async def causes(reader: Reader, delivery_ids: Sequence[UUID]) -> dict[UUID, frozenset[int]]:
    """Causes of each delivery's attempts, of MANUAL and TEST. The caller has checked that the
    deliveries belong to its workspace.
    """
    if not delivery_ids:
        return {}
    places = ", ".join(f"${number}" for number in range(1, len(delivery_ids) + 1))
    rows = await reader.rows(CAUSES.format(places), *delivery_ids)
    marks = {"is_manual": AttemptCause.MANUAL, "is_test": AttemptCause.TEST}
    return {
        row["delivery_id"]: frozenset(int(cause) for name, cause in marks.items() if row[name])
        for row in rows
    }


async def bodies(reader: Reader, delivery_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Returns the bodies that templates made for these deliveries. The caller has checked that they
    belong to its workspace.
    """
    if not delivery_ids:
        return {}
    places = ", ".join(f"${number}" for number in range(1, len(delivery_ids) + 1))
    rows = await reader.rows(BODIES.format(places), *delivery_ids)
    return {row["delivery_id"]: bytes(row["body"]) for row in rows}
