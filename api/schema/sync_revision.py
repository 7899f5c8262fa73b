"""Revisions of a set: who applied what from which commit, and what each changed.
hookline.sync.history reads the changes, a page at a time.
"""

from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from api.auth import require
from api.schema.computed_page import computed_page
from api.schema.connections import Connection, PageArguments
from api.schema.cursors import Column, Order
from api.schema.enums import SyncChangeKind
from api.schema.listing import Searched, paged
from api.schema.loaders import without_large_columns
from api.schema.node import Actor, Info, Node, actor_of, first_of, node_id
from hookline.models import SyncRevision as RevisionRow
from hookline.models import SyncSet as SetRow

_BY_PLACE: Final = Order("place", (Column("place", int),))


@strawberry.type(description="The change of a field in a revision. Secrets are masked.")
class SyncRevisionFieldChange:
    field: str = strawberry.field(
        description="Name of the field, as in `WebhookCreateInput`, or status."
    )
    before: JSON | None = strawberry.field(
        description="Value before the change. For DRIFT, CONFLICT and RELEASE, the value that "
        "was applied last before."
    )
    after: JSON | None = strawberry.field(
        description="Value in the file, or the default if the field was no longer in it. For "
        "RELEASE, the value that stayed."
    )
    live: JSON | None = strawberry.field(
        description="Value that the field was changed to by hand, for DRIFT and CONFLICT. Null "
        "otherwise."
    )
    changed_secrets: list[str] = strawberry.field(
        description="Paths of the secrets that changed, such as headers.X-Api-Key: before and "
        "after are masked alike. Empty in revisions that older versions of Hookline made."
    )

    @classmethod
    def of(cls, recorded: dict[str, Any]) -> "SyncRevisionFieldChange":
        changed = recorded.get("changedSecrets", [])
        return cls(
            field=recorded["field"],
            before=recorded["before"],
            after=recorded["after"],
            live=recorded.get("live"),
            changed_secrets=changed,
        )


@strawberry.type(
    description="A change of a webhook in a revision. DRIFT and CONFLICT were set to the file's "
    "values or, if applied with `onDrift: KEEP`, left as they were."
)
class SyncRevisionChange:
    kind: SyncChangeKind = strawberry.field(description="Kind of the change.")
    slug: str = strawberry.field(description="Slug of the webhook.")
    moved_from: str | None = strawberry.field(
        description="Slug before the change, for MOVE. Null otherwise."
    )
    kept: bool | None = strawberry.field(
        description="For DRIFT and CONFLICT, true if the values were left as they were, and false "
        "if they were set to those of the file. Null otherwise."
    )
    fields: list[SyncRevisionFieldChange] = strawberry.field(
        description="Fields that the change concerned."
    )

    @classmethod
    def of(cls, recorded: dict[str, Any]) -> "SyncRevisionChange":
        return cls(
            kind=SyncChangeKind(recorded["kind"]),
            slug=recorded["slug"],
            moved_from=recorded.get("movedFrom"),
            kept=recorded.get("kept"),
            fields=_new_fields(recorded["values"])
            if "values" in recorded
            else [SyncRevisionFieldChange.of(item) for item in recorded["fields"]],
        )


def _new_fields(values: dict[str, Any]) -> list[SyncRevisionFieldChange]:
    return [
        SyncRevisionFieldChange(field=name, before=None, after=after, live=None, changed_secrets=[])
        for name, after in values.items()
    ]


