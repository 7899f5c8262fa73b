"""Mutations of webhooks and their payloads. The inputs are in webhook_inputs; the verbs of
hookline.webhooks do the work.
"""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.auth import require
from api.schema.graph import Webhook
from api.schema.node import Info, key_of
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
from hookline.errors import Refused
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
        actor = require(info, "webhooks:write")
        change = create_webhook(info.context.runtime, actor, form_values(input))
        return await _payload(info, change)

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
                info.context.runtime, actor, key, form_values(input), input.if_version, force
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
    # the next mutation of the same request must not see it as it was
    info.context.loaders.webhook.prime(row.id, row, force=True)
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
