"""The hot path on SQLite: each call is a job of the one writer, so that what waits shares a commit.
Times are microseconds, keys are 16 bytes.
"""

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from hookline.db.decoding import decode_rows
from hookline.deliveries.queue.base import (
    KEY_HOURS,
    TARGET_COLUMNS,
    AttemptResult,
    ClaimedDelivery,
    ClaimRequest,
    EventExists,
    KeyOwner,
    KeyTaken,
    Lease,
    LoadedWorkspace,
    NewDelivery,
    NewEvent,
    PumpGone,
    RateLimitedClaim,
    Recorded,
    Stamp,
)
from hookline.deliveries.queue.sqlite_bulk import fetch_for_all, run_for_all
from hookline.deliveries.queue.sqlite_recording import notify_exhausted, record
from hookline.deliveries.queue.sqlite_statements import (
    ADD_DELIVERIES,
    ADD_EVENTS,
    BEAT,
    CANCEL,
    CLAIM_DUE,
    CLAIM_MANUAL,
    DUE,
    FORGET_KEYS,
    GIVE_BACK,
    HAS_SENT,
    KEY_OWNERS,
    LEASE,
    PACE,
    PUMP,
    REGISTER,
    SET_ON_WIRE,
    SET_PACE,
    STAMPS,
    STORE_BODY,
    TAKE_KEY,
    TYPES,
    UNREGISTER,
    VERSION,
    WEBHOOKS,
    WORKSPACE,
)
from hookline.deliveries.queue.sqlite_takeover import take_over
from hookline.deliveries.queue.sqlite_writer import SqliteWriter
from hookline.form.rates import Rate, free_slots, seconds_until_free, slot_after
from hookline.loop_time import Turn
from hookline.models import DeliveryState
from hookline.models.column_types import from_micros, to_micros

_AT_ONCE_ROWS: Final = 1_000


def _now() -> int:
    return time.time_ns() // 1_000


class SqliteQueue:
    """turn: the write lock that the ORM's units of work take too."""

    def __init__(self, path: Path, turn: asyncio.Lock) -> None:
        self._writer = SqliteWriter(path, turn)

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

    async def load(self, workspace_id: UUID, known: Mapping[UUID, Stamp]) -> LoadedWorkspace:
        def job(db: sqlite3.Connection) -> LoadedWorkspace:
            version, is_strict = db.execute(WORKSPACE, (workspace_id.bytes,)).fetchone()
            types = [(name, schema) for name, schema in db.execute(TYPES, (workspace_id.bytes,))]
            stamps: dict[UUID, Stamp] = {
                UUID(bytes=row[0]): (row[1], bool(row[2]))
                for row in db.execute(STAMPS, (workspace_id.bytes,))
            }
            changed = [(key.bytes,) for key, stamp in stamps.items() if known.get(key) != stamp]
            rows = [
                dict(zip(TARGET_COLUMNS, row, strict=True))
                for row in fetch_for_all(db, WEBHOOKS, changed)
            ]
            decode_rows(rows)
            return LoadedWorkspace(workspace_id, version, stamps, rows, types, bool(is_strict))

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
        # Rows are made here, not in the job: while a job runs, nothing else in the process writes.
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
        rows = await _new_deliveries(workspace, received, deliveries, lease)

        def job(db: sqlite3.Connection) -> bool:
            if db.execute(VERSION, (workspace,)).fetchone()[0] != version:
                return False
            # Taken over: what is leased to it from now on would never be freed.
            if lease is not None and not db.execute(PUMP, (lease.token.bytes,)).fetchone():
                raise PumpGone
            now = _now()
            _take_keys(db, workspace, events, now)
            try:
                run_for_all(db, ADD_EVENTS, written)
            except sqlite3.IntegrityError as error:
                # Only an event's own key says that this very group was committed before.
                if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
                    raise
                raise EventExists from error
            run_for_all(db, ADD_DELIVERIES, [(now, *row) for row in rows])
            return True

        return await self._writer.run(job)

    async def key_owners(self, workspace_id: UUID, keys: Sequence[str]) -> dict[str, KeyOwner]:
        def job(db: sqlite3.Connection) -> dict[str, KeyOwner]:
            now, owners = _now(), {}
            for key in keys:
                for event_id, fingerprint, count in db.execute(
                    KEY_OWNERS, (workspace_id.bytes, key, now)
                ):
                    owners[key] = KeyOwner(UUID(bytes=event_id), fingerprint, count)
            return owners

        return await self._writer.run(job)

    async def register(self, token: UUID, process: str) -> None:
        await self._writer.run(
            lambda db: db.execute(REGISTER, (token.bytes, process, _now())).close()
        )

    async def beat(self, token: UUID) -> bool:
        return await self._writer.run(
            lambda db: db.execute(BEAT, (_now(), token.bytes)).rowcount == 1
        )

    async def set_on_wire(self, token: UUID, delivery_ids: Sequence[UUID]) -> None:
        text = ",".join(key.hex for key in delivery_ids)
        await self._writer.run(lambda db: db.execute(SET_ON_WIRE, (text, token.bytes)).close())

    async def unregister(self, token: UUID) -> None:
        await self._writer.run(lambda db: db.execute(UNREGISTER, (token.bytes,)).close())

    async def claim(
        self, requests: Sequence[ClaimRequest], token: UUID, limit: int
    ) -> list[ClaimedDelivery]:
        def job(db: sqlite3.Connection) -> list[ClaimedDelivery]:
            # No lease without a beat that can be missed.
            if not db.execute(PUMP, (token.bytes,)).fetchone():
                return []
            now, rows = _now(), list[tuple[Any, ...]]()
            for request in requests:
                room = min(request.room, limit - len(rows))
                rows += _due(db, request.webhook_id.bytes, False, room, now)
            run_for_all(db, LEASE, [(row[0],) for row in rows], token.bytes)
            return [_claimed(row) for row in rows]

        return await self._writer.run(job)

    async def claim_paced(self, requests: Sequence[ClaimRequest], token: UUID) -> RateLimitedClaim:
        def job(db: sqlite3.Connection) -> RateLimitedClaim:
            paced = RateLimitedClaim([], {})
            if db.execute(PUMP, (token.bytes,)).fetchone():
                for request in requests:
                    _claim_paced(db, request, token.bytes, paced)
            return paced

        return await self._writer.run(job)

    async def store_bodies(self, bodies: Sequence[tuple[UUID, bytes]]) -> None:
        rows = [(key.bytes, body) for key, body in bodies]
        await self._writer.run(lambda db: db.executemany(STORE_BODY, rows).close())

    async def has_sent(self, delivery_id: UUID) -> bool:
        return await self._writer.run(
            lambda db: db.execute(HAS_SENT, (delivery_id.bytes,)).fetchone() is not None
        )

    async def give_back(self, token: UUID, rows: Sequence[ClaimedDelivery]) -> set[UUID]:
        given = [(row.id.bytes, token.bytes, row.number) for row in rows]
        await self._writer.run(lambda db: db.executemany(GIVE_BACK, given).close())
        return set()

    async def record(
        self, token: UUID, workspace_id: UUID, results: Sequence[AttemptResult]
    ) -> Recorded:
        # Read side by side: an attempt's age, in monotonic time, becomes a time of the clock by
        # both.
        now, clock = _now(), time.monotonic()
        began = [now - int((clock - result.began) * 1_000_000) for result in results]
        return await self._writer.run(
            lambda db: record(db, token.bytes, workspace_id.bytes, results, began, now)
        )

    async def held(self, workspace_id: UUID, results: Sequence[AttemptResult]) -> set[UUID]:
        # SQLite locks no rows: a record waits for its turn with the writer, as all do.
        return set()

    async def notify_exhausted(self) -> tuple[UUID, Recorded] | None:
        return await self._writer.run(lambda db: notify_exhausted(db, _now()))

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
        return await self._writer.run(lambda db: db.execute(FORGET_KEYS, (_now(),)).rowcount)


