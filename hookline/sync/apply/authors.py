"""Looks up who changed a field last, in the audit log: one statement for any number of webhooks.
Called by applying, for what a plan disputes.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from hookline.db.connection import Row
from hookline.models.column_types import TimeColumn, UuidColumn
from hookline.sync.apply.store import RowReader
from hookline.sync.plan.authors import Authors
from hookline.sync.plan.changes import FieldAuthor

# Entries hold the fields that they changed, so the newest one with the field made its value. Ids
# rise with time, and the index audit_subject has them by webhook.
_NEWEST: Final = {
    "postgres": """
select distinct on (e.subject_id, f.name) e.subject_id, f.name as field, e.actor, e.at
from jsonb_to_recordset($2::jsonb) as f(webhook_id uuid, name text)
join audit_entry e on e.subject_id = f.webhook_id and e.after::jsonb ? f.name
where e.workspace_id = $1 and e.subject_prefix = 'wh'
order by e.subject_id, f.name, e.id desc""",
    "sqlite": """
select subject_id, field, actor, at from (
  select e.subject_id, json_extract(f.value, '$.name') as field, e.actor, e.at,
    row_number() over (
      partition by e.subject_id, json_extract(f.value, '$.name') order by e.id desc
    ) as place
  from json_each($2) f
  join audit_entry e
    on e.subject_id = uuid_blob(json_extract(f.value, '$.webhook_id'))
    and json_type(e.after, '$.' || json_extract(f.value, '$.name')) is not null
  where e.workspace_id = $1 and e.subject_prefix = 'wh'
) where place = 1""",
}


async def authors_of(
    reads: RowReader, workspace_id: UUID, fields: Sequence[tuple[UUID, str]]
) -> Authors:
    """Authors by webhook and field, of those that the audit log has: not of rows that were written
    past it.
    """
    if not fields:
        return {}
    asked = [{"webhook_id": str(key), "name": name} for key, name in fields]
    rows = await reads.rows(_NEWEST[reads.dialect], workspace_id, orjson.dumps(asked).decode())
    return {
        (UuidColumn().to_python_value(row["subject_id"]), row["field"]): _author(row)
        for row in rows
    }


def _author(row: Row) -> FieldAuthor:
    actor: dict[str, Any] = row["actor"]
    if isinstance(actor, str):
        actor = orjson.loads(actor)
    name = f'{actor["kind"].lower()} "{actor["name"]}"'
    return FieldAuthor(name, TimeColumn().to_python_value(row["at"]), actor.get("reason"))