@strawberry.type(
    description="A revision of a set: an apply of a webhooks file, or a rollback, that changed "
    "something."
)
class SyncRevision(Node):
    set: str = strawberry.field(description="Name of the set, the webhooks that one file owns.")
    number: int = strawberry.field(description="Number of the revision within the set, from 1.")
    commit: str | None = strawberry.field(
        description="Commit that was applied, as the caller stated it, or null if none was given."
    )
    branch: str | None = strawberry.field(
        description="Branch of the commit, as the caller stated it, or null if none was given."
    )
    author: str | None = strawberry.field(
        description="Author of the commit, as the caller stated it, or null if none was given."
    )
    message: str | None = strawberry.field(
        description="Message given to `syncApply`, or null if none was given."
    )
    run_url: str | None = strawberry.field(
        description="URL of the CI run, as the caller stated it, or null if none was given."
    )
    repository: str | None = strawberry.field(
        description="Repository of the commit, as the caller stated it, or null if none was given."
    )
    dirty: bool | None = strawberry.field(
        description="True if the file differed from the commit, as the caller stated it, or null "
        "if unknown."
    )
    restores: int | None = strawberry.field(
        description="Number of the revision that a rollback brought back, whose commit, branch, "
        "author and repository this one has. Null for the apply of a file."
    )
    policy_changes: list[str] = strawberry.field(
        description="Changes of the policy, of `preventDestroy` and of `ignoreChanges`, in words."
    )
    actor: Actor = strawberry.field(description="Actor that applied the file.")
    created: int = strawberry.field(description="Number of webhooks created.")
    updated: int = strawberry.field(description="Number of webhooks updated.")
    moved: int = strawberry.field(description="Number of webhooks that got another slug.")
    disabled: int = strawberry.field(
        description="Number of webhooks deactivated because they were no longer in the file."
    )
    deleted: int = strawberry.field(
        description="Number of webhooks deleted because they were no longer in the file."
    )
    applied_at: datetime = strawberry.field(description="Time of the apply.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: RevisionRow, set_name: str) -> "SyncRevision":
        return cls(
            id=node_id("rev", row.id),
            set=set_name,
            number=row.number,
            commit=row.commit,
            branch=row.branch,
            author=row.author,
            message=row.message,
            run_url=row.run_url,
            repository=row.repository,
            dirty=row.is_dirty,
            restores=row.restores,
            # Older revisions kept none, the first ones not even a policy.
            policy_changes=(row.policy or {}).get("changes", []),
            actor=actor_of(row.actor),
            created=row.created,
            updated=row.updated,
            moved=row.moved,
            disabled=row.disabled,
            deleted=row.deleted,
            applied_at=row.applied_at,
            key=row.id,
        )

    @paged(
        Connection[SyncRevisionChange],
        description="Returns what the apply found to change, as its plan showed it: first the "
        "webhooks in the file by slug, then those that were no longer in it.",
    )
    async def changes(self, info: Info) -> Searched:
        return Searched(partial(_read_changes, info, self.key), _BY_PLACE)


async def find_revision(info: Info, key: Any) -> SyncRevision | None:
    actor = require(info, "webhooks:read")
    rows = without_large_columns(RevisionRow.filter(id=key, workspace_id=actor.workspace_id))
    row = await first_of(info, rows)
    if row is None:
        return None
    owner = await first_of(info, SetRow.filter(id=row.set_id))
    return SyncRevision.of(row, owner.name) if owner else None


async def _read_changes(
    info: Info, key: UUID, order: Order, asked: PageArguments
) -> Connection[SyncRevisionChange]:
    """Reads a page of a revision's changes, by their places in it."""
    loaders = info.context.loaders
    count = await loaders.revision_change_count.load(key)
    after, before = (_place(bound) for bound in (asked.after, asked.before))
    first = 0 if after is None else after + 1
    beyond = count if before is None else min(before, count)
    start = max(first, beyond - asked.size) if asked.is_from_end else min(first, beyond)
    end = max(start, beyond if asked.is_from_end else min(beyond, start + asked.size))
    found = await loaders.revision_changes.load((key, start, end)) if start < end else []
    return computed_page(
        [SyncRevisionChange.of(one) for one in found],
        [(place,) for place in range(start, end)],
        order,
        has_previous=min(start, count) > 0,
        has_next=end < count,
        count=count,
    )


def _place(bound: tuple[Any, ...] | None) -> int | None:
    """The place in a cursor; it may be any number of 64 bits."""
    return None if bound is None else min(max(bound[0], -1), 2**31 - 2)
