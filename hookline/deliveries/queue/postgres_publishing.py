"""Writes a publish on PostgreSQL: one statement, or several in one transaction where the deliveries
are many. Called by hookline.deliveries.queue.postgres only.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from hookline.deliveries.queue.base import EventExists, KeyTaken, NewDelivery, NewEvent
from hookline.deliveries.queue.postgres_statements import (
    ADD_DELIVERIES,
    FLUSH,
    MAY_FLUSH,
    PUBLISH,
    PUBLISH_ONE,
)
from hookline.messaging.wakeups import DELIVERY_MARK

log = logging.getLogger(__name__)

_AT_ONCE_ROWS: Final = 5_000
"""Deliveries of one statement. asyncpg encodes them in one piece, 0.26 s for 100,000 (2026-11)."""
_PUBLISH_SECONDS: Final = 6.0
"""A caller waits: hardly longer than for a lock."""
_KEY: Final = NewEvent._fields.index("key")
_NOTIFIED_IDS: Final = 7_900 // 37
"""NOTIFY carries 8,000 bytes; more webhooks go as EVERYTHING."""


async def is_flush_allowed(pool: "asyncpg.Pool[Any]") -> bool:
    """False where this role may not use FLUSH. Nothing is written: it may be a standby."""
    if await pool.fetchval(MAY_FLUSH, timeout=_PUBLISH_SECONDS):
        return True
    log.warning(
        "publishes are heard of when they are on disk, not sooner: this role may not execute "
        "pg_logical_emit_message"
    )
    return False


async def write_publish(
    pool: "asyncpg.Pool[Any]",
    workspace_id: UUID,
    version: int,
    received_at: datetime,
    events: Sequence[NewEvent],
    deliveries: Sequence[NewDelivery],
    wake_payload: str,
    may_flush: bool,
) -> bool:
    """Does Queue.publish without a lease. Returns when what was written is on disk. Others run
    between the statements.

    may_flush: as `is_flush_allowed` found out.

    Raises KeyTaken and EventExists.
    """
    is_one = len(events) == 1 and not events[0].key
    try:
        # Several in a commit come under load, where one more commit each costs more than it gains.
        if may_flush and wake_payload and is_one and len(deliveries) <= _AT_ONCE_ROWS:
            arguments = _of_one(workspace_id, version, events[0], received_at, deliveries)
            return bool(
                await pool.fetchval(PUBLISH_ONE, *arguments, wake_payload, timeout=_PUBLISH_SECONDS)
            )
        arguments = (
            workspace_id,
            version,
            *_columns_of_events(events, received_at),
            *columns_of(deliveries[:_AT_ONCE_ROWS], NewDelivery),
            wake_payload,
        )
        if len(deliveries) > _AT_ONCE_ROWS:
            return await _write_in_parts(pool, arguments, workspace_id, received_at, deliveries)
        return bool(await pool.fetchval(PUBLISH, *arguments, timeout=_PUBLISH_SECONDS))
    # Of all that it inserts only the events' own keys can be there already.
    except asyncpg.UniqueViolationError as error:
        # An earlier try whose answer was lost may be on its way to the disk still.
        if may_flush:
            await pool.fetchval(FLUSH, timeout=_PUBLISH_SECONDS)
        raise EventExists from error
    except asyncpg.PostgresError as error:
        if error.sqlstate == "HL001":
            raise KeyTaken from error
        raise


def _of_one(
    workspace_id: UUID,
    version: int,
    event: NewEvent,
    received_at: datetime,
    deliveries: Sequence[NewDelivery],
) -> tuple[Any, ...]:
    ids = [delivery.id for delivery in deliveries]
    webhook_ids = [delivery.webhook_id for delivery in deliveries]
    return workspace_id, version, *event[:_KEY], received_at, ids, webhook_ids


def _columns_of_events(events: Sequence[NewEvent], received_at: datetime) -> tuple[Any, ...]:
    ids, types, environments, data, occurred, keys, fingerprints = zip(*events, strict=True)
    given = (keys, fingerprints) if any(keys) else (None, None)
    return ids, types, environments, data, occurred, received_at, *given


def _left_seconds(until: float) -> float:
    """Raises TimeoutError."""
    if (left_seconds := until - time.monotonic()) <= 0:
        raise TimeoutError
    return left_seconds


async def _write_in_parts(
    pool: "asyncpg.Pool[Any]",
    arguments: Sequence[Any],
    workspace_id: UUID,
    received_at: datetime,
    deliveries: Sequence[NewDelivery],
) -> bool:
    """Runs PUBLISH, which writes the first deliveries, and adds the others."""
    until = time.monotonic() + _PUBLISH_SECONDS
    async with pool.acquire(timeout=5) as connection, connection.transaction():
        if not await connection.fetchval(PUBLISH, *arguments, timeout=_PUBLISH_SECONDS):
            return False
        for begin in range(_AT_ONCE_ROWS, len(deliveries), _AT_ONCE_ROWS):
            columns = columns_of(deliveries[begin : begin + _AT_ONCE_ROWS], NewDelivery)
            await connection.execute(
                ADD_DELIVERIES, workspace_id, received_at, *columns, timeout=_left_seconds(until)
            )
    return True


def wake_payload_of(deliveries: Sequence[NewDelivery]) -> str:
    """Returns the ids of the webhooks that have something to send now, as NOTIFY carries them; of
    one delivery its own id, too.
    """
    if len(deliveries) == 1:
        return f"{deliveries[0].webhook_id}{DELIVERY_MARK}{deliveries[0].id}"
    # Each webhook's id once, not once a delivery: making texts of ids was 1.3 % of the process
    # under batches (2026-11-26).
    webhook_ids = {delivery.webhook_id for delivery in deliveries}
    if len(webhook_ids) > _NOTIFIED_IDS:
        return "*"
    return ",".join(map(str, webhook_ids))


def columns_of(rows: Sequence[Any], shape: type[Any]) -> list[Any]:
    """Returns rows as one list per field."""
    return list(zip(*rows, strict=True)) if rows else [[] for _ in shape._fields]
