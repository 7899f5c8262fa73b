"""The hot path on PostgreSQL: functions made by the migrations, called over connections of their
own (never the ORM's pool).
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from hookline.db.connection import FAULTS
from hookline.db.postgres import open_pool
from hookline.deliveries.queue.base import (
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

# A plan cached while the tables were empty stays (hash or merge join over a whole index: 281
# instead of 60 us per delivery, 2026-11-24): only lookups by index, then.
_PLANS = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
_LIMITS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "application_name": "hookline",
}
SETTINGS = {**_PLANS, **_LIMITS}
"""Of every session of the hot path."""
_NOTIFY_BYTES = 7_900
"""NOTIFY carries 8,000; more is said as "look everywhere"."""
_CLOSE_SECONDS = 1.0
_PUBLISH_SECONDS = 6.0
"""A caller waits: hardly longer than for a lock."""
_RESULT_COLUMNS = len(Result._fields)
_BEGAN = Result._fields.index("began")

VERSIONS = "select id, match_version from workspace"
STAMPS = (
    "select id, version, is_active and auto_disabled_at is null from webhook where "
    "workspace_id = $1 and deleted_at is null"
)
WEBHOOKS = "select * from webhook where id = any($1::uuid[])"
WORKSPACE = "select match_version, strict_event_types from workspace where id = $1"
TYPES = "select name, case when is_strict then schema end from event_type where workspace_id = $1"
PUBLISH = (
    "select hl_publish_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
)
KNOWN = """select i.key, i.event_id, i.fingerprint, (select count(*) from delivery d where
  d.event_id = i.event_id)
from idempotency i where i.workspace_id = $1 and i.key = any($2) and i.expires_at >= now()"""
# The pump's own row is held: a takeover that has deleted it leaves nothing to claim for (no lease
# without a heartbeat to miss).
CLAIM = """
with me as materialized (select token from pump where token = $3 for key share),
picked as (
  select d.id from me cross join unnest($1::uuid[], $2::int[]) w(id, room) join webhook h on h.id =
    w.id and h.deleted_at is null
  cross join lateral (
    select * from (select id from delivery where webhook_id = w.id and manual_at is not null and
      lease_token is null limit w.room for update skip locked) manual
    union all
    select * from (select id from delivery where h.is_active and h.auto_disabled_at is null and
      status = 0 and webhook_id = w.id and next_attempt_at <= now() and lease_token is null and
      manual_at is null
      order by next_attempt_at limit w.room for update skip locked) due
    limit w.room) d
  limit $4)
update delivery d set lease_token = $3, attempt_count = d.attempt_count + 1 from picked p, event e
  where d.id = p.id and e.id = d.event_id
returning d.id, d.workspace_id, d.webhook_id, d.event_id, d.attempt_count, d.event_type,
  d.environment, e.data, e.occurred_at, d.schedule_step,
  d.manual_at is not null, d.next_cause, (select match_version from workspace where id =
    d.workspace_id),
  case when d.attempt_count > 1 then (select b.body from delivery_body b where b.delivery_id = d.id)
    end"""
CLAIM_PACED = (
    "select c.* from unnest($1::uuid[], $2::int[]) a(hook, room) cross join lateral "
    "hl_claim_paced_1(a.hook, a.room, $3) c"
)
KEEP_BODIES = (
    "insert into delivery_body (delivery_id, body) select * from unnest($1::uuid[], "
    "$2::bytea[]) on conflict do nothing"
)
HAS_SENT = (
    "select exists (select from attempt where delivery_id = $1 and request_headers is not null)"
)
GIVE_BACK = """
with mine as (select d.id from delivery d join unnest($2::uuid[], $3::int[]) r(id, number) on r.id =
  d.id
  where d.lease_token = $1 and d.attempt_count = r.number order by d.id for update of d)
update delivery d set lease_token = null, attempt_count = d.attempt_count - 1, manual_at = case when
  d.next_cause = 0 then null else d.manual_at end,
  next_cause = nullif(d.next_cause, 0) from mine where d.id = mine.id"""
RECORD = (
    "select last_position, has_switched, notified, addresses from hl_record_3($1, $2, "
    + ", ".join(f"${n}" for n in range(3, _RESULT_COLUMNS + 3))
    + ")"
)
# Loose index scan: its cost grows with the webhooks that have open rows, not with the rows (0.11 ms
# with 105,000 rows of 2 webhooks).
DUE = """
with recursive open as (
  (select webhook_id from delivery where status = 0 order by webhook_id limit 1)
  union all
  select (select d.webhook_id from delivery d where d.status = 0 and d.webhook_id > open.webhook_id
    order by d.webhook_id limit 1)
  from open where open.webhook_id is not null)
