"""Audit log: the list of changes, and one by its id. Verbs write it (hookline.access.audit); here
it is read.
"""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON
from tortoise.queryset import QuerySet

from api.auth import require
from api.schema.connections import Connection
from api.schema.filters import exactly, within
from api.schema.listing import Listed, paged
from api.schema.node import Actor, Info, Node, actor_of, first_of, node_id
from hookline import ids
from hookline.models import AuditEntry as AuditRow


@strawberry.type(description="A change in the audit log. Secrets are masked.")
class AuditEntry(Node):
    action: str = strawberry.field(description="Name of the operation, such as webhook.update.")
    actor: Actor = strawberry.field(description="Actor that made the change.")
    at: datetime = strawberry.field(description="Time of the change.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="ID of the changed object, or null if the change concerns none."
    )
    before: JSON | None = strawberry.field(
        description="Changed values before the change. Null for a new object and for "
        "operations that change no value."
    )
    after: JSON | None = strawberry.field(
        description="Changed values after the change. Null for a deleted object and for "
        "operations that change no value."
    )
    request_id: str | None = strawberry.field(
        description="ID of the API request, as in the response header X-Request-Id and in the "
        "logs. Null for changes made without the API."
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


@strawberry.input(
    description="Conditions on audit entries. An entry must meet all that are given; null "
    "sets no condition."
)
class AuditFilter:
    subject_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="ID of the changed object, such as a webhook, delivery, job, token or "
        "event type.",
    )
    actor: str | None = strawberry.field(
        default=None, description="Exact name of the actor: a token or a set."
    )
    since: datetime | None = strawberry.field(
        default=None, description="Start of the time range (`at`), inclusive."
    )
    until: datetime | None = strawberry.field(
        default=None, description="End of the time range (`at`), exclusive."
    )


@strawberry.type
class AuditQuery:
    @paged(
        Connection[AuditEntry] | None,
        description="Returns the entries of the audit log, newest first. Requires the scope "
        "audit:read.",
    )
    async def audit_entries(
        self,
        info: Info,
        filter: Annotated[
            AuditFilter | None,
            strawberry.argument(
                description="Conditions that the entries must meet. All entries by default."
            ),
        ] = None,
    ) -> Listed[AuditRow]:
        actor = require(info, "audit:read")
        rows = _filtered(AuditRow.filter(workspace_id=actor.workspace_id), filter or AuditFilter())
        return Listed(rows, AuditEntry.of)


def _filtered(rows: QuerySet[AuditRow], wanted: AuditFilter) -> QuerySet[AuditRow]:
    if wanted.subject_id is not None:
        prefix, key = ids.decode(wanted.subject_id)
        rows = rows.filter(subject_id=key, subject_prefix=prefix)
    # a column beside the actor's JSON: JSON cannot be filtered on SQLite (Tortoise 1.1.9)
    rows = exactly(rows, actor_name=wanted.actor)
    return within(rows, "at", wanted.since, wanted.until)


async def find_audit_entry(info: Info, key: Any) -> AuditEntry | None:
    actor = require(info, "audit:read")
    row = await first_of(info, AuditRow.filter(id=key, workspace_id=actor.workspace_id))
    return AuditEntry.of(row) if row else None
