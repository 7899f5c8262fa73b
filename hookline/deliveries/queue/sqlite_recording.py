"""The end of attempts on SQLite: recorded by their pump, or written as UNKNOWN when it died. Jobs
of the one writer, called by hookline.deliveries.queue.sqlite.
"""

import random
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from hookline.activity.events import Kind
from hookline.deliveries.health import decide
from hookline.deliveries.queue.base import Recorded, Result
from hookline.deliveries.queue.bulk import fetch_for_all, run_for_all
from hookline.deliveries.queue.sql import sql
from hookline.deliveries.queue.sqlite_health import (
    Note,
    act,
    count_attempts,
    fold_health,
    mails_of,
)
from hookline.ids import uuid7
from hookline.models import AttemptCause, AttemptOutcome, DeliveryState

# Moves the deliveries that are still leased to the pump under that number, and ends their leases. A
# finished one changes its state only by a success by hand, and not when it was cancelled on the
# wire.
MOVE = sql("""
with given(now, token) as (values (?, ?)),
r(id, number, state, is_won, next_at, step) as (values {rows})
update delivery set
  finished_at = case
    when status = DeliveryState.OPEN and r.state = DeliveryState.OPEN then null
    when status = DeliveryState.OPEN or (r.is_won and manual_at is not null
      and next_cause is not NextCause.CANCELLED_ON_WIRE) then given.now
    else finished_at end,
  status = case
    when status = DeliveryState.OPEN or (r.is_won and manual_at is not null
      and next_cause is not NextCause.CANCELLED_ON_WIRE) then r.state
    else status end,
  next_attempt_at = coalesce(r.next_at, next_attempt_at),
  lease_token = null, manual_at = null, next_cause = null, schedule_step = r.step
from r, given
where delivery.id = r.id and delivery.lease_token = given.token
  and delivery.attempt_count = r.number
returning delivery.id""")
_ATTEMPT = """id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number,
  outcome, cause, request_url, request_headers, status_code, response_headers, response_body,
  response_truncated, error_code, error_message, started_at, duration_ms, next_attempt_at"""
# Not fenced: what was sent is in the log even if the lease was lost.
ADD_ATTEMPTS = f"""
insert into attempt ({_ATTEMPT}) values {{rows}} on conflict (delivery_id, number) do nothing"""
# Puts the request and its answer in place of the UNKNOWN that a takeover wrote.
REPLACE_UNKNOWN = sql("""
update attempt set outcome = ?, status_code = ?, error_code = ?, error_message = ?, started_at = ?,
  duration_ms = ?, request_url = ?, request_headers = ?, response_headers = ?, response_body = ?,
  response_truncated = ?
where delivery_id = ? and number = ? and outcome = AttemptOutcome.UNKNOWN""")
GONE = "select 1 from webhook where id = ? and deleted_at is not null"
# The workspace's activity moves on by so many; last, as ENGINE's order of locks has it.
ADVANCE = """
update workspace_activity set position = position + ? where workspace_id = ? returning position"""
NOTE = "insert into activity (workspace_id, position, kind, subject_id, webhook_id) values {rows}"
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


def record(
    db: sqlite3.Connection,
    token: bytes,
    workspace: bytes,
    results: Sequence[Result],
    began: list[int],
    now: int,
) -> Recorded:
    """Logs ended attempts and moves their deliveries, as Queue.record says. began, now:
    microseconds since 1970.
    """
    after = [
        None if r.wait_seconds is None else now + int(r.wait_seconds * 1_000_000) for r in results
    ]
    moved = _move(db, token, results, after, now)
    logged = [_logged(workspace, *row) for row in zip(results, began, after, strict=True)]
    # a lease was lost: what was sent replaces UNKNOWN, and that is all
    if run_for_all(db, ADD_ATTEMPTS, logged) < len(results):
        db.executemany(
            REPLACE_UNKNOWN, [_evidence(r, start) for r, start in zip(results, began, strict=True)]
        )
    done = [
        (r, start) for r, start in zip(results, began, strict=True) if r.delivery_id.bytes in moved
    ]
    if not done:
        return Recorded(0, False)
    count_attempts(db, done)
    notes = [Note(Kind.ATTEMPT, r.attempt_id.bytes, r.webhook_id.bytes) for r, _ in done]
    notes += act(db, workspace, decide(fold_health(db, done, now)), now)
    return _append(db, workspace, notes)


def _move(
    db: sqlite3.Connection,
    token: bytes,
    results: Sequence[Result],
    after: Sequence[int | None],
    now: int,
) -> set[bytes]:
    """Gives the deliveries that were still leased to this pump. after: their next attempts."""
    # the sweep has not cancelled them yet
    gone = {
        key for key in {r.webhook_id for r in results} if db.execute(GONE, (key.bytes,)).fetchone()
    }
    states = [DeliveryState.CANCELLED if r.webhook_id in gone else r.state for r in results]
    moves = [
        (r.delivery_id.bytes, r.number, state, r.outcome == AttemptOutcome.SUCCEEDED, at, r.step)
        for r, state, at in zip(results, states, after, strict=True)
    ]
    return {row[0] for row in fetch_for_all(db, MOVE, moves, now, token)}


def _append(db: sqlite3.Connection, workspace: bytes, notes: Sequence[Note]) -> Recorded:
    """Puts the notes behind the workspace's activity."""
    position = int(db.execute(ADVANCE, (len(notes), workspace)).fetchone()[0])
    first = position - len(notes) + 1
    run_for_all(db, NOTE, [(workspace, first + n, *note) for n, note in enumerate(notes)])
    mails = [
        mail
        for note in notes
        if note.kind is Kind.NOTIFICATION
        for mail in mails_of(db, note.subject)
    ]
    return Recorded(position, any(note.kind is Kind.WEBHOOK_AUTO_DISABLED for note in notes), mails)


def _logged(workspace: bytes, r: Result, start: int, after: int | None) -> tuple[Any, ...]:
    """A row of `attempt`, in the order of _ATTEMPT."""
    keys = (
        r.attempt_id.bytes,
        workspace,
        r.delivery_id.bytes,
        r.webhook_id.bytes,
        r.event_id.bytes,
        r.event_type,
        r.environment,
    )
    answer = (
        r.status_code,
        r.response_headers,
        r.response_body,
        r.is_truncated,
        r.error_code,
        r.error_message,
    )
    next_at = after if r.state == DeliveryState.OPEN else None
    return (
        *keys,
        r.number,
        r.outcome,
        r.cause,
        r.request_url,
        r.request_headers,
        *answer,
        start,
        r.duration_ms,
        next_at,
    )


def _evidence(r: Result, start: int) -> tuple[Any, ...]:
    sent = (r.request_url, r.request_headers, r.response_headers, r.response_body, r.is_truncated)
    return (
        r.outcome,
        r.status_code,
        r.error_code,
        r.error_message,
        start,
        r.duration_ms,
        *sent,
        r.delivery_id.bytes,
        r.number,
    )


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
        run_for_all(db, NOTE, [(d.workspace, position, Kind.ATTEMPT, attempt, d.webhook)])
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
