"""Fields of a notification and of the mails about it, without the edge to its webhook, which is in
graph.
"""

from datetime import datetime
from typing import Self

import strawberry

from api.schema.enums import EmailStatus, NotificationKind
from api.schema.node import Info, Node, node_id
from hookline.models import Email as EmailRow
from hookline.models import Notification as NotificationRow
from hookline.notifications import notices


@strawberry.type(description="What became of the mail to one address.")
class EmailReceipt:
    address: str = strawberry.field(description="The address.")
    status: EmailStatus = strawberry.field(description="How far it has come.")
    sent_at: datetime | None = strawberry.field(description="When the mail server took it.")
    error: str | None = strawberry.field(
        description="What went wrong at the latest try, or the file that it was written to."
    )


@strawberry.type
class NotificationFields(Node):
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

    @strawberry.field(description="The mails about it, by address.")
    async def emails(self, info: Info) -> list[EmailReceipt]:
        rows: list[EmailRow] = await info.context.loaders.emails.load(self.row.id)
        return [_receipt(row) for row in rows]

    @classmethod
    def of(cls, row: NotificationRow) -> Self:
        message = notices.message(
            row.kind, row.reason, row.failures, row.failing_since, row.last_status_code, row.backlog
        )
        return cls(
            id=node_id("ntf", row.id),
            kind=NotificationKind(row.kind),
            message=message,
            failures=row.failures,
            failing_since=row.failing_since,
            last_status_code=row.last_status_code,
            backlog=row.backlog,
            created_at=row.created_at,
            row=row,
        )


def _receipt(row: EmailRow) -> EmailReceipt:
    status = EmailStatus(row.status)
    sent_at = row.finished_at if status is EmailStatus.SENT else None
    return EmailReceipt(address=row.address, status=status, sent_at=sent_at, error=row.error)
