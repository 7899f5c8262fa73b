"""Tables that people and the API see, as Tortoise models. The engine's own tables (pump, activity,
idempotency), and every index, are plain SQL in the migrations: Tortoise 1.1.9 does not emit the
constraints of a new model.
"""

from hookline.models.audit import AuditEntry
from hookline.models.delivery import (
    Attempt,
    AttemptCause,
    AttemptOutcome,
    Delivery,
    DeliveryState,
    NextCause,
)
from hookline.models.event import Event
from hookline.models.event_type import EventType
from hookline.models.job import Job, JobStatus
from hookline.models.notification import Email, EmailStatus, Notification, NotificationKind
from hookline.models.sync import SyncEvent, SyncRevision, SyncSet, SyncSource
from hookline.models.token import Token
from hookline.models.webhook import Webhook
from hookline.models.workspace import Workspace

__all__ = [
    "Attempt",
    "AttemptCause",
    "AttemptOutcome",
    "AuditEntry",
    "Delivery",
    "DeliveryState",
    "Email",
    "EmailStatus",
    "Event",
    "EventType",
    "Job",
    "JobStatus",
    "NextCause",
    "Notification",
    "NotificationKind",
    "SyncEvent",
    "SyncRevision",
    "SyncSet",
    "SyncSource",
    "Token",
    "Webhook",
    "Workspace",
]
