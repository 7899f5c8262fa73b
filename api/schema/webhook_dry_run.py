"""Trying a webhook: a dry run shows the exact request, a test sends a marked one.
hookline.webhooks.dry_run and send_test do the work.
"""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from api.auth import require
from api.schema.header import Header
from api.schema.node import Info, key_of
from api.schema.types import Attempt, Delivery
from api.schema.user_error import UserError, user_errors
from api.schema.webhook_form import form_values
from api.schema.webhook_inputs import WebhookChangesInput, WebhookCreateInput
from hookline.errors import Refused
from hookline.webhooks.dry_run import Tried, dry_run
from hookline.webhooks.samples import Sample
from hookline.webhooks.send_test import send_test

EVENT = "ID of a published event (evt_…) to use. By default a sample event is used."
TYPE = "Type of the sample event. By default one that the webhook's first pattern matches."
DATA = "Data of the sample event. By default the sample of its event type, or test data."


@strawberry.input(description="Input of `webhookTest`.")
class WebhookTestInput:
    id: strawberry.ID = strawberry.field(description="ID of the webhook (wh_…).")
    event_id: strawberry.ID | None = strawberry.field(default=None, description=EVENT)
    type: str | None = strawberry.field(default=None, description=TYPE)
    data: JSON | None = strawberry.field(default=None, description=DATA)


@strawberry.input(description="Input of `webhookDryRun`. Requires either `id` or `draft`.")
class WebhookDryRunInput:
    id: strawberry.ID | None = strawberry.field(
        default=None, description="ID of the webhook (wh_…)."
    )
    changes: WebhookChangesInput | None = strawberry.field(
        default=None,
        description="Changes to try the webhook `id` with, as if they were saved. Secret values "
        "are never returned, whether they are stored or given here.",
    )
    draft: WebhookCreateInput | None = strawberry.field(
        default=None, description="Webhook that does not exist yet."
    )
    event_id: strawberry.ID | None = strawberry.field(default=None, description=EVENT)
    type: str | None = strawberry.field(default=None, description=TYPE)
    environment: str | None = strawberry.field(
        default=None,
        description="Environment of the sample event. By default the webhook's first one.",
    )
    data: JSON | None = strawberry.field(default=None, description=DATA)


@strawberry.type(description="The request that would be sent.")
class DryRunRequest:
    method: str = strawberry.field(description="HTTP method: POST.")
    url: str = strawberry.field(description="URL of the request.")
    headers: list[Header] = strawberry.field(
        description="Headers of the request; the values of secret ones and of the signature "
        "are null."
    )
    body: str = strawberry.field(description="Body of the request.")


@strawberry.type(description="Result of `webhookDryRun`.")
class WebhookDryRunPayload:
    matches: bool | None = strawberry.field(
        description="True if the webhook would receive the event. Null if there are user errors."
    )
    reasons: list[str] = strawberry.field(
        description="Reasons for which the webhook would not receive the event. Empty if it would."
    )
    request: DryRunRequest | None = strawberry.field(
        description="The request, even if the event does not match. Null if there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type(description="Result of `webhookTest`.")
class WebhookTestPayload:
    delivery: Delivery | None = strawberry.field(
        description="Delivery of the test event. Null if there are user errors."
    )
    attempt: Attempt | None = strawberry.field(
        description="Attempt of the delivery. Null if it has not ended within the webhook's "
        "timeout and 2 seconds, or there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type
class WebhookDryRunMutation:
    @strawberry.mutation(
        description="Returns the request that an event would cause, without sending it, and "
        "whether the event matches: of a webhook, of one with changes, or of a draft. User errors: "
        "REQUIRED, NOT_FOUND, DATA_EXPIRED, those of `webhookCreate` for the draft, of "
        "`webhookUpdate` for the changes (none for secrets that a new URL would get, nor for "
        "fields that a webhooks file owns), and of `eventPublish` for the sample. Requires "
        "the scope webhooks:read, and deliveries:read if `eventId` is given."
    )
    async def webhook_dry_run(
        self,
        info: Info,
        input: Annotated[WebhookDryRunInput, strawberry.argument(description="Webhook and event.")],
    ) -> WebhookDryRunPayload | None:
        actor = require(info, "webhooks:read")
        tried, sample = _tried(input), _sample(info, input)
        try:
            found = await dry_run(info.context.runtime, actor, tried, sample)
        except Refused as refused:
            return WebhookDryRunPayload(
                matches=None, reasons=[], request=None, user_errors=user_errors(refused)
            )
        headers = [Header(name=name, value=value) for name, value in found.head]
        request = DryRunRequest(method="POST", url=found.url, headers=headers, body=found.body)
        return WebhookDryRunPayload(
            matches=not found.reasons, reasons=found.reasons, request=request, user_errors=[]
        )

    @strawberry.mutation(
        description="Sends a request with the header Hookline-Test: true at once, even if the "
        "webhook is inactive, and waits for the attempt. Neither the health of "
        "the webhook nor any retry schedule changes. User errors: NOT_FOUND, "
        "INVALID, TOO_LONG, DATA_EXPIRED, NOT_AVAILABLE while a secret of the webhook can't be "
        "opened. Requires the scopes webhooks:write and "
        "deliveries:read."
    )
    async def webhook_test(
        self,
        info: Info,
        input: Annotated[WebhookTestInput, strawberry.argument(description="Webhook and event.")],
    ) -> WebhookTestPayload | None:
        actor = require(info, "webhooks:write")
        # the answer shows a delivery and its attempt
        require(info, "deliveries:read")
        try:
            delivery, attempt = await send_test(
                info.context.runtime, actor, key_of("wh", input.id), _sample(info, input)
            )
        except Refused as refused:
            return WebhookTestPayload(delivery=None, attempt=None, user_errors=user_errors(refused))
        shown = Attempt.of(attempt) if attempt else None
        return WebhookTestPayload(delivery=Delivery.of(delivery), attempt=shown, user_errors=[])


def _tried(given: WebhookDryRunInput) -> Tried:
    return Tried(
        None if given.id is None else key_of("wh", given.id),
        None if given.changes is None else form_values(given.changes),
        None if given.draft is None else form_values(given.draft),
    )


def _sample(info: Info, given: WebhookTestInput | WebhookDryRunInput) -> Sample:
    if given.event_id is not None:
        # the request shows the data of the event
        require(info, "deliveries:read")
    environment = given.environment if isinstance(given, WebhookDryRunInput) else None
    return Sample(
        None if given.event_id is None else key_of("evt", given.event_id),
        given.type,
        environment,
        given.data,
    )
