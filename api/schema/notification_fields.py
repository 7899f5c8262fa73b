"""Fields of a notification and of the mails about it, without the edge to its webhook, which is in
types.
"""

from datetime import datetime
from typing import Self

import strawberry

from api.schema.enums import EmailStatus, NotificationKind
from api.schema.node import Info, Node, node_id
from hookline.models import Email as EmailRow
from hookline.models import Notification as NotificationRow
from hookline.notifications import notification_texts


@strawberry.type(description="The email to one address about a notification.")
class EmailReceipt:
    address: str = strawberry.field(description="Address of the recipient.")
    status: EmailStatus = strawberry.field(description="Status of the email.")
    sent_at: datetime | None = strawberry.field(
        description="Time at which the mail server accepted the email. Null unless the status "
        "is SENT."
    )
    file: str | None = strawberry.field(
        description="File in the server's outbox folder that the email was written to, because no "
        "mail server is configured. Null otherwise."
    )
    error: str | None = strawberry.field(
        description="Reason for the latest failure or for waiting. Null otherwise."
    )


@strawberry.type
class NotificationFields(Node):
    kind: NotificationKind = strawberry.field(description="Kind of the notification.")
    message: str = strawberry.field(
        description="Text of the notification. It may change; rely on `kind`."
    )
    failures: int | None = strawberry.field(
        description="Number of failed attempts in a row; for DELIVERY_FAILED, number of "
        "failed deliveries. Null if not applicable."
    )
    failing_since: datetime | None = strawberry.field(
        description="Time at which the first of the failed attempts in a row began. Null if "
        "there is none."
    )
    last_status_code: int | None = strawberry.field(
        description="HTTP status code of the latest response. Null if the latest attempt got "
        "none, or not applicable."
    )
    backlog: int | None = strawberry.field(
        description="Number of open deliveries of the webhook, counted up to 10,000. Null if "
        "it was not counted."
    )
    set: str | None = strawberry.field(
        description="Name of the set that could not be applied. Null unless the notification is "
        "about a sync."
    )
    revision: int | None = strawberry.field(
        description="Number of the set's latest revision when it could not be applied; 0 if there "
        "was none. Null unless the notification is about a sync."
    )
    created_at: datetime = strawberry.field(description="Time of creation.")
    row: strawberry.Private[NotificationRow]

    @strawberry.field(description="Emails about the notification, by address.")
    async def emails(self, info: Info) -> list[EmailReceipt]:
        rows: list[EmailRow] = await info.context.loaders.emails.load(self.row.id)
        return [_receipt(row) for row in rows]

    @classmethod
    def of(cls, row: NotificationRow) -> Self:
        message = notification_texts.message(
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
            set=row.sync_set,
            revision=row.sync_revision,
            created_at=row.created_at,
            row=row,
        )


def _receipt(row: EmailRow) -> EmailReceipt:
    status = EmailStatus(row.status)
    if status is EmailStatus.HELD and row.error is None:
        # Held for the mails of other workspaces: this one must not learn that there are any.
        status = EmailStatus.PENDING
    # finished_at is also the time at which a mail was given up
    is_sent = status is EmailStatus.SENT
    return EmailReceipt(
        address=row.address,
        status=status,
        sent_at=row.finished_at if is_sent else None,
        file=row.error if is_sent else None,
        error=None if is_sent else row.error,
    )
