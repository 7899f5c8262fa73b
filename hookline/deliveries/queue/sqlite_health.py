"""Counters and health of webhooks on SQLite, and the decisions of the rule carried out:
auto-disable, notifications, mails. Part of the record's job; as hl_record_health,
hl_apply_decisions and hl_notify on PostgreSQL.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from hookline.activity.events import ActivityKind
from hookline.deliveries.health import (
    Decision,
    EndedAttempt,
    Health,
    HealthEvidence,
    HealthPolicy,
    failures_suffice,
    fold,
)
from hookline.deliveries.queue.base import AttemptResult
from hookline.deliveries.queue.sql_texts import queue_statement
from hookline.deliveries.queue.sqlite_bulk import run_for_all
from hookline.deliveries.retries import NO_FAILURES_OF_THE_RECEIVER
from hookline.ids import uuid7
from hookline.models import (
    AttemptCause,
    AttemptOutcome,
    DeliveryState,
    EmailStatus,
    NotificationKind,
)
from hookline.models.column_types import split_lines

MINUTE = 60_000_000
ADD_COUNTS = """
insert into webhook_stat as s (webhook_id, step, at, bucket, attempts, failures) values {rows}
on conflict (webhook_id, step, at, bucket) do update set
  attempts = s.attempts + excluded.attempts, failures = s.failures + excluded.failures"""
HEALTH = """
select version, is_active and deleted_at is null, auto_disable_failures, auto_disable_seconds,
  warned_at, exhausted_notified_at, consecutive_failures, failing_since, last_attempt_at,
  last_success_at, last_status_code, consecutive_gone, exhausted_count,
  auto_disabled_at is not null
from webhook
where id = ?"""
# Distinct events among a webhook's failures, of the latest attempts, which an index gives.
EVENTS = queue_statement("""
select count(distinct a.event_id) from (
  select event_id, outcome, cause, error_code, started_at from attempt
  where webhook_id = ? and outcome > 2
  order by id desc limit HealthLimit.ATTEMPTS_READ) a
where a.outcome = AttemptOutcome.FAILED and a.started_at >= ?
  and a.cause in (AttemptCause.PUBLISH, AttemptCause.RETRY)
  and coalesce(a.error_code, '') not in ('REFUSED_ADDRESS', 'TEMPLATE')""")
SET_HEALTH = """
update webhook set consecutive_failures = ?, failing_since = ?, last_attempt_at = ?,
  last_success_at = ?, last_status_code = ?, consecutive_gone = ?, exhausted_count = ?
where id = ?"""
AUDIT = """
insert into audit_entry (id, workspace_id, action, actor, actor_name, at, subject_prefix,
  subject_id, before, after)
values (?, ?, 'webhook.autoDisable', '{"kind":"SYSTEM","name":"hookline"}', 'hookline', ?, 'wh', ?,
  '{"status":"ACTIVE"}', '{"status":"AUTO_DISABLED"}')"""
BUMP = "update workspace set match_version = match_version + 1 where id = ?"
# The change that a decision makes, fenced by its evidence: a second time none touches a row. The
# fences are parts of the conditions of hookline.deliveries.health.notifications_due.
APPLY = {
    NotificationKind.AUTO_DISABLED: """
update webhook set auto_disabled_at = :now, warned_at = :now, auto_disabled_reason = :reason
where id = :id and version = :version and failing_since = :since
  and is_active and deleted_at is null and auto_disabled_at is null""",
    NotificationKind.FAILING: """
update webhook set warned_at = :now
where id = :id and version = :version and failing_since = :since
  and (warned_at is null or warned_at < :since) and auto_disabled_at is null""",
    NotificationKind.RECOVERED: """
update webhook set warned_at = null
where id = :id and warned_at is not null and consecutive_failures = 0
  and auto_disabled_at is null""",
    NotificationKind.DELIVERY_FAILED: queue_statement("""
update webhook set exhausted_count = 0, exhausted_notified_at = :now
where id = :id and exhausted_count > 0
  and (exhausted_notified_at is null
    or exhausted_notified_at < :now - HealthLimit.DIGEST_SECONDS * 1000000)"""),
}
_FAILURES = "select consecutive_failures from webhook where id = ?"
# The number that a notification names, before the statement above changes it.
FAILURE_COUNTS = {
    NotificationKind.AUTO_DISABLED: _FAILURES,
    NotificationKind.FAILING: _FAILURES,
    NotificationKind.RECOVERED: "select null from webhook where id = ?",
    NotificationKind.DELIVERY_FAILED: "select exhausted_count from webhook where id = ?",
}
ADD_NOTIFICATION = queue_statement("""
insert into notification (id, workspace_id, kind, webhook_id, reason, failures, failing_since,
  last_status_code, backlog, created_at)
select ?1, workspace_id, ?2, id,
  case when ?2 = NotificationKind.AUTO_DISABLED then auto_disabled_reason
    when ?2 = NotificationKind.DELIVERY_FAILED then (
      select case when a.error_code = 'TEMPLATE' then a.error_code end
      from attempt a where a.webhook_id = w.id order by a.id desc limit 1) end,
  ?3, failing_since, last_status_code,
  (select count(*) from (
    select 1 from delivery d
    where d.webhook_id = w.id and d.status = DeliveryState.OPEN
    limit 10000)),
  ?4