select w.id from open join webhook w on w.id = open.webhook_id where w.is_active and w.deleted_at is
  null and w.auto_disabled_at is null
  and exists (select from delivery d where d.status = 0 and d.webhook_id = w.id and
    d.next_attempt_at <= now() and d.lease_token is null)
union
select d.webhook_id from delivery d join webhook w on w.id = d.webhook_id and w.deleted_at is null
  where d.manual_at is not null and d.lease_token is null"""
# Chosen first, then locked in order, in a transaction of its own: inside the webhook's change it
# would wait against a record. What is on the wire is left to its record, which cancels it too: a
# finished delivery with a lease is one by hand, and delivery_manual finds it.
CANCEL = """
with recursive open as (
  (select webhook_id from delivery where status = 0 order by webhook_id limit 1)
  union all
  select (select d.webhook_id from delivery d where d.status = 0 and d.webhook_id > open.webhook_id
    order by d.webhook_id limit 1)
  from open where open.webhook_id is not null),
chosen as materialized (
  select d.id from open join webhook w on w.id = open.webhook_id and w.deleted_at is not null
  cross join lateral (select id from delivery where status = 0 and webhook_id = w.id and lease_token
    is null limit 1000) d limit 1000),
held as (select id from delivery where id in (select id from chosen) and status = 0 and lease_token
  is null order by id for update)
update delivery d set status = 4, finished_at = now(), manual_at = null from held where d.id =
  held.id"""
REGISTER = "insert into pump (token, process, beat_at) values ($1, $2, now())"
BEAT = "update pump set beat_at = now() where token = $1 returning true"
LEAVE = """delete from pump where token = $1 and not exists (select from delivery where lease_token
  = $1 and status = 0)
