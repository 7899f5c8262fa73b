"""The tables of the models, as Tortoise writes them. Indexes and the engine's own tables follow in 0002."""

from tortoise import fields
from tortoise.migrations import operations as ops

from hookline.db.fields import BytesColumn, JsonColumn, LinesColumn, TimeColumn, UuidColumn
from hookline.db.migration_log import NotedMigration


class Migration(NotedMigration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    UuidColumn(
                        primary_key=True, unique=True, db_index=True, generated=False, null=False
                    ),
                ),
                ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                ("delivery_id", UuidColumn(generated=False, null=False, unique=False)),
                ("webhook_id", UuidColumn(generated=False, null=False, unique=False)),
                ("event_id", UuidColumn(generated=False, null=False, unique=False)),
                ("event_type", fields.TextField(unique=False)),
                ("environment", fields.TextField(unique=False)),
                ("number", fields.IntField()),
                ("outcome", fields.SmallIntField()),
                ("cause", fields.SmallIntField()),
                ("request_url", fields.TextField(null=True, unique=False)),
                ("request_headers", JsonColumn(null=True, generated=False, unique=False)),
                ("status_code", fields.SmallIntField(null=True)),
                ("response_headers", JsonColumn(null=True, generated=False, unique=False)),
                ("response_body", BytesColumn(null=True, generated=False, unique=False)),
                ("response_truncated", fields.BooleanField(default=False)),
                ("error_code", fields.TextField(null=True, unique=False)),
                ("error_message", fields.TextField(null=True, unique=False)),
                ("started_at", TimeColumn(generated=False, null=False, unique=False)),
                ("duration_ms", fields.IntField(null=True)),
                ("next_attempt_at", TimeColumn(null=True, generated=False, unique=False)),
            ],
            options={"table": "attempt", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    UuidColumn(
                        primary_key=True, unique=True, db_index=True, generated=False, null=False
                    ),
                ),
                ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                ("webhook_id", UuidColumn(generated=False, null=False, unique=False)),
                ("event_id", UuidColumn(generated=False, null=False, unique=False)),
                ("event_type", fields.TextField(unique=False)),
                ("environment", fields.TextField(unique=False)),
                ("status", fields.SmallIntField(default=0)),
                ("next_attempt_at", TimeColumn(generated=False, null=False, unique=False)),
                ("manual_at", TimeColumn(null=True, generated=False, unique=False)),
                ("attempt_count", fields.IntField(default=0)),
                ("schedule_step", fields.IntField(default=0)),
                ("lease_token", UuidColumn(null=True, generated=False, unique=False)),
                ("finished_at", TimeColumn(null=True, generated=False, unique=False)),
                ("created_at", TimeColumn(generated=False, null=False, unique=False)),
            ],
            options={"table": "delivery", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    UuidColumn(
                        primary_key=True, unique=True, db_index=True, generated=False, null=False
                    ),
                ),
                ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                ("type", fields.TextField(unique=False)),
                ("environment", fields.TextField(unique=False)),
                ("data", fields.TextField(null=True, unique=False)),
                ("occurred_at", TimeColumn(generated=False, null=False, unique=False)),
                ("received_at", TimeColumn(generated=False, null=False, unique=False)),
                ("idempotency_key", fields.TextField(null=True, unique=False)),
            ],
            options={"table": "event", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SyncRevision",
            fields=[
                (
                    "id",
                    UuidColumn(
                        primary_key=True, unique=True, db_index=True, generated=False, null=False
                    ),
                ),
                ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                ("set_id", UuidColumn(generated=False, null=False, unique=False)),
                ("number", fields.IntField()),
                ("digest", fields.TextField(unique=False)),
                ("snapshot", JsonColumn(generated=False, null=False, unique=False)),
                ("changes", JsonColumn(generated=False, null=False, unique=False)),
                ("commit", fields.TextField(null=True, unique=False)),
                ("branch", fields.TextField(null=True, unique=False)),
                ("author", fields.TextField(null=True, unique=False)),
                ("message", fields.TextField(null=True, unique=False)),
                ("run_url", fields.TextField(null=True, unique=False)),
                ("repository", fields.TextField(null=True, unique=False)),
                ("is_dirty", fields.BooleanField(null=True)),
                ("actor", JsonColumn(generated=False, null=False, unique=False)),
                ("created", fields.IntField()),
                ("updated", fields.IntField()),
                ("moved", fields.IntField(default=0)),
                ("disabled", fields.IntField()),
                ("deleted", fields.IntField(default=0)),
                ("idempotency_key", fields.TextField(null=True, unique=False)),
                ("applied_at", TimeColumn(generated=False, null=False, unique=False)),
            ],
            options={"table": "sync_revision", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SyncSet",
            fields=[
                (
                    "id",
                    UuidColumn(
                        primary_key=True, unique=True, db_index=True, generated=False, null=False
                    ),
                ),
                ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                ("name", fields.CharField(max_length=63)),
                ("revision_number", fields.IntField(default=0)),
                ("commit", fields.TextField(null=True, unique=False)),
                ("committed_at", TimeColumn(null=True, generated=False, unique=False)),
                ("last_applied_at", TimeColumn(null=True, generated=False, unique=False)),
            ],
            options={"table": "sync_set", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Token",
            fields=[
                (
                    "id",
                    UuidColumn(
                        primary_key=True, unique=True, db_index=True, generated=False, null=False
                    ),
                ),
                ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                ("name", fields.CharField(max_length=100)),
                ("digest", BytesColumn(generated=False, null=False, unique=False)),
                ("last_four", fields.CharField(max_length=4)),
                ("scopes", LinesColumn(generated=False, null=False, unique=False)),
                ("created_at", TimeColumn(generated=False, null=False, unique=False)),
                ("expires_at", TimeColumn(null=True, generated=False, unique=False)),
                ("last_used_at", TimeColumn(null=True, generated=False, unique=False)),
                ("revoked_at", TimeColumn(null=True, generated=False, unique=False)),
            ],
            options={"table": "token", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    UuidColumn(
                        primary_key=True, unique=True, db_index=True, generated=False, null=False
                    ),
                ),
                ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                ("slug", fields.CharField(max_length=63)),
                ("name", fields.CharField(max_length=100)),
                ("description", fields.TextField(null=True, unique=False)),
                ("url", fields.TextField(unique=False)),
                ("is_active", fields.BooleanField(default=True)),
                ("environments", LinesColumn(generated=False, null=False, unique=False)),
                ("events", LinesColumn(generated=False, null=False, unique=False)),
                ("labels", LinesColumn(generated=False, null=False, unique=False)),
                ("headers", JsonColumn(generated=False, null=False, unique=False)),
                ("secret_header_name", fields.TextField(null=True, unique=False)),
                ("secret_header_sealed", fields.TextField(null=True, unique=False)),
                ("basic_auth_username", fields.TextField(null=True, unique=False)),
                ("basic_auth_sealed", fields.TextField(null=True, unique=False)),
                ("timeout_ms", fields.IntField()),
                ("concurrency", fields.IntField()),
                ("retry_schedule", JsonColumn(generated=False, null=False, unique=False)),
                ("signing_secrets", JsonColumn(generated=False, null=False, unique=False)),
                ("version", fields.IntField(default=1)),
                ("created_at", TimeColumn(generated=False, null=False, unique=False)),
                ("created_by", JsonColumn(generated=False, null=False, unique=False)),
                ("modified_at", TimeColumn(generated=False, null=False, unique=False)),
                ("modified_by", JsonColumn(generated=False, null=False, unique=False)),
                ("deleted_at", TimeColumn(null=True, generated=False, unique=False)),
                ("consecutive_failures", fields.IntField(default=0)),
                ("failing_since", TimeColumn(null=True, generated=False, unique=False)),
                ("last_attempt_at", TimeColumn(null=True, generated=False, unique=False)),
                ("last_success_at", TimeColumn(null=True, generated=False, unique=False)),
                ("last_status_code", fields.SmallIntField(null=True)),
                ("sync_set", fields.CharField(null=True, max_length=63)),
                ("sync_file", fields.TextField(null=True, unique=False)),
                ("sync_line", fields.IntField(null=True)),
                ("sync_commit", fields.TextField(null=True, unique=False)),
                ("sync_applied", JsonColumn(null=True, generated=False, unique=False)),
                ("sync_removed_at", TimeColumn(null=True, generated=False, unique=False)),
            ],
            options={"table": "webhook", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Workspace",
            fields=[
                (
                    "id",
                    UuidColumn(
                        primary_key=True, unique=True, db_index=True, generated=False, null=False
                    ),
                ),
                ("slug", fields.CharField(max_length=63)),
                ("name", fields.CharField(max_length=100)),
                ("match_version", fields.BigIntField(default=1)),
                ("created_at", TimeColumn(generated=False, null=False, unique=False)),
            ],
            options={"table": "workspace", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
