"""Changes of webhooks: inputs, payloads and mutations. What may stand in a field is said in
hookline.form.fields; the verbs do the work.
"""

from collections.abc import Awaitable
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from api.auth import require
from api.schema.graph import Webhook
from api.schema.header import HeaderInput, LabelInput
from api.schema.node import Info, key_of
from api.schema.notification_kind import NotificationKind
from api.schema.user_error import UserError, user_errors
from api.schema.webhook_parts import SigningAlgorithm
from hookline.access.actor import Actor
from hookline.errors import Refused
from hookline.form.fields import FIELDS
from hookline.form.rates import Rate
from hookline.models import Webhook as WebhookRow
from hookline.webhooks import secrets
from hookline.webhooks.change import (
    delete_webhook,
    release_webhook,
    set_webhook_active,
    update_webhook,
)
from hookline.webhooks.create import create_webhook
from hookline.webhooks.ownership import Force
from hookline.webhooks.secrets import SECRET_OVERLAP

UNSET: Any = strawberry.UNSET  # Any: it stands in for a value of each field's type
EXPECTED_VERSION = (
    "The version that you have read. When somebody has changed the webhook since, "
    "nothing is done: VERSION_CONFLICT."
)
FORCE = (
    "Change by hand what a YAML file owns. Needs a reason and the scope webhooks:force; the "
    "file's next plan shows it as drift."
)
REASON = "Why it is forced."
SLUG = (
    "Its short name: 1 to 63 lower-case letters, digits and hyphens, unique among the living. "
    "Made from the name when left out."
)


def given(default: Any = UNSET, *, of: str) -> Any:  # Any: a dataclass field of whatever type
    """An optional input field that is described where its rule stands. of: its name in the table of
    fields.
    """
    return strawberry.field(default=default, description=FIELDS[of].description)


def needed(of: str) -> Any:  # Any: as above
    return strawberry.field(description=FIELDS[of].description)


@strawberry.input(description="A header whose value is secret.")
class SecretHeaderInput:
    name: str = strawberry.field(description="The header's name.")
    value: str | None = strawberry.field(
        default=UNSET,
        description="Its value: stored sealed, never shown. Left out in an update: kept.",
    )


