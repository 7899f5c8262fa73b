"""The takeover of a dead pump's deliveries on SQLite: their attempts are written as UNKNOWN. A job
of the one writer, called by hookline.deliveries.queue.sqlite.
"""

import random
import sqlite3
from datetime import timedelta
from typing import NamedTuple

import orjson

from hookline.activity.events import ActivityKind
from hookline.deliveries.queue.sql_texts import queue_statement
from hookline.deliveries.queue.sqlite_bulk import run_for_all
from hookline.deliveries.queue.sqlite_recording import ADD_ACTIVITY, ADD_ATTEMPTS, ADVANCE
from hookline.deliveries.retries import unknown_verdict
from hookline.ids import uuid7
from hookline.models import AttemptCause, AttemptOutcome, DeliveryState

_LOST = """
select d.id, d.workspace_id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count,
  d.schedule_step, d.manual_at is not null, d.status, w.retry_schedule, w.deleted_at is not null,
  d.next_cause
from delivery d join webhook w on w.id = d.webhook_id
where d.lease_token = ? and """
# Leases of a dead pump, where the due index and the manual index find them.
LOST = queue_statement(
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
        run_for_all(
            db, ADD_ACTIVITY, [(d.workspace, position, ActivityKind.ATTEMPT, attempt, d.webhook)]
        )
    _move_delivery(db, d, now)


def _move_delivery(db: sqlite3.Connection, d: _Lost, now: int) -> None:
    """Ends the lease: the delivery waits for its next step, or ends. An attempt by hand moves no
    schedule.
    """
    schedule = tuple(timedelta(seconds=seconds) for seconds in orjson.loads(d.retry_schedule))
    verdict = None if d.is_manual else unknown_verdict(schedule, d.step, random.random())
    state = d.status
    if d.status == DeliveryState.OPEN and d.is_gone:
        state = DeliveryState.CANCELLED
    elif d.status == DeliveryState.OPEN and verdict is not None and verdict.is_final:
        state = DeliveryState.FAILED
        db.execute(EXHAUSTED, (d.webhook,))
    is_over = state != d.status
    wait = None if verdict is None else verdict.wait
    next_at = None if wait is None else now + wait // timedelta(microseconds=1)
    step = d.step if d.is_manual else d.step + 1
    db.execute(UNLEASE, (step, state, is_over, now, next_at, d.id))


def _cause(d: _Lost) -> int:
    # As workers.attempts says of a claimed one. CANCELLED_ON_WIRE is no cause.
    if d.next_cause:
        return d.next_cause
    if d.is_manual:
        return AttemptCause.MANUAL
    return AttemptCause.PUBLISH if d.step == 0 else AttemptCause.RETRY
