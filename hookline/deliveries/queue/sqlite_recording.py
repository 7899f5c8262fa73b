"""The record of ended attempts on SQLite. A job of the one writer, called by
hookline.deliveries.queue.sqlite.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hookline.activity.events import ActivityKind
from hookline.deliveries.health import decide, digests
from hookline.deliveries.queue.base import AttemptResult, Recorded
from hookline.deliveries.queue.sql_texts import queue_statement
from hookline.deliveries.queue.sqlite_bulk import fetch_for_all, run_for_all
from hookline.deliveries.queue.sqlite_health import (
    ActivityEntry,
    apply_decisions,
    count_attempts,
    fold_health,
    mails_of,
)
from hookline.models import AttemptCause, AttemptOutcome, DeliveryState

# Moves the deliveries that are still leased to the pump under that number, and ends their leases. A
# finished one changes its state only by a success by hand, and not when it was cancelled on the
# wire.
MOVE = queue_statement("""
with given(now, token) as (values (?, ?)),
r(id, number, state, is_won, next_at, step, is_gone) as (values {rows})
update delivery set
  finished_at = case
    when status = DeliveryState.OPEN and r.state = DeliveryState.OPEN and not r.is_gone then null
    when status = DeliveryState.OPEN or (r.is_won and manual_at is not null
      and next_cause is not NextCause.CANCELLED_ON_WIRE) then given.now
    else finished_at end,
  status = case
    when status = DeliveryState.OPEN and r.is_gone then DeliveryState.CANCELLED
    when status = DeliveryState.OPEN or (r.is_won and manual_at is not null
      and next_cause is not NextCause.CANCELLED_ON_WIRE) then r.state
    else status end,
  next_attempt_at = coalesce(r.next_at, next_attempt_at),
  lease_token = null, manual_at = null, next_cause = null, schedule_step = r.step
from r, given
where delivery.id = r.id and delivery.lease_token = given.token
  and delivery.attempt_count = r.number
returning delivery.id, delivery.status""")
_ATTEMPT = """id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number,
  outcome, cause, request_url, request_headers, status_code, response_headers, response_body,
  response_truncated, error_code, error_message, started_at, duration_ms, next_attempt_at"""
# Not fenced: what was sent is in the log even if the lease was lost.
ADD_ATTEMPTS = f"""
insert into attempt ({_ATTEMPT}) values {{rows}} on conflict (delivery_id, number) do nothing"""
# Puts the request and its answer in place of the UNKNOWN that a takeover wrote.
REPLACE_UNKNOWN = queue_statement("""
update attempt set outcome = ?, status_code = ?, error_code = ?, error_message = ?, started_at = ?,
  duration_ms = ?, request_url = ?, request_headers = ?, response_headers = ?, response_body = ?,
  response_truncated = ?
where delivery_id = ? and number = ? and outcome = AttemptOutcome.UNKNOWN""")
GONE = "select 1 from webhook where id = ? and deleted_at is not null"
# The workspace's activity moves on by so many; last, in the order of locks of docs/engine.md.
ADVANCE = """
update workspace_activity set position = position + ? where workspace_id = ? returning position"""
ADD_ACTIVITY = """
insert into activity (workspace_id, position, kind, subject_id, webhook_id) values {rows}"""
EXHAUSTED = queue_statement("""
select id, workspace_id from webhook
where exhausted_count > 0 and deleted_at is null and (exhausted_notified_at is null
  or exhausted_notified_at < ? - HealthLimit.DIGEST_SECONDS * 1000000)