@strawberry.input(description="Credentials sent as Authorization: Basic.")
class BasicAuthInput:
    username: str = strawberry.field(description="The user's name, without a colon.")
    password: str | None = strawberry.field(
        default=UNSET,
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


@strawberry.input(description="A new webhook.")
class WebhookCreateInput:
    name: str = needed(of="name")
    slug: str | None = strawberry.field(default=UNSET, description=SLUG)
    description: str | None = given(of="description")
    url: str = needed(of="url")
    active: bool | None = given(True, of="active")
    environments: list[str] = needed(of="environments")
    events: list[str] = needed(of="events")
    filter: JSON | None = given(of="filter")
    headers: list[HeaderInput] | None = given(of="headers")
    secret_header: SecretHeaderInput | None = given(of="secretHeader")
    basic_auth: BasicAuthInput | None = given(of="basicAuth")
    payload_template: str | None = given(of="payloadTemplate")
    payload_content_type: str | None = given(of="payloadContentType")
    timeout: timedelta | None = given(of="timeout")
    concurrency: int | None = given(of="concurrency")
    rate_limit: Rate | None = given(of="rateLimit")
    retry: RetryInput | None = given(of="retry")
    auto_disable: AutoDisableInput | None = strawberry.field(
        default_factory=AutoDisableInput, description=FIELDS["autoDisable"].description
    )
    notification_emails: list[str] | None = given(of="notificationEmails")
    notify_on: list[NotificationKind] | None = given(of="notifyOn")
    signing_algorithm: SigningAlgorithm | None = given(
        SigningAlgorithm.HMAC_SHA256, of="signingAlgorithm"
    )
    signing_secret: str | None = given(of="signingSecret")
    labels: list[LabelInput] | None = given(of="labels")


@strawberry.input(
    description="A change of a webhook. Left out: as it was. null: back to the default; for name, "
    "url, events and environments null is an error."
)
class WebhookUpdateInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")
    if_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    force: bool | None = strawberry.field(default=False, description=FORCE)
    reason: str | None = strawberry.field(default=None, description=REASON)
    name: str | None = given(of="name")
    description: str | None = given(of="description")
    url: str | None = given(of="url")
    active: bool | None = given(of="active")
    environments: list[str] | None = given(of="environments")
    events: list[str] | None = given(of="events")
    filter: JSON | None = given(of="filter")
    headers: list[HeaderInput] | None = given(of="headers")
    secret_header: SecretHeaderInput | None = given(of="secretHeader")
    basic_auth: BasicAuthInput | None = given(of="basicAuth")
    payload_template: str | None = given(of="payloadTemplate")
    payload_content_type: str | None = given(of="payloadContentType")
    timeout: timedelta | None = given(of="timeout")
    concurrency: int | None = given(of="concurrency")
    rate_limit: Rate | None = given(of="rateLimit")
    retry: RetryInput | None = given(of="retry")
    auto_disable: AutoDisableInput | None = given(of="autoDisable")
    notification_emails: list[str] | None = given(of="notificationEmails")
    notify_on: list[NotificationKind] | None = given(of="notifyOn")
    labels: list[LabelInput] | None = given(of="labels")


@strawberry.input(description="Turning a webhook on or off.")
class WebhookSetActiveInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")
    active: bool = strawberry.field(
        description="true: on, open deliveries go on. false: off, they are held."
    )
    deliver_missed: bool | None = strawberry.field(
        default=False,
        description="When it is turned on: deliver what was published since it went off, as a "
        "background job.",
    )
    if_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    force: bool | None = strawberry.field(default=False, description=FORCE)
    reason: str | None = strawberry.field(default=None, description=REASON)


@strawberry.input(description="A webhook to delete.")
class WebhookDeleteInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")
    if_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    force: bool | None = strawberry.field(default=False, description=FORCE)
    reason: str | None = strawberry.field(default=None, description=REASON)


@strawberry.input(description="A webhook to hand back to people.")
class WebhookReleaseInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.input(description="A webhook whose signing secret to show.")
class WebhookSecretRevealInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.input(description="A webhook that is to sign with a new secret.")
class WebhookSecretRotateInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")
    secret: str | None = strawberry.field(
        default=None, description="The new secret, of the webhook's algorithm. Made when left out."
    )
    overlap: timedelta | None = strawberry.field(
        default=SECRET_OVERLAP,
        description="How long the old secrets go on signing beside it, 0s to 7d. At most ten sign "
        "at a time.",
    )


@strawberry.type(description="What came of a change of a webhook.")
class WebhookPayload:
    webhook: Webhook | None = strawberry.field(
        description="The webhook as it is now; null when the change was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was done."
    )


@strawberry.type(description="A signing secret.")
class WebhookSecretPayload:
    secret: str | None = strawberry.field(
        description="The newest secret: receivers check signatures with a whsec_…; a whsk_… is "
        "the private key of `publicKey`, only for Hookline."
    )
    expires_at: datetime | None = strawberry.field(
        description="When it stops signing; null for one that goes on."
    )
    webhook: Webhook | None = strawberry.field(description="The webhook that it belongs to.")
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the input; empty when it was done."
    )


