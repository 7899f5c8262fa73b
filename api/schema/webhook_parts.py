"""Parts of a webhook that have fields of their own: status, signing, health, policies, origin.
Called by webhook_fields. Never shows a secret.
"""

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import strawberry

from api.schema.node import Info
from hookline import clock
from hookline.models import Webhook as WebhookRow
from hookline.notifications.notices import disabled_sentence
from hookline.webhooks.columns import live_secrets, signing_algorithm


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


@strawberry.type(description="The YAML file that owns a webhook.")
class SyncOrigin:
    set: str = strawberry.field(description="The set that the file describes.")
    file: str | None = strawberry.field(description="The file.")
    line: int | None = strawberry.field(description="The line where the webhook begins.")
    commit: str | None = strawberry.field(description="The commit that was applied last.")
    locked_fields: list[str] = strawberry.field(
        description="The fields that the file sets: a change by hand needs force and a reason."
    )


@strawberry.input(description="A header whose value is secret.")
class SecretHeaderInput:
    name: str = strawberry.field(description="The header's name.")
    value: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Its value: stored sealed, never shown. Left out in an update: kept.",
    )


@strawberry.input(description="Credentials sent as Authorization: Basic.")
class BasicAuthInput:
    username: str = strawberry.field(description="The user's name, without a colon.")
    password: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The password: stored sealed, never shown. Left out in an update: kept.",
    )


@strawberry.input(description="When a failed delivery is tried again.")
class RetryInput:
    schedule: list[timedelta] = strawberry.field(
        description="The pause before each retry: 1 to 20 of 1s to 48h."
    )


@strawberry.input(
    description="When failing turns a webhook off by itself. {} is the default policy."
)
class AutoDisableInput:
    failures: int | None = strawberry.field(
        default=10, description="After how many failed attempts in a row, 1 to 10,000."
    )
    over: timedelta | None = strawberry.field(
        default=timedelta(days=2), description="And how long after the first of them, 1s to 30d."
    )


def signing_of(row: WebhookRow) -> Signing:
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


def status_of(row: WebhookRow) -> WebhookStatus:
    if not row.is_active or row.deleted_at is not None:
        return WebhookStatus.INACTIVE
    return WebhookStatus.ACTIVE if row.auto_disabled_at is None else WebhookStatus.AUTO_DISABLED


def health_of(row: WebhookRow) -> WebhookHealth:
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


def origin_of(row: WebhookRow) -> SyncOrigin | None:
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