and not exists (select from delivery where lease_token = $1 and status <> 0 and manual_at is not
  null)"""
FORGET_KEYS = (
    "delete from idempotency where ctid in (select ctid from idempotency where "
    "expires_at < now() limit 5000)"
)


class PostgresQueue:
    """notify_wakes: the publish statement sends the wake-up itself (the hub is PostgreSQL)."""

    def __init__(self, dsn: str, size: int, notify_wakes: bool) -> None:
        self._dsn, self._size, self._notify_wakes = dsn, size, notify_wakes
        self._work: asyncpg.Pool[Any]
        self._claims: asyncpg.Pool[Any]
        self._beats: asyncpg.Pool[Any]

    async def open(self) -> None:
        self._work = await self._pool(self._size, {}, 15)
        # Durable, though that is one flush more: a claim that a crash of the server undoes has been
        # sent by then, would be sent again under the same number, and the log keeps one row per
        # number (2026-11-26).
        self._claims = await self._pool(1, {}, 6)
        # beats and looks never wait behind other work
        self._beats = await self._pool(1, {"synchronous_commit": "off"}, 2)

    async def _pool(
        self, size: int, settings: dict[str, str], timeout_seconds: float
    ) -> "asyncpg.Pool[Any]":
        return await open_pool(
            self._dsn,
            min_size=1,
            max_size=size,
            connect=_connect,
            server_settings={**SETTINGS, **settings},
            command_timeout=timeout_seconds,
            timeout=5,
        )

    async def close(self) -> None:
        """What is on its way back into a pool may arrive there (cut off, asyncpg 0.32 raises in a
        task of its own); what hangs is cut off.
        """
        await asyncio.gather(
            *(self._close(pool) for pool in (self._work, self._claims, self._beats))
        )

    async def _close(self, pool: "asyncpg.Pool[Any]") -> None:
        with suppress(*FAULTS):
            await asyncio.wait_for(pool.close(), _CLOSE_SECONDS)

    async def versions(self) -> dict[UUID, int]:
        return {row[0]: row[1] for row in await self._beats.fetch(VERSIONS, timeout=2)}

    async def load(self, workspace_id: UUID, known: Mapping[UUID, Stamp]) -> Loaded:
        async with (
            self._work.acquire(timeout=5) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            version, is_strict = await connection.fetchrow(WORKSPACE, workspace_id)
            types = [(row[0], row[1]) for row in await connection.fetch(TYPES, workspace_id)]
            stamps: dict[UUID, Stamp] = {
                row[0]: (row[1], row[2]) for row in await connection.fetch(STAMPS, workspace_id)
            }
            changed = [key for key, stamp in stamps.items() if known.get(key) != stamp]
            rows = await connection.fetch(WEBHOOKS, changed) if changed else []
            return Loaded(
                workspace_id, version, stamps, [dict(row) for row in rows], types, is_strict
            )

    async def publish(
        self,
        workspace_id: UUID,
        version: int,
        received_at: datetime,
        events: Sequence[NewEvent],
        deliveries: Sequence[NewDelivery],
        lease: Lease | None = None,
    ) -> bool:
        if lease is not None:
            raise PumpGone  # a worker here is a process of its own: it claims
        ids, types, environments, data, occurred, keys, prints = zip(*events, strict=True)
        has_keys = any(keys)
        look = self._look(deliveries)
        try:
            written = await self._work.fetchval(
                PUBLISH,
                workspace_id,
                version,
                *(
                    ids,
                    types,
                    environments,
                    data,
                    occurred,
                    received_at,
                    keys if has_keys else None,
                    prints if has_keys else None,
                ),
                *_columns(deliveries, NewDelivery),
                look,
                timeout=_PUBLISH_SECONDS,
            )
            return bool(written)
        except asyncpg.UniqueViolationError as error:
            raise EventExists from error
        except asyncpg.PostgresError as error:
            if error.sqlstate == "HL001":
                raise KeyTaken from error
            raise

    def _look(self, deliveries: Sequence[NewDelivery]) -> str:
        if not self._notify_wakes or not deliveries:
            return ""
        text = ",".join(map(str, {delivery.webhook_id for delivery in deliveries}))
        return text if len(text) < _NOTIFY_BYTES else "*"

    async def known(self, workspace_id: UUID, keys: Sequence[str]) -> dict[str, KeyOwner]:
        rows = await self._work.fetch(KNOWN, workspace_id, list(keys))
        return {
            key: KeyOwner(event_id, fingerprint, count)
            for key, event_id, fingerprint, count in rows
        }

    async def register(self, token: UUID, process: str) -> None:
        await self._beats.execute(REGISTER, token, process)

    async def beat(self, token: UUID) -> bool:
        return bool(await self._beats.fetchval(BEAT, token))

    async def leave(self, token: UUID) -> None:
        await self._work.execute(LEAVE, token)

    async def claim(self, asks: Sequence[Ask], token: UUID, limit: int) -> list[Claimed]:
        rows = await self._claims.fetch(
            CLAIM, [ask.webhook_id for ask in asks], [ask.room for ask in asks], token, limit
        )
        return [Claimed(*row) for row in rows]

    async def claim_paced(self, asks: Sequence[Ask], token: UUID) -> Paced:
        ordered = sorted(asks)  # two workers lock webhooks in one order
        rows = await self._work.fetch(
            CLAIM_PACED, [ask.webhook_id for ask in ordered], [ask.room for ask in ordered], token
        )
        claimed = [Claimed(*row[:-1]) for row in rows if row[0] is not None]
        return Paced(
            claimed,
            {
                row["webhook_id"]: row["wait"]
                for row in rows
                if row[0] is None and row["wait"] is not None
            },
        )

    async def keep_bodies(self, bodies: Sequence[tuple[UUID, bytes]]) -> None:
        await self._work.execute(KEEP_BODIES, *map(list, zip(*bodies, strict=True)))

    async def has_sent(self, delivery_id: UUID) -> bool:
        return bool(await self._work.fetchval(HAS_SENT, delivery_id))

    async def give_back(self, token: UUID, rows: Sequence[Claimed]) -> None:
        await self._work.execute(
            GIVE_BACK, token, [row.id for row in rows], [row.number for row in rows]
        )

    async def record(self, token: UUID, workspace_id: UUID, results: Sequence[Result]) -> Recorded:
        columns = _columns(results, Result)
        now = time.monotonic()
        columns[_BEGAN] = [int((now - began) * 1_000) for began in columns[_BEGAN]]
        position, has_switched, notified, addresses = await self._work.fetchrow(
            RECORD, token, workspace_id, *columns
        )
        return Recorded(
            position, has_switched, list(zip(notified, addresses, strict=True)) if notified else ()
        )

    async def take_over(self, dead_after: timedelta) -> int:
        return int(await self._work.fetchval("select hl_takeover_3($1)", dead_after))

    async def due(self) -> list[UUID]:
        return [row[0] for row in await self._work.fetch(DUE)]

    async def cancel_deleted(self) -> int:
        return int((await self._work.execute(CANCEL)).split()[1])

    async def forget_keys(self) -> int:
        return int((await self._work.execute(FORGET_KEYS)).split()[1])


async def _connect(*where: Any, **how: Any) -> "asyncpg.Connection[Any]":
    """A server that takes no connection is away, whatever it says: nobody may take its words for an
    answer about his rows.
    """
    try:
        return await asyncpg.connect(*where, **how)
    except asyncpg.PostgresError as error:
        raise ConnectionRefusedError(str(error)) from error


def _columns(rows: Sequence[Any], shape: type[Any]) -> list[Any]:
    """Rows as one list per field."""
    return list(zip(*rows, strict=True)) if rows else [[] for _ in shape._fields]