@strawberry.type
class WebhookMutation:
    @strawberry.mutation(
        description="Makes a webhook. Events published from now on reach it. Needs the scope "
        "webhooks:write."
    )
    async def webhook_create(
        self,
        info: Info,
        input: Annotated[WebhookCreateInput, strawberry.argument(description="The webhook.")],
    ) -> WebhookPayload | None:
        return await _payload(
            info,
            create_webhook(info.context.runtime, require(info, "webhooks:write"), values_of(input)),
        )

    @strawberry.mutation(
        description="Changes a webhook; in force for the very next publish. Needs the scope "
        "webhooks:write."
    )
    async def webhook_update(
        self,
        info: Info,
        input: Annotated[WebhookUpdateInput, strawberry.argument(description="The change.")],
    ) -> WebhookPayload | None:
        actor, key, force = _asked(info, input)
        return await _payload(
            info,
            update_webhook(
                info.context.runtime, actor, key, values_of(input), input.if_version, force
            ),
        )

    @strawberry.mutation(
        description="Turns a webhook on or off. Once it is off, nothing begins later than a "
        "second after the answer. Needs the scope webhooks:write."
    )
    async def webhook_set_active(
        self,
        info: Info,
        input: Annotated[WebhookSetActiveInput, strawberry.argument(description="The switch.")],
    ) -> WebhookPayload | None:
        actor, key, force = _asked(info, input)
        is_missed = bool(input.deliver_missed)
        change = set_webhook_active(
            info.context.runtime, actor, key, input.active, input.if_version, force, is_missed
        )
        return await _payload(info, change)

    @strawberry.mutation(
        description="Deletes a webhook; what is open is cancelled, its log stays for as long as "
        "attempts are kept. Needs the scope webhooks:write."
    )
    async def webhook_delete(
        self,
        info: Info,
        input: Annotated[WebhookDeleteInput, strawberry.argument(description="The webhook.")],
    ) -> WebhookPayload | None:
        actor, key, force = _asked(info, input)
        return await _payload(
            info, delete_webhook(info.context.runtime, actor, key, input.if_version, force)
        )

    @strawberry.mutation(
        description="Hands a webhook that a YAML file owns back to people, as it is. Needs the "
        "scope webhooks:write."
    )
    async def webhook_release(
        self,
        info: Info,
        input: Annotated[WebhookReleaseInput, strawberry.argument(description="The webhook.")],
    ) -> WebhookPayload | None:
        actor = require(info, "webhooks:write")
        return await _payload(
            info, release_webhook(info.context.runtime, actor, key_of("wh", input.id))
        )

    @strawberry.mutation(
        description="Shows the secret that signs a webhook's requests. Needs the scope "
        "secrets:read."
    )
    async def webhook_secret_reveal(
        self,
        info: Info,
        input: Annotated[WebhookSecretRevealInput, strawberry.argument(description="The webhook.")],
    ) -> WebhookSecretPayload | None:
        actor = require(info, "secrets:read")
        return await _secret_payload(
            secrets.reveal_secret(info.context.runtime, actor, key_of("wh", input.id)), actor
        )

    @strawberry.mutation(
        description="Signs with a new secret from the next attempt on; the old ones go on beside "
        "it for the overlap. The new secret is shown to "
        "tokens with the scope secrets:read. Needs the scope webhooks:write."
    )
    async def webhook_secret_rotate(
        self,
        info: Info,
        input: Annotated[WebhookSecretRotateInput, strawberry.argument(description="The webhook.")],
    ) -> WebhookSecretPayload | None:
        actor, overlap = (
            require(info, "webhooks:write"),
            SECRET_OVERLAP if input.overlap is None else input.overlap,
        )
        rotation = secrets.rotate_secret(
            info.context.runtime, actor, key_of("wh", input.id), input.secret, overlap
        )
        payload = await _secret_payload(rotation, actor)
        # the next mutation of the same request must not see it as it was
        info.context.loaders.webhook.clear_all()
        return payload


def values_of(given: Any) -> Any:  # Any: an input object or what stands in one
    """An input as plain values by the API's field names, with what was left out left out. Only
    names of the table of fields, and slug, at the top.
    """
    if isinstance(given, Enum):
        return given.value
    if isinstance(given, Rate) or not is_dataclass(given):
        return [values_of(item) for item in given] if isinstance(given, list) else given
    named = {to_camel_case(field.name): getattr(given, field.name) for field in fields(given)}
    is_whole = isinstance(given, WebhookCreateInput | WebhookUpdateInput)
    return {
        name: values_of(value)
        for name, value in named.items()
        if value is not UNSET and (not is_whole or name == "slug" or name in FIELDS)
    }


def _asked(
    info: Info, input: WebhookUpdateInput | WebhookSetActiveInput | WebhookDeleteInput
) -> tuple[Actor, Any, Force]:
    return (
        require(info, "webhooks:write"),
        key_of("wh", input.id),
        Force(bool(input.force), input.reason),
    )


async def _payload(info: Info, change: Awaitable[WebhookRow]) -> WebhookPayload:
    try:
        row = await change
    except Refused as refused:
        return WebhookPayload(webhook=None, user_errors=user_errors(refused))
    info.context.loaders.webhook.prime(
        row.id, row, force=True
    )  # the next mutation of the same request must not see it as it was
    return WebhookPayload(webhook=Webhook.of(row), user_errors=[])


async def _secret_payload(
    asked: Awaitable[tuple[WebhookRow, str]], actor: Actor
) -> WebhookSecretPayload:
    try:
        row, secret = await asked
    except Refused as refused:
        return WebhookSecretPayload(
            secret=None, expires_at=None, webhook=None, user_errors=user_errors(refused)
        )
    shown = secret if "secrets:read" in actor.scopes else None
    return WebhookSecretPayload(
        secret=shown, expires_at=None, webhook=Webhook.of(row), user_errors=[]
    )
