"""Values of the activity log: the kinds of its entries, and what a feed gives to its followers."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from hookline.models import Attempt, Notification, SyncEvent, SyncRevision, Webhook


class ActivityKind(IntEnum):
    """`activity.kind`: what happened to the subject (an attempt, a webhook, a revision of a set for
    SYNC_APPLIED, a SyncEvent for the other SYNC kinds, a notification).
    """

    ATTEMPT = 1
    WEBHOOK_CREATED = 10
    WEBHOOK_UPDATED = 11
    WEBHOOK_ACTIVATED = 12
    WEBHOOK_DEACTIVATED = 13
    WEBHOOK_AUTO_DISABLED = 14
    WEBHOOK_DELETED = 15
    SYNC_APPLIED = 20
    SYNC_BLOCKED = 21
    SYNC_FAILED = 22
    SYNC_DRIFTED = 23
    SYNC_SOURCE_DEGRADED = 24
    SYNC_SOURCE_RECOVERED = 25
    NOTIFICATION = 30


SYNC_EVENTS: Final = (
    ActivityKind.SYNC_BLOCKED,
    ActivityKind.SYNC_FAILED,
    ActivityKind.SYNC_DRIFTED,
    ActivityKind.SYNC_SOURCE_DEGRADED,
    ActivityKind.SYNC_SOURCE_RECOVERED,
)
"""Kinds whose subject is a row of `sync_event` (hookline/activity/sync_events.py)."""
Subject = Attempt | Webhook | Notification | SyncRevision | SyncEvent


class Entry(NamedTuple):
    """A row of `activity`."""

    position: int
    kind: int
    subject_id: UUID
    webhook_id: UUID | None


class ActivityEvent(NamedTuple):
    """An activity event with its subject. row: the attempt, the notification, the revision (without
    snapshot and changes), the event of a set, or the webhook as it is now.
    """

    position: int
    kind: ActivityKind
    row: Subject


class Gap(NamedTuple):
    """Something may be missing before this position; what comes after it is whole again."""

    position: int


class SharedBatch(NamedTuple):
    """The next events, encoded once for all members of a shared feed."""

    # Any: as ShareKey.make gave it.
    made: list[Any]


class FeedFilter(NamedTuple):
    """The selection of events that a follower gets."""

    kinds: frozenset[int]
    webhook_id: UUID | None


class FeedBatch(NamedTuple):
    """The events up to a position that a follower wants. is_gap: something may be missing before
    it.
    """

    position: int
    events: Sequence[ActivityEvent] = ()
    is_gap: bool = False
