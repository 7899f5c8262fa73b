"""What recorded attempts do to their webhooks on SQLite: counters, health, auto-deactivation and
whom to tell. Part of the record's job.

The same as hl_record and hl_notify on PostgreSQL.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from hookline.activity.events import Kind
from hookline.db.fields import split_lines
from hookline.deliveries.health import Ended, Health, Policy, fold, judge
from hookline.deliveries.queue.base import Result
from hookline.deliveries.queue.bulk import run_for_all
from hookline.ids import uuid7
from hookline.models import NotificationKind

MINUTE = 60_000_000
COUNT = """insert into webhook_stat as s (webhook_id, step, at, bucket, attempts, failures) values
  {rows}
on conflict (webhook_id, step, at, bucket) do update set attempts = s.attempts + excluded.attempts,
  failures = s.failures + excluded.failures"""
HEALTH = """select version, is_active and deleted_at is null, auto_disable_failures,
  auto_disable_seconds, warned_at, exhausted_told_at, consecutive_failures, failing_since,
last_attempt_at, last_success_at, last_status_code, consecutive_gone, exhausted_count,
  auto_disabled_at is not null from webhook where id = ?"""
SET_HEALTH = """update webhook set consecutive_failures = ?, failing_since = ?, last_attempt_at = ?,
  last_success_at = ?, last_status_code = ?, consecutive_gone = ?,
exhausted_count = ? where id = ?"""
DISABLE = (
    "update webhook set auto_disabled_at = ?1, warned_at = ?1, auto_disabled_reason = case "
    "when consecutive_gone >= 3 then 'GONE' else 'FAILURES' end where id = ?2"
)
AUDIT = """insert into audit_entry (id, workspace_id, action, actor, actor_name, at, subject_prefix,
  subject_id, before, after) values
(?, ?, 'webhook.autoDisable', '{"kind":"SYSTEM","name":"hookline"}', 'hookline', ?, 'wh', ?,
  '{"status":"ACTIVE"}', '{"status":"AUTO_DISABLED"}')"""
BUMP = "update workspace set match_version = match_version + 1 where id = ?"
TELL = {
    NotificationKind.FAILING: "update webhook set warned_at = ? where id = ?",
    NotificationKind.RECOVERED: "update webhook set warned_at = null where ? and id = ?",
    NotificationKind.DELIVERY_FAILED: "update webhook set exhausted_count = 0, exhausted_told_at "
    "= ? where id = ?",
}
ADD_NOTIFICATION = """insert into notification (id, workspace_id, kind, webhook_id, reason,
  failures, failing_since, last_status_code, backlog, created_at)
select ?1, workspace_id, ?2, id, case when ?2 = 1 then auto_disabled_reason end, ?3, failing_since,
  last_status_code,
(select count(*) from (select 1 from delivery d where d.webhook_id = w.id and d.status = 0 limit
  10000)), ?4 from webhook w where id = ?5"""
ADD_EMAILS = (
    "insert into email (id, workspace_id, notification_id, address, status, tries, "
    "next_try_at) values {rows}"
)
MAILS = "select address from email where notification_id = ?"
RECIPIENTS = "select workspace_id, notification_emails, notify_on from webhook where id = ?"


class Note(NamedTuple):
    """A row for `activity`: kind, subject, webhook (16 bytes each)."""

    kind: Kind
    subject: bytes
    webhook: bytes


def count_attempts(db: sqlite3.Connection, done: Sequence[tuple[Result, int]]) -> None:
    """Adds attempts to the counters of their minute. done: with when each began, in
    microseconds.
    """
    all_, failed = Counter[tuple[bytes, int, int]](), Counter[tuple[bytes, int, int]]()
    for result, began in done:
        key = (result.webhook_id.bytes, began - began % MINUTE, result.bucket)
        all_[key] += 1
        failed[key] += result.outcome == 3
    run_for_all(
        db,
        COUNT,
        [
            (hook, 60, at, bucket, all_[hook, at, bucket], failed[hook, at, bucket])
            for hook, at, bucket in all_
        ],
    )


def note_health(
    db: sqlite3.Connection, workspace: bytes, done: Sequence[tuple[Result, int]], now: int
) -> list[Note]:
    """Folds attempts into their webhooks' health and does what that brings about. What followers
    must hear of, besides the attempts.
    """
    batches: dict[UUID, list[tuple[Result, int]]] = {}
    for one in done:
        batches.setdefault(one[0].webhook_id, []).append(one)
    notes: list[Note] = []
    for webhook_id, batch in batches.items():
        version, is_wanted, failures, seconds, warned_at, told_at, *columns = db.execute(
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
        for word in judge(
            health, Policy(failures, seconds, bool(is_wanted), warned_at, told_at), folded, now
        ):
            notes += _act(db, workspace, webhook_id.bytes, word, health, now)
    if any(note.kind is Kind.WEBHOOK_AUTO_DISABLED for note in notes):
        db.execute(BUMP, (workspace,))
    return notes


def notify(
    db: sqlite3.Connection, webhook: bytes, word: NotificationKind, failures: int | None, now: int
) -> Note:
    """A notification about a webhook as it is now, and a mail to each address that
    wants this kind.
    """
    told = uuid7().bytes
    db.execute(ADD_NOTIFICATION, (told, word, failures, now, webhook))
    workspace, addresses, notify_on = db.execute(RECIPIENTS, (webhook,)).fetchone()
    if word.name in split_lines(notify_on):
        run_for_all(
            db,
            ADD_EMAILS,
            [
                (uuid7().bytes, workspace, told, address, 0, 0, now)
                for address in split_lines(addresses)
            ],
        )
    return Note(Kind.NOTIFICATION, told, webhook)


def mails_of(db: sqlite3.Connection, notification: bytes) -> list[tuple[UUID, str]]:
    """The receipts of a notification, as Recorded has them."""
    return [
        (UUID(bytes=notification), address) for (address,) in db.execute(MAILS, (notification,))
    ]


def _act(
    db: sqlite3.Connection,
    workspace: bytes,
    webhook: bytes,
    word: NotificationKind,
    health: Health,
    now: int,
) -> list[Note]:
    if word is NotificationKind.AUTO_DISABLED:
        db.execute(DISABLE, (now, webhook))
        db.execute(AUDIT, (uuid7().bytes, workspace, now, webhook))
        return [
            Note(Kind.WEBHOOK_AUTO_DISABLED, webhook, webhook),
            notify(db, webhook, word, health.consecutive_failures, now),
        ]
    db.execute(TELL[word], (now, webhook))
    failures = {
        NotificationKind.FAILING: health.consecutive_failures,
        NotificationKind.DELIVERY_FAILED: health.exhausted_count,
    }.get(word)
    return [notify(db, webhook, word, failures, now)]


def _ended(r: Result, start: int, version: int) -> Ended:
    counts = (
        r.outcome == 3
        and r.cause < 3
        and r.error_code != "REFUSED_ADDRESS"
        and r.webhook_version == version
    )
    return Ended(
        r.outcome == 2,
        counts,
        start,
        start + (r.duration_ms or 0) * 1_000,
        r.status_code,
        r.state == 3,
    )
