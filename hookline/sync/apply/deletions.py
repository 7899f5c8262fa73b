"""Webhooks of a set that people have deleted and no apply has settled since. Called by applying,
for a plan that makes them anew, by writing, and by drift.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hookline.db import bulk_rows
from hookline.db.connection import Row, UnitOfWork
from hookline.models import Webhook
from hookline.models.column_types import UuidColumn
from hookline.sync.apply.store import (
    AMONG_NAMES,
    RowReader,
    ids_parameter,
    stored_webhook,
    texts_parameter,
)
from hookline.sync.options import Options
from hookline.sync.plan.changes import Change, ChangeKind
from hookline.sync.read.problems import Position

_to_uuid: Final = UuidColumn().to_python_value
# A webhook that left its file, or that an apply deleted, has the time of that; so has one that
# people deleted, from the next apply on that makes it anew or whose file does not have it. Told by
# no clock: those of two servers differ.
_UNSETTLED: Final = """
select id, slug from webhook
where workspace_id = $1 and sync_set = $2 and deleted_at is not null and sync_removed_at is null"""
_SETTLE: Final = {
    "postgres": "update webhook set sync_removed_at = $2 where id = any($1::uuid[])",
    "sqlite": """
update webhook set sync_removed_at = $2
where id in (select uuid_blob(value) from json_each($1))""",
}
# Where a webhook has the slug again, that one is compared.
_DELETED: Final = """
select w.* from webhook w
where w.workspace_id = $1 and w.deleted_at is not null and w.sync_removed_at is null
  and w.sync_set {names}
  and not exists (
    select 1 from webhook v
    where v.workspace_id = w.workspace_id and v.slug = w.slug and v.deleted_at is null
  )
order by w.deleted_at, w.id"""


async def unsettled(reads: RowReader, workspace_id: UUID, set_name: str) -> dict[UUID, str]:
    """Slugs, by id, of the set's webhooks that people have deleted and no apply has settled: one
    statement.

    Raises Unavailable.
    """
    rows = await reads.many_rows(_UNSETTLED, workspace_id, set_name)
    return {_to_uuid(row["id"]): row["slug"] for row in rows}


def to_settle(deleted: Mapping[UUID, str], options: Options) -> list[UUID]:
    """Those of which an apply is the last word: all, or of a part its own."""
    only = options.only
    return [key for key, slug in deleted.items() if not only or slug in only]


async def settle(work: UnitOfWork, keys: Sequence[UUID], now: datetime) -> None:
    """Takes these webhooks out of drift: one statement, none for none."""
    if keys:
        await work.execute(_SETTLE[work.dialect], ids_parameter(work, keys), now)


async def find_deleted(
    reads: RowReader, workspace_id: UUID, set_names: Sequence[str]
) -> list[tuple[str, Change]]:
    """Webhooks of these sets that were deleted by hand, that no apply has settled and whose slugs
    are free, each with its set: one statement. The hint of each says by whom.

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
