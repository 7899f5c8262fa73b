"""The hot path on PostgreSQL, over connections of its own (never the ORM's pool): statements that
stand here, and functions in functions/.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from hookline.db.faults import FAULTS, ROLLED_BACK
from hookline.db.postgres_pool import open_pool
from hookline.deliveries.health import Decision, HealthEvidence, decide, digests
from hookline.deliveries.queue.base import (
    AttemptResult,
    ClaimedDelivery,
    ClaimRequest,
    KeyOwner,
    Lease,
    LoadedWorkspace,
    NewDelivery,
    NewEvent,
    NothingClaimed,
    PumpGone,
    RateLimitedClaim,
    Recorded,
    RowsHeld,
    Stamp,
)
from hookline.deliveries.queue.health_rows import health_evidence
from hookline.deliveries.queue.postgres_publishing import (
    columns_of,
    is_flush_allowed,
    wake_payload_of,
    write_publish,
)
from hookline.deliveries.queue.postgres_statements import (
    APPLY_DECISIONS,
    BEAT,
    CANCEL,
    CLAIM,
    CLAIM_NEW,
    CLAIM_PACED,
    DUE,
    EXHAUSTED,
    FORGET_KEYS,
    GIVE_BACK,
    HAS_SENT,
    HELD,
    KEY_OWNERS,
    RECORD,
    REGISTER,
    SAME_IN_RECORDS,
    SET_ON_WIRE,
    STAMPS,
    STORE_BODIES,
    TAKE_OVER,
    TYPES,
    UNREGISTER,
    VERSIONS,
    WEBHOOKS,
    WORKSPACE,
)
from hookline.models.column_types import from_micros

log = logging.getLogger(__name__)

# A plan cached while the tables were empty stays (hash or merge join over a whole index: 281
# instead of 60 us per delivery, 2026-11-24): only lookups by index, then.
_PLANS = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
# asyncpg's timeouts ask the server to cancel, which a broken connection never carries: what nobody
# waits for any more ends by these.
_LIMITS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "application_name": "hookline",
}
SETTINGS = {**_PLANS, **_LIMITS}
"""Settings of every session of the hot path."""
_CLOSE_SECONDS = 1.0
_FEW_ROWS = 100
_BEGAN = AttemptResult._fields.index("began")
_SAME = [AttemptResult._fields.index(name) for name in SAME_IN_RECORDS]


class PostgresQueue:
    """notify_wakes: the publish statement sends the wake-up itself (the hub is PostgreSQL)."""

    def __init__(self, dsn: str, size: int, notify_wakes: bool) -> None:
        self._dsn, self._size, self._notify_wakes = dsn, size, notify_wakes
        self._work: asyncpg.Pool[Any]
        self._claims: asyncpg.Pool[Any]
        self._beats: asyncpg.Pool[Any]
        self._may_flush = False

    async def open(self) -> None:
        # Three pools: no publish or record, however slow, may keep a claim or a beat waiting.
        self._work = await self._pool(self._size, {}, 15)
        # Durable, though that is one flush more: a claim that a crash of the server undoes has been
        # sent by then, would be sent again under the same number, and the log keeps one row per
        # number (2026-11-26).
        # The first claim opens its connection: a process that delivers nothing needs none.
        self._claims = await self._pool(1, {}, 6, opened=0)
        self._may_flush = self._notify_wakes and await is_flush_allowed(self._work)
        # beats and looks never wait behind other work
        self._beats = await self._pool(1, {"synchronous_commit": "off"}, 2)

    async def _pool(
        self, size: int, settings: dict[str, str], timeout_seconds: float, opened: int = 1
    ) -> "asyncpg.Pool[Any]":
        return await open_pool(
            self._dsn,
            min_size=opened,
            max_size=size,
            connect=_connect,
            server_settings={**SETTINGS, **settings},
            command_timeout=timeout_seconds,
            timeout=5,
        )

    async def close(self) -> None:
        """Lets connections on their way back into a pool arrive there (cut off, asyncpg 0.32 raises
        in a task of its own); those that hang are cut off after a second.
        """
        await asyncio.gather(
            *(self._close(pool) for pool in (self._work, self._claims, self._beats))
        )

    async def _close(self, pool: "asyncpg.Pool[Any]") -> None:
        with suppress(*FAULTS):
            await asyncio.wait_for(pool.close(), _CLOSE_SECONDS)

    async def versions(self) -> dict[UUID, int]:
        return {row[0]: row[1] for row in await self._beats.fetch(VERSIONS, timeout=2)}

    async def load(self, workspace_id: UUID, known: Mapping[UUID, Stamp]) -> LoadedWorkspace:
        async with (
            self._work.acquire(timeout=5) as connection,
            # One snapshot: version, types and webhooks must belong together.
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            version, is_strict = await connection.fetchrow(WORKSPACE, workspace_id)
            types = [(row[0], row[1]) for row in await connection.fetch(TYPES, workspace_id)]
            stamps: dict[UUID, Stamp] = {
                row[0]: (row[1], row[2]) for row in await connection.fetch(STAMPS, workspace_id)
            }
            changed = [key for key, stamp in stamps.items() if known.get(key) != stamp]
            found = await connection.fetch(WEBHOOKS, changed) if changed else []
        # Of 10,000 webhooks it holds up the loop for 0.1 s.
        rows = await asyncio.to_thread(_dicts, found) if len(found) > _FEW_ROWS else _dicts(found)
        return LoadedWorkspace(workspace_id, version, stamps, rows, types, is_strict)

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
            # A worker is a process of its own here: it claims.
            raise PumpGone
        wake_payload = wake_payload_of(deliveries) if self._notify_wakes else ""
        return await write_publish(
            self._work,
            workspace_id,
            version,
            received_at,
            events,
            deliveries,
            wake_payload,
            self._may_flush,
        )

    async def key_owners(self, workspace_id: UUID, keys: Sequence[str]) -> dict[str, KeyOwner]:
        rows = await self._work.fetch(KEY_OWNERS, workspace_id, list(keys))
        return {
            key: KeyOwner(event_id, fingerprint, count)
            for key, event_id, fingerprint, count in rows
        }

    async def register(self, token: UUID, process: str) -> None:
        await self._beats.execute(REGISTER, token, process)

    async def beat(self, token: UUID) -> bool:
        return bool(await self._beats.fetchval(BEAT, token))

    async def set_on_wire(self, token: UUID, delivery_ids: Sequence[UUID]) -> None:
        await self._work.execute(SET_ON_WIRE, token, ",".join(key.hex for key in delivery_ids))

    async def unregister(self, token: UUID) -> None:
        await self._work.execute(UNREGISTER, token)

    async def claim(
        self, requests: Sequence[ClaimRequest], token: UUID, limit: int
    ) -> list[ClaimedDelivery]:
        with _rolled_back_as_nothing_claimed():
            if len(requests) == 1 and (delivery_id := requests[0].delivery_id):
                rows = await self._claims.fetch(CLAIM_NEW, delivery_id, token)
            else:
                rows = await self._claims.fetch(
                    CLAIM,
                    [request.webhook_id for request in requests],
                    [request.room for request in requests],
                    token,
                    limit,
                )
        return [ClaimedDelivery(*row) for row in rows]

    async def claim_paced(self, requests: Sequence[ClaimRequest], token: UUID) -> RateLimitedClaim:
        # Sorted, so that two workers lock webhooks in one order.
        ordered = sorted(requests)
        with _rolled_back_as_nothing_claimed():
            rows = await self._work.fetch(
                CLAIM_PACED,
                [request.webhook_id for request in ordered],
                [request.room for request in ordered],
                token,
            )
        claimed = [ClaimedDelivery(*row[:-1]) for row in rows if row[0] is not None]
        return RateLimitedClaim(
            claimed,
            {
                row["webhook_id"]: row["wait"]
                for row in rows
                if row[0] is None and row["wait"] is not None
            },
        )

    async def store_bodies(self, bodies: Sequence[tuple[UUID, bytes]]) -> None:
        await self._work.execute(STORE_BODIES, *map(list, zip(*bodies, strict=True)))

    async def has_sent(self, delivery_id: UUID) -> bool:
        return bool(await self._work.fetchval(HAS_SENT, delivery_id))

    async def give_back(self, token: UUID, rows: Sequence[ClaimedDelivery]) -> set[UUID]:
        keys, numbers = [row.id for row in rows], [row.number for row in rows]
        try:
            return {row[0] for row in await self._work.fetch(GIVE_BACK, token, keys, numbers)}
        except ROLLED_BACK as error:
            log.warning("deliveries not given back yet: %r", error)
            return set(keys)

    async def record(
        self, token: UUID, workspace_id: UUID, results: Sequence[AttemptResult]
    ) -> Recorded:
        position, evidence = await self.record_attempts(token, workspace_id, results)
        decisions = decide(evidence)
        if not decisions:
            return Recorded(position, False)
        try:
            applied = await self.apply_decisions(workspace_id, decisions)
            return applied._replace(position=max(position, applied.position))
        except (*FAULTS, asyncpg.PostgresError) as error:
            # The attempts are recorded, and their counters stay: the webhook's next one crosses the
            # line again. Raising would make the recorder write what is written.
            log.warning("health of %d webhooks waits for more: %r", len(decisions), error)
            return Recorded(position, False)

    async def record_attempts(
        self, token: UUID, workspace_id: UUID, results: Sequence[AttemptResult]
    ) -> tuple[int, list[HealthEvidence]]:
        """Runs the first half of a record: all but the decisions. Returns the activity's position
        (0 when every lease was lost) and the evidence about webhooks that crossed a line.

        Raises RowsHeld.
        """
        columns = columns_of(results, AttemptResult)
        # Ages, not times: the database's clock says when, this process's only how long ago.
        now = time.monotonic()
        columns[_BEGAN] = [int((now - began) * 1_000) for began in columns[_BEGAN]]
        for place in _SAME:
            columns[place] = _once(columns[place])
        try:
            position, evidence = await self._work.fetchrow(RECORD, token, workspace_id, *columns)
        except asyncpg.LockNotAvailableError as error:
            raise RowsHeld from error
        return position, [
            health_evidence(row) for row in orjson.loads(evidence)
        ] if evidence else []

    async def held(self, workspace_id: UUID, results: Sequence[AttemptResult]) -> set[UUID]:
        deliveries = [result.delivery_id for result in results]
        webhooks = [result.webhook_id for result in results]
        return {row[0] for row in await self._work.fetch(HELD, workspace_id, deliveries, webhooks)}

    async def apply_decisions(self, workspace_id: UUID, decisions: Sequence[Decision]) -> Recorded:
        """Runs the other half, in a transaction of its own: the same one would cost every healthy
        batch two round trips. A decision that was carried out, or lost its evidence, is left out.
        """
        async with self._work.acquire(timeout=5) as connection:
            return await self._apply_decisions(connection, workspace_id, decisions)

    async def _apply_decisions(
        self, connection: Any, workspace_id: UUID, decisions: Sequence[Decision]
    ) -> Recorded:
        keys, kinds, reasons, versions, since = zip(*decisions, strict=True)
        position, has_auto_disabled, notified, addresses = await connection.fetchrow(
            APPLY_DECISIONS,
            workspace_id,
            keys,
            kinds,
            reasons,
            versions,
            [None if at is None else from_micros(at) for at in since],
        )
        mails = list(zip(notified, addresses, strict=True)) if notified else ()
        return Recorded(position or 0, has_auto_disabled, mails)

    async def notify_exhausted(self) -> tuple[UUID, Recorded] | None:
        # One transaction: the rows that the first statement locked are those that the second one
        # needs, so it waits for nobody.
        async with self._work.acquire(timeout=5) as connection, connection.transaction():
            rows = await connection.fetch(EXHAUSTED)
            if not rows:
                return None
            workspace_id = rows[0]["workspace_id"]
            keys = [row["id"] for row in rows if row["workspace_id"] == workspace_id]
            applied = await self._apply_decisions(connection, workspace_id, digests(keys))
        return workspace_id, applied

    async def take_over(self, dead_after: timedelta) -> int:
        return int(await self._work.fetchval(TAKE_OVER, dead_after))

    async def due(self) -> list[UUID]:
        return [row[0] for row in await self._work.fetch(DUE)]

    async def cancel_deleted(self) -> int:
        return int((await self._work.execute(CANCEL)).split()[1])

    async def forget_keys(self) -> int:
        return int((await self._work.execute(FORGET_KEYS)).split()[1])


def _once(column: Sequence[Any]) -> Sequence[Any]:
    """Returns the first value alone where all are the same."""
    return column[:1] if column and column.count(column[0]) == len(column) else column


def _dicts(found: list[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in found]


@contextmanager
def _rolled_back_as_nothing_claimed() -> Iterator[None]:
    try:
        yield
    except ROLLED_BACK as error:
        raise NothingClaimed(str(error)) from error


async def _connect(*where: Any, **how: Any) -> "asyncpg.Connection[Any]":
    """Connects; a server that takes no connection counts as away, whatever it says: its words are
    no answer about rows.
    """
    try:
        return await asyncpg.connect(*where, **how)
    except asyncpg.PostgresError as error:
        raise ConnectionRefusedError(str(error)) from error
