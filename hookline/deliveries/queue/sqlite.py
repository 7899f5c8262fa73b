"""The hot path on SQLite: each call is a job of the one writer, so that what waits shares a commit.
Times are microseconds, keys are 16 bytes.
"""

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hookline.db.fields import from_micros, to_micros
from hookline.deliveries.queue.base import (
    KEY_HOURS,
    Ask,
    Claimed,
    EventExists,
    KeyOwner,
    KeyTaken,
    Lease,
    Loaded,
    NewDelivery,
    NewEvent,
    Paced,
    PumpGone,
    Recorded,
    Result,
    Stamp,
)
from hookline.deliveries.queue.bulk import fetch_for_all, run_for_all
from hookline.deliveries.queue.sqlite_recording import record, take_over
from hookline.deliveries.queue.writer import Writer
from hookline.form.rates import Rate

VERSION = "select match_version from workspace where id = ?"
WORKSPACE = "select match_version, strict_event_types from workspace where id = ?"
TYPES = "select name, case when is_strict then schema end from event_type where workspace_id = ?"
STAMPS = (
    "select id, version, is_active and auto_disabled_at is null from webhook where "
    "workspace_id = ? and deleted_at is null"
)
WEBHOOKS = "select * from webhook where id in (values {rows})"
WEBHOOK_COLUMNS = "select * from webhook where id = x''"
TAKE_KEY = """insert into idempotency as i (workspace_id, key, event_id, fingerprint, expires_at)
  values (?, ?, ?, ?, ?)
on conflict (workspace_id, key) do update set event_id = excluded.event_id, fingerprint =
  excluded.fingerprint, expires_at = excluded.expires_at where i.expires_at < ?"""
ADD_EVENTS = (
    "insert into event (id, workspace_id, type, environment, data, occurred_at, "
    "received_at, idempotency_key) values {rows}"
)
ADD_DELIVERIES = """insert into delivery
(next_attempt_at, id, workspace_id, webhook_id, event_id, event_type, environment, created_at,
  lease_token, attempt_count, status, schedule_step) values {rows}"""
