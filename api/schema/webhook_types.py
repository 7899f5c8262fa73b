"""Parts of a webhook that have fields of their own: status, signing, health, policies, origin.
Called by webhook_fields.py. Never shows a secret.
"""

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import strawberry

from api.schema.node import Info
from hookline import clock
from hookline.models import Webhook as WebhookRow
from hookline.notifications.notification_texts import disabled_sentence
from hookline.webhooks.columns import live_secrets, signing_algorithm


@strawberry.enum(description="Status of a webhook.")
class WebhookStatus(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="The webhook receives events.")
    INACTIVE = strawberry.enum_value(
        "INACTIVE",
        description="The webhook was deactivated or deleted. New events are not delivered to "
        "it. Open deliveries are held until it is activated, or cancelled after a "
        "deletion.",
    )
    AUTO_DISABLED = strawberry.enum_value(
        "AUTO_DISABLED",
        description="The webhook was disabled automatically because its attempts kept "
        "failing, with the effect of INACTIVE. `webhookSetActive` activates it "
        "again.",
    )


@strawberry.type(description="An event pattern in its three parts. * matches any one segment.")
class EventPattern:
    object: str = strawberry.field(description="First part of the pattern.")
    model: str = strawberry.field(description="Second part of the pattern.")
    action: str = strawberry.field(description="Third part of the pattern.")


@strawberry.type(description="A header whose value is never returned.")
class SecretHeader:
    name: str = strawberry.field(description="Name of the header.")


@strawberry.type(description="Credentials whose password is never returned.")
class BasicAuth:
    username: str = strawberry.field(description="Name of the user.")


@strawberry.type(description="Schedule of the retries of a failed delivery.")
class RetryPolicy:
    schedule: list[timedelta] = strawberry.field(
        description="Pauses before each retry, each varied by up to 20 %. The delivery fails "
        "after the last one."
    )


@strawberry.type(
    description="Policy that disables a failing webhook automatically. Three responses of "
    "410 Gone in a row disable it too."
)
class AutoDisablePolicy:
    failures: int = strawberry.field(
        description="Number of failed attempts in a row that disable the webhook."
    )
    over: timedelta = strawberry.field(
        description="Minimum time since the first of those attempts."
    )


@strawberry.enum(description="Algorithm that signs requests.")
class SigningAlgorithm(Enum):
    HMAC_SHA256 = strawberry.enum_value(
        "HMAC_SHA256",
        description="HMAC with SHA-256 and a shared secret: scheme v1 of Standard Webhooks.",
    )
    ED25519 = strawberry.enum_value(
        "ED25519",
        description="Ed25519 with a key pair: scheme v1a of Standard Webhooks. Receivers "
        "verify with the public key.",
    )


@strawberry.type(
    description="A secret that signs requests. Its value is returned by `webhookSecretReveal` only."
)
class SigningSecret:
    created_at: datetime = strawberry.field(description="Time of creation.")
    expires_at: datetime | None = strawberry.field(
        description="Time at which the secret expires, or null if it does not."
    )


@strawberry.type(
    description="Signing of requests according to Standard Webhooks (standardwebhooks.com)."
)
class Signing:
    algorithm: SigningAlgorithm = strawberry.field(description="Algorithm of the newest secret.")
    public_key: str | None = strawberry.field(
        description="Public key (whpk_…) for verifying Ed25519 signatures. Null for HMAC_SHA256."
    )
    secrets: list[SigningSecret] = strawberry.field(
        description="Secrets that are valid now, newest first."
    )


