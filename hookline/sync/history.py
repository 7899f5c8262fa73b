"""Revisions of sets as people read them: the newest of each set, and what each changed. Called by
api/schema. One statement for any number of sets or revisions; the long columns stay in the
database but for the part that is asked for.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from hookline.db.connection import Reader, Row
from hookline.models.column_types import PackedListColumn

Window = tuple[UUID, int, int]
"""A revision, and the range of its changes: from this place to before that one."""

# Without snapshot and changes, which may be megabytes of each.
_LATEST: Final = """
select s.id as owner_id, r.id from sync_set s
join sync_revision r on r.set_id = s.id and r.number = s.revision_number
where s.workspace_id = $1 and s.id in ({})"""
_WEBHOOKS: Final = """
select sync_set, count(*) as webhooks from webhook
where workspace_id = $1 and deleted_at is null and sync_removed_at is null and sync_set in ({})
group by sync_set"""
# PackedListColumn: the number of changes, then parts of them.
_LENGTHS: Final = {
    "postgres": """
select id, (changes::json ->> 0)::int as changes from sync_revision
where workspace_id = $1 and id in ({})""",
    "sqlite": """
select id, json_extract(changes, '$[0]') as changes from sync_revision
where workspace_id = $1 and id in ({})""",
}
_PARTS: Final = {
    "postgres": """
select w.number, c.place - 2 as part, c.value #>> '{}' as content
from json_to_recordset($2::json) as w(number int, id uuid, first int, last int)
join sync_revision r on r.id = w.id
cross join lateral json_array_elements(r.changes::json) with ordinality as c(value, place)
where r.workspace_id = $1 and c.place - 2 between w.first and w.last
order by c.place""",
    "sqlite": """
select w.key as number, c.key - 1 as part, c.value as content
from json_each($2) w
join sync_revision r on r.id = uuid_blob(json_extract(w.value, '$.id'))
join json_each(r.changes) c
  on c.key - 1 between json_extract(w.value, '$.first') and json_extract(w.value, '$.last')
where r.workspace_id = $1 and c.key > 0
order by c.key""",
}


async def latest_revisions(
    reads: Reader, workspace_id: UUID, set_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Ids of the newest revision by set."""
    rows = await reads.rows(_listed(_LATEST, set_ids), workspace_id, *set_ids)
    return {row["owner_id"]: row["id"] for row in rows}


async def webhook_counts(
    reads: Reader, workspace_id: UUID, set_names: Sequence[str]
) -> dict[str, int]:
    """Numbers of the webhooks that the last applied file has, by set."""
    rows = await reads.rows(_listed(_WEBHOOKS, set_names), workspace_id, *set_names)
    return {row["sync_set"]: row["webhooks"] for row in rows}


async def change_counts(reads: Reader, workspace_id: UUID, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Numbers of the changes by revision."""
    rows = await reads.rows(_listed(_LENGTHS[reads.dialect], ids), workspace_id, *ids)
    return {row["id"]: row["changes"] for row in rows}


async def changes_of(
    reads: Reader, workspace_id: UUID, windows: Sequence[Window]
) -> dict[Window, list[dict[str, Any]]]:
    """The changes in each window, as the revision recorded them: kind, slug, fields."""
    size = PackedListColumn.PART
    asked = [
        {
            "number": number,
            "id": str(revision_id),
            "first": first // size,
            "last": (beyond - 1) // size,
        }
        for number, (revision_id, first, beyond) in enumerate(windows)
    ]
    rows = await reads.rows(_PARTS[reads.dialect], workspace_id, orjson.dumps(asked).decode())
    return await asyncio.to_thread(_in_windows, windows, rows)


def _in_windows(
    windows: Sequence[Window], rows: Sequence[Row]
) -> dict[Window, list[dict[str, Any]]]:
    """rows: parts of each window in their order."""
    found: dict[Window, list[dict[str, Any]]] = {window: [] for window in windows}
    for row in rows:
        _, first, beyond = window = windows[row["number"]]
        begin = row["part"] * PackedListColumn.PART
        items = PackedListColumn.items_of(row["content"])
        found[window] += items[max(0, first - begin) : max(0, beyond - begin)]
    return found


def _listed(sql: str, values: Sequence[Any]) -> str:
    """The statement with a placeholder for each value, from $2 on."""
    return sql.format(", ".join(f"${place}" for place in range(2, len(values) + 2)))
