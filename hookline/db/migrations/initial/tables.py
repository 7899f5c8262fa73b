"""The tables of the models, as Tortoise writes them. Frozen: a later change of a model is a migration
of its own.
"""

from typing import Any

from tortoise import fields
from tortoise.migrations import operations as ops

from hookline.models.column_types import (
    BytesColumn,
    JsonColumn,
    LinesColumn,
    TimeColumn,
    UuidColumn,
)


def _key() -> UuidColumn:
    return UuidColumn(primary_key=True, unique=True, db_index=True)


def _table(model: str, table: str, columns: dict[str, Any]) -> ops.CreateModel:
    # Any: a field of any value
    return ops.CreateModel(
        name=model,
        fields=list(columns.items()),
        options={"table": table, "app": "models", "pk_attr": "id"},
        bases=["Model"],
    )


ATTEMPT = _table(
    "Attempt",
    "attempt",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "delivery_id": UuidColumn(),
        "webhook_id": UuidColumn(),
        "event_id": UuidColumn(),
        "event_type": fields.TextField(),
        "environment": fields.TextField(),
        "number": fields.IntField(),
        "outcome": fields.SmallIntField(),
        "cause": fields.SmallIntField(),
        "request_url": fields.TextField(null=True),
        "request_headers": JsonColumn(null=True),
        "status_code": fields.SmallIntField(null=True),
        "response_headers": JsonColumn(null=True),
        "response_body": BytesColumn(null=True),
        "response_truncated": fields.BooleanField(default=False),
        "error_code": fields.TextField(null=True),
        "error_message": fields.TextField(null=True),
        "started_at": TimeColumn(),
        "duration_ms": fields.IntField(null=True),
        "next_attempt_at": TimeColumn(null=True),
    },
)
AUDIT_ENTRY = _table(
    "AuditEntry",
    "audit_entry",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "action": fields.TextField(),
        "actor": JsonColumn(),
        "actor_name": fields.TextField(),
        "at": TimeColumn(),
        "subject_prefix": fields.TextField(null=True),
        "subject_id": UuidColumn(null=True),
        "before": JsonColumn(null=True),
        "after": JsonColumn(null=True),
        "request_id": fields.TextField(null=True),
    },
)
DELIVERY = _table(
    "Delivery",
    "delivery",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "webhook_id": UuidColumn(),
        "event_id": UuidColumn(),
        "event_type": fields.TextField(),
        "environment": fields.TextField(),
        "status": fields.SmallIntField(default=0),
        "next_attempt_at": TimeColumn(),
        "manual_at": TimeColumn(null=True),
        "attempt_count": fields.IntField(default=0),
        "schedule_step": fields.IntField(default=0),
        "lease_token": UuidColumn(null=True),
        "finished_at": TimeColumn(null=True),
        "created_at": TimeColumn(),
        "next_cause": fields.SmallIntField(null=True),
    },
)
EMAIL = _table(
    "Email",
    "email",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "notification_id": UuidColumn(),
        "address": fields.TextField(),
        "status": fields.SmallIntField(default=0),
        "tries": fields.IntField(default=0),
        "next_try_at": TimeColumn(),
        "finished_at": TimeColumn(null=True),
        "error": fields.TextField(null=True),
        "sent_with_id": UuidColumn(null=True),
    },
)
EVENT = _table(
    "Event",
    "event",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "type": fields.TextField(),
        "environment": fields.TextField(),
        "data": fields.TextField(null=True),
        "occurred_at": TimeColumn(),
        "received_at": TimeColumn(),
        "idempotency_key": fields.TextField(null=True),
        "is_test": fields.BooleanField(default=False, db_default=False),
    },
)
EVENT_TYPE = _table(
    "EventType",
    "event_type",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "name": fields.TextField(),
        "description": fields.TextField(null=True),
        "schema": JsonColumn(null=True),
        "is_strict": fields.BooleanField(default=False),
        "sample": JsonColumn(null=True),
        "created_at": TimeColumn(),
        "modified_at": TimeColumn(),
    },
)
JOB = _table(
    "Job",
    "job",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "kind": fields.TextField(),
        "status": fields.SmallIntField(default=0),
        "work": JsonColumn(),
        "position": JsonColumn(null=True),
        "total": fields.IntField(null=True),
        "done": fields.IntField(default=0),
        "error": fields.TextField(null=True),
        "actor": JsonColumn(),
        "run_at": TimeColumn(),
        "created_at": TimeColumn(),
        "finished_at": TimeColumn(null=True),
    },
)
NOTIFICATION = _table(
    "Notification",
    "notification",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "kind": fields.SmallIntField(),
        "webhook_id": UuidColumn(null=True),
        "reason": fields.TextField(null=True),
        "failures": fields.IntField(null=True),
        "failing_since": TimeColumn(null=True),
        "last_status_code": fields.SmallIntField(null=True),
        "backlog": fields.IntField(null=True),
        "sync_set": fields.TextField(null=True),
        "sync_revision": fields.IntField(null=True),
        "created_at": TimeColumn(),
    },
)
SYNC_EVENT = _table(
    "SyncEvent",
    "sync_event",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "kind": fields.SmallIntField(),
        "set_name": fields.TextField(null=True),
        "slug": fields.TextField(null=True),
        "code": fields.TextField(null=True),
        "message": fields.TextField(),
        "file": fields.TextField(null=True),
        "line": fields.IntField(null=True),
        "created_at": TimeColumn(),
    },
)
SYNC_REVISION = _table(
    "SyncRevision",
    "sync_revision",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "set_id": UuidColumn(),
        "number": fields.IntField(),
        "digest": fields.TextField(),
        "snapshot": JsonColumn(),
        "policy": JsonColumn(null=True),
        "restores": fields.IntField(null=True),
        "changes": JsonColumn(),
        "commit": fields.TextField(null=True),
        "branch": fields.TextField(null=True),
        "author": fields.TextField(null=True),
        "message": fields.TextField(null=True),
        "run_url": fields.TextField(null=True),
        "repository": fields.TextField(null=True),
        "is_dirty": fields.BooleanField(null=True),
        "actor": JsonColumn(),
        "created": fields.IntField(),
        "updated": fields.IntField(),
        "moved": fields.IntField(default=0),
        "disabled": fields.IntField(),
        "deleted": fields.IntField(default=0),
        "idempotency_key": fields.TextField(null=True),
        "applied_at": TimeColumn(),
    },
)
SYNC_SET = _table(
    "SyncSet",
    "sync_set",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "name": fields.CharField(max_length=63),
        "revision_number": fields.IntField(default=0),
        "commit": fields.TextField(null=True),
        "committed_at": TimeColumn(null=True),
        "policy": JsonColumn(null=True),
        "last_applied_at": TimeColumn(null=True),
        "receipt": fields.TextField(null=True),
        "receipt_webhooks": fields.IntField(null=True),
        "receipt_versions": fields.BigIntField(null=True),
    },
)
SYNC_SOURCE = _table(
    "SyncSource",
    "sync_source",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "path": fields.TextField(),
        "leader": UuidColumn(null=True),
        "leased_until": TimeColumn(),
        "interval_seconds": fields.FloatField(),
        "set_name": fields.TextField(null=True),
        "commit": fields.TextField(null=True),
        "problem": JsonColumn(null=True),
        "degraded_at": TimeColumn(null=True),
        "checked_at": TimeColumn(null=True),
        "applied_at": TimeColumn(null=True),
        "drift_count": fields.IntField(default=0),
    },
)
TOKEN = _table(
    "Token",
    "token",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "name": fields.CharField(max_length=100),
        "name_key": fields.TextField(null=True),
        "digest": BytesColumn(),
        "last_four": fields.CharField(max_length=4),
        "scopes": LinesColumn(),
        "created_at": TimeColumn(),
        "expires_at": TimeColumn(null=True),
        "last_used_at": TimeColumn(null=True),
        "revoked_at": TimeColumn(null=True),
    },
)
WEBHOOK = _table(
    "Webhook",
    "webhook",
    {
        "id": _key(),
        "workspace_id": UuidColumn(),
        "slug": fields.CharField(max_length=63),
        "name": fields.CharField(max_length=100),
        "description": fields.TextField(null=True),
        "url": fields.TextField(),
        "is_active": fields.BooleanField(default=True),
        "environments": LinesColumn(),
        "events": LinesColumn(),
        "labels": LinesColumn(),
        "headers": JsonColumn(),
        "secret_header_name": fields.TextField(null=True),
        "secret_header_sealed": fields.TextField(null=True),
        "basic_auth_username": fields.TextField(null=True),
        "basic_auth_sealed": fields.TextField(null=True),
        "timeout_ms": fields.IntField(),
        "concurrency": fields.IntField(),
        "retry_schedule": JsonColumn(),
        "signing_secrets": JsonColumn(),
        "version": fields.IntField(default=1),
        "created_at": TimeColumn(),
        "created_by": JsonColumn(),
        "modified_at": TimeColumn(),
        "modified_by": JsonColumn(),
        "deleted_at": TimeColumn(null=True),
        "consecutive_failures": fields.IntField(default=0),
        "failing_since": TimeColumn(null=True),
        "last_attempt_at": TimeColumn(null=True),
        "last_success_at": TimeColumn(null=True),
        "last_status_code": fields.SmallIntField(null=True),
        "sync_set": fields.CharField(null=True, max_length=63),
        "sync_file": fields.TextField(null=True),
        "sync_line": fields.IntField(null=True),
        "sync_commit": fields.TextField(null=True),
        "sync_applied": JsonColumn(null=True),
        "sync_removed_at": TimeColumn(null=True),
        "auto_disable_failures": fields.IntField(null=True, default=10, db_default=10),
        "auto_disable_seconds": fields.IntField(default=172800, db_default=172800),
        "auto_disabled_at": TimeColumn(null=True),
        "auto_disabled_reason": fields.TextField(null=True),
        "consecutive_gone": fields.IntField(default=0, db_default=0),
        "event_filter": JsonColumn(null=True),
        "exhausted_count": fields.IntField(default=0, db_default=0),
        "exhausted_notified_at": TimeColumn(null=True),
        "notification_emails": LinesColumn(default=(), db_default="\n"),
        "notify_on": LinesColumn(default=("AUTO_DISABLED",), db_default="\nAUTO_DISABLED\n"),
        "paced_until": TimeColumn(null=True),
        "listener_expires_at": TimeColumn(null=True),
        "payload_content_type": fields.TextField(
            default="application/json", db_default="application/json"
        ),
        "payload_template": fields.TextField(null=True),
        "rate_per_minute": fields.IntField(null=True),
        "warned_at": TimeColumn(null=True),
    },
)
WORKSPACE = _table(
    "Workspace",
    "workspace",
    {
        "id": _key(),
        "slug": fields.CharField(max_length=63),
        "name": fields.CharField(max_length=100),
        "match_version": fields.BigIntField(default=1),
        "created_at": TimeColumn(),
        "strict_event_types": fields.BooleanField(default=False, db_default=False),
    },
)

TABLES = (
    ATTEMPT,
    AUDIT_ENTRY,
    DELIVERY,
    EMAIL,
    EVENT,
    EVENT_TYPE,
    JOB,
    NOTIFICATION,
    SYNC_EVENT,
    SYNC_REVISION,
    SYNC_SET,
    SYNC_SOURCE,
    TOKEN,
    WEBHOOK,
    WORKSPACE,
)
