"""The audit log: who changed what and when. Verbs write it (hookline.access.audit); here it is
read.
"""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON
from tortoise.queryset import QuerySet

from api.auth import require
from api.schema.connections import Connection
from api.schema.listing import Listed, paged
from api.schema.node import NOTHING, Actor, Info, Node, actor_of, is_storable, node_id
from api.schema.times import within
from hookline import ids
from hookline.db.connection import faults_as_unavailable
from hookline.models import AuditEntry as AuditRow


@strawberry.type(
    description="One change: who made it, when, and what it was before and after. Secrets are "
    "masked."
)
class AuditEntry(Node):
    action: str = strawberry.field(description="What was done, such as webhook.update.")
    actor: Actor = strawberry.field(description="Who did it.")
    at: datetime = strawberry.field(description="When.")
    subject_id: strawberry.ID | None = strawberry.field(description="The id of what was changed.")
    before: JSON | None = strawberry.field(
        description="What was changed, as it was; null for something new."
    )
    after: JSON | None = strawberry.field(
        description="The same as it is then; null for what is gone."
    )
    request_id: str | None = strawberry.field(
        description="Of the API request; it stands in the log lines too."
    )

    @classmethod
    def of(cls, row: AuditRow) -> "AuditEntry":
        subject = (
            node_id(row.subject_prefix, row.subject_id)
            if row.subject_prefix and row.subject_id
            else None
        )
        return cls(
            id=node_id("aud", row.id),
            action=row.action,
            actor=actor_of(row.actor),
            at=row.at,
            subject_id=subject,
            before=row.before,
            after=row.after,
            request_id=row.request_id,
        )


@strawberry.input(description="Which entries to list; what is left out excludes nothing.")
class AuditFilter:
    subject_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this webhook, token, event type or workspace."
    )
    actor: str | None = strawberry.field(
        default=None, description="By a token or a set of exactly this name."
    )
    since: datetime | None = strawberry.field(default=None, description="At this time or later.")
    until: datetime | None = strawberry.field(default=None, description="Before this time.")


@strawberry.type
class AuditQuery:
    @paged(
        Connection[AuditEntry],
        description="Who changed what, newest first. Needs the scope audit:read.",
    )
    async def audit_entries(
        self,
        info: Info,
        filter: Annotated[
            AuditFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
    ) -> Listed[AuditRow]:
        actor = require(info, "audit:read")
        rows = _filtered(AuditRow.filter(workspace_id=actor.workspace_id), filter or AuditFilter())
        return Listed(rows, AuditEntry.of)


def _filtered(rows: QuerySet[AuditRow], wanted: AuditFilter) -> QuerySet[AuditRow]:
    if wanted.subject_id is not None:
        prefix, key = ids.decode(wanted.subject_id)
        rows = rows.filter(subject_id=key, subject_prefix=prefix)
    if wanted.actor is not None:
        rows = (
            rows.filter(actor_name=wanted.actor)
            if is_storable(wanted.actor)
            else rows.filter(id=NOTHING)
        )
    return within(rows, "at", wanted.since, wanted.until)


async def find_audit_entry(info: Info, key: Any) -> AuditEntry | None:
    actor = require(info, "audit:read")
    with faults_as_unavailable():
        row = await AuditRow.filter(id=key, workspace_id=actor.workspace_id).first()
    return AuditEntry.of(row) if row else None
