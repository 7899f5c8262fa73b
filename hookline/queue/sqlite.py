"""The hot path on SQLite: each call is a job of the one writer, so that what waits shares a commit. Times are microseconds, keys are 16 bytes."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from hookline.changes import Kind
from hookline.db.fields import from_micros, to_micros
from hookline.ids import uuid7
from hookline.queue.base import KEY_HOURS, Ask, Claimed, EventExists, KeyOwner, KeyTaken, Lease, Loaded, NewDelivery, NewEvent, PumpGone, Result
from hookline.queue.bulk import fetch_for_all, run_for_all
from hookline.queue.writer import Writer
from hookline.rules.health import Ended, Health, fold

VERSION = "select match_version from workspace where id = ?"
WEBHOOKS = "select * from webhook where workspace_id = ? and deleted_at is null"
TAKE_KEY = """insert into idempotency as i (workspace_id, key, event_id, fingerprint, expires_at) values (?, ?, ?, ?, ?)
on conflict (workspace_id, key) do update set event_id = excluded.event_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at where i.expires_at < ?"""
ADD_EVENTS = "insert into event (id, workspace_id, type, environment, data, occurred_at, received_at, idempotency_key) values {rows}"
ADD_DELIVERIES = """insert into delivery
(next_attempt_at, id, workspace_id, webhook_id, event_id, event_type, environment, created_at, lease_token, attempt_count, status, schedule_step) values {rows}"""
PUMP = "select 1 from pump where token = ?"
KNOWN = """select i.event_id, i.fingerprint, (select count(*) from delivery d where d.event_id = i.event_id) from idempotency i
where i.workspace_id = ? and i.key = ? and i.expires_at >= ?"""
_CLAIMED = """select d.id, d.workspace_id, d.webhook_id, d.event_id, d.attempt_count + 1, d.event_type, d.environment, e.data, e.occurred_at, d.schedule_step,
d.manual_at is not null, (select match_version from workspace where id = d.workspace_id) from delivery d join event e on e.id = d.event_id join webhook h on h.id = d.webhook_id
where d.webhook_id = ? and d.lease_token is null and h.deleted_at is null and """
CLAIM_DUE = _CLAIMED + "h.is_active and d.status = 0 and d.manual_at is null and d.next_attempt_at <= ? order by d.next_attempt_at limit ?"
CLAIM_MANUAL = _CLAIMED + "d.manual_at is not null limit ?"
LEASE = "update delivery set lease_token = ?, attempt_count = attempt_count + 1 where id in (values {rows})"
GIVE_BACK = "update delivery set lease_token = null, attempt_count = attempt_count - 1 where id = ? and lease_token = ? and attempt_count = ?"
MOVE = """
with given(now, token) as (values (?, ?)), r(id, number, state, is_won, next_at, step) as (values {rows})
update delivery set
  finished_at = case when status = 0 and r.state = 0 then null when status = 0 or (r.is_won and manual_at is not null) then given.now else finished_at end,
  status = case when status = 0 or (r.is_won and manual_at is not null) then r.state else status end, next_attempt_at = coalesce(r.next_at, next_attempt_at),
  lease_token = null, manual_at = null, schedule_step = r.step
from r, given where delivery.id = r.id and delivery.lease_token = given.token and delivery.attempt_count = r.number returning delivery.id"""
_ATTEMPT = """id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number, outcome, cause, request_url, request_headers, status_code,
response_headers, response_body, response_truncated, error_code, error_message, started_at, duration_ms, next_attempt_at"""
ADD_ATTEMPTS = f"insert into attempt ({_ATTEMPT}) values {{rows}} on conflict (delivery_id, number) do nothing"
REPLACE_UNKNOWN = """update attempt set outcome = ?, status_code = ?, error_code = ?, error_message = ?, started_at = ?, duration_ms = ?, request_url = ?,
request_headers = ?, response_headers = ?, response_body = ?, response_truncated = ? where delivery_id = ? and number = ? and outcome = 9"""
HEALTH = "select version, consecutive_failures, failing_since, last_attempt_at, last_success_at, last_status_code from webhook where id = ?"
SET_HEALTH = (
    """update webhook set consecutive_failures = ?, failing_since = ?, last_attempt_at = ?, last_success_at = ?, last_status_code = ? where id = ?"""
)
ADVANCE = "update workspace_activity set position = position + ? where workspace_id = ? returning position"
NOTE = "insert into activity (workspace_id, position, kind, subject_id, webhook_id) values {rows}"
LOST = """select d.id, d.workspace_id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count, d.schedule_step, d.manual_at is not null, d.status,
w.retry_schedule from delivery d join webhook w on w.id = d.webhook_id where d.lease_token = ? and d.status = 0
union all select d.id, d.workspace_id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count, d.schedule_step, d.manual_at is not null, d.status,
w.retry_schedule from delivery d join webhook w on w.id = d.webhook_id where d.lease_token = ? and d.status <> 0 order by 1"""
UNLEASE = "update delivery set lease_token = null, manual_at = null, schedule_step = ?, status = ?, finished_at = case when ? then ? else finished_at end, next_attempt_at = coalesce(?, next_attempt_at) where id = ?"
DUE = """
with recursive open(webhook_id) as (
  select * from (select webhook_id from delivery where status = 0 order by webhook_id limit 1)
  union all
  select (select d.webhook_id from delivery d where d.status = 0 and d.webhook_id > open.webhook_id order by d.webhook_id limit 1) from open where open.webhook_id is not null)
