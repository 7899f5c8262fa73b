"""Mutations of webhooks and their payloads. The inputs are in webhook_inputs; the verbs of
hookline.webhooks do the work.
"""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.auth import require
from api.execution.malformed import taken
from api.schema.node import Info, key_of
from api.schema.types import Webhook
from api.schema.user_error import UserError, user_errors
from api.schema.webhook_form import form_values
from api.schema.webhook_inputs import (
    GuardedInput,
    WebhookCreateInput,
    WebhookDeleteInput,
    WebhookReleaseInput,
    WebhookSecretRevealInput,
    WebhookSecretRotateInput,
    WebhookSetActiveInput,
    WebhookUpdateInput,
)
from hookline.access.actor import Actor
from hookline.errors import Problem, Refused
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


@strawberry.type(description="Result of a mutation of a webhook.")
class WebhookPayload:
    webhook: Webhook | None = strawberry.field(
        description="The webhook after the mutation. Null if there are user errors, or with an "
        "error FORBIDDEN after the change if the token lacks the scope webhooks:read."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )
    notice: str | None = strawberry.field(
        default=None,
        description="Statement about a wish that did nothing: deliverMissed for a webhook that was "
        "active already. Null if there is nothing to say.",
    )


@strawberry.type(description="Result of a mutation that returns a signing secret.")
class WebhookSecretPayload:
    secret: str | None = strawberry.field(
        description="Newest signing secret: whsec_… for HMAC_SHA256, the private key whsk_… "
        "for ED25519 (receivers use `signing.publicKey`). Null if there are user "
        "errors or the token lacks the scope secrets:read."
    )
    expires_at: datetime | None = strawberry.field(
        description="Time at which the secret expires, or null if it does not."
    )
    webhook: Webhook | None = strawberry.field(
        description="Webhook that the secret belongs to. Null if there are user errors, or with "
        "an error FORBIDDEN if the token lacks the scope webhooks:read."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type
class WebhookMutation:
    @strawberry.mutation(
        description="Creates a webhook. It receives the events that are published from now "
        "on. User errors: REQUIRED, INVALID, TAKEN, TOO_LONG, TOO_MANY, "
        "OUT_OF_RANGE, NOT_ALLOWED. Requires the scope webhooks:write."
    )
    async def webhook_create(
        self,
        info: Info,
        input: Annotated[WebhookCreateInput, strawberry.argument(description="Webhook to create.")],
    ) -> WebhookPayload | None:
        actor = require(info, "webhooks:write")
        change = create_webhook(info.context.runtime, actor, form_values(input))
        return await _payload(info, change)

    @strawberry.mutation(
        description="Updates a webhook. The change applies to all events that are published "
        "after it. A URL with another scheme, host or port needs the values of `secretHeader`, "
        "`basicAuth` and secret `headers` again, or null for them, unless the token has the scope "
        "secrets:read. User errors: those of `webhookCreate` except TAKEN, NOT_FOUND, "
        "VERSION_CONFLICT, FIELD_MANAGED. Requires the scope webhooks:write."
    )
    async def webhook_update(
        self,
        info: Info,
        input: Annotated[WebhookUpdateInput, strawberry.argument(description="Fields to change.")],
    ) -> WebhookPayload | None:
        actor, key, force = _asked(info, input)
        return await _payload(
            info,
            update_webhook(
                info.context.runtime, actor, key, form_values(input), input.if_version, force
            ),
        )

    @strawberry.mutation(
        description="Activates or deactivates a webhook. After a deactivation no attempt "
        "begins later than one second after the response. User errors: NOT_FOUND, "
        "VERSION_CONFLICT, FIELD_MANAGED; REQUIRED, INVALID, TOO_LONG and "
        "NOT_ALLOWED for force and reason; NOT_ALLOWED for deliverMissed if active is false. "
        "Requires the scope webhooks:write."
    )
    async def webhook_set_active(
        self,
        info: Info,
        input: Annotated[
            WebhookSetActiveInput, strawberry.argument(description="Webhook and its new state.")
        ],
    ) -> WebhookPayload | None:
        actor, key, force = _asked(info, input)
        try:
            row, notice = await set_webhook_active(
                info.context.runtime,
                actor,
                key,
                input.active,
                input.if_version,
                force,
                bool(input.deliver_missed),
            )
        except Refused as refused:
            return WebhookPayload(webhook=None, user_errors=user_errors(refused))
        return _changed(info, row, notice)

    @strawberry.mutation(
        description="Deletes a webhook and cancels its open deliveries. Its attempts remain "
        "until they expire. User errors: those of `webhookSetActive`. Requires "
        "the scope webhooks:write."
    )
    async def webhook_delete(
        self,
        info: Info,
        input: Annotated[WebhookDeleteInput, strawberry.argument(description="Webhook to delete.")],
    ) -> WebhookPayload | None:
        actor, key, force = _asked(info, input)
        return await _payload(
            info, delete_webhook(info.context.runtime, actor, key, input.if_version, force)
        )

    @strawberry.mutation(
        description="Releases a webhook from the webhooks file that owns it. Its fields are "
        "not changed. User errors: those of `webhookSetActive`. "
        "Requires the scope webhooks:write."
    )
    async def webhook_release(
        self,
        info: Info,
        input: Annotated[
            WebhookReleaseInput, strawberry.argument(description="Webhook to release.")
        ],
    ) -> WebhookPayload | None:
        actor, key, force = _asked(info, input)
        return await _payload(
            info, release_webhook(info.context.runtime, actor, key, input.if_version, force)
        )

    @strawberry.mutation(
        description="Returns the newest signing secret of a webhook. The access is recorded "
        "in the audit log. User errors: NOT_FOUND. Requires the scope "
        "secrets:read."
    )
    async def webhook_secret_reveal(
        self,
        info: Info,
        input: Annotated[
            WebhookSecretRevealInput,
            strawberry.argument(description="Webhook that the secret belongs to."),
        ],
    ) -> WebhookSecretPayload | None:
        actor = require(info, "secrets:read")
        return await _secret_payload(
            secrets.reveal_secret(info.context.runtime, actor, key_of("wh", input.id)), actor
        )

    @strawberry.mutation(
        description="Adds a signing secret to a webhook. Requests are signed with the new "
        "secret, and with the old ones until the overlap has passed. The new "
        "secret is returned to tokens with the scope secrets:read. User errors: "
        "NOT_FOUND, INVALID, OUT_OF_RANGE, TOO_MANY, FIELD_MANAGED. Requires the "
        "scope webhooks:write."
    )
    async def webhook_secret_rotate(
        self,
        info: Info,
        input: Annotated[
            WebhookSecretRotateInput, strawberry.argument(description="Webhook and its new secret.")
        ],
    ) -> WebhookSecretPayload | None:
        actor, problems = require(info, "webhooks:write"), list[Problem]()
        overlap = taken(input.overlap, problems, "overlap")
        rotation = secrets.rotate_secret(
            info.context.runtime,
            actor,
            key_of("wh", input.id),
            input.secret,
            SECRET_OVERLAP if overlap is None else overlap,
            problems,
        )
        payload = await _secret_payload(rotation, actor)
        # the next mutation of the same request must not see it as it was
        info.context.loaders.webhook.clear_all()
        return payload


def _asked(info: Info, input: GuardedInput) -> tuple[Actor, Any, Force]:
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
    return _changed(info, row)


def _changed(info: Info, row: WebhookRow, notice: str | None = None) -> WebhookPayload:
    # the next mutation of the same request must not see it as it was
    info.context.loaders.webhook.prime(row.id, row, force=True)
    return WebhookPayload(webhook=Webhook.of(row), user_errors=[], notice=notice)


async def _secret_payload(
    asked: Awaitable[tuple[WebhookRow, str]], actor: Actor
) -> WebhookSecretPayload:
    try:
        row, secret = await asked
    except Refused as refused:
        return WebhookSecretPayload(
            secret=None, expires_at=None, webhook=None, user_errors=user_errors(refused)
        )
    # who may rotate need not be one who may read: an editor changes secrets without seeing them
    shown = secret if "secrets:read" in actor.scopes else None
    return WebhookSecretPayload(
        secret=shown, expires_at=None, webhook=Webhook.of(row), user_errors=[]
    )
