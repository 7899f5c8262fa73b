"""News of an apply that wrote nothing: an event for the followers of the activity, a notification
for those who asked for mails. Called by applying after its transaction was rolled back.
"""

from collections.abc import Sequence
from uuid import UUID

from hookline.activity.events import ActivityKind
from hookline.activity.sync_events import SyncReport, record_report
from hookline.notifications.notifying import notify_failed_sync
from hookline.runtime import Runtime
from hookline.sync.plan.changes import Block
from hookline.sync.read.problems import Position, SyncProblem


async def tell_failure(
    runtime: Runtime,
    workspace_id: UUID,
    set_name: str,
    blocks: Sequence[Block],
    problems: Sequence[SyncProblem],
) -> None:
    """Tells what blocked an apply, or what is wrong with its file. Without either nothing: a
    repeated apply is no failure.

    Raises Unavailable.
    """
    if not (blocks or problems):
        return
    report = _blocked(set_name, blocks) if blocks else _failed(set_name, problems)
    await record_report(runtime.database, runtime.hub, workspace_id, report)
    reason = f'The set "{set_name}" could not be applied: {report.message}.'
    await notify_failed_sync(runtime, workspace_id, set_name, reason)


def _blocked(set_name: str, blocks: Sequence[Block]) -> SyncReport:
    first = blocks[0]
    file, line = _place(first.position)
    return SyncReport(
        ActivityKind.SYNC_BLOCKED,
        first.message + _more(blocks),
        set_name,
        first.slug,
        first.code,
        file,
        line,
    )


def _failed(set_name: str, problems: Sequence[SyncProblem]) -> SyncReport:
    first = problems[0]
    file, line = _place(first.position)
    return SyncReport(
        ActivityKind.SYNC_FAILED,
        first.message + _more(problems),
        set_name,
        slug_of(first),
        first.code,
        file,
        line,
    )


def slug_of(problem: SyncProblem) -> str | None:
    """The webhook that the problem is of."""
    path = problem.path
    return path[1] if len(path) > 1 and path[0] == "webhooks" else None


def _place(at: Position | None) -> tuple[str | None, int | None]:
    return (at.file, at.line) if at and at.file else (None, None)


def _more(found: Sequence[object]) -> str:
    return f" (and {len(found) - 1} more)" if len(found) > 1 else ""
