"""A webhook: what people want of it, what the system found, and which YAML set owns it."""

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import JsonColumn, LinesColumn, TimeColumn, UuidColumn


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
    """`[{"name": …, "value": …}]` in the order given; `"sealed"` instead of `"value"` where the
    name is sensitive.
    """
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
    event_filter = JsonColumn(null=True)
    """The condition on an event (hookline.form.filters); null takes every one that the patterns
    match.
    """
    payload_template = fields.TextField(null=True)
    payload_content_type = fields.TextField(
        default="application/json", db_default="application/json"
    )
    rate_per_minute = fields.IntField(null=True)
    """The most requests; null: no limit."""
    auto_disable_failures = fields.IntField(null=True, default=10, db_default=10)
    """Null: never, and three 410 in a row do not turn it off either."""
    auto_disable_seconds = fields.IntField(default=172_800, db_default=172_800)
    notification_emails = LinesColumn(default=(), db_default="\n")
    notify_on = LinesColumn(default=("AUTO_DISABLED",), db_default="\nAUTO_DISABLED\n")

    version = fields.IntField(default=1)
    """Rises with every change that people or a sync make."""
    created_at = TimeColumn()
    created_by = JsonColumn()
    """An actor (`Actor.stored`): `{"kind": "TOKEN", "name": …, "tokenId": …}`, or SYNC."""
    modified_at = TimeColumn()
    modified_by = JsonColumn()
    deleted_at = TimeColumn(null=True)

    consecutive_failures = fields.IntField(default=0)
    failing_since = TimeColumn(null=True)
    last_attempt_at = TimeColumn(null=True)
    last_success_at = TimeColumn(null=True)
    last_status_code = fields.SmallIntField(null=True)
    consecutive_gone = fields.IntField(default=0, db_default=0)
    """Answers of 410 in a row."""
    auto_disabled_at = TimeColumn(null=True)
    """Failing turned it off; what was counted until then stays in the columns above. Only an
    explicit `active: true` turns it on again.
    """
    auto_disabled_reason = fields.TextField(null=True)
    """FAILURES or GONE."""
    warned_at = TimeColumn(null=True)
    """Time of the last FAILING or AUTO_DISABLED notification; null again once RECOVERED was."""
    exhausted_count = fields.IntField(default=0, db_default=0)
    """Deliveries that failed for good and that are in no DELIVERY_FAILED notification yet."""
    exhausted_notified_at = TimeColumn(null=True)
    paced_until = TimeColumn(null=True)
    """The next free slot of the rate limit (GCRA's theoretical arrival time)."""
    listener_expires_at = TimeColumn(null=True)
    """End of a listener's lease (hookline.webhooks.listeners); null: an ordinary webhook."""

    sync_set = fields.CharField(63, null=True)
    sync_file = fields.TextField(null=True)
    sync_line = fields.IntField(null=True)
    sync_commit = fields.TextField(null=True)
    sync_applied = JsonColumn(null=True)
    """The last applied canonical value of each owned field; secrets as `{"fingerprint": …}`."""
    sync_ignored = JsonColumn(null=True)
    """Names of the fields that the file leaves to people (`ignoreChanges`); null: none."""
    sync_version = fields.IntField(null=True)
    """Version at which the last apply left all that its file owns as the file wants it; null where
    people's values were kept. A webhook with another version was changed since.
    """
    sync_removed_at = TimeColumn(null=True)
    """Taken out of the file: disabled by the sync, still managed, out of the plan."""

    class Meta:
        table = "webhook"

    @property
    def is_listener(self) -> bool:
        """True when a command takes its events, for as long as it runs."""
        return self.listener_expires_at is not None

    @property
    def is_on(self) -> bool:
        """True when events are sent: active, and neither deleted nor auto-disabled."""
        return self.is_active and self.deleted_at is None and self.auto_disabled_at is None
