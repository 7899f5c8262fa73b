"""Values of the activity log: the kinds of its entries, and what a feed gives to its followers."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple
from uuid import UUID

from hookline.models import Attempt, Notification, Webhook


class ActivityKind(IntEnum):
    """`activity.kind`: what happened to the subject (an attempt, a webhook, a revision of a set, a
    notification).
    """

    ATTEMPT = 1
    WEBHOOK_CREATED = 10
    WEBHOOK_UPDATED = 11
    WEBHOOK_ACTIVATED = 12
    WEBHOOK_DEACTIVATED = 13
    WEBHOOK_AUTO_DISABLED = 14
    WEBHOOK_DELETED = 15
    SYNC_APPLIED = 20
    NOTIFICATION = 30


Subject = Attempt | Webhook | Notification


class Entry(NamedTuple):
    """A row of `activity`."""

    position: int
    kind: int
    subject_id: UUID
    webhook_id: UUID | None


class ActivityEvent(NamedTuple):
    """An activity event with its subject. row: the attempt, the notification, or the webhook as it
    is now.
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
