"""Counts what waits for webhooks, for plans that say what becomes of it. Called by applying."""

from collections.abc import Sequence
from uuid import UUID

from hookline.deliveries.manual import BACKLOG
from hookline.models.column_types import UuidColumn
from hookline.sync.apply.store import RowReader


async def backlogs_of(reads: RowReader, webhook_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Open deliveries of each webhook, counted up to 10,000: one statement."""
    if not webhook_ids:
        return {}
    places = ", ".join(f"${number}" for number in range(1, len(webhook_ids) + 1))
    rows = await reads.rows(BACKLOG.format(places), *webhook_ids)
    return {UuidColumn().to_python_value(row["webhook_id"]): row["waiting"] for row in rows}
