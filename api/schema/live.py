"""Subscriptions: attempts and changes of webhooks, replayed after a cursor and then live.
hookline.activity.feed does the following.
"""

from collections.abc import AsyncIterable
from enum import Enum
from typing import Annotated

import strawberry

from api.auth import require
from api.execution.live import Live
from api.schema.enums import AttemptOutcome
from api.schema.graph import Attempt, Notification, Webhook
from api.schema.node import Info, key_of
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


@strawberry.type(description="An attempt that has ended, or a gap.")
class AttemptEvent:
    cursor: str = strawberry.field(
        description="Its place: subscribe `after` it to go on from here."
    )
    gap: bool = strawberry.field(
        description="true: something may be missing before this place, and node is null. Query, "
        "then go on."
    )
    node: Attempt | None = strawberry.field(description="The attempt.")


@strawberry.type(description="A change of a webhook, or a gap.")
class WebhookChangeEvent:
    cursor: str = strawberry.field(
        description="Its place: subscribe `after` it to go on from here."
    )
    gap: bool = strawberry.field(
        description="true: something may be missing before this place, and kind and node are "
        "null. Query, then go on."
    )
    kind: WebhookChangeKind | None = strawberry.field(description="What happened.")
    node: Webhook | None = strawberry.field(description="The webhook as it is now.")


@strawberry.type(description="A notification, or a gap.")
class NotificationEvent:
    cursor: str = strawberry.field(
        description="Its place: subscribe `after` it to go on from here."
    )
    gap: bool = strawberry.field(
        description="true: something may be missing before this place, and node is null. Query, "
        "then go on."
    )
    node: Notification | None = strawberry.field(description="The notification.")


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
        position = None if after is None else decode_cursor(after)
        outcomes = frozenset(int(wanted) for wanted in outcome or ()) or None

        def is_wanted(row: AttemptRow) -> bool:
            return (outcomes is None or row.outcome in outcomes) and environment in (
                None,
                row.environment,
            )

        def event_of(event: ActivityEvent | Gap) -> AttemptEvent | None:
            cursor = encode_cursor(event.position)
            if isinstance(event, Gap):
                return AttemptEvent(cursor=cursor, gap=True, node=None)
            row = event.row
            return (
                AttemptEvent(cursor=cursor, gap=False, node=Attempt.of(row))
                if isinstance(row, AttemptRow) and is_wanted(row)
                else None
            )

        return Live(
            info.context.runtime.feeds,
            actor.workspace_id,
            position,
            frozenset({Kind.ATTEMPT}),
            key,
            event_of,
        )

    @strawberry.subscription(
        description="Each change of a webhook, once. Needs the scope webhooks:read."
    )
    def webhook_changes(self, info: Info, after: After = None) -> AsyncIterable[WebhookChangeEvent]:
        actor = require(info, "webhooks:read")
        position = None if after is None else decode_cursor(after)

        def event_of(event: ActivityEvent | Gap) -> WebhookChangeEvent | None:
            cursor = encode_cursor(event.position)
            if isinstance(event, Gap):
                return WebhookChangeEvent(cursor=cursor, gap=True, kind=None, node=None)
            if not isinstance(event.row, WebhookRow):
                return None
            return WebhookChangeEvent(
                cursor=cursor, gap=False, kind=CHANGES[event.kind], node=Webhook.of(event.row)
            )

        return Live(
            info.context.runtime.feeds,
            actor.workspace_id,
            position,
            frozenset(CHANGES),
            None,
            event_of,
        )

    @strawberry.subscription(
        description="Each notification, once. Needs the scope deliveries:read."
    )
    def notifications(self, info: Info, after: After = None) -> AsyncIterable[NotificationEvent]:
        actor = require(info, "deliveries:read")
        position = None if after is None else decode_cursor(after)

        def event_of(event: ActivityEvent | Gap) -> NotificationEvent | None:
            cursor = encode_cursor(event.position)
            if isinstance(event, Gap):
                return NotificationEvent(cursor=cursor, gap=True, node=None)
            row = event.row
            return (
                NotificationEvent(cursor=cursor, gap=False, node=Notification.of(row))
                if isinstance(row, NotificationRow)
                else None
            )

        return Live(
            info.context.runtime.feeds,
            actor.workspace_id,
            position,
            frozenset({Kind.NOTIFICATION}),
            None,
            event_of,
        )
