"""Audit entries: who changed what and when. Written in the transaction of the change; secrets in it
are masked.
"""

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import JsonColumn, TimeColumn, UuidColumn


class AuditEntry(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    action = fields.TextField()
    """`webhook.create` and the like."""
    actor = JsonColumn()
    """TOKEN, SYNC or SYSTEM, as `Actor.stored` and `Actor.stored_of_sync` make it."""
    actor_name = fields.TextField()
    at = TimeColumn()
    subject_prefix = fields.TextField(null=True)
    """Prefix of the subject's TypeID: `wh`, `tok`, …"""
    subject_id = UuidColumn(null=True)
    before = JsonColumn(null=True)
    after = JsonColumn(null=True)
    """The fields that changed, by their names in the API; so in `before`."""
    request_id = fields.TextField(null=True)

    class Meta:
        table = "audit_entry"