@strawberry.type(
    description="Health of a webhook. Activating it, or changing its URL, headers or "
    "secrets, resets the failure count."
)
class WebhookHealth:
    consecutive_failures: int = strawberry.field(
        description="Number of failed attempts since the last success. Attempts with the "
        "cause MANUAL or TEST and the errors REFUSED_ADDRESS and TEMPLATE do not count."
    )
    failing_since: datetime | None = strawberry.field(
        description="Time at which the first of those attempts began, or null if there is none."
    )
    last_attempt_at: datetime | None = strawberry.field(
        description="Time at which the latest attempt ended, or null if there was none."
    )
    last_success_at: datetime | None = strawberry.field(
        description="Time at which the latest successful attempt ended, or null if there was none."
    )
    last_status_code: int | None = strawberry.field(
        description="HTTP status code of the latest response, or null if the latest attempt "
        "got none."
    )
    auto_disabled_at: datetime | None = strawberry.field(
        description="Time at which the webhook was disabled automatically, or null if it is "
        "not. The figures above are then those of that time."
    )
    auto_disabled_reason: str | None = strawberry.field(
        description="Reason for which the webhook was disabled automatically, or null if it is not."
    )
    webhook_id: strawberry.Private[UUID]

    @strawberry.field(
        description="Reason for which a secret of the webhook can't be opened, or null if all "
        "can. Meanwhile deliveries stay pending without an attempt; they are sent once the key is "
        "back or the secret is saved again."
    )
    def secrets_error(self, info: Info) -> str | None:
        # As this process sees it: a worker may have other keys.
        target = info.context.runtime.registry.target(self.webhook_id)
        return target.secrets_error if target else None

    @strawberry.field(
        description="Number of distinct events among the failed attempts of "
        "`consecutiveFailures`, as far as the latest 1,000 attempts show them. Failures of a "
        "single event do not disable a webhook, unless its policy asks for one failure only."
    )
    async def failed_events(self, info: Info) -> int:
        count: int = await info.context.loaders.failed_events.load(self.webhook_id)
        return count

    @strawberry.field(description="Number of open deliveries, counted up to 10,000.")
    async def backlog(self, info: Info) -> int:
        count: int = await info.context.loaders.backlog.load(self.webhook_id)
        return count


@strawberry.type(description="The webhooks file (YAML) that owns a webhook.")
class SyncOrigin:
    set: str = strawberry.field(description="Name of the set, the webhooks that one file owns.")
    file: str | None = strawberry.field(description="Name of the file, or null if unknown.")
    line: int | None = strawberry.field(
        description="Line of the webhook in the file, or null if unknown."
    )
    commit: str | None = strawberry.field(
        description="Commit that was applied last, as the caller stated it, or null if unknown."
    )
    locked_fields: list[str] = strawberry.field(
        description="Fields that the file sets. Changing them by mutation requires force and "
        "a reason."
    )
    ignored_fields: list[str] = strawberry.field(
        description="Fields that the file leaves to people (`ignoreChanges`): it gave them to the "
        "new webhook, and no apply compares or writes them."
    )


@strawberry.type(
    description="A temporary webhook whose requests a command takes on somebody's machine "
    "(`hookline listen`). It can be deleted and not be changed."
)
class Listener:
    expires_at: datetime = strawberry.field(
        description="End of its lease, which the command renews while it runs. The webhook is "
        "deleted then."
    )


@strawberry.input(description="A header whose value is secret.")
class SecretHeaderInput:
    name: str = strawberry.field(description="Name of the header.")
    value: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Value of the header. It is stored encrypted and never returned. In an "
        "update, leave it out to keep the present one.",
    )


@strawberry.input(description="Credentials of the header Authorization: Basic.")
class BasicAuthInput:
    username: str = strawberry.field(description="Name of the user, without a colon.")
    password: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Password. It is stored encrypted and never returned. In an update, leave "
        "it out to keep the present one.",
    )


@strawberry.input(description="Schedule of the retries of a failed delivery.")
class RetryInput:
    schedule: list[timedelta] = strawberry.field(
        description="Pauses before each retry: up to 20 of 1s to 48h; none for no retry."
    )


@strawberry.input(
    description="Policy that disables a failing webhook automatically. {} is the default policy."
)
class AutoDisableInput:
    failures: int | None = strawberry.field(
        default=10,
        description="Number of failed attempts in a row that disable the webhook. 1 to 10,000.",
    )
    over: timedelta | None = strawberry.field(
        default=timedelta(days=2),
        description="Minimum time since the first of those attempts. 1s to 30d.",
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
        # the newest secret comes first
        algorithm=algorithm,
        public_key=row.signing_secrets[0].get("publicKey"),
        secrets=secrets,
    )


def status_of(row: WebhookRow) -> WebhookStatus:
    # switched off by a person counts more than turned off by failing
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
        ignored_fields=list(row.sync_ignored or ()),
    )