from webhook w
where id = ?5""")
ADD_EMAILS = """
insert into email (id, workspace_id, notification_id, address, status, tries, next_try_at)
values {rows}"""
MAILS = "select address from email where notification_id = ?"
RECIPIENTS = "select workspace_id, notification_emails, notify_on from webhook where id = ?"


class ActivityEntry(NamedTuple):
    """A row for `activity`: kind, subject, webhook (16 bytes each)."""

    kind: ActivityKind
    subject: bytes
    webhook: bytes


def count_attempts(db: sqlite3.Connection, done: Sequence[tuple[AttemptResult, int]]) -> None:
    """Adds attempts to the counters of their minute. done: with when each began, in
    microseconds.
    """
    all_, failed = Counter[tuple[bytes, int, int]](), Counter[tuple[bytes, int, int]]()
    for result, began in done:
        key = (result.webhook_id.bytes, began - began % MINUTE, result.bucket)
        all_[key] += 1
        failed[key] += result.outcome == AttemptOutcome.FAILED
    run_for_all(
        db,
        ADD_COUNTS,
        [
            (webhook, 60, at, bucket, all_[webhook, at, bucket], failed[webhook, at, bucket])
            for webhook, at, bucket in all_
        ],
    )


def fold_health(
    db: sqlite3.Connection, done: Sequence[tuple[AttemptResult, int]], now: int
) -> list[HealthEvidence]:
    """Folds attempts into their webhooks' health. Returns the evidence of each webhook; the rule
    finds those that crossed a line.
    """
    # By webhook, in the order in which the attempts ended: the fold needs it.
    batches: dict[UUID, list[tuple[AttemptResult, int]]] = {}
    for one in done:
        batches.setdefault(one[0].webhook_id, []).append(one)
    return [_fold(db, webhook_id, batch, now) for webhook_id, batch in batches.items()]


def _fold(
    db: sqlite3.Connection, webhook_id: UUID, batch: Sequence[tuple[AttemptResult, int]], now: int
) -> HealthEvidence:
    version, is_active, failures, seconds, warned_at, exhausted_notified_at, *columns = db.execute(
        HEALTH, (webhook_id.bytes,)
    ).fetchone()
    health = Health(*columns)
    folded = fold(health, [_ended(result, start, version) for result, start in batch])
    latest = (health.last_attempt_at, health.last_success_at, health.last_status_code)
    counts = (health.consecutive_gone, health.exhausted_count)
    db.execute(
        SET_HEALTH,
        (health.consecutive_failures, health.failing_since, *latest, *counts, webhook_id.bytes),
    )
    policy = HealthPolicy(failures, seconds, bool(is_active), warned_at, exhausted_notified_at)
    # Asked only where it decides: nearly never.
    events = 0
    if failures_suffice(health, policy, folded):
        events = db.execute(EVENTS, (webhook_id.bytes, health.failing_since)).fetchone()[0]
    return HealthEvidence(webhook_id, version, health, policy, folded, now, events)


def apply_decisions(
    db: sqlite3.Connection, workspace: bytes, decisions: Sequence[Decision], now: int
) -> list[ActivityEntry]:
    """Carries the decisions out, each once. Returns the activity beside the attempts'."""
    entries = [entry for one in decisions for entry in _apply_decision(db, workspace, one, now)]
    if any(entry.kind is ActivityKind.WEBHOOK_AUTO_DISABLED for entry in entries):
        db.execute(BUMP, (workspace,))
    return entries


def notify(
    db: sqlite3.Connection, webhook: bytes, kind: NotificationKind, failures: int | None, now: int
) -> ActivityEntry:
    """A notification about a webhook as it is now, and a mail to each address that
    wants this kind.
    """
    notification = uuid7().bytes
    db.execute(ADD_NOTIFICATION, (notification, kind, failures, now, webhook))
    workspace, addresses, notify_on = db.execute(RECIPIENTS, (webhook,)).fetchone()
    if kind.name in split_lines(notify_on):
        run_for_all(
            db,
            ADD_EMAILS,
            [
                (uuid7().bytes, workspace, notification, address, EmailStatus.PENDING, 0, now)
                for address in split_lines(addresses)
            ],
        )
    return ActivityEntry(ActivityKind.NOTIFICATION, notification, webhook)


def mails_of(db: sqlite3.Connection, notification: bytes) -> list[tuple[UUID, str]]:
    """The receipts of a notification, as Recorded has them."""
    return [
        (UUID(bytes=notification), address) for (address,) in db.execute(MAILS, (notification,))
    ]


def _apply_decision(
    db: sqlite3.Connection, workspace: bytes, one: Decision, now: int
) -> list[ActivityEntry]:
    """Carries one decision out, as hl_apply_decision on PostgreSQL: the where clause of its
    statement is the fence.
    """
    webhook = one.webhook_id.bytes
    # Read before the statement: DELIVERY_FAILED sets its counter back.
    counted = db.execute(FAILURE_COUNTS[one.kind], (webhook,)).fetchone()
    given = {
        "now": now,
        "id": webhook,
        "version": one.version,
        "since": one.failing_since,
        "reason": one.reason,
    }
    if not db.execute(APPLY[one.kind], given).rowcount:
        return []
    entry = notify(db, webhook, one.kind, counted[0], now)
    if one.kind is not NotificationKind.AUTO_DISABLED:
        return [entry]
    db.execute(AUDIT, (uuid7().bytes, workspace, now, webhook))
    return [ActivityEntry(ActivityKind.WEBHOOK_AUTO_DISABLED, webhook, webhook), entry]


def _ended(r: AttemptResult, start: int, version: int) -> EndedAttempt:
    counts = (
        r.outcome == AttemptOutcome.FAILED
        and r.cause in (AttemptCause.PUBLISH, AttemptCause.RETRY)
        and r.error_code not in NO_FAILURES_OF_THE_RECEIVER
        and r.webhook_version == version
    )
    return EndedAttempt(
        r.outcome == AttemptOutcome.SUCCEEDED,
        counts,
        start,
        start + (r.duration_ms or 0) * 1_000,
        r.status_code,
        r.state == DeliveryState.FAILED,
    )