def _due(
    db: sqlite3.Connection, webhook: bytes, has_rate: bool, room: int, now: int
) -> list[tuple[Any, ...]]:
    """Unleased deliveries of a webhook, those asked for by hand first; none when it has a rate
    limit and should not, or the other way round.
    """
    manual = db.execute(CLAIM_MANUAL, (webhook, has_rate, room)).fetchall()
    return manual + db.execute(CLAIM_DUE, (webhook, has_rate, now, room - len(manual))).fetchall()


def _claim_paced(
    db: sqlite3.Connection, request: ClaimRequest, token: bytes, paced: RateLimitedClaim
) -> None:
    """One webhook's part of a claim under rate limits, as hl_claim_paced on PostgreSQL."""
    webhook, now = request.webhook_id.bytes, _now()
    found = db.execute(PACE, (webhook,)).fetchone()
    if found is None:
        return
    rate, slot = Rate(found[0]), found[1]
    free = free_slots(slot, now, rate)
    rows = _due(db, webhook, True, min(request.room, free), now)
    if rows:
        slot = slot_after(slot, now, len(rows), rate)
        db.execute(SET_PACE, (round(slot), webhook))
        run_for_all(db, LEASE, [(row[0],) for row in rows], token)
        paced.rows.extend(map(_claimed, rows))
    # All free slots are taken: there may be more due when the next one is free.
    if len(rows) == free:
        paced.waits[request.webhook_id] = seconds_until_free(slot, now, rate)


async def _new_deliveries(
    workspace: bytes, received: int, deliveries: Sequence[NewDelivery], lease: Lease | None
) -> list[tuple[Any, ...]]:
    """Does `_new_delivery` for each. Others run in between: 100,000 take 0.2 s."""
    rows, turn = list[tuple[Any, ...]](), Turn()
    for begin in range(0, len(deliveries), _AT_ONCE_ROWS):
        if turn.is_over:
            await turn.pass_on()
        part = deliveries[begin : begin + _AT_ONCE_ROWS]
        rows += [_new_delivery(workspace, received, delivery, lease) for delivery in part]
    return rows


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
        DeliveryState.OPEN,
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


def _claimed(row: tuple[Any, ...]) -> ClaimedDelivery:
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
    return ClaimedDelivery(
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
