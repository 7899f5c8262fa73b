"""A tenant. One, `default`, is made by the first migration."""

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import TimeColumn, UuidColumn


class Workspace(Model):
    id = UuidColumn(primary_key=True)
    slug = fields.CharField(63)
    name = fields.CharField(100)
    match_version = fields.BigIntField(default=1)
    """Rises with every change that matching must know of; publishes check it."""
    strict_event_types = fields.BooleanField(default=False, db_default=False)
    """True: publishing refuses types that are not in the catalogue."""
    created_at = TimeColumn()

    class Meta:
        table = "workspace"
