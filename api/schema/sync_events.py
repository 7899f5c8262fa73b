"""Subscription to what happens to sets: applies, what keeps one from being made, drift, and the
sources that the server follows. hookline.activity keeps the events.
"""

from collections.abc import AsyncIterable
from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from api.auth import require
from api.schema.live import After, LiveEvent, live_events
from api.schema.node import Info
from api.schema.sync_revision import SyncRevision
from hookline.activity.events import ActivityEvent, ActivityKind
from hookline.models import SyncEvent as EventRow
from hookline.models import SyncRevision as RevisionRow


@strawberry.enum(description="Kind of an event of a set.")
class SyncEventKind(Enum):
    APPLIED = strawberry.enum_value(
        "APPLIED", description="An apply or a rollback made a new revision."
    )
    BLOCKED = strawberry.enum_value(
        "BLOCKED", description="A policy check prevented an apply or a rollback."
    )
    FAILED = strawberry.enum_value(
        "FAILED", description="A file could not be applied, since something is wrong with it."
    )
    DRIFT = strawberry.enum_value(
        "DRIFT",
        description="A field that a file owns was changed by hand, or its webhook was deleted.",
    )
    SOURCE_DEGRADED = strawberry.enum_value(
        "SOURCE_DEGRADED",
        description="A source that the server follows can't be applied. The last good state stays.",
    )
    SOURCE_RECOVERED = strawberry.enum_value(
        "SOURCE_RECOVERED", description="A source that the server follows can be applied again."
    )


KINDS: Final = {
    ActivityKind.SYNC_APPLIED: SyncEventKind.APPLIED,
    ActivityKind.SYNC_BLOCKED: SyncEventKind.BLOCKED,
    ActivityKind.SYNC_FAILED: SyncEventKind.FAILED,
    ActivityKind.SYNC_DRIFTED: SyncEventKind.DRIFT,
    ActivityKind.SYNC_SOURCE_DEGRADED: SyncEventKind.SOURCE_DEGRADED,
    ActivityKind.SYNC_SOURCE_RECOVERED: SyncEventKind.SOURCE_RECOVERED,
}


@strawberry.type(description="An event of a set, or a gap.")
class SyncEvent(LiveEvent):
    kind: SyncEventKind | None = strawberry.field(
        default=None, description="Kind of the event, or null for a gap."
    )
    at: datetime | None = strawberry.field(
        default=None, description="Time of the event, or null for a gap."
    )
    message: str | None = strawberry.field(
        default=None, description="Explanation of the event. Null for APPLIED and for a gap."
    )
    code: str | None = strawberry.field(
        default=None,
        description="Code of the first policy check (as in `SyncBlock`) for BLOCKED, of the first "
        "problem (as in `SyncProblem`) for FAILED and SOURCE_DEGRADED, drift for DRIFT. Null "
        "otherwise.",
    )
    slug: str | None = strawberry.field(
        default=None,
        description="Slug of the webhook, or null if the event does not concern a single one.",
    )
    file: str | None = strawberry.field(
        default=None, description="Name of the file, or null if the event has no place in one."
    )
    line: int | None = strawberry.field(
        default=None, description="Line in the file, or null if `file` is null."
    )
    row: strawberry.Private[RevisionRow | EventRow | None] = None

    @strawberry.field(
        description="Name of the set. Null for a gap, and for a source that could not be read so "
        "far that its set is known."
    )
    async def set(self, info: Info) -> str | None:
        if not isinstance(self.row, RevisionRow):
            return self.row.set_name if self.row else None
        owner = await info.context.loaders.sync_set.load(self.row.set_id)
        return owner.name if owner else None

    @strawberry.field(description="The new revision for APPLIED. Null otherwise.")
    async def revision(self, info: Info) -> SyncRevision | None:
        if not isinstance(self.row, RevisionRow):
            return None
        owner = await info.context.loaders.sync_set.load(self.row.set_id)
        return SyncRevision.of(self.row, owner.name) if owner else None


@strawberry.type
class SyncSubscription:
    @strawberry.subscription(
        description="Returns each event of a set: applies that changed something, those that were "
        "blocked or failed, drift when it arises, and the state of sources that the server "
        "follows. Requires the scope webhooks:read."
    )
    def sync_events(self, info: Info, after: After = None) -> AsyncIterable[SyncEvent]:
        actor = require(info, "webhooks:read")
        return live_events(info, actor, after, frozenset(KINDS), SyncEvent, _event_of)


def _event_of(event: ActivityEvent, cursor: str) -> SyncEvent | None:
    row, kind = event.row, KINDS[event.kind]
    if isinstance(row, RevisionRow):
        return SyncEvent(cursor=cursor, kind=kind, at=row.applied_at, row=row)
    if not isinstance(row, EventRow):
        return None
    return SyncEvent(
        cursor=cursor,
        kind=kind,
        at=row.created_at,
        message=row.message,
        code=row.code,
        slug=row.slug,
        file=row.file,
        line=row.line,
        row=row,
    )