order by workspace_id, id
limit 10""")


def record(
    db: sqlite3.Connection,
    token: bytes,
    workspace: bytes,
    results: Sequence[AttemptResult],
    began: list[int],
    now: int,
) -> Recorded:
    """Logs ended attempts and moves their deliveries, as Queue.record says. began, now:
    microseconds since 1970.
    """
    after = [
        None if r.wait_seconds is None else now + int(r.wait_seconds * 1_000_000) for r in results
    ]
    moved = _move_deliveries(db, token, results, after, now)
    logged = [_logged(workspace, *row) for row in zip(results, began, after, strict=True)]
    # a lease was lost: what was sent replaces UNKNOWN, and that is all
    if run_for_all(db, ADD_ATTEMPTS, logged) < len(results):
        db.executemany(
            REPLACE_UNKNOWN,
            [_replacement(r, start) for r, start in zip(results, began, strict=True)],
        )
    done = [
        (_moved(r, moved[r.delivery_id.bytes]), start)
        for r, start in zip(results, began, strict=True)
        if r.delivery_id.bytes in moved
    ]
    if not done:
        return Recorded(0, False)
    # A test says nothing about how deliveries go: neither health nor statistics have it.
    counted = [one for one in done if one[0].cause != AttemptCause.TEST]
    count_attempts(db, counted)
    entries = [
        ActivityEntry(ActivityKind.ATTEMPT, r.attempt_id.bytes, r.webhook_id.bytes) for r, _ in done
    ]
    entries += apply_decisions(db, workspace, decide(fold_health(db, counted, now)), now)
    return _append(db, workspace, entries)


def _move_deliveries(
    db: sqlite3.Connection,
    token: bytes,
    results: Sequence[AttemptResult],
    after: Sequence[int | None],
    now: int,
) -> dict[bytes, int]:
    """Writes the next states; returns those of the deliveries that were still leased to this pump.
    after: their next attempts.
    """
    # the sweep has not cancelled them yet
    gone = {
        key for key in {r.webhook_id for r in results} if db.execute(GONE, (key.bytes,)).fetchone()
    }
    won = AttemptOutcome.SUCCEEDED
    moves = [
        (r.delivery_id.bytes, r.number, r.state, r.outcome == won, at, r.step, r.webhook_id in gone)
        for r, at in zip(results, after, strict=True)
    ]
    return dict(fetch_for_all(db, MOVE, moves, now, token))


def _moved(r: AttemptResult, state: int) -> AttemptResult:
    """The result as it counts: one whose delivery was cancelled on the wire fails nothing."""
    is_cancelled = r.state == DeliveryState.FAILED and state != DeliveryState.FAILED
    return r._replace(state=DeliveryState(state)) if is_cancelled else r


def notify_exhausted(db: sqlite3.Connection, now: int) -> tuple[UUID, Recorded] | None:
    """Notifies of deliveries that failed for good, as Queue.notify_exhausted says."""
    rows = db.execute(EXHAUSTED, (now,)).fetchall()
    if not rows:
        return None
    workspace = rows[0][1]
    keys = [UUID(bytes=key) for key, owner in rows if owner == workspace]
    entries = apply_decisions(db, workspace, digests(keys), now)
    return UUID(bytes=workspace), _append(db, workspace, entries)


def _append(db: sqlite3.Connection, workspace: bytes, entries: Sequence[ActivityEntry]) -> Recorded:
    """Puts the entries behind the workspace's activity."""
    position = int(db.execute(ADVANCE, (len(entries), workspace)).fetchone()[0])
    first = position - len(entries) + 1
    run_for_all(
        db, ADD_ACTIVITY, [(workspace, first + n, *entry) for n, entry in enumerate(entries)]
    )
    mails = [
        mail
        for entry in entries
        if entry.kind is ActivityKind.NOTIFICATION
        for mail in mails_of(db, entry.subject)
    ]
    return Recorded(
        position, any(entry.kind is ActivityKind.WEBHOOK_AUTO_DISABLED for entry in entries), mails
    )


def _logged(workspace: bytes, r: AttemptResult, start: int, after: int | None) -> tuple[Any, ...]:
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


def _replacement(r: AttemptResult, start: int) -> tuple[Any, ...]:
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
