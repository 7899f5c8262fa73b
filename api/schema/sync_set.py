"""Sets of webhooks that files own, as they are now: revisions and drift. hookline.sync reads them;
nothing here writes.
"""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any, Final

import strawberry

from api.auth import require
from api.schema.computed_page import computed_page
from api.schema.connections import Connection, PageArguments
from api.schema.cursors import BY_NAME, Column, Order
from api.schema.listing import Listed, Searched, paged
from api.schema.loaders import without_large_columns
from api.schema.node import NOTHING, Actor, Info, actor_of, first_of, is_storable
from api.schema.sync_plan import SyncChange
from api.schema.sync_revision import SyncRevision
from hookline.models import SyncRevision as RevisionRow
from hookline.models import SyncSet as SetRow
from hookline.sync.drift import with_authors

_BY_SLUG: Final = Order("slug", (Column("slug", str),))
SetName = Annotated[str, strawberry.argument(description="Name of the set.")]


@strawberry.enum(description="Way in which the files of a set reached the server.")
class SyncSetSourceKind(Enum):
    COMMAND = strawberry.enum_value(
        "COMMAND", description="Somebody applied them, by the command line or the API."
    )
    PULL = strawberry.enum_value("PULL", description="The server follows them (pull mode).")


@strawberry.type(description="Origin of what was applied to a set last, as the caller stated it.")
class SyncSetSource:
    kind: SyncSetSourceKind = strawberry.field(
        description="Way in which the files reached the server."
    )
    path: str | None = strawberry.field(
        description="Name of the file as the caller gave it, or the folder that several have in "
        "common. For PULL, the path at the server. Null if unknown."
    )
    repository: str | None = strawberry.field(description="Repository, or null if unknown.")
    branch: str | None = strawberry.field(description="Branch, or null if unknown.")
    author: str | None = strawberry.field(description="Author of the commit, or null if unknown.")
    run_url: str | None = strawberry.field(description="URL of the CI run, or null if unknown.")
    actor: Actor = strawberry.field(description="Actor that applied it.")

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "SyncSetSource":
        return cls(
            kind=SyncSetSourceKind(stored["kind"]),
            path=stored["path"],
            repository=stored["repository"],
            branch=stored["branch"],
            author=stored["author"],
            run_url=stored["runUrl"],
            actor=actor_of(stored["actor"]),
        )


@strawberry.type(description="A set: the webhooks that one file owns.")
class SyncSet:
    name: str = strawberry.field(description="Name of the set.")
    commit: str | None = strawberry.field(
        description="Commit that was applied last, as the caller stated it; with -dirty if the "
        "file differed from it. Null if none was given. It may be later than the revision's: an "
        "apply of equal content makes no revision."
    )
    committed_at: datetime | None = strawberry.field(
        description="Time of that commit, as the caller stated it, or null if none was given."
    )
    last_applied_at: datetime | None = strawberry.field(
        description="Time of the last apply, also of one that changed nothing."
    )
    source: SyncSetSource | None = strawberry.field(
        description="Origin of what was applied last. An apply of a part of the files (`only`) "
        "and a rollback leave it as it was."
    )
    row: strawberry.Private[SetRow]

    @strawberry.field(description="Newest revision, or null if no apply has changed anything yet.")
    async def revision(self, info: Info) -> SyncRevision | None:
        loaders = info.context.loaders
        key = await loaders.latest_revision.load(self.row.id)
        row = await loaders.revision.load(key) if key else None
        return SyncRevision.of(row, self.name) if row else None

    @strawberry.field(description="Number of webhooks in the file that was applied last.")
    async def webhook_count(self, info: Info) -> int:
        count: int = await info.context.loaders.set_webhook_count.load(self.name)
        return count

    @strawberry.field(
        description="Number of webhooks with drift: fields that the file owns and that were "
        "changed by hand. `syncDrift` lists them."
    )
    async def drift_count(self, info: Info) -> int:
        return len(await info.context.loaders.set_drift.load(self.name))

    @classmethod
    def of(cls, row: SetRow) -> "SyncSet":
        return cls(
            name=row.name,
            commit=row.commit,
            committed_at=row.committed_at,
            last_applied_at=row.last_applied_at,
            source=SyncSetSource.of(row.source) if row.source else None,
            row=row,
        )


