"""A webhook: what people want of it, what the system found, and which YAML set owns it."""

from tortoise import fields
from tortoise.models import Model

from hookline.db.fields import JsonColumn, LinesColumn, TimeColumn, UuidColumn


class Webhook(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    slug = fields.CharField(63)

    name = fields.CharField(100)
    description = fields.TextField(null=True)
    url = fields.TextField()
    is_active = fields.BooleanField(default=True)
    environments = LinesColumn()
    events = LinesColumn()
    """Patterns `object.model.action`."""
    labels = LinesColumn()
    """`key=value`, sorted."""
    headers = JsonColumn()
    """`[{"name": …, "value": …}]` in the order given; `"sealed"` instead of `"value"` where the name is sensitive."""
    secret_header_name = fields.TextField(null=True)
    secret_header_sealed = fields.TextField(null=True)
    basic_auth_username = fields.TextField(null=True)
    basic_auth_sealed = fields.TextField(null=True)
    timeout_ms = fields.IntField()
    concurrency = fields.IntField()
    retry_schedule = JsonColumn()
    """Seconds before each retry, as numbers."""
    signing_secrets = JsonColumn()
    """`[{"sealed": …, "createdAt": …, "expiresAt": null}]`, newest first."""

    version = fields.IntField(default=1)
    """Rises with every change that people or a sync make."""
    created_at = TimeColumn()
    created_by = JsonColumn()
    """An actor: `{"kind": "TOKEN", "name": …}`, or SYNC with `commit` and `revision`."""
    modified_at = TimeColumn()
    modified_by = JsonColumn()
    deleted_at = TimeColumn(null=True)

    consecutive_failures = fields.IntField(default=0)
    failing_since = TimeColumn(null=True)
    last_attempt_at = TimeColumn(null=True)
    last_success_at = TimeColumn(null=True)
    last_status_code = fields.SmallIntField(null=True)

    sync_set = fields.CharField(63, null=True)
    sync_file = fields.TextField(null=True)
    sync_line = fields.IntField(null=True)
    sync_commit = fields.TextField(null=True)
    sync_applied = JsonColumn(null=True)
    """The last applied canonical value of each owned field; secrets as `{"fingerprint": …}`."""
    sync_removed_at = TimeColumn(null=True)
    """Taken out of the file: disabled by the sync, still managed, out of the plan."""

    class Meta:
        table = "webhook"

    @property
    def is_live(self) -> bool:
        return self.is_active and self.deleted_at is None
