"""Fields of a webhook, without the edges to its deliveries and attempts, which are in graph. Never
shows a secret.
"""

from datetime import datetime, timedelta
from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from api.auth import require
from api.schema.header import Header, Label
from api.schema.node import Actor, Info, Node, actor_of, node_id
from api.schema.notification_kind import NotificationKind
from api.schema.webhook_parts import (
    AutoDisablePolicy,
    BasicAuth,
    EventPattern,
    RetryPolicy,
    SecretHeader,
    Signing,
    SyncOrigin,
    WebhookHealth,
    WebhookStatus,
    auto_disable_of,
    health_of,
    origin_of,
    signing_of,
    status_of,
)
from api.schema.webhook_stats import StatsBucket, StatsStep, stats_of
from hookline.form.rates import Rate
from hookline.models import Webhook as WebhookRow
from hookline.webhooks.columns import labels_of


@strawberry.type
class WebhookFields(Node):
    slug: str = strawberry.field(description="Its short name, unique among the living.")
    name: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(description="What it is for.")
    url: str = strawberry.field(description="Where events are sent.")
    active: bool = strawberry.field(description="Whether people want it to receive events.")
    status: WebhookStatus = strawberry.field(description="What it does now.")
    environments: list[str] = strawberry.field(description="The environments whose events it gets.")
    events: list[str] = strawberry.field(
        description="Which events it gets: patterns object.model.action; * stands for any one "
        "segment."
    )
    filter: JSON | None = strawberry.field(
        description="A condition on the event, beside the patterns; null: none."
    )
    headers: list[Header] = strawberry.field(description="Headers sent with every request.")
    secret_header: SecretHeader | None = strawberry.field(
        description="A header whose value is secret."
    )
    basic_auth: BasicAuth | None = strawberry.field(
        description="Credentials sent as Authorization: Basic."
    )
    payload_template: str | None = strawberry.field(
        description="The template of the request's body; null: the event as JSON."
    )
    payload_content_type: str = strawberry.field(description="The body's content type.")
    timeout: timedelta = strawberry.field(description="How long one attempt may take.")
    concurrency: int = strawberry.field(
        description="How many requests may be on the wire at a time."
    )
    rate_limit: Rate | None = strawberry.field(
        description="The most requests in a time; null: no limit."
    )
    retry: RetryPolicy = strawberry.field(description="When a failed delivery is tried again.")
    auto_disable: AutoDisablePolicy | None = strawberry.field(
        description="When failing turns it off by itself; null: never."
    )
    notification_emails: list[str] = strawberry.field(description="Whom to write about it.")
    notify_on: list[NotificationKind] = strawberry.field(description="What is written about.")
    signing: Signing = strawberry.field(description="How requests are signed.")
    labels: list[Label] = strawberry.field(description="Keys and values of your own, by key.")
    health: WebhookHealth = strawberry.field(description="How sending to it goes.")
    managed_by: SyncOrigin | None = strawberry.field(
        description="The YAML file that owns it; null for one that people own."
    )
    version: int = strawberry.field(
        description="Rises with every change by people or a sync. Give it back as ifVersion to "
        "hear of a concurrent edit."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: Actor = strawberry.field(description="Who made it.")
    modified_at: datetime = strawberry.field(description="When it was changed last.")
    modified_by: Actor = strawberry.field(description="Who changed it last.")
    deleted_at: datetime | None = strawberry.field(
        description="When it was deleted. Its log can be read as long as it lives."
    )
    row: strawberry.Private[WebhookRow]

    @strawberry.field(description="The same as events, in parts.")
    def event_patterns(self) -> list[EventPattern]:
        return [
            EventPattern(object=first, model=second, action=third)
            for first, second, third in (text.split(".") for text in self.row.events)
        ]

    @strawberry.field(
        description="Attempts by time, out of counters: every step, empty ones too. Needs the "
        "scope deliveries:read."
    )
    async def stats(
        self,
        info: Info,
        since: Annotated[
            datetime, strawberry.argument(description="From the step that this time is in.")
        ],
        step: Annotated[
            StatsStep,
            strawberry.argument(description="How long a step is. Minutes reach back 48 hours."),
        ],
        until: Annotated[
            datetime | None,
            strawberry.argument(description="To the step before this time; left out: now."),
        ] = None,
    ) -> list[StatsBucket]:
        require(info, "deliveries:read")
        return await stats_of(info, self.row.id, since, step, until)

    @classmethod
    def of(cls, row: WebhookRow) -> Self:
        return cls(
            id=node_id("wh", row.id),
            slug=row.slug,
            name=row.name,
            description=row.description,
            url=row.url,
            active=row.is_active,
            status=status_of(row),
            environments=list(row.environments),
            events=list(row.events),
            headers=[
                Header(name=header["name"], value=header.get("value")) for header in row.headers
            ],
            secret_header=SecretHeader(name=row.secret_header_name)
            if row.secret_header_name
            else None,
            basic_auth=BasicAuth(username=row.basic_auth_username)
            if row.basic_auth_username
            else None,
            timeout=timedelta(milliseconds=row.timeout_ms),
            concurrency=row.concurrency,
            filter=row.event_filter,
            payload_template=row.payload_template,
            payload_content_type=row.payload_content_type,
            rate_limit=Rate(row.rate_per_minute) if row.rate_per_minute else None,
            retry=RetryPolicy(
                schedule=[timedelta(seconds=seconds) for seconds in row.retry_schedule]
            ),
            auto_disable=auto_disable_of(row),
            notification_emails=list(row.notification_emails),
            notify_on=[NotificationKind[name] for name in row.notify_on],
            signing=signing_of(row),
            labels=[Label(key=key, value=value) for key, value in labels_of(row)],
            health=health_of(row),
            managed_by=origin_of(row),
            version=row.version,
            created_at=row.created_at,
            created_by=actor_of(row.created_by),
            modified_at=row.modified_at,
            modified_by=actor_of(row.modified_by),
            deleted_at=row.deleted_at,
            row=row,
        )