select w.id from open join webhook w on w.id = open.webhook_id where w.is_active and w.deleted_at is null
  and exists (select 1 from delivery d where d.status = 0 and d.webhook_id = w.id and d.next_attempt_at <= ? and d.lease_token is null)
union
select d.webhook_id from delivery d join webhook w on w.id = d.webhook_id and w.deleted_at is null where d.manual_at is not null and d.lease_token is null"""
CANCEL = """update delivery set status = 4, finished_at = ?, manual_at = null where id in (
select d.id from webhook w join delivery d on d.webhook_id = w.id and d.status = 0 where w.deleted_at is not null limit 1000)"""


def _now() -> int:
    return time.time_ns() // 1_000


class SqliteQueue:
    """turn: the write lock that the ORM's units of work take too."""

    def __init__(self, path: Path, turn: asyncio.Lock) -> None:
        self._writer = Writer(path, turn)

    async def open(self) -> None:
        await self._writer.open()

    async def close(self) -> None:
        await self._writer.close()

    async def versions(self) -> dict[UUID, int]:
        return await self._writer.run(lambda db: {UUID(bytes=key): version for key, version in db.execute("select id, match_version from workspace")})

    async def load(self, workspace_id: UUID) -> Loaded:
        def job(db: sqlite3.Connection) -> Loaded:
            version = db.execute(VERSION, (workspace_id.bytes,)).fetchone()[0]
            found = db.execute(WEBHOOKS, (workspace_id.bytes,))
            names = [column[0] for column in found.description]
            return Loaded(workspace_id, version, [dict(zip(names, row, strict=True)) for row in found])

        return await self._writer.run(job)

    async def publish(
        self,
        workspace_id: UUID,
        version: int,
        received_at: datetime,
        events: Sequence[NewEvent],
        deliveries: Sequence[NewDelivery],
        lease: Lease | None = None,
    ) -> bool:
        workspace, received = workspace_id.bytes, to_micros(received_at)
        written = [(e.id.bytes, workspace, e.type, e.environment, e.data, to_micros(e.occurred_at), received, e.key) for e in events]
        rows = [_new_delivery(workspace, received, delivery, lease) for delivery in deliveries]

        def job(db: sqlite3.Connection) -> bool:
            if db.execute(VERSION, (workspace,)).fetchone()[0] != version:
                return False
            if lease is not None and not db.execute(PUMP, (lease.token.bytes,)).fetchone():
                raise PumpGone
            now = _now()
            _take_keys(db, workspace, events, now)
            try:
                run_for_all(db, ADD_EVENTS, written)
            except sqlite3.IntegrityError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
                    raise
                raise EventExists from error
            run_for_all(db, ADD_DELIVERIES, [(now, *row) for row in rows])
            return True

        return await self._writer.run(job)

    async def known(self, workspace_id: UUID, keys: Sequence[str]) -> dict[str, KeyOwner]:
        def job(db: sqlite3.Connection) -> dict[str, KeyOwner]:
            now, owners = _now(), {}
            for key in keys:
                for event_id, fingerprint, count in db.execute(KNOWN, (workspace_id.bytes, key, now)):
                    owners[key] = KeyOwner(UUID(bytes=event_id), fingerprint, count)
            return owners

        return await self._writer.run(job)

    async def register(self, token: UUID, process: str) -> None:
        await self._writer.run(
            lambda db: db.execute("insert into pump (token, process, beat_at) values (?, ?, ?)", (token.bytes, process, _now())).close()
        )

    async def beat(self, token: UUID) -> bool:
        return await self._writer.run(lambda db: db.execute("update pump set beat_at = ? where token = ?", (_now(), token.bytes)).rowcount == 1)

    async def leave(self, token: UUID) -> None:
        leave = "delete from pump where token = ?1 and not exists (select 1 from delivery where lease_token = ?1 and status = 0) and not exists (select 1 from delivery where lease_token = ?1 and status <> 0)"
        await self._writer.run(lambda db: db.execute(leave, (token.bytes,)).close())

    async def claim(self, asks: Sequence[Ask], token: UUID, limit: int) -> list[Claimed]:
        def job(db: sqlite3.Connection) -> list[Claimed]:
            if not db.execute(PUMP, (token.bytes,)).fetchone():
                return []
            now, rows = _now(), list[tuple[Any, ...]]()
            for ask in asks:
                room = min(ask.room, limit - len(rows))
                manual = db.execute(CLAIM_MANUAL, (ask.webhook_id.bytes, room)).fetchall()
                rows += manual
                rows += db.execute(CLAIM_DUE, (ask.webhook_id.bytes, now, room - len(manual))).fetchall()
            run_for_all(db, LEASE, [(row[0],) for row in rows], token.bytes)
            return [_claimed(row) for row in rows]

        return await self._writer.run(job)

    async def give_back(self, token: UUID, rows: Sequence[Claimed]) -> None:
        given = [(row.id.bytes, token.bytes, row.number) for row in rows]
        await self._writer.run(lambda db: db.executemany(GIVE_BACK, given).close())

    async def record(self, token: UUID, workspace_id: UUID, results: Sequence[Result]) -> int:
        now, clock = _now(), time.monotonic()
        began = [now - int((clock - result.began) * 1_000_000) for result in results]
        return await self._writer.run(lambda db: _record(db, token.bytes, workspace_id.bytes, results, began, now))

    async def take_over(self, dead_after: timedelta) -> int:
        return await self._writer.run(lambda db: _take_over(db, _now() - dead_after // timedelta(microseconds=1)))

    async def due(self) -> list[UUID]:
        return await self._writer.run(lambda db: [UUID(bytes=row[0]) for row in db.execute(DUE, (_now(),))])

    async def cancel_deleted(self) -> int:
        return await self._writer.run(lambda db: db.execute(CANCEL, (_now(),)).rowcount)

    async def forget_keys(self) -> None:
        forget = "delete from idempotency where (workspace_id, key) in (select workspace_id, key from idempotency where expires_at < ? limit 1000)"
        await self._writer.run(lambda db: db.execute(forget, (_now(),)).close())


def _new_delivery(workspace: bytes, received: int, d: NewDelivery, lease: Lease | None) -> tuple[Any, ...]:
    """A row of `delivery`, in the order of ADD_DELIVERIES after the first column."""
    token = lease.token.bytes if lease is not None and d.id in lease.delivery_ids else None
    return (d.id.bytes, workspace, d.webhook_id.bytes, d.event_id.bytes, d.event_type, d.environment, received, token, int(token is not None), 0, 0)


def _take_keys(db: sqlite3.Connection, workspace: bytes, events: Sequence[NewEvent], now: int) -> None:
    expires = now + KEY_HOURS * 3_600_000_000
    for event in events:
        if event.key is not None and db.execute(TAKE_KEY, (workspace, event.key, event.id.bytes, event.fingerprint, expires, now)).rowcount == 0:
            raise KeyTaken


def _claimed(row: tuple[Any, ...]) -> Claimed:
    delivery, workspace, webhook, event, number, kind, environment, data, occurred, step, is_manual, version = row
    keys = UUID(bytes=delivery), UUID(bytes=workspace), UUID(bytes=webhook), UUID(bytes=event)
    return Claimed(*keys, number, kind, environment, data, from_micros(occurred), step, bool(is_manual), version)


def _record(db: sqlite3.Connection, token: bytes, workspace: bytes, results: Sequence[Result], began: list[int], now: int) -> int:
    after = [None if r.wait_seconds is None else now + int(r.wait_seconds * 1_000_000) for r in results]
    moves = [(r.delivery_id.bytes, r.number, r.state, r.outcome == 2, at, r.step) for r, at in zip(results, after, strict=True)]
    moved = {row[0] for row in fetch_for_all(db, MOVE, moves, now, token)}
    logged = [_logged(workspace, *row) for row in zip(results, began, after, strict=True)]
    if run_for_all(db, ADD_ATTEMPTS, logged) < len(results):  # a lease was lost: what was sent replaces UNKNOWN, and that is all
        db.executemany(REPLACE_UNKNOWN, [_evidence(r, start) for r, start in zip(results, began, strict=True)])
    done = [(r, start) for r, start in zip(results, began, strict=True) if r.delivery_id.bytes in moved]
    if not done:
        return 0
    _note_health(db, done)
    position = int(db.execute(ADVANCE, (len(done), workspace)).fetchone()[0])
    first = position - len(done) + 1
    run_for_all(db, NOTE, [(workspace, first + n, Kind.ATTEMPT, r.attempt_id.bytes, r.webhook_id.bytes) for n, (r, _) in enumerate(done)])
    return position


def _logged(workspace: bytes, r: Result, start: int, after: int | None) -> tuple[Any, ...]:
    """A row of `attempt`, in the order of _ATTEMPT."""
    keys = (r.attempt_id.bytes, workspace, r.delivery_id.bytes, r.webhook_id.bytes, r.event_id.bytes, r.event_type, r.environment)
    answer = (r.status_code, r.response_headers, r.response_body, r.is_truncated, r.error_code, r.error_message)
    next_at = after if r.state == 0 else None
    return (*keys, r.number, r.outcome, r.cause, r.request_url, r.request_headers, *answer, start, r.duration_ms, next_at)


def _evidence(r: Result, start: int) -> tuple[Any, ...]:
    sent = (r.request_url, r.request_headers, r.response_headers, r.response_body, r.is_truncated)
    return (r.outcome, r.status_code, r.error_code, r.error_message, start, r.duration_ms, *sent, r.delivery_id.bytes, r.number)


def _note_health(db: sqlite3.Connection, done: list[tuple[Result, int]]) -> None:
    batches: dict[UUID, list[tuple[Result, int]]] = {}
    for one in done:
        batches.setdefault(one[0].webhook_id, []).append(one)
    for webhook_id, batch in batches.items():
        version, *columns = db.execute(HEALTH, (webhook_id.bytes,)).fetchone()
        health = Health(*columns)
        fold(health, [_ended(result, start, version) for result, start in batch])
        db.execute(
            SET_HEALTH,
            (
                health.consecutive_failures,
                health.failing_since,
                health.last_attempt_at,
                health.last_success_at,
                health.last_status_code,
                webhook_id.bytes,
            ),
        )


def _ended(r: Result, start: int, version: int) -> Ended:
    counts = r.outcome == 3 and r.cause != 3 and r.error_code != "REFUSED_ADDRESS" and r.webhook_version == version
    return Ended(r.outcome == 2, counts, start, start + (r.duration_ms or 0) * 1_000, r.status_code)


def _take_over(db: sqlite3.Connection, beaten_before: int) -> int:
    dead = db.execute("select token from pump where beat_at < ? order by beat_at limit 1", (beaten_before,)).fetchone()
    if dead is None:
        return -1
    now, count = _now(), 0
    for lost in db.execute(LOST, dead * 2).fetchall():
        _mark_unknown(db, now, *lost)
        count += 1
    db.execute("delete from pump where token = ?", dead)
    return count


def _mark_unknown(
    db: sqlite3.Connection,
    now: int,
    id: bytes,
    workspace: bytes,
    webhook: bytes,
    event: bytes,
    type: str,
    environment: str,
    number: int,
    step: int,
    is_manual: int,
    status: int,
    schedule: str,
) -> None:
    attempt, cause = uuid7().bytes, 3 if is_manual else 1 if step == 0 else 2
    unknown = (
        attempt,
        workspace,
        id,
        webhook,
        event,
        type,
        environment,
        number,
        9,
        cause,
        None,
        None,
        None,
        None,
        None,
        False,
        None,
        None,
        now,
        None,
        None,
    )
    if run_for_all(db, ADD_ATTEMPTS, [unknown]):
        position = db.execute(ADVANCE, (1, workspace)).fetchone()[0]
        run_for_all(db, NOTE, [(workspace, position, Kind.ATTEMPT, attempt, webhook)])
    waits = orjson.loads(schedule)
    is_over = status == 0 and not is_manual and step >= len(waits)
    wait = None if is_manual or step >= len(waits) else now + int(waits[step] * random.uniform(0.8, 1.2) * 1_000_000)
    db.execute(UNLEASE, (step + (not is_manual), 3 if is_over else status, is_over, now, wait, id))
