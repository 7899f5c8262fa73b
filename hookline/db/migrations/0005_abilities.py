"""What a webhook can do besides receiving: payloads, filters, limits, auto-deactivation with mails; event types, jobs and the audit log."""

from tortoise import fields
from tortoise.migrations import operations as ops

from hookline.db.fields import JsonColumn, LinesColumn, TimeColumn, UuidColumn
from hookline.db.migration_log import NotedMigration, ShareKey


class Migration(NotedMigration):
    dependencies = [("models", "0004_indexes")]
    operations = [
        ShareKey(
            ops.CreateModel(
                name="AuditEntry",
                fields=[
                    (
                        "id",
                        UuidColumn(
                            primary_key=True,
                            unique=True,
                            db_index=True,
                            generated=False,
                            null=False,
                        ),
                    ),
                    ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                    ("action", fields.TextField(unique=False)),
                    ("actor", JsonColumn(generated=False, null=False, unique=False)),
                    ("actor_name", fields.TextField(unique=False)),
                    ("at", TimeColumn(generated=False, null=False, unique=False)),
                    ("subject_prefix", fields.TextField(null=True, unique=False)),
                    ("subject_id", UuidColumn(null=True, generated=False, unique=False)),
                    ("before", JsonColumn(null=True, generated=False, unique=False)),
                    ("after", JsonColumn(null=True, generated=False, unique=False)),
                    ("request_id", fields.TextField(null=True, unique=False)),
                ],
                options={"table": "audit_entry", "app": "models", "pk_attr": "id"},
                bases=["Model"],
            ),
            ops.CreateModel(
                name="Email",
                fields=[
                    (
                        "id",
                        UuidColumn(
                            primary_key=True,
                            unique=True,
                            db_index=True,
                            generated=False,
                            null=False,
                        ),
                    ),
                    ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                    ("notification_id", UuidColumn(generated=False, null=False, unique=False)),
                    ("address", fields.TextField(unique=False)),
                    ("status", fields.SmallIntField(default=0)),
                    ("tries", fields.IntField(default=0)),
                    ("next_try_at", TimeColumn(generated=False, null=False, unique=False)),
                    ("finished_at", TimeColumn(null=True, generated=False, unique=False)),
                    ("error", fields.TextField(null=True, unique=False)),
                ],
                options={"table": "email", "app": "models", "pk_attr": "id"},
                bases=["Model"],
            ),
            ops.CreateModel(
                name="EventType",
                fields=[
                    (
                        "id",
                        UuidColumn(
                            primary_key=True,
                            unique=True,
                            db_index=True,
                            generated=False,
                            null=False,
                        ),
                    ),
                    ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                    ("name", fields.TextField(unique=False)),
                    ("description", fields.TextField(null=True, unique=False)),
                    ("schema", JsonColumn(null=True, generated=False, unique=False)),
                    ("is_strict", fields.BooleanField(default=False)),
                    ("sample", JsonColumn(null=True, generated=False, unique=False)),
                    ("created_at", TimeColumn(generated=False, null=False, unique=False)),
                    ("modified_at", TimeColumn(generated=False, null=False, unique=False)),
                ],
                options={"table": "event_type", "app": "models", "pk_attr": "id"},
                bases=["Model"],
            ),
            ops.CreateModel(
                name="Job",
                fields=[
                    (
                        "id",
                        UuidColumn(
                            primary_key=True,
                            unique=True,
                            db_index=True,
                            generated=False,
                            null=False,
                        ),
                    ),
                    ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                    ("kind", fields.TextField(unique=False)),
                    ("status", fields.SmallIntField(default=0)),
                    ("work", JsonColumn(generated=False, null=False, unique=False)),
                    ("position", JsonColumn(null=True, generated=False, unique=False)),
                    ("total", fields.IntField(null=True)),
                    ("done", fields.IntField(default=0)),
                    ("error", fields.TextField(null=True, unique=False)),
                    ("actor", JsonColumn(generated=False, null=False, unique=False)),
                    ("run_at", TimeColumn(generated=False, null=False, unique=False)),
                    ("created_at", TimeColumn(generated=False, null=False, unique=False)),
                    ("finished_at", TimeColumn(null=True, generated=False, unique=False)),
                ],
                options={"table": "job", "app": "models", "pk_attr": "id"},
                bases=["Model"],
            ),
            ops.CreateModel(
                name="Notification",
                fields=[
                    (
                        "id",
                        UuidColumn(
                            primary_key=True,
                            unique=True,
                            db_index=True,
                            generated=False,
                            null=False,
                        ),
                    ),
                    ("workspace_id", UuidColumn(generated=False, null=False, unique=False)),
                    ("kind", fields.SmallIntField()),
                    ("webhook_id", UuidColumn(null=True, generated=False, unique=False)),
                    ("reason", fields.TextField(null=True, unique=False)),
                    ("failures", fields.IntField(null=True)),
                    ("failing_since", TimeColumn(null=True, generated=False, unique=False)),
                    ("last_status_code", fields.SmallIntField(null=True)),
                    ("backlog", fields.IntField(null=True)),
                    ("created_at", TimeColumn(generated=False, null=False, unique=False)),
                ],
                options={"table": "notification", "app": "models", "pk_attr": "id"},
                bases=["Model"],
            ),
            ops.AddField(
                model_name="Delivery", name="next_cause", field=fields.SmallIntField(null=True)
            ),
            ops.AddField(
                model_name="Event",
                name="is_test",
                field=fields.BooleanField(default=False, db_default=False),
            ),
            ops.AddField(
                model_name="Webhook",
                name="auto_disable_failures",
                field=fields.IntField(null=True, default=10, db_default=10),
            ),
            ops.AddField(
                model_name="Webhook",
                name="auto_disable_seconds",
                field=fields.IntField(default=172800, db_default=172800),
            ),
            ops.AddField(
                model_name="Webhook",
                name="auto_disabled_at",
                field=TimeColumn(null=True, generated=False, unique=False),
            ),
            ops.AddField(
                model_name="Webhook",
                name="auto_disabled_reason",
                field=fields.TextField(null=True, unique=False),
            ),
            ops.AddField(
                model_name="Webhook",
                name="consecutive_gone",
                field=fields.IntField(default=0, db_default=0),
            ),
            ops.AddField(
                model_name="Webhook",
                name="event_filter",
                field=JsonColumn(null=True, generated=False, unique=False),
            ),
            ops.AddField(
                model_name="Webhook",
                name="exhausted_count",
                field=fields.IntField(default=0, db_default=0),
            ),
            ops.AddField(
                model_name="Webhook",
                name="exhausted_told_at",
                field=TimeColumn(null=True, generated=False, unique=False),
            ),
            ops.AddField(
                model_name="Webhook",
                name="notification_emails",
                field=LinesColumn(
                    default=(), db_default="\n", generated=False, null=False, unique=False
                ),
            ),
            ops.AddField(
                model_name="Webhook",
                name="notify_on",
                field=LinesColumn(
                    default=("AUTO_DISABLED",),
                    db_default="\nAUTO_DISABLED\n",
                    generated=False,
                    null=False,
                    unique=False,
                ),
            ),
            ops.AddField(
                model_name="Webhook",
                name="paced_until",
                field=TimeColumn(null=True, generated=False, unique=False),
            ),
            ops.AddField(
                model_name="Webhook",
                name="payload_content_type",
                field=fields.TextField(
                    default="application/json", db_default="application/json", unique=False
                ),
            ),
            ops.AddField(
                model_name="Webhook",
                name="payload_template",
                field=fields.TextField(null=True, unique=False),
            ),
            ops.AddField(
                model_name="Webhook", name="rate_per_minute", field=fields.IntField(null=True)
            ),
            ops.AddField(
                model_name="Webhook",
                name="warned_at",
                field=TimeColumn(null=True, generated=False, unique=False),
            ),
            ops.AddField(
                model_name="Workspace",
                name="strict_event_types",
                field=fields.BooleanField(default=False, db_default=False),
            ),
        )
    ]
