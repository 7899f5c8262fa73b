"""Files that servers follow, as the last look found them. Nothing here reads the files."""

from datetime import datetime, timedelta
from typing import Final

import strawberry

from api.auth import require
from api.schema.connections import Connection
from api.schema.cursors import Column, Order
from api.schema.listing import Listed, paged
from api.schema.node import Info
from api.schema.sync_plan import SyncProblem
from hookline import clock
from hookline.form.durations import format_duration
from hookline.models import SyncSource as SourceRow
from hookline.sync.plan import codec

_BY_PATH: Final = Order("path", (Column("path", str),))


@strawberry.type(
    description="A file or folder of webhooks that a server follows (pull mode). Requires the "
    "scope webhooks:read wherever it is returned."
)
class SyncSource:
    path: str = strawberry.field(description="Path at the server.")
    set: str | None = strawberry.field(
        description="Name of the set that its files are, or null if they could not be read yet."
    )
    interval: str = strawberry.field(description="Time between two looks, such as 30s.")
    problem: SyncProblem | None = strawberry.field(
        description="The reason why its files are not applied: the first error in them, or the "
        "first policy check that blocks them. The last good state stays. Null while all is well."
    )
    degraded_at: datetime | None = strawberry.field(
        description="Time since which its files are not applied, or null while all is well."
    )
    is_followed: bool = strawberry.field(
        description="True while a server follows the path. Otherwise the rest is what its last "
        "look found. A path that nobody has followed for 7 days is no longer listed."
    )
    checked_at: datetime | None = strawberry.field(
        description="Time of the last look, or null before the first."
    )
    applied_at: datetime | None = strawberry.field(
        description="Time at which a changed content was applied last, or null if none was."
    )
    commit: str | None = strawberry.field(
        description="Commit of the content that was applied last; with -dirty if the files "
        "differed from it. Null outside of a checkout."
    )
    drift_count: int = strawberry.field(
        description="Number of webhooks with drift at the last look. `syncDrift` lists them."
    )

    @classmethod
    def of(cls, row: SourceRow) -> "SyncSource":
        # JsonColumn: what `encode_problem` made.
        problem = codec.decode_problem(row.problem) if row.problem else None
        return cls(
            path=row.path,
            set=row.set_name,
            interval=format_duration(timedelta(seconds=row.interval_seconds)),
            problem=SyncProblem.of(problem) if problem else None,
            degraded_at=row.degraded_at,
            is_followed=row.leased_until > clock.now(),
            checked_at=row.checked_at,
            applied_at=row.applied_at,
            commit=row.commit,
            drift_count=row.drift_count,
        )


@strawberry.type
class SyncSourceQuery:
    @paged(
        Connection[SyncSource] | None,
        description="Returns the files and folders that servers follow, by path. Requires the "
        "scope webhooks:read.",
    )
    async def sync_sources(self, info: Info) -> Listed[SourceRow]:
        actor = require(info, "webhooks:read")
        return Listed(SourceRow.filter(workspace_id=actor.workspace_id), SyncSource.of, _BY_PATH)
