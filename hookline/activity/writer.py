"""The end of every transaction that changes what people see: match version, then activity. Called
last in a unit of work, in this order. Both hold a row of the workspace until the commit, which
makes number order commit order (docs/engine.md, "Locks"). Nothing may be locked after them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any
from uuid import UUID

from hookline.activity.events import ActivityKind
from hookline.db.connection import UnitOfWork
from hookline.messaging.hub import Hub

BUMP = """
update workspace set match_version = match_version + 1
where id = $1
returning match_version"""
ADVANCE = """
update workspace_activity set position = position + $2
where workspace_id = $1
returning position"""
# PostgreSQL's one statement for both. Ids as one text: of 10,000 JSON took twice as long, and
# others wait (2026-12-01).
APPEND = f"""
with advanced as ({ADVANCE}),
appended as (
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
  select $1, a.position - $2 + e.nth, e.kind, e.subject::uuid, nullif(e.webhook, '')::uuid
  from advanced a, unnest($3::smallint[], string_to_array($4, ','), string_to_array($5, ','))
    with ordinality e(kind, subject, webhook, nth))
select position from advanced"""
APPEND_ONE = """
insert into activity (workspace_id, position, kind, subject_id, webhook_id)
values (?, ?, ?, ?, ?)"""
Entry = tuple[ActivityKind, UUID, UUID | None]
"""Kind, subject, and its webhook if it has one."""


@dataclass(frozen=True, slots=True)
class EncodedActivity:
    """Activity as a database takes it. columns: kinds, subjects and webhooks; of PostgreSQL the
    latter two are texts with a comma between two ids.
    """

    count: int
    columns: Sequence[Any]


def encode_activity(dialect: str, entries: Sequence[Entry]) -> EncodedActivity:
    """Encodes entries, in the order in which subscribers hear of them. In a thread where they may
    be many.
    """
    kinds = [int(kind) for kind, _, _ in entries]
    subjects, webhooks = [subject for _, subject, _ in entries], [key for _, _, key in entries]
    if dialect == "sqlite":
        keys = [key and key.bytes for key in webhooks]
        return EncodedActivity(len(entries), (kinds, [one.bytes for one in subjects], keys))
    texts = ",".join(map(str, subjects)), ",".join([str(key or "") for key in webhooks])
    return EncodedActivity(len(entries), (kinds, *texts))


async def bump_match_version(work: UnitOfWork, hub: Hub, workspace_id: UUID) -> int:
    """Makes every publish and claim after the commit match anew. Called for changes of what
    matching or sending depends on.

    Returns the match version from the commit on.
    """
    version = int((await work.rows(BUMP, workspace_id))[0]["match_version"])
    work.after_commit(lambda: hub.publish("match", f"{workspace_id} {version}"))
    return version


async def append_activity(
    work: UnitOfWork, hub: Hub, workspace_id: UUID, entries: Sequence[Entry]
) -> int:
    """Writes activity rows, few of them, in the order in which subscribers hear of them.

    Returns the position of the last one. Must be the last statements of the transaction.
    """
    return await append_encoded(work, hub, workspace_id, encode_activity(work.dialect, entries))


async def append_encoded(
    work: UnitOfWork, hub: Hub, workspace_id: UUID, activity: EncodedActivity
) -> int:
    """Does `append_activity` with what was encoded before the locks."""
    # The position's row stays locked to the commit, so positions are in commit order and without
    # holes.
    if work.dialect == "sqlite":
        last = int((await work.rows(ADVANCE, workspace_id, activity.count))[0]["position"])
        positions = range(last - activity.count + 1, last + 1)
        rows = [*zip(repeat(workspace_id.bytes), positions, *activity.columns, strict=False)]
        await work.execute_for_each(APPEND_ONE, rows)
    else:
        found = await work.rows(APPEND, workspace_id, activity.count, *activity.columns)
        last = int(found[0]["position"])
    # After the commit: a NOTIFY inside holds one lock of the whole server over the flush, and
    # followers would look too soon.
    work.after_commit(lambda: hub.publish("activity", f"{workspace_id} {last}"))
    return last
