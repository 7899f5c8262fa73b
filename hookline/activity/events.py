"""The end of every transaction that changes what people see: match version, then activity. Called
last in a unit of work, in this order. Both hold a row of the workspace until the commit, which
makes number order commit order (ENGINE: "Locks"). Nothing may be locked after them.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from hookline.db.connection import Work
from hookline.messaging.hub import Hub
from hookline.models import Attempt, Notification, Webhook


class Kind(IntEnum):
    """`activity.kind`: what happened to the subject (an attempt, a webhook, a revision of a set, a
    notification).
    """

    ATTEMPT = 1
    WEBHOOK_CREATED = 10
    WEBHOOK_UPDATED = 11
    WEBHOOK_ACTIVATED = 12
    WEBHOOK_DEACTIVATED = 13
    WEBHOOK_AUTO_DISABLED = 14
    WEBHOOK_DELETED = 15
    SYNC_APPLIED = 20
    NOTIFICATION = 30


Subject = Attempt | Webhook | Notification


class Entry(NamedTuple):
    """A row of `activity`."""

    position: int
    kind: int
    subject_id: UUID
    webhook_id: UUID | None


class ActivityEvent(NamedTuple):
    """An activity event with its subject. row: the attempt, the notification, or the webhook as it
    is now.
    """

    position: int
    kind: Kind
    row: Subject


class Gap(NamedTuple):
    """Something may be missing before this position; what comes after it is whole again."""

    position: int


class Shared(NamedTuple):
    """The next events, encoded once for all members of a shared feed."""

    # Any: as ShareKey.make gave it.
    made: list[Any]


class Wanted(NamedTuple):
    """The selection of events that a follower gets."""

    kinds: frozenset[int]
    webhook_id: UUID | None


class Step(NamedTuple):
    """The events up to a position that a follower wants. is_gap: something may be missing before
    it.
    """

    position: int
    events: Sequence[ActivityEvent] = ()
    is_gap: bool = False


BUMP = "update workspace set match_version = match_version + 1 where id = $1"
ADVANCE = (
    "update workspace_activity set position = position + $2 where workspace_id = $1 "
    "returning position"
)
APPEND = {
    "postgres": """insert into activity (workspace_id, position, kind, subject_id, webhook_id)
select $1, $2 + e.nth, (e.entry ->> 0)::smallint, (e.entry ->> 1)::uuid, (e.entry ->> 2)::uuid
from jsonb_array_elements($3::text::jsonb) with ordinality e(entry, nth)""",
    "sqlite": """insert into activity (workspace_id, position, kind, subject_id, webhook_id)
select $1, $2 + e.key + 1, e.value ->> 0, uuid_blob(e.value ->> 1), uuid_blob(e.value ->> 2) from
  json_each($3) e""",
}


async def bump_match_version(work: Work, hub: Hub, workspace_id: UUID) -> None:
    """Makes every publish and claim after the commit match anew. For changes of what matching or
    sending depends on.
    """
    await work.execute(BUMP, workspace_id)
    work.after_commit(lambda: hub.announce("match", str(workspace_id)))


async def append_activity(
    work: Work, hub: Hub, workspace_id: UUID, entries: Sequence[tuple[Kind, UUID, UUID | None]]
) -> int:
    """Writes activity rows. entries: kind, subject, its webhook if it has one; in the order in
    which subscribers hear of them.

    Returns the position of the last one. Must be the last statements of the transaction.
    """
    # It takes the row's lock and keeps it to the commit, so positions are in commit order and
    # without holes.
    last = int((await work.rows(ADVANCE, workspace_id, len(entries)))[0]["position"])
    listed = orjson.dumps(
        [[kind, str(subject), webhook and str(webhook)] for kind, subject, webhook in entries]
    ).decode()
    await work.execute(APPEND[work.dialect], workspace_id, last - len(entries), listed)
    # After the commit: a NOTIFY inside holds one lock of the whole server over the flush, and
    # followers would look too soon.
    work.after_commit(lambda: hub.announce("activity", f"{workspace_id} {last}"))
    return last
