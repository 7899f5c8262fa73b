"""Audit log: the list of changes, and one by its id. Verbs write it (hookline.access.audit); here
it is read.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final

import strawberry
from strawberry.scalars import JSON
from tortoise.queryset import QuerySet

from api.auth import require
from api.execution.errors import BadInput
from api.schema.connections import Connection
from api.schema.filters import exactly, within
from api.schema.listing import Listed, paged
from api.schema.node import (
    NOTHING,
    Actor,
    Info,
    Node,
    actor_of,
    first_of,
    is_storable,
    node_id,
)
from api.schema.types import Webhook, find_webhook
from hookline import ids
from hookline.access.actor import ActorKind
from hookline.access.audit import CONSOLE
from hookline.models import AuditEntry as AuditRow

MOST_ACTIONS: Final = 50


@strawberry.enum(description="Way by which a change was made.")
class AuditSource(Enum):
    CONSOLE = strawberry.enum_value("CONSOLE", description="The console in a browser.")
    API = strawberry.enum_value("API", description="Any other client of the API.")
    SYNC = strawberry.enum_value("SYNC", description="An apply of a webhooks file.")
    SYSTEM = strawberry.enum_value(
        "SYSTEM",
        description="Hookline itself, or a command that works on the database without the API.",
    )


@strawberry.type(description="A change in the audit log. Secrets are masked.")
class AuditEntry(Node):
    action: str = strawberry.field(description="Name of the operation, such as webhook.update.")
    actor: Actor = strawberry.field(description="Actor that made the change.")
    source: AuditSource = strawberry.field(
        description="Way by which the change was made. CONSOLE is what the client said, which is "
        "not verified."
    )
    reason: str | None = strawberry.field(
        description="Reason that was given for a forced change. Null for any other."
    )
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
    row: strawberry.Private[AuditRow]

    @strawberry.field(
        description="Changed webhook as it is now, or null if the entry concerns another object "
        "or the webhook is gone. Requires the scope webhooks:read."
    )
    async def webhook(self, info: Info) -> Webhook | None:
        key = self.row.subject_id if self.row.subject_prefix == "wh" else None
        return await find_webhook(info, key) if key else None

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
            source=_source(row.actor),
            reason=row.actor.get("reason"),
            at=row.at,
            subject_id=subject,
            before=row.before,
            after=row.after,
            request_id=row.request_id,
            row=row,
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
    action: list[str] | None = strawberry.field(
        default=None,
        description="Exact names of operations, such as webhook.update, any of which matches. "
        f"At most {MOST_ACTIONS}.",
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
        description="Returns the entries of the audit log, newest first: all of them with the "
        "scope audit:read, otherwise those of webhooks. Requires the scope webhooks:audit, which "
        "a token with audit:read has.",
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
        rows = _filtered(_readable(info), filter or AuditFilter())
        return Listed(rows, AuditEntry.of)


def _readable(info: Info) -> QuerySet[AuditRow]:
    """The entries that the caller may read.

    Raises Forbidden.
    """
    actor = require(info, "webhooks:audit")
    rows = AuditRow.filter(workspace_id=actor.workspace_id)
    return rows if "audit:read" in actor.scopes else rows.filter(subject_prefix="wh")


def _source(actor: dict[str, Any]) -> AuditSource:
    """The source of a change by its stored actor."""
    if actor["kind"] != ActorKind.TOKEN:
        return AuditSource[actor["kind"]]
    return AuditSource.CONSOLE if actor.get("client") == CONSOLE else AuditSource.API


def _filtered(rows: QuerySet[AuditRow], wanted: AuditFilter) -> QuerySet[AuditRow]:
    if wanted.subject_id is not None:
        prefix, key = ids.decode(wanted.subject_id)
        rows = rows.filter(subject_id=key, subject_prefix=prefix)
    if wanted.action:
        if len(wanted.action) > MOST_ACTIONS:
            raise BadInput(f"action must have at most {MOST_ACTIONS} items.")
        names = [name for name in wanted.action if is_storable(name)]
        rows = rows.filter(action__in=names) if names else rows.filter(id=NOTHING)
    # a column beside the actor's JSON: JSON cannot be filtered on SQLite (Tortoise 1.1.9)
    rows = exactly(rows, actor_name=wanted.actor)
    return within(rows, "at", wanted.since, wanted.until)


async def find_audit_entry(info: Info, key: Any) -> AuditEntry | None:
    row = await first_of(info, _readable(info).filter(id=key))
    return AuditEntry.of(row) if row else None
