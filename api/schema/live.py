"""Subscriptions: attempts and changes of webhooks, replayed after a cursor and then live. hookline.activity does the following."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import Enum
from typing import Annotated

import strawberry

from api.auth import require
from api.schema.attempt import Attempt
from api.schema.attempt_filter import AttemptOutcome
from api.schema.node import Info, key_of
from api.schema.webhook import Webhook
from hookline.activity import Gap, Happening, decode_cursor, encode_cursor
from hookline.changes import Kind
from hookline.models import Attempt as AttemptRow
from hookline.models import AttemptOutcome as StoredOutcome
from hookline.models import Webhook as WebhookRow

After = Annotated[
    str | None,
    strawberry.argument(
        description="A cursor of an event or of liveCursor: what happened since is replayed first, at most 10,000 happenings. Left out: from now on."
    ),
]


@strawberry.enum(description="What happened to a webhook.")
class WebhookChangeKind(Enum):
    CREATED = strawberry.enum_value("CREATED", description="It was made.")
    UPDATED = strawberry.enum_value("UPDATED", description="Something of it was changed.")
    ACTIVATED = strawberry.enum_value("ACTIVATED", description="It was turned on.")
    DEACTIVATED = strawberry.enum_value("DEACTIVATED", description="It was turned off.")
    DELETED = strawberry.enum_value("DELETED", description="It was deleted.")


CHANGES = {
    Kind.WEBHOOK_CREATED: WebhookChangeKind.CREATED,
    Kind.WEBHOOK_UPDATED: WebhookChangeKind.UPDATED,
    Kind.WEBHOOK_ACTIVATED: WebhookChangeKind.ACTIVATED,
    Kind.WEBHOOK_DEACTIVATED: WebhookChangeKind.DEACTIVATED,
    Kind.WEBHOOK_DELETED: WebhookChangeKind.DELETED,
}


@strawberry.type(description="An attempt that has ended, or a gap.")
class AttemptEvent:
    cursor: str = strawberry.field(description="Its place: subscribe `after` it to go on from here.")
    gap: bool = strawberry.field(description="true: something may be missing before this place, and node is null. Query, then go on.")
    node: Attempt | None = strawberry.field(description="The attempt.")


@strawberry.type(description="A change of a webhook, or a gap.")
class WebhookChangeEvent:
    cursor: str = strawberry.field(description="Its place: subscribe `after` it to go on from here.")
    gap: bool = strawberry.field(description="true: something may be missing before this place, and kind and node are null. Query, then go on.")
    kind: WebhookChangeKind | None = strawberry.field(description="What happened.")
    node: Webhook | None = strawberry.field(description="The webhook as it is now.")


@strawberry.type
class LiveSubscription:
    @strawberry.subscription(description="Each attempt, once, when it has ended. Needs the scope deliveries:read.")
    def attempts(
        self,
        info: Info,
        webhook_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only to this webhook.")] = None,
        outcome: Annotated[list[AttemptOutcome] | None, strawberry.argument(description="Only those that ended in one of these ways.")] = None,
        environment: Annotated[str | None, strawberry.argument(description="Only of this environment.")] = None,
        after: After = None,
    ) -> AsyncGenerator[AttemptEvent, None]:
        principal = require(info, "deliveries:read")
        key = None if webhook_id is None else key_of("wh", webhook_id)
        position = None if after is None else decode_cursor(after)
        outcomes = frozenset(int(StoredOutcome[wanted.name]) for wanted in outcome or ()) or None

        def is_wanted(row: AttemptRow) -> bool:
            return (outcomes is None or row.outcome in outcomes) and environment in (None, row.environment)

        async def events() -> AsyncGenerator[AttemptEvent, None]:
            following = info.context.runtime.feeds.follow(principal.workspace_id, position, (Kind.ATTEMPT,), key)
            async for happening in _one_by_one(following):
                if isinstance(happening, Gap):
                    yield AttemptEvent(cursor=encode_cursor(happening.position), gap=True, node=None)
                elif isinstance(happening.row, AttemptRow) and is_wanted(happening.row):
                    yield AttemptEvent(cursor=encode_cursor(happening.position), gap=False, node=Attempt.of(happening.row))

        return events()

    @strawberry.subscription(description="Each change of a webhook, once. Needs the scope webhooks:read.")
    def webhook_changes(self, info: Info, after: After = None) -> AsyncGenerator[WebhookChangeEvent, None]:
        principal = require(info, "webhooks:read")
        position = None if after is None else decode_cursor(after)

        async def events() -> AsyncGenerator[WebhookChangeEvent, None]:
            following = info.context.runtime.feeds.follow(principal.workspace_id, position, CHANGES)
            async for happening in _one_by_one(following):
                if isinstance(happening, Gap):
                    yield WebhookChangeEvent(cursor=encode_cursor(happening.position), gap=True, kind=None, node=None)
                elif isinstance(happening.row, WebhookRow):
                    node = Webhook.of(happening.row)
                    yield WebhookChangeEvent(cursor=encode_cursor(happening.position), gap=False, kind=CHANGES[happening.kind], node=node)

        return events()


async def _one_by_one(following: AsyncGenerator[list[Happening] | Gap, None]) -> AsyncGenerator[Happening | Gap, None]:
    async with aclosing(following) as steps:
        async for step in steps:
            for happening in [step] if isinstance(step, Gap) else step:
                yield happening