PUMP = "select 1 from pump where token = ?"
KNOWN = """select i.event_id, i.fingerprint, (select count(*) from delivery d where d.event_id =
  i.event_id) from idempotency i
where i.workspace_id = ? and i.key = ? and i.expires_at >= ?"""
_CLAIMED = """select d.id, d.workspace_id, d.webhook_id, d.event_id, d.attempt_count + 1,
  d.event_type, d.environment, e.data, e.occurred_at, d.schedule_step,
d.manual_at is not null, d.next_cause, (select match_version from workspace where id =
  d.workspace_id),
case when d.attempt_count > 0 then (select b.body from delivery_body b where b.delivery_id = d.id)
  end from delivery d join event e on e.id = d.event_id join webhook h on h.id = d.webhook_id
where d.webhook_id = ? and d.lease_token is null and h.deleted_at is null and """
CLAIM_DUE = (
    _CLAIMED
    + "h.is_active and h.auto_disabled_at is null and d.status = 0 and d.manual_at is null and "
    "d.next_attempt_at <= ? order by d.next_attempt_at limit ?"
)
CLAIM_MANUAL = _CLAIMED + "d.manual_at is not null limit ?"
PACE = (
    "select rate_per_minute, coalesce(paced_until, 0) from webhook where id = ? and deleted_at "
    "is null and rate_per_minute is not null"
)
SET_PACE = "update webhook set paced_until = ? where id = ?"
LEASE = (
    "update delivery set lease_token = ?, attempt_count = attempt_count + 1 where id in "
    "(values {rows})"
)
GIVE_BACK = """update delivery set lease_token = null, attempt_count = attempt_count - 1, manual_at
  = case when next_cause = 0 then null else manual_at end,
next_cause = nullif(next_cause, 0) where id = ? and lease_token = ? and attempt_count = ?"""
# Loose index scan: its cost grows with the webhooks that have open rows, not with the rows.
_OPEN = """
with recursive open(webhook_id) as (
  select * from (select webhook_id from delivery where status = 0 order by webhook_id limit 1)
  union all
  select (select d.webhook_id from delivery d where d.status = 0 and d.webhook_id > open.webhook_id
    order by d.webhook_id limit 1) from open where open.webhook_id is not null)
"""
DUE = (
    _OPEN
    + """select w.id from open join webhook w on w.id = open.webhook_id where w.is_active and
      w.deleted_at is null and w.auto_disabled_at is null
  and exists (select 1 from delivery d where d.status = 0 and d.webhook_id = w.id and
    d.next_attempt_at <= ? and d.lease_token is null)
union
select d.webhook_id from delivery d join webhook w on w.id = d.webhook_id and w.deleted_at is null
  where d.manual_at is not null and d.lease_token is null"""
)
# Cross joins keep their order: the planner would rather look up the webhook of every open row. The
# statement begins with `update`: for one that begins with `with`, sqlite3 tells no rowcount (Python
# 3.11).
CANCEL = (
    "update delivery set status = 4, finished_at = ?, manual_at = null where id in ("
    + _OPEN
    + """select d.id from open cross join webhook w on w.id = open.webhook_id cross join delivery d
      on d.webhook_id = w.id
where w.deleted_at is not null and d.status = 0 and d.lease_token is null limit 1000)"""
)


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
        return await self._writer.run(
            lambda db: {
                UUID(bytes=key): version
                for key, version in db.execute("select id, match_version from workspace")
            }
        )

    async def load(self, workspace_id: UUID, known: Mapping[UUID, Stamp]) -> Loaded:
        def job(db: sqlite3.Connection) -> Loaded:
            version, is_strict = db.execute(WORKSPACE, (workspace_id.bytes,)).fetchone()
            types = [(name, schema) for name, schema in db.execute(TYPES, (workspace_id.bytes,))]
            stamps: dict[UUID, Stamp] = {
                UUID(bytes=row[0]): (row[1], bool(row[2]))
                for row in db.execute(STAMPS, (workspace_id.bytes,))
            }
            changed = [(key.bytes,) for key, stamp in stamps.items() if known.get(key) != stamp]
            names = [column[0] for column in db.execute(WEBHOOK_COLUMNS).description]
            rows = [
                dict(zip(names, row, strict=True)) for row in fetch_for_all(db, WEBHOOKS, changed)
            ]
            return Loaded(workspace_id, version, stamps, rows, types, bool(is_strict))

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
        written = [
            (
                e.id.bytes,
                workspace,
                e.type,
                e.environment,
                e.data,
                to_micros(e.occurred_at),
                received,
                e.key,
            )
            for e in events
        ]
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
                for event_id, fingerprint, count in db.execute(
                    KNOWN, (workspace_id.bytes, key, now)
                ):
                    owners[key] = KeyOwner(UUID(bytes=event_id), fingerprint, count)
            return owners

        return await self._writer.run(job)

    async def register(self, token: UUID, process: str) -> None:
        await self._writer.run(
            lambda db: db.execute(
                "insert into pump (token, process, beat_at) values (?, ?, ?)",
                (token.bytes, process, _now()),
            ).close()
        )

    async def beat(self, token: UUID) -> bool:
        return await self._writer.run(
            lambda db: (
                db.execute(
                    "update pump set beat_at = ? where token = ?", (_now(), token.bytes)
                ).rowcount
                == 1
            )
        )

    async def leave(self, token: UUID) -> None:
        leave = (
            "delete from pump where token = ?1 and not exists (select 1 from delivery where "
            "lease_token = ?1 and status = 0) and not exists (select 1 from delivery where "
            "lease_token = ?1 and status <> 0 and manual_at is not null)"
        )
        await self._writer.run(lambda db: db.execute(leave, (token.bytes,)).close())

    async def claim(self, asks: Sequence[Ask], token: UUID, limit: int) -> list[Claimed]:
        def job(db: sqlite3.Connection) -> list[Claimed]:
            if not db.execute(PUMP, (token.bytes,)).fetchone():
                return []
            now, rows = _now(), list[tuple[Any, ...]]()
            for ask in asks:
                rows += _due(db, ask.webhook_id.bytes, min(ask.room, limit - len(rows)), now)
            run_for_all(db, LEASE, [(row[0],) for row in rows], token.bytes)
            return [_claimed(row) for row in rows]

        return await self._writer.run(job)

    async def claim_paced(self, asks: Sequence[Ask], token: UUID) -> Paced:
        def job(db: sqlite3.Connection) -> Paced:
            paced = Paced([], {})
            if db.execute(PUMP, (token.bytes,)).fetchone():
                for ask in asks:
                    _claim_paced(db, ask, token.bytes, paced)
            return paced

        return await self._writer.run(job)

    async def keep_bodies(self, bodies: Sequence[tuple[UUID, bytes]]) -> None:
        rows = [(key.bytes, body) for key, body in bodies]
        await self._writer.run(
            lambda db: db.executemany(
                "insert into delivery_body (delivery_id, body) values (?, ?) on conflict do "
                "nothing",
                rows,
            ).close()
        )

    async def has_sent(self, delivery_id: UUID) -> bool:
        sent = "select 1 from attempt where delivery_id = ? and request_headers is not null"
        return await self._writer.run(
            lambda db: db.execute(sent, (delivery_id.bytes,)).fetchone() is not None
        )

    async def give_back(self, token: UUID, rows: Sequence[Claimed]) -> None:
        given = [(row.id.bytes, token.bytes, row.number) for row in rows]
        await self._writer.run(lambda db: db.executemany(GIVE_BACK, given).close())

    async def record(self, token: UUID, workspace_id: UUID, results: Sequence[Result]) -> Recorded:
        now, clock = _now(), time.monotonic()
        began = [now - int((clock - result.began) * 1_000_000) for result in results]
        return await self._writer.run(
            lambda db: record(db, token.bytes, workspace_id.bytes, results, began, now)
        )

    async def take_over(self, dead_after: timedelta) -> int:
        return await self._writer.run(
            lambda db: take_over(db, (now := _now()) - dead_after // timedelta(microseconds=1), now)
        )

    async def due(self) -> list[UUID]:
        return await self._writer.run(
            lambda db: [UUID(bytes=row[0]) for row in db.execute(DUE, (_now(),))]
        )

    async def cancel_deleted(self) -> int:
        return await self._writer.run(lambda db: db.execute(CANCEL, (_now(),)).rowcount)

    async def forget_keys(self) -> int:
        forget = (
            "delete from idempotency where (workspace_id, key) in (select workspace_id, key "
            "from idempotency where expires_at < ? limit 5000)"
        )
        return await self._writer.run(lambda db: db.execute(forget, (_now(),)).rowcount)


def _due(db: sqlite3.Connection, webhook: bytes, room: int, now: int) -> list[tuple[Any, ...]]:
    """Unleased deliveries of a webhook, those asked for by hand first."""
    manual = db.execute(CLAIM_MANUAL, (webhook, room)).fetchall()
    return manual + db.execute(CLAIM_DUE, (webhook, now, room - len(manual))).fetchall()


def _claim_paced(db: sqlite3.Connection, ask: Ask, token: bytes, paced: Paced) -> None:
    """One webhook's part of a claim under rate limits, as hl_claim_paced on PostgreSQL."""
    webhook, now = ask.webhook_id.bytes, _now()
    found = db.execute(PACE, (webhook,)).fetchone()
    if found is None:
        return
    rate, slot = Rate(found[0]), max(found[1], now)
    free = max(0, int((rate.tolerance - (slot - now)) // rate.interval) + 1)
    rows = _due(db, webhook, min(ask.room, free), now)
    if rows:
        slot += len(rows) * rate.interval
        db.execute(SET_PACE, (round(slot), webhook))
        run_for_all(db, LEASE, [(row[0],) for row in rows], token)
        paced.rows.extend(map(_claimed, rows))
    if len(rows) == free:
        paced.waits[ask.webhook_id] = max(0.0, (slot - now - rate.tolerance) / 1e6)


def _new_delivery(
    workspace: bytes, received: int, d: NewDelivery, lease: Lease | None
) -> tuple[Any, ...]:
    """A row of `delivery`, in the order of ADD_DELIVERIES after the first column."""
    token = lease.token.bytes if lease is not None and d.id in lease.webhook_ids else None
    return (
        d.id.bytes,
        workspace,
        d.webhook_id.bytes,
        d.event_id.bytes,
        d.event_type,
        d.environment,
        received,
        token,
        int(token is not None),
        0,
        0,
    )


def _take_keys(
    db: sqlite3.Connection, workspace: bytes, events: Sequence[NewEvent], now: int
) -> None:
    expires = now + KEY_HOURS * 3_600_000_000
    for event in events:
        if (
            event.key is not None
            and db.execute(
                TAKE_KEY, (workspace, event.key, event.id.bytes, event.fingerprint, expires, now)
            ).rowcount
            == 0
        ):
            raise KeyTaken


def _claimed(row: tuple[Any, ...]) -> Claimed:
    (
        delivery,
        workspace,
        webhook,
        event,
        number,
        kind,
        environment,
        data,
        occurred,
        step,
        is_manual,
        cause,
        version,
        body,
    ) = row
    keys = UUID(bytes=delivery), UUID(bytes=workspace), UUID(bytes=webhook), UUID(bytes=event)
    return Claimed(
        *keys,
        number,
        kind,
        environment,
        data,
        from_micros(occurred),
        step,
        bool(is_manual),
        cause,
        version,
        body,
    )
