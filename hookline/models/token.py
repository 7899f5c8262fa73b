"""A bearer token of the API. The token itself is never stored, only its SHA-256."""

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import BytesColumn, LinesColumn, TimeColumn, UuidColumn


class Token(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    name = fields.CharField(100)
    name_key = fields.TextField(null=True)
    """The name as it looks (hookline.text.look_of), unique among the living; null for a revoked
    token, and for an expired one whose name was given again.
    """
    digest = BytesColumn()
    """SHA-256 of the token's text."""
    last_four = fields.CharField(4)
    scopes = LinesColumn()
    created_at = TimeColumn()
    expires_at = TimeColumn(null=True)
    last_used_at = TimeColumn(null=True)
    revoked_at = TimeColumn(null=True)

    class Meta:
        table = "token"
