"""The catalogue of event types: what they mean and what their data looks like."""

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import JsonColumn, TimeColumn, UuidColumn


class EventType(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    name = fields.TextField()
    """`object.model.action`."""
    description = fields.TextField(null=True)
    schema = JsonColumn(null=True)
    is_strict = fields.BooleanField(default=False)
    """True: publishing refuses data that breaks the schema."""
    sample = JsonColumn(null=True)
    created_at = TimeColumn()
    modified_at = TimeColumn()

    class Meta:
        table = "event_type"