@strawberry.type
class SyncQuery:
    @paged(
        Connection[SyncSet] | None,
        description="Returns the sets that were applied at least once, by name. Requires the "
        "scope webhooks:read.",
    )
    async def sync_sets(self, info: Info) -> Listed[SetRow]:
        actor = require(info, "webhooks:read")
        return Listed(SetRow.filter(workspace_id=actor.workspace_id), SyncSet.of, BY_NAME)

    @strawberry.field(
        description="Returns the set with this name, or null if none was applied. Requires the "
        "scope webhooks:read."
    )
    async def sync_set(self, info: Info, name: SetName) -> SyncSet | None:
        row = await _find_set(info, name)
        return SyncSet.of(row) if row else None

    @paged(
        Connection[SyncRevision] | None,
        description="Returns the revisions of a set, newest first; none of a set that was never "
        "applied. Requires the scope webhooks:read.",
    )
    async def sync_revisions(self, info: Info, set: SetName) -> Listed[RevisionRow]:
        row = await _find_set(info, set)
        revisions = RevisionRow.filter(set_id=row.id if row else NOTHING)
        return Listed(revisions, lambda one: SyncRevision.of(one, set))

    @strawberry.field(
        description="Returns the revision of a set by its number, or null if there is none. "
        "Requires the scope webhooks:read."
    )
    async def sync_revision(
        self,
        info: Info,
        set: SetName,
        number: Annotated[int, strawberry.argument(description="Number of the revision.")],
    ) -> SyncRevision | None:
        row = await _find_set(info, set)
        if row is None:
            return None
        rows = without_large_columns(RevisionRow.filter(set_id=row.id, number=number))
        revision = await first_of(info, rows)
        return SyncRevision.of(revision, set) if revision else None

    @paged(
        Connection[SyncChange] | None,
        description="Returns the drift of a set, by slug: the fields of its webhooks that were "
        "changed by hand since the file was applied, with who changed each. `before` and `after` "
        "are the value that was applied last. Webhooks that left the file or were deleted are not "
        "listed. Requires the scope webhooks:read.",
    )
    async def sync_drift(self, info: Info, set: SetName) -> Searched:
        require(info, "webhooks:read")
        return Searched(partial(_read_drift, info, set), _BY_SLUG)


async def _find_set(info: Info, name: str) -> SetRow | None:
    """The set with this name.

    Raises Forbidden.
    """
    actor = require(info, "webhooks:read")
    if not is_storable(name):
        return None
    return await first_of(info, SetRow.filter(workspace_id=actor.workspace_id, name=name))


async def _read_drift(
    info: Info, set_name: str, order: Order, asked: PageArguments
) -> Connection[SyncChange]:
    """Reads a page of a set's drift."""
    drift = await info.context.loaders.set_drift.load(set_name) if is_storable(set_name) else []
    after, before = (bound and bound[0] for bound in (asked.after, asked.before))
    slugs = [change.slug for change, _ in drift]
    first = sum(slug <= after for slug in slugs) if after else 0
    beyond = sum(slug < before for slug in slugs) if before else len(slugs)
    start = max(first, beyond - asked.size) if asked.is_from_end else first
    end = max(start, beyond if asked.is_from_end else min(beyond, first + asked.size))
    async with info.context.reading() as reader:
        part = await with_authors(reader, info.context.actor.workspace_id, drift[start:end])
    keys: list[Any] = [(change.slug,) for change in part]
    return computed_page(
        [SyncChange.of(change) for change in part],
        keys,
        order,
        has_previous=start > 0,
        has_next=end < len(slugs),
        count=len(slugs),
    )
