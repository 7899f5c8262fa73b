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
from api.schema import attempt_filter
from api.schema.enums import AttemptOutcome
from api.schema.filters import check_event
from api.schema.node import Info, key_of
from api.schema.types import Attempt, Notification, Webhook
from hookline.access.actor import Actor
from hookline.activity.cursors import decode_cursor, encode_cursor
from hookline.activity.events import ActivityEvent, ActivityKind, Gap
from hookline.models import Attempt as AttemptRow
from hookline.models import Notification as NotificationRow
from hookline.models import Webhook as WebhookRow

After = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of an event, or of the query `liveCursor`. Later events are "
        "replayed first, at most 10,000. By default only new events are returned."
    ),
]

Event = TypeVar("Event", bound="LiveEvent")


@strawberry.enum(description="Kind of a change of a webhook.")
class WebhookChangeKind(Enum):
    CREATED = strawberry.enum_value("CREATED", description="The webhook was created.")
    UPDATED = strawberry.enum_value("UPDATED", description="Fields of the webhook were changed.")
    ACTIVATED = strawberry.enum_value("ACTIVATED", description="The webhook was activated.")
    DEACTIVATED = strawberry.enum_value("DEACTIVATED", description="The webhook was deactivated.")
    AUTO_DISABLED = strawberry.enum_value(
        "AUTO_DISABLED",
        description="The webhook was disabled automatically because its attempts kept failing.",
    )
    DELETED = strawberry.enum_value("DELETED", description="The webhook was deleted.")


CHANGES = {
    ActivityKind.WEBHOOK_CREATED: WebhookChangeKind.CREATED,
    ActivityKind.WEBHOOK_UPDATED: WebhookChangeKind.UPDATED,
    ActivityKind.WEBHOOK_ACTIVATED: WebhookChangeKind.ACTIVATED,
    ActivityKind.WEBHOOK_DEACTIVATED: WebhookChangeKind.DEACTIVATED,
    ActivityKind.WEBHOOK_AUTO_DISABLED: WebhookChangeKind.AUTO_DISABLED,
    ActivityKind.WEBHOOK_DELETED: WebhookChangeKind.DELETED,
}


@strawberry.type
class LiveEvent:
    cursor: str = strawberry.field(
        description="Cursor of the event, for the argument `after` of a later subscription."
    )
    gap: bool = strawberry.field(
        default=False,
        description="True if events may be missing before this cursor; the other fields are "
        "then null. Query what you need, then continue after the cursor.",
    )


@strawberry.type(description="An attempt that has ended, or a gap.")
class AttemptEvent(LiveEvent):
    node: Attempt | None = strawberry.field(
        default=None, description="The attempt, or null for a gap."
    )


@strawberry.type(description="A change of a webhook, or a gap.")
class WebhookChangeEvent(LiveEvent):
    kind: WebhookChangeKind | None = strawberry.field(
        default=None, description="Kind of the change, or null for a gap."
    )
    node: Webhook | None = strawberry.field(
        default=None, description="The webhook in its present state, or null for a gap."
    )


@strawberry.type(description="A new notification, or a gap.")
class NotificationEvent(LiveEvent):
    node: Notification | None = strawberry.field(
        default=None, description="The notification, or null for a gap."
    )


@strawberry.type
class LiveSubscription:
    @strawberry.subscription(
        description="Returns each attempt once it has ended, by the filter of the list `attempts`. "
        "Requires the scope deliveries:read."
    )
    def attempts(
        self,
        info: Info,
        filter: attempt_filter.Given = None,
        webhook_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Same as `filter.webhookId`."),
        ] = None,
        outcome: Annotated[
            list[AttemptOutcome] | None,
            strawberry.argument(description="Same as `filter.outcome`."),
        ] = None,
        environment: Annotated[
            str | None,
            strawberry.argument(description="Same as `filter.environment`."),
        ] = None,
        after: After = None,
    ) -> AsyncIterable[AttemptEvent]:
        actor = require(info, "deliveries:read")
        asked = attempt_filter.AttemptFilter(
            webhook_id=webhook_id, outcome=outcome, environment=environment
        )
        wanted = filter or attempt_filter.AttemptFilter()
        check_event(info, environment, None)
        check_event(info, wanted.environment, wanted.event_type)
        is_asked, is_wanted = attempt_filter.predicate(asked), attempt_filter.predicate(wanted)
        # The feed looks no further into attempts of other webhooks.
        ids_given = [text for text in (webhook_id, wanted.webhook_id) if text is not None]
        key = key_of("wh", ids_given[0]) if ids_given else None

        def event_of(event: ActivityEvent, cursor: str) -> AttemptEvent | None:
            row = event.row
            if not isinstance(row, AttemptRow) or not (is_asked(row) and is_wanted(row)):
                return None
            return AttemptEvent(cursor=cursor, node=Attempt.of(row))

        kinds = frozenset({ActivityKind.ATTEMPT})
        return live_events(info, actor, after, kinds, AttemptEvent, event_of, key)

    @strawberry.subscription(
        description="Returns each change of a webhook. Requires the scope webhooks:read."
    )
    def webhook_changes(self, info: Info, after: After = None) -> AsyncIterable[WebhookChangeEvent]:
        actor = require(info, "webhooks:read")

        def event_of(event: ActivityEvent, cursor: str) -> WebhookChangeEvent | None:
            if not isinstance(event.row, WebhookRow):
                return None
            kind = CHANGES[event.kind]
            return WebhookChangeEvent(cursor=cursor, kind=kind, node=Webhook.of(event.row))

        return live_events(info, actor, after, frozenset(CHANGES), WebhookChangeEvent, event_of)

    @strawberry.subscription(
        description="Returns each new notification. Requires the scope deliveries:read."
    )
    def notifications(self, info: Info, after: After = None) -> AsyncIterable[NotificationEvent]:
        actor = require(info, "deliveries:read")

        def event_of(event: ActivityEvent, cursor: str) -> NotificationEvent | None:
            if not isinstance(event.row, NotificationRow):
                return None
            return NotificationEvent(cursor=cursor, node=Notification.of(event.row))

        kinds = frozenset({ActivityKind.NOTIFICATION})
        return live_events(info, actor, after, kinds, NotificationEvent, event_of)


def live_events(
    info: Info,
    actor: Actor,
    after: str | None,
    kinds: frozenset[ActivityKind],
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

    # now, and not when it is followed: a wrong cursor is the answer to the subscribe
    position = None if after is None else decode_cursor(after)
    return Live(info.context.runtime.feeds, actor.workspace_id, position, kinds, webhook_id, made)
