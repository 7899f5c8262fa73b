"""An accepted event. Its data is the JSON text as it will be sent."""

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import TimeColumn, UuidColumn


class Event(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    type = fields.TextField()
    environment = fields.TextField()
    data = fields.TextField(null=True)
    """JSON text; null after retention."""
    occurred_at = TimeColumn()
    received_at = TimeColumn()
    idempotency_key = fields.TextField(null=True)
    is_test = fields.BooleanField(default=False, db_default=False)
    """Made to test one webhook; not listed, and no other webhook ever missed it."""

    class Meta:
        table = "event"
