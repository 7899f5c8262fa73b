"""Webhooks as people read them: the type and its parts. Lists are in webhook_list, changes in
webhook_change. Never shows a secret.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from api.auth import require
from api.schema import attempt, attempt_filter, delivery, delivery_filter
from api.schema.attempt_filter import AttemptFilter
from api.schema.connections import After, Before, Connection, First, Last, page
from api.schema.cursors import NEWEST_FIRST
from api.schema.delivery_filter import DeliveryFilter
from api.schema.header import Header, Label
from api.schema.node import Actor, Info, Node, actor_of, node_id
from api.schema.notification_kind import NotificationKind
from hookline import clock
from hookline.deliveries import statistics
from hookline.form.rates import Rate
from hookline.models import Webhook as WebhookRow
from hookline.notifications.notices import disabled_sentence
from hookline.webhooks.columns import labels_of, live_secrets, signing_algorithm

if TYPE_CHECKING:
    from api.schema.attempt import Attempt
    from api.schema.delivery import Delivery

AnyAttempt = Annotated["Attempt", strawberry.lazy("api.schema.attempt")]
AnyDelivery = Annotated["Delivery", strawberry.lazy("api.schema.delivery")]


@strawberry.enum(description="What a webhook does now.")
class WebhookStatus(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="It receives events.")
    INACTIVE = strawberry.enum_value(
        "INACTIVE", description="It is off: what is open is held, new events pass it by."
    )
    AUTO_DISABLED = strawberry.enum_value(
        "AUTO_DISABLED",
        description="It kept failing and was turned off by itself, with what INACTIVE means. "
        "`active: true` turns it on again.",
    )


@strawberry.type(description="An event pattern in its three parts; * stands for any one segment.")
class EventPattern:
    object: str = strawberry.field(description="The first part.")
    model: str = strawberry.field(description="The second part.")
    action: str = strawberry.field(description="The third part.")


@strawberry.type(description="A header whose value is never shown.")
class SecretHeader:
    name: str = strawberry.field(description="The header's name.")


@strawberry.type(description="Credentials whose password is never shown.")
class BasicAuth:
    username: str = strawberry.field(description="The user's name.")


@strawberry.type(description="When a failed delivery is tried again.")
class RetryPolicy:
    schedule: list[timedelta] = strawberry.field(
        description="The pause before each retry, varied by up to 20 %. After the last one it has "
        "failed."
    )


@strawberry.type(
    description="When failing turns a webhook off by itself. Three answers of 410 in a row do so "
    "as well."
)
class AutoDisablePolicy:
    failures: int = strawberry.field(description="After how many failed attempts in a row.")
    over: timedelta = strawberry.field(
        description="And how long after the first of them, at least."
    )


@strawberry.enum(description="How requests are signed.")
class SigningAlgorithm(Enum):
    HMAC_SHA256 = strawberry.enum_value(
        "HMAC_SHA256", description="HMAC with SHA-256 and a shared secret: v1 of Standard Webhooks."
    )
    ED25519 = strawberry.enum_value(
        "ED25519",
        description="Ed25519: v1a of Standard Webhooks. Receivers check with the public key.",
    )


@strawberry.type(
    description="A secret that signs requests. Its value is shown by webhookSecretReveal only."
)
class SigningSecret:
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(
        description="When it stops signing; null for one that goes on."
    )


@strawberry.type(
    description="How requests are signed, after Standard Webhooks (standardwebhooks.com)."
)
class Signing:
    algorithm: SigningAlgorithm = strawberry.field(
        description="The algorithm of the newest secret."
    )
    public_key: str | None = strawberry.field(
        description="whpk_…, with which receivers check Ed25519 signatures; null for HMAC_SHA256."
    )
    secrets: list[SigningSecret] = strawberry.field(
        description="The secrets that sign now, newest first."
    )


@strawberry.type(
    description="How sending to a webhook goes. A change of URL, headers or secrets, and turning "
    "it on, count failures anew."
)
class WebhookHealth:
    consecutive_failures: int = strawberry.field(
        description="Failed attempts since the last success."
    )
    failing_since: datetime | None = strawberry.field(description="When the first of those began.")
    last_attempt_at: datetime | None = strawberry.field(
        description="When the latest attempt ended."
    )
    last_success_at: datetime | None = strawberry.field(
        description="When the latest successful attempt ended."
    )
    last_status_code: int | None = strawberry.field(
        description="The HTTP status of the latest answer."
    )
    auto_disabled_at: datetime | None = strawberry.field(
        description="When failing turned it off by itself; the counts above are of that moment."
    )
    auto_disabled_reason: str | None = strawberry.field(
        description="Why it was turned off by itself."
    )
    webhook_id: strawberry.Private[UUID]

    @strawberry.field(description="How many deliveries are open, counted up to 10,000.")
    async def backlog(self, info: Info) -> int:
        count: int = await info.context.loaders.backlog.load(self.webhook_id)
        return count


@strawberry.enum(description="How long a step of statistics is.")
class StatsStep(Enum):
    MINUTE = strawberry.enum_value("MINUTE", description="A minute; kept for 48 hours.")
    HOUR = strawberry.enum_value("HOUR", description="An hour.")
    DAY = strawberry.enum_value("DAY", description="A day, in UTC.")


@strawberry.type(description="Attempts that began in one step.")
class StatsBucket:
    start: datetime = strawberry.field(description="When the step begins.")
    attempts: int = strawberry.field(description="How many attempts ended with an outcome.")
    failures: int = strawberry.field(description="How many of them failed.")
    p50_ms: int | None = strawberry.field(
        description="Half of them took no longer, in milliseconds, within 5 %; null without "
        "attempts."
    )
    p95_ms: int | None = strawberry.field(description="95 % of them took no longer.")


@strawberry.type(description="The YAML file that owns a webhook.")
class SyncOrigin:
    set: str = strawberry.field(description="The set that the file describes.")
    file: str | None = strawberry.field(description="The file.")
    line: int | None = strawberry.field(description="The line where the webhook begins.")
    commit: str | None = strawberry.field(description="The commit that was applied last.")
    locked_fields: list[str] = strawberry.field(
        description="The fields that the file sets: a change by hand needs force and a reason."
    )


@strawberry.type(description="Where events are sent, which ones, and how.")
class Webhook(Node):
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
            for first, second, third in (text.split(".") for text in self.events)
        ]

    @strawberry.field(
        description="What was sent to it, newest first. Needs the scope deliveries:read."
    )
    async def attempts(
        self,
        info: Info,
        filter: Annotated[
            AttemptFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AnyAttempt]:
        require(info, "deliveries:read")
        rows = attempt_filter.filtered(
            attempt_filter.rows_of(info).filter(webhook_id=self.row.id), filter
        )
        return await page(
            rows,
            NEWEST_FIRST,
            attempt.Attempt.of,
            first=first,
            after=after,
            last=last,
            before=before,
        )

    @strawberry.field(description="Its deliveries, newest first. Needs the scope deliveries:read.")
    async def deliveries(
        self,
        info: Info,
        filter: Annotated[
            DeliveryFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AnyDelivery]:
        require(info, "deliveries:read")
        rows = delivery_filter.filtered(
            delivery_filter.rows_of(info).filter(webhook_id=self.row.id), filter
        )
        return await page(
            rows,
            NEWEST_FIRST,
            delivery.Delivery.of,
            first=first,
            after=after,
            last=last,
            before=before,
        )

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
        found = await statistics.stats(
            info.context.runtime.database, self.row.id, since, until, statistics.Step[step.name]
        )
        return [
            StatsBucket(
                start=b.start, attempts=b.attempts, failures=b.failures, p50_ms=b.p50, p95_ms=b.p95
            )
            for b in found
        ]

    @classmethod
    def of(cls, row: WebhookRow) -> "Webhook":
        return cls(
            id=node_id("wh", row.id),
            slug=row.slug,
            name=row.name,
            description=row.description,
            url=row.url,
            active=row.is_active,
            status=_status(row),
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
            auto_disable=_auto_disable(row),
            notification_emails=list(row.notification_emails),
            notify_on=[NotificationKind[name] for name in row.notify_on],
            signing=_signing(row),
            labels=[Label(key=key, value=value) for key, value in labels_of(row)],
            health=_health(row),
            managed_by=_origin(row),
            version=row.version,
            created_at=row.created_at,
            created_by=actor_of(row.created_by),
            modified_at=row.modified_at,
            modified_by=actor_of(row.modified_by),
            deleted_at=row.deleted_at,
            row=row,
        )


async def load(info: Info, key: UUID) -> Webhook:
    """The webhook of a delivery or attempt, also a deleted one.

    Raises Forbidden.
    """
    require(info, "webhooks:read")
    return Webhook.of(await info.context.loaders.webhook.load(key))


async def find_webhook(info: Info, key: Any) -> Webhook | None:
    require(info, "webhooks:read")
    row = await info.context.loaders.webhook.load(key)
    return Webhook.of(row) if row else None


def _signing(row: WebhookRow) -> Signing:
    secrets = [
        SigningSecret(
            created_at=datetime.fromisoformat(secret["createdAt"]),
            expires_at=datetime.fromisoformat(secret["expiresAt"]) if secret["expiresAt"] else None,
        )
        for secret in live_secrets(row, clock.now())
    ]
    algorithm = SigningAlgorithm[signing_algorithm(row)]
    return Signing(
        algorithm=algorithm, public_key=row.signing_secrets[0].get("publicKey"), secrets=secrets
    )


def _status(row: WebhookRow) -> WebhookStatus:
    if not row.is_active or row.deleted_at is not None:
        return WebhookStatus.INACTIVE
    return WebhookStatus.ACTIVE if row.auto_disabled_at is None else WebhookStatus.AUTO_DISABLED


def _auto_disable(row: WebhookRow) -> AutoDisablePolicy | None:
    if row.auto_disable_failures is None:
        return None
    return AutoDisablePolicy(
        failures=row.auto_disable_failures, over=timedelta(seconds=row.auto_disable_seconds)
    )


def _health(row: WebhookRow) -> WebhookHealth:
    return WebhookHealth(
        consecutive_failures=row.consecutive_failures,
        failing_since=row.failing_since,
        last_attempt_at=row.last_attempt_at,
        last_success_at=row.last_success_at,
        last_status_code=row.last_status_code,
        auto_disabled_at=row.auto_disabled_at,
        auto_disabled_reason=disabled_sentence(
            row.auto_disabled_reason,
            row.consecutive_failures,
            row.failing_since,
            row.last_status_code,
        ),
        webhook_id=row.id,
    )


def _origin(row: WebhookRow) -> SyncOrigin | None:
    if row.sync_set is None:
        return None
    locked = sorted(row.sync_applied or {})
    return SyncOrigin(
        set=row.sync_set,
        file=row.sync_file,
        line=row.sync_line,
        commit=row.sync_commit,
        locked_fields=locked,
    )
