"""Notifications about a webhook or a sync, and the mails that carry them. Written in the
transaction that finds the reason.
"""

from enum import IntEnum

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import TimeColumn, UuidColumn


class NotificationKind(IntEnum):
    AUTO_DISABLED = 1
    FAILING = 2
    RECOVERED = 3
    DELIVERY_FAILED = 4
    SYNC_FAILED = 5
    TEST = 6
    """A mail that somebody asked for, to see that it comes."""
    SOURCE_DEGRADED = 7
    """Files that a server follows can't be applied; SOURCE_RECOVERED: they can again."""
    SOURCE_RECOVERED = 8


class EmailStatus(IntEnum):
    """Those that wait come first: `status < SENT`."""

    PENDING = 0
    HELD = 1
    UNCONFIRMED = 2
    SENT = 3
    FAILED = 4


class Notification(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    kind = fields.SmallIntField()
    webhook_id = UuidColumn(null=True)
    reason = fields.TextField(null=True)
    """FAILURES or GONE of an auto-disable; a sentence for a sync."""
    failures = fields.IntField(null=True)
    """Attempts in a row, or deliveries for DELIVERY_FAILED."""
    failing_since = TimeColumn(null=True)
    last_status_code = fields.SmallIntField(null=True)
    backlog = fields.IntField(null=True)
    """Open deliveries then, counted up to 10,000."""
    sync_set = fields.TextField(null=True)
    """Name of the set that could not be applied."""
    sync_revision = fields.IntField(null=True)
    """Number of its newest revision then; 0 before the first."""
    created_at = TimeColumn()

    class Meta:
        table = "notification"


class Email(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    notification_id = UuidColumn()
    address = fields.TextField()
    status = fields.SmallIntField(default=0)
    tries = fields.IntField(default=0)
    next_try_at = TimeColumn()
    """A try moves it on first: when its worker dies while sending, another one tries then."""
    finished_at = TimeColumn(null=True)
    error = fields.TextField(null=True)
    """Why the latest try failed, or what it waits for; of one that was sent, the file that it was
    written to when there is no SMTP server.
    """
    sent_with_id = UuidColumn(null=True)
    """The receipt whose mail tells of this one too; it decides for both."""

    class Meta:
        table = "email"
