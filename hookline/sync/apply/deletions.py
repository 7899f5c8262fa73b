"""Webhooks of a set that people have deleted since its last apply. Called by applying, for a plan
that makes them anew, and by drift. Reads only.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from hookline.db import bulk_rows
from hookline.db.connection import Row
from hookline.models import Webhook
from hookline.sync.apply.store import AMONG_NAMES, RowReader, stored_webhook, texts_parameter
from hookline.sync.plan.changes import Change, ChangeKind
from hookline.sync.read.problems import Position

# What an apply deletes has its time. Where a webhook has the slug again, that one is compared.
_DELETED: Final = """
select w.* from webhook w
join sync_set s on s.workspace_id = w.workspace_id and s.name = w.sync_set
where w.workspace_id = $1 and w.deleted_at > s.last_applied_at and w.sync_removed_at is null
  and w.sync_set {names}
  and not exists (
    select 1 from webhook v
    where v.workspace_id = w.workspace_id and v.slug = w.slug and v.deleted_at is null
  )
order by w.deleted_at, w.id"""


async def find_deleted(
    reads: RowReader, workspace_id: UUID, set_names: Sequence[str]
) -> list[tuple[str, Change]]:
    """Webhooks of these sets that were deleted by hand since the last apply, each with its set: one
    statement. The hint of each says by whom.

    Raises Unavailable.
    """
    sql = _DELETED.format(names=AMONG_NAMES[reads.dialect])
    rows = await reads.rows(sql, workspace_id, texts_parameter(reads, set_names))
    # Off the loop: there may be thousands.
    return await asyncio.to_thread(_deleted, rows)


def _deleted(rows: Iterable[Row]) -> list[tuple[str, Change]]:
    # The newest of a slug comes last.
    newest = {(row["sync_set"], row["slug"]): row for row in rows}
    return [(key[0], _change(bulk_rows.load(Webhook, row))) for key, row in newest.items()]


def _change(row: Webhook) -> Change:
    live = stored_webhook(row, {})
    file, line, _ = live.position
    position = Position(line, file=file) if file and line else None
    hint = f"deleted by {live.changed_by}; an apply of its file makes it anew, with another ID"
    return Change(ChangeKind.DRIFT, live.slug, live.id, (), position, hint, version=live.version)
