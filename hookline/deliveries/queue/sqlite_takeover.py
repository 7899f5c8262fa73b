"""The takeover of a dead pump's deliveries on SQLite: their attempts are written as UNKNOWN. A job
of the one writer, called by hookline.deliveries.queue.sqlite.
"""

import random
import sqlite3
from typing import NamedTuple

import orjson

from hookline.activity.events import Kind
from hookline.deliveries.queue.bulk import run_for_all
from hookline.deliveries.queue.sql import sql
from hookline.deliveries.queue.sqlite_recording import ADD_ACTIVITY, ADD_ATTEMPTS, ADVANCE
from hookline.ids import uuid7
from hookline.models import AttemptCause, AttemptOutcome, DeliveryState

_LOST = """
select d.id, d.workspace_id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count,
  d.schedule_step, d.manual_at is not null, d.status, w.retry_schedule, w.deleted_at is not null,
  d.next_cause
from delivery d join webhook w on w.id = d.webhook_id
where d.lease_token = ? and """
# Leases of a dead pump, where the due index and the manual index find them.
LOST = sql(
    f"{_LOST} d.status = DeliveryState.OPEN union all {_LOST} d.status <> DeliveryState.OPEN "
    "and d.manual_at is not null"
)
EXHAUSTED = "update webhook set exhausted_count = exhausted_count + 1 where id = ?"
UNLEASE = """
update delivery set lease_token = null, manual_at = null, next_cause = null, schedule_step = ?,
  status = ?, finished_at = case when ? then ? else finished_at end,
  next_attempt_at = coalesce(?, next_attempt_at)
where id = ?"""


def take_over(db: sqlite3.Connection, beaten_before: int, now: int) -> int:
    """Ends one dead pump, as Queue.take_over says."""
    # One pump in each job, so that others' jobs get their turn.
    dead = db.execute(
        "select token from pump where beat_at < ? order by beat_at limit 1", (beaten_before,)
    ).fetchone()
    if dead is None:
        return -1
    # sorted by SQLite it would read the whole table in order of its key
    lost = sorted(_Lost(*row) for row in db.execute(LOST, dead * 2))
    for delivery in lost:
        _mark_unknown(db, delivery, now)
    db.execute("delete from pump where token = ?", dead)
    return len(lost)


class _Lost(NamedTuple):
    """A leased delivery of a dead pump, in the order of LOST. Keys are 16 bytes."""

    id: bytes
    workspace: bytes
    webhook: bytes
    event: bytes
    event_type: str
    environment: str
    number: int
    step: int
    is_manual: int
    status: int
    retry_schedule: str
    is_gone: int
    """Its webhook was deleted."""
    next_cause: int | None


def _mark_unknown(db: sqlite3.Connection, d: _Lost, now: int) -> None:
    attempt, cause = uuid7().bytes, _cause(d)
    keys = (attempt, d.workspace, d.id, d.webhook, d.event, d.event_type, d.environment)
    request, answer = (None, None), (None, None, None, False, None, None)
    if run_for_all(
        db,
        ADD_ATTEMPTS,
        [(*keys, d.number, AttemptOutcome.UNKNOWN, cause, *request, *answer, now, None, None)],
    ):
        position = db.execute(ADVANCE, (1, d.workspace)).fetchone()[0]
        run_for_all(db, ADD_ACTIVITY, [(d.workspace, position, Kind.ATTEMPT, attempt, d.webhook)])
    waits = orjson.loads(d.retry_schedule)
    is_over = d.status == DeliveryState.OPEN and (
        d.is_gone or (not d.is_manual and d.step >= len(waits))
    )
    if is_over and not d.is_gone:
        db.execute(EXHAUSTED, (d.webhook,))
    wait = (
        None
        if d.is_manual or d.step >= len(waits)
        else now + int(waits[d.step] * random.uniform(0.8, 1.2) * 1_000_000)
    )
    db.execute(
        UNLEASE,
        (
            d.step + (not d.is_manual),
            (DeliveryState.CANCELLED if d.is_gone else DeliveryState.FAILED)
            if is_over
            else d.status,
            is_over,
            now,
            wait,
            d.id,
        ),
    )


def _cause(d: _Lost) -> int:
    if d.is_manual:
        return d.next_cause or AttemptCause.MANUAL
    return AttemptCause.PUBLISH if d.step == 0 else AttemptCause.RETRY
