"""Deliveries (an event on its way to a webhook) and their attempts, which hookline/deliveries alone
writes.
"""

from enum import IntEnum

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import BytesColumn, JsonColumn, TimeColumn, UuidColumn


class DeliveryState(IntEnum):
    """`delivery.status`. HELD and IN_PROGRESS are derived: open, with its webhook off,
    or leased and on the wire. SUCCEEDED and FAILED have the numbers of AttemptOutcome.
    """

    OPEN = 0
    SUCCEEDED = 2
    FAILED = 3
    CANCELLED = 4


class AttemptOutcome(IntEnum):
    SUCCEEDED = 2
    FAILED = 3
    UNKNOWN = 9


class AttemptCause(IntEnum):
    PUBLISH = 1
    RETRY = 2
    MANUAL = 3
    TEST = 4


class NextCause(IntEnum):
    """The value of `delivery.next_cause` beside an AttemptCause."""

    CANCELLED_ON_WIRE = 0
    """The delivery is leased and was cancelled while its request was under way; it stays so."""


class Delivery(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    webhook_id = UuidColumn()
    event_id = UuidColumn()
    event_type = fields.TextField()
    environment = fields.TextField()
    status = fields.SmallIntField(default=0)
    next_attempt_at = TimeColumn()
    manual_at = TimeColumn(null=True)
    """Set when one attempt was asked for, whatever the schedule and the webhook's switch say."""
    next_cause = fields.SmallIntField(null=True)
    """Why the next attempt is made, where the step does not tell: an AttemptCause or NextCause."""
    attempt_count = fields.IntField(default=0)
    schedule_step = fields.IntField(default=0)
    """Steps of the retry schedule used; manual attempts leave it alone."""
    lease_token = UuidColumn(null=True)
    """The pump that is sending it now."""
    finished_at = TimeColumn(null=True)
    created_at = TimeColumn()

    class Meta:
        table = "delivery"


class Attempt(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    delivery_id = UuidColumn()
    webhook_id = UuidColumn()
    event_id = UuidColumn()
    event_type = fields.TextField()
    environment = fields.TextField()
    number = fields.IntField()
    outcome = fields.SmallIntField()
    cause = fields.SmallIntField()
    request_url = fields.TextField(null=True)
    request_headers = JsonColumn(null=True)
    """`[[name, value], …]`; the value of a secret is null."""
    status_code = fields.SmallIntField(null=True)
    response_headers = JsonColumn(null=True)
    response_body = BytesColumn(null=True)
    response_truncated = fields.BooleanField(default=False)
    error_code = fields.TextField(null=True)
    error_message = fields.TextField(null=True)
    started_at = TimeColumn()
    duration_ms = fields.IntField(null=True)
    next_attempt_at = TimeColumn(null=True)

    class Meta:
        table = "attempt"
