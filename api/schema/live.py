"""Subscriptions: attempts and changes of webhooks, replayed after a cursor and then live.
hookline.activity.feed does the following.
"""

from collections.abc import AsyncIterable, Callable
from enum import Enum
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry

from api.auth import require
from api.execution.live import Live
from api.schema.enums import AttemptOutcome
from api.schema.graph import Attempt, Notification, Webhook
from api.schema.node import Info, key_of
from hookline.access.actor import Actor
from hookline.activity.events import ActivityEvent, Gap, Kind
from hookline.activity.feed import decode_cursor, encode_cursor
from hookline.models import Attempt as AttemptRow
from hookline.models import Notification as NotificationRow
from hookline.models import Webhook as WebhookRow

After = Annotated[
    str | None,
    strawberry.argument(
        description="A cursor of an event or of liveCursor: what happened since is replayed "
        "first, at most 10,000 events. Left out: from now on."
    ),
]

Event = TypeVar("Event", bound="LiveEvent")


@strawberry.enum(description="What happened to a webhook.")
class WebhookChangeKind(Enum):
    CREATED = strawberry.enum_value("CREATED", description="It was made.")
    UPDATED = strawberry.enum_value("UPDATED", description="Something of it was changed.")
    ACTIVATED = strawberry.enum_value("ACTIVATED", description="It was turned on.")
    DEACTIVATED = strawberry.enum_value("DEACTIVATED", description="It was turned off.")
    AUTO_DISABLED = strawberry.enum_value(
        "AUTO_DISABLED", description="It kept failing and was turned off by itself."
    )
    DELETED = strawberry.enum_value("DELETED", description="It was deleted.")


CHANGES = {
    Kind.WEBHOOK_CREATED: WebhookChangeKind.CREATED,
    Kind.WEBHOOK_UPDATED: WebhookChangeKind.UPDATED,
    Kind.WEBHOOK_ACTIVATED: WebhookChangeKind.ACTIVATED,
    Kind.WEBHOOK_DEACTIVATED: WebhookChangeKind.DEACTIVATED,
    Kind.WEBHOOK_AUTO_DISABLED: WebhookChangeKind.AUTO_DISABLED,
    Kind.WEBHOOK_DELETED: WebhookChangeKind.DELETED,
}


@strawberry.type
class LiveEvent:
    cursor: str = strawberry.field(
        description="Its place: subscribe `after` it to go on from here."
    )
    gap: bool = strawberry.field(
        default=False,
        description="true: something may be missing before this place, and all other fields are "
        "null. Query, then go on.",
    )


@strawberry.type(description="An attempt that has ended, or a gap.")
class AttemptEvent(LiveEvent):
    node: Attempt | None = strawberry.field(default=None, description="The attempt.")


@strawberry.type(description="A change of a webhook, or a gap.")
class WebhookChangeEvent(LiveEvent):
    kind: WebhookChangeKind | None = strawberry.field(default=None, description="What happened.")
    node: Webhook | None = strawberry.field(default=None, description="The webhook as it is now.")


@strawberry.type(description="A notification, or a gap.")
class NotificationEvent(LiveEvent):
    node: Notification | None = strawberry.field(default=None, description="The notification.")


@strawberry.type
class LiveSubscription:
    @strawberry.subscription(
        description="Each attempt, once, when it has ended. Needs the scope deliveries:read."
    )
    def attempts(
        self,
        info: Info,
        webhook_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only to this webhook.")
        ] = None,
        outcome: Annotated[
            list[AttemptOutcome] | None,
            strawberry.argument(description="Only those that ended in one of these ways."),
        ] = None,
        environment: Annotated[
            str | None, strawberry.argument(description="Only of this environment.")
        ] = None,
        after: After = None,
    ) -> AsyncIterable[AttemptEvent]:
        actor = require(info, "deliveries:read")
        key = None if webhook_id is None else key_of("wh", webhook_id)
        outcomes = frozenset(int(wanted) for wanted in outcome or ()) or None

        def event_of(event: ActivityEvent, cursor: str) -> AttemptEvent | None:
            row = event.row
            if not isinstance(row, AttemptRow) or environment not in (None, row.environment):
                return None
            if outcomes is not None and row.outcome not in outcomes:
                return None
            return AttemptEvent(cursor=cursor, node=Attempt.of(row))

        kinds = frozenset({Kind.ATTEMPT})
        return _live(info, actor, after, kinds, AttemptEvent, event_of, key)

    @strawberry.subscription(
        description="Each change of a webhook, once. Needs the scope webhooks:read."
    )
    def webhook_changes(self, info: Info, after: After = None) -> AsyncIterable[WebhookChangeEvent]:
        actor = require(info, "webhooks:read")

        def event_of(event: ActivityEvent, cursor: str) -> WebhookChangeEvent | None:
            if not isinstance(event.row, WebhookRow):
                return None
            kind = CHANGES[event.kind]
            return WebhookChangeEvent(cursor=cursor, kind=kind, node=Webhook.of(event.row))

        return _live(info, actor, after, frozenset(CHANGES), WebhookChangeEvent, event_of)

    @strawberry.subscription(
        description="Each notification, once. Needs the scope deliveries:read."
    )
    def notifications(self, info: Info, after: After = None) -> AsyncIterable[NotificationEvent]:
        actor = require(info, "deliveries:read")

        def event_of(event: ActivityEvent, cursor: str) -> NotificationEvent | None:
            if not isinstance(event.row, NotificationRow):
                return None
            return NotificationEvent(cursor=cursor, node=Notification.of(event.row))

        kinds = frozenset({Kind.NOTIFICATION})
        return _live(info, actor, after, kinds, NotificationEvent, event_of)


def _live(
    info: Info,
    actor: Actor,
    after: str | None,
    kinds: frozenset[Kind],
    gap: type[Event],
    event_of: Callable[[ActivityEvent, str], Event | None],
    webhook_id: UUID | None = None,
) -> Live[Event]:
    """Follows activity events as GraphQL's. event_of: makes one of an activity event and its
    cursor; gap: the type that stands for a gap.
    """

    def made(event: ActivityEvent | Gap) -> Event | None:
        cursor = encode_cursor(event.position)
        return gap(cursor=cursor, gap=True) if isinstance(event, Gap) else event_of(event, cursor)

    position = None if after is None else decode_cursor(after)
    return Live(info.context.runtime.feeds, actor.workspace_id, position, kinds, webhook_id, made)
