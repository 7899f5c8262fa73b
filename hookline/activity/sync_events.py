"""Events of sets beside their revisions: applies that were blocked or failed, drift, sources that
can't be read and those that can again. Written by whoever finds them, for followers of activity.
"""

from dataclasses import dataclass
from uuid import UUID

from hookline import clock, ids
from hookline.activity.events import ActivityKind
from hookline.activity.writer import append_activity
from hookline.db.connection import Database
from hookline.messaging.hub import Hub
from hookline.models import SyncEvent


@dataclass(frozen=True, slots=True)
class SyncReport:
    """An event to be told. kind: one of SYNC_EVENTS; message: a sentence without anything secret.

    set_name: None where it is not known; code: of the block or the problem; file, line: where it
    stands in the source.
    """

    kind: ActivityKind
    message: str
    set_name: str | None = None
    slug: str | None = None
    code: str | None = None
    file: str | None = None
    line: int | None = None


async def record_report(
    database: Database, hub: Hub, workspace_id: UUID, report: SyncReport
) -> None:
    """Tells an event in a transaction of its own.

    Raises Unavailable.
    """
    async with database.unit_of_work() as work:
        entry = await write_report(workspace_id, report)
        await append_activity(work, hub, workspace_id, [entry])


async def write_report(
    workspace_id: UUID, report: SyncReport, webhook_id: UUID | None = None
) -> tuple[ActivityKind, UUID, UUID | None]:
    """Writes the row of an event in the present transaction; gives its entry for
    `append_activity`.
    """
    row = await SyncEvent.create(
        id=ids.uuid7(),
        workspace_id=workspace_id,
        kind=report.kind,
        set_name=report.set_name,
        slug=report.slug,
        code=report.code,
        message=report.message,
        file=report.file,
        line=report.line,
        created_at=clock.now(),
    )
    return report.kind, row.id, webhook_id
