"""The row of a followed path: its leader among all processes, and how it stands. A leader renews
its lease; one that dies loses it by the database's clock, and another process goes on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from hookline import clock, ids
from hookline.activity.events import ActivityKind
from hookline.activity.sync_events import SyncReport, write_report
from hookline.activity.writer import append_activity
from hookline.db.connection import UnitOfWork
from hookline.db.faults import faults_as_unavailable
from hookline.db.statements import for_dialect
from hookline.models import SyncSource
from hookline.notifications.notifying import notify_of_source
from hookline.runtime import Runtime
from hookline.sync.apply.telling import slug_of
from hookline.sync.plan import codec
from hookline.sync.read.problems import SyncProblem

_MARGIN_SECONDS: Final = 3.0
"""Beyond two looks: a busy leader keeps its lease."""

_RECORDED: Final = (
    "checked_at", "set_name", "drift_count", "problem", "applied_at", "commit", "degraded_at",
)  # fmt: skip
REGISTER: Final = """
insert into sync_source (id, workspace_id, path, leased_until, interval_seconds, drift_count)
values ($1, $2, $3, {now}, $4, 0) on conflict (workspace_id, path) do nothing"""
# Takes the lease that nobody has, or renews one's own. No row: another process has it.
LEAD: Final = """
update sync_source set leader = $2, leased_until = {now} + $3 * {second}, interval_seconds = $4
where id = $1 and (leader = $2 or leased_until <= {now}) returning id"""
RELEASE: Final = "update sync_source set leased_until = {now} where id = $1 and leader = $2"


@dataclass(frozen=True, slots=True)
class LookResult:
    """Outcome of a look. problem: of the first error or block, None when all is well; is_applied:
    the content was applied now. What is None stays as it was.
    """

    problem: SyncProblem | None = None
    is_applied: bool = False
    set_name: str | None = None
    commit: str | None = None
    drift_count: int | None = None


class FollowedSource:
    """One path as this process sees it. `open` makes it."""

    def __init__(self, runtime: Runtime, workspace_id: UUID, path: str, row_id: UUID) -> None:
        self._runtime, self._workspace_id, self.path = runtime, workspace_id, path
        self._row_id, self._leader = row_id, uuid4()
        self._interval_seconds = runtime.settings.sync_interval_seconds

    @classmethod
    async def open(cls, runtime: Runtime, workspace_id: UUID, path: str) -> "FollowedSource":
        """path: absolute, as all processes that follow it name it.

        Raises Unavailable.
        """
        interval = runtime.settings.sync_interval_seconds
        async with runtime.database.unit_of_work() as work:
            sql = for_dialect(REGISTER, work.dialect)
            await work.execute(sql, ids.uuid7(), workspace_id, path, interval)
            row = await SyncSource.get(workspace_id=workspace_id, path=path).only("id")
        return cls(runtime, workspace_id, path, row.id)

    @property
    def lease_seconds(self) -> float:
        return 2 * self._interval_seconds + _MARGIN_SECONDS

    async def lead(self) -> bool:
        """Takes or renews the lease. False: another process has it.

        Raises Unavailable.
        """
        async with self._runtime.database.unit_of_work() as work:
            sql = for_dialect(LEAD, work.dialect)
            given = (self._leader, self.lease_seconds, self._interval_seconds)
            return bool(await work.rows(sql, self._row_id, *given))

    async def release(self) -> None:
        """Lets another process go on at once.

        Raises Unavailable.
        """
        async with self._runtime.database.unit_of_work() as work:
            await work.execute(for_dialect(RELEASE, work.dialect), self._row_id, self._leader)

    async def row(self) -> SyncSource:
        """Raises Unavailable."""
        with faults_as_unavailable():
            return await SyncSource.get(id=self._row_id)

    async def record(self, finding: LookResult) -> SyncSource:
        """Notes a look, and tells when the source degraded or recovered by it: an event and a mail.
        What another leader has found meanwhile stays.

        Raises Unavailable.
        """
        async with self._runtime.database.unit_of_work() as work:
            row = await SyncSource.filter(id=self._row_id).select_for_update().get()
            if row.leader != self._leader:
                return row
            now, was_degraded = clock.now(), row.degraded_at
            row.checked_at = now
            if finding.set_name is not None:
                row.set_name = finding.set_name
            if finding.drift_count is not None:
                row.drift_count = finding.drift_count
            problem = finding.problem
            row.problem = codec.encode_problem(problem) if problem else None
            if finding.is_applied:
                row.applied_at = now
                row.commit = finding.commit  # type: ignore[assignment]  # Tortoise: null=True
            row.degraded_at = (was_degraded or now) if problem else None  # type: ignore[assignment]
            await row.save(update_fields=_RECORDED)
            if (was_degraded is None) != (problem is None):
                await self._tell(work, row, problem, was_degraded)
        return row

    async def _tell(
        self,
        work: UnitOfWork,
        row: SyncSource,
        problem: SyncProblem | None,
        degraded_at: datetime | None,
    ) -> None:
        report = _degraded(row, problem) if problem else _recovered(row, degraded_at)
        entry = await write_report(self._workspace_id, report)
        await append_activity(work, self._runtime.hub, self._workspace_id, [entry])
        place = f" {report.file}:{report.line}:" if report.line else ""
        await notify_of_source(
            work,
            self._runtime,
            self._workspace_id,
            f"{self.path}:{place} {report.message}.",
            report.set_name,
            is_degraded=problem is not None,
        )


def _degraded(row: SyncSource, problem: SyncProblem) -> SyncReport:
    content: dict[str, Any] = codec.encode_problem(problem)
    return SyncReport(
        ActivityKind.SYNC_SOURCE_DEGRADED,
        problem.message.rstrip("."),
        row.set_name,
        slug_of(problem),
        code=problem.code,
        file=content["file"],
        line=content["line"],
    )


def _recovered(row: SyncSource, degraded_at: datetime | None) -> SyncReport:
    seconds = (clock.now() - degraded_at).total_seconds() if degraded_at else 0.0
    lasted = timedelta(seconds=round(seconds))
    return SyncReport(
        ActivityKind.SYNC_SOURCE_RECOVERED,
        f"the files are applied again, after {lasted}",
        row.set_name,
    )
