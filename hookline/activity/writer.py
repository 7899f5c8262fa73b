"""The end of every transaction that changes what people see: match version, then activity. Called
last in a unit of work, in this order. Both hold a row of the workspace until the commit, which
makes number order commit order (docs/engine.md, "Locks"). Nothing may be locked after them.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import orjson

from hookline.activity.events import ActivityKind
from hookline.db.connection import UnitOfWork
from hookline.messaging.hub import Hub

BUMP = "update workspace set match_version = match_version + 1 where id = $1"
ADVANCE = """
update workspace_activity set position = position + $2
where workspace_id = $1
returning position"""
APPEND = {
    "postgres": """
insert into activity (workspace_id, position, kind, subject_id, webhook_id)
select $1, $2 + e.nth,
  (e.entry ->> 0)::smallint, (e.entry ->> 1)::uuid, (e.entry ->> 2)::uuid
from jsonb_array_elements($3::text::jsonb) with ordinality e(entry, nth)""",
    "sqlite": """
insert into activity (workspace_id, position, kind, subject_id, webhook_id)
select $1, $2 + e.key + 1,
  e.value ->> 0, uuid_blob(e.value ->> 1), uuid_blob(e.value ->> 2)
from json_each($3) e""",
}

_FEW: Final = 100
"""Entries up to which they are encoded on the loop, in 0.2 ms."""


async def bump_match_version(work: UnitOfWork, hub: Hub, workspace_id: UUID) -> None:
    """Makes every publish and claim after the commit match anew. Called for changes of what
    matching or sending depends on.
    """
    await work.execute(BUMP, workspace_id)
    work.after_commit(lambda: hub.publish("match", str(workspace_id)))


async def append_activity(
    work: UnitOfWork,
    hub: Hub,
    workspace_id: UUID,
    entries: Sequence[tuple[ActivityKind, UUID, UUID | None]],
) -> int:
    """Writes activity rows. entries: kind, subject, its webhook if it has one; in the order in
    which subscribers hear of them.

    Returns the position of the last one. Must be the last statements of the transaction.
    """
    # Before the lock.
    listed = _listed(entries) if len(entries) <= _FEW else await asyncio.to_thread(_listed, entries)
    # It takes the row's lock and keeps it to the commit, so positions are in commit order and
    # without holes.
    last = int((await work.rows(ADVANCE, workspace_id, len(entries)))[0]["position"])
    await work.execute(APPEND[work.dialect], workspace_id, last - len(entries), listed)
    # After the commit: a NOTIFY inside holds one lock of the whole server over the flush, and
    # followers would look too soon.
    work.after_commit(lambda: hub.publish("activity", f"{workspace_id} {last}"))
    return last


def _listed(entries: Sequence[tuple[ActivityKind, UUID, UUID | None]]) -> str:
    return orjson.dumps(
        [[kind, str(subject), webhook and str(webhook)] for kind, subject, webhook in entries]
    ).decode()
