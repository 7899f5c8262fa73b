"""Notifications: what the system had to tell about webhooks and syncs, and what became of the mails
about it.
"""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from tortoise.queryset import QuerySet

from api.auth import require
from api.schema import webhook
from api.schema.connections import After, Before, Connection, First, Last, page
from api.schema.cursors import NEWEST_FIRST
from api.schema.node import Info, Node, key_of, node_id
from api.schema.notification_kind import NotificationKind
from hookline.db.connection import faults_as_unavailable
from hookline.models import Email as EmailRow
from hookline.models import EmailStatus as StoredStatus
from hookline.models import Notification as NotificationRow
from hookline.models import NotificationKind as StoredKind
from hookline.notifications import notices

if TYPE_CHECKING:
    from api.schema.webhook import Webhook

AnyWebhook = Annotated["Webhook", strawberry.lazy("api.schema.webhook")]


@strawberry.enum(description="How far a mail has come.")
class EmailStatus(Enum):
    PENDING = strawberry.enum_value("PENDING", description="It waits for its first or next try.")
    SENT = strawberry.enum_value(
        "SENT",
        description="The mail server took it, or it was written to the outbox because there is no "
        "mail server.",
    )
    FAILED = strawberry.enum_value(
        "FAILED", description="The mail server refused it, or did not take it in time."
    )


@strawberry.type(description="What became of the mail to one address.")
class EmailReceipt:
    address: str = strawberry.field(description="The address.")
    status: EmailStatus = strawberry.field(description="How far it has come.")
    sent_at: datetime | None = strawberry.field(description="When the mail server took it.")
    error: str | None = strawberry.field(
        description="What went wrong at the latest try, or the file that it was written to."
    )


@strawberry.type(
    description="Something that people should know about a webhook or a sync. Figures are those "
    "of that moment."
)
class Notification(Node):
    kind: NotificationKind = strawberry.field(description="What there is to tell.")
    message: str = strawberry.field(description="The same in a sentence.")
    failures: int | None = strawberry.field(
        description="Failed attempts in a row; of DELIVERY_FAILED the deliveries."
    )
    failing_since: datetime | None = strawberry.field(
        description="When the first of those attempts began."
    )
    last_status_code: int | None = strawberry.field(
        description="The HTTP status of the latest answer."
    )
    backlog: int | None = strawberry.field(
        description="How many deliveries were open, counted up to 10,000."
    )
    created_at: datetime = strawberry.field(description="When it happened.")
    row: strawberry.Private[NotificationRow]

    @strawberry.field(description="The webhook that it is about. Needs the scope webhooks:read.")
    async def webhook(self, info: Info) -> AnyWebhook | None:
        return (
            await webhook.find_webhook(info, self.row.webhook_id) if self.row.webhook_id else None
        )

    @strawberry.field(description="The mails about it, by address.")
    async def emails(self, info: Info) -> list[EmailReceipt]:
        rows: list[EmailRow] = await info.context.loaders.emails.load(self.row.id)
        return [_receipt(row) for row in rows]

    @classmethod
    def of(cls, row: NotificationRow) -> "Notification":
        message = notices.message(
            row.kind, row.reason, row.failures, row.failing_since, row.last_status_code, row.backlog
        )
        return cls(
            id=node_id("ntf", row.id),
            kind=NotificationKind[StoredKind(row.kind).name],
            message=message,
            failures=row.failures,
            failing_since=row.failing_since,
            last_status_code=row.last_status_code,
            backlog=row.backlog,
            created_at=row.created_at,
            row=row,
        )


@strawberry.input(
    description="Which notifications to list; what is left out, or an empty list, excludes nothing."
)
class NotificationFilter:
    webhook_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this webhook."
    )
    kind: list[NotificationKind] | None = strawberry.field(
        default=None, description="Of one of these kinds."
    )


@strawberry.type
class NotificationQuery:
    @strawberry.field(
        description="What there was to tell, newest first. Needs the scope deliveries:read."
    )
    async def notifications(
        self,
        info: Info,
        filter: Annotated[
            NotificationFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Notification]:
        actor = require(info, "deliveries:read")
        rows = _filtered(
            NotificationRow.filter(workspace_id=actor.workspace_id), filter or NotificationFilter()
        )
        return await page(
            rows, NEWEST_FIRST, Notification.of, first=first, after=after, last=last, before=before
        )


async def find_notification(info: Info, key: Any) -> Notification | None:
    actor = require(info, "deliveries:read")
    with faults_as_unavailable():
        row = await NotificationRow.filter(id=key, workspace_id=actor.workspace_id).first()
    return Notification.of(row) if row else None


def _filtered(
    rows: QuerySet[NotificationRow], wanted: NotificationFilter
) -> QuerySet[NotificationRow]:
    if wanted.webhook_id is not None:
        rows = rows.filter(webhook_id=key_of("wh", wanted.webhook_id))
    if wanted.kind:
        rows = rows.filter(kind__in=[int(StoredKind[kind.name]) for kind in wanted.kind])
    return rows


def _receipt(row: EmailRow) -> EmailReceipt:
    status = StoredStatus(row.status)
    sent_at = row.finished_at if status is StoredStatus.SENT else None
    return EmailReceipt(
        address=row.address, status=EmailStatus[status.name], sent_at=sent_at, error=row.error
    )
