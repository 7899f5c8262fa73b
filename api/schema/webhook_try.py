"""Trying a webhook: a dry run shows the exact request, a test sends a marked one.
hookline.webhooks.dry_run and testing do the work.
"""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from api.auth import require
from api.schema.graph import Attempt, Delivery
from api.schema.header import Header
from api.schema.node import Info, key_of
from api.schema.user_error import UserError, user_errors
from api.schema.webhook_form import form_values
from api.schema.webhook_inputs import WebhookCreateInput
from hookline.errors import Refused
from hookline.webhooks.dry_run import dry_run
from hookline.webhooks.samples import Sample
from hookline.webhooks.testing import send_test

EVENT = "An event that was published; left out: a sample is made."
TYPE = "The sample's type; left out: one that the webhook's first pattern matches."
DATA = "The sample's data."


@strawberry.input(description="A sample to send.")
class WebhookTestInput:
    id: strawberry.ID = strawberry.field(description="The webhook; it may be off.")
    event_id: strawberry.ID | None = strawberry.field(default=None, description=EVENT)
    type: str | None = strawberry.field(default=None, description=TYPE)
    data: JSON | None = strawberry.field(default=None, description=DATA)


@strawberry.input(description="A request to look at before it is sent.")
class WebhookDryRunInput:
    id: strawberry.ID | None = strawberry.field(
        default=None, description="A webhook; or give a draft."
    )
    draft: WebhookCreateInput | None = strawberry.field(
        default=None, description="A webhook that is not made yet."
    )
    event_id: strawberry.ID | None = strawberry.field(default=None, description=EVENT)
    type: str | None = strawberry.field(default=None, description=TYPE)
    environment: str | None = strawberry.field(
        default=None, description="The sample's environment; left out: the webhook's first."
    )
    data: JSON | None = strawberry.field(default=None, description=DATA)


@strawberry.type(description="A request as it would be sent.")
class DryRunRequest:
    method: str = strawberry.field(description="POST.")
    url: str = strawberry.field(description="Where it would go.")
    headers: list[Header] = strawberry.field(
        description="Its headers; the values of secrets, and the signature, as null."
    )
    body: str = strawberry.field(description="Its body.")


@strawberry.type(description="What a dry run came to.")
class WebhookDryRunPayload:
    matches: bool | None = strawberry.field(
        description="Whether the webhook would get this event; null when something is wrong."
    )
    reasons: list[str] = strawberry.field(
        description="Why it would not: each thing that keeps the event from it."
    )
    request: DryRunRequest | None = strawberry.field(
        description="The request, also for an event that does not match."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong; empty when the request could be made."
    )


@strawberry.type(description="What a test came to.")
class WebhookTestPayload:
    delivery: Delivery | None = strawberry.field(description="The delivery that was made for it.")
    attempt: Attempt | None = strawberry.field(
        description="Its attempt; null when it has not ended in time (the timeout and 2 s)."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong; empty when it was sent."
    )


@strawberry.type
class WebhookTryMutation:
    @strawberry.mutation(
        description="Shows the exact request that an event would make, without sending it, and "
        "whether and why (not) the event matches. "
        "Needs the scope webhooks:read, and deliveries:read for an event that was published."
    )
    async def webhook_dry_run(
        self,
        info: Info,
        input: Annotated[
            WebhookDryRunInput, strawberry.argument(description="The webhook and the event.")
        ],
    ) -> WebhookDryRunPayload | None:
        actor = require(info, "webhooks:read")
        key, sample = None if input.id is None else key_of("wh", input.id), _sample(info, input)
        try:
            found = await dry_run(
                info.context.runtime,
                actor,
                key,
                form_values(input.draft) if input.draft else None,
                sample,
            )
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
        description="Sends a request marked with `Hookline-Test: true` now, also while the "
        "webhook is off, and waits for its attempt. It counts for "
        "nothing: neither health nor schedule move. Needs the scopes webhooks:write and "
        "deliveries:read."
    )
    async def webhook_test(
        self,
        info: Info,
        input: Annotated[
            WebhookTestInput, strawberry.argument(description="The webhook and the event.")
        ],
    ) -> WebhookTestPayload | None:
        actor = require(info, "webhooks:write")
        require(info, "deliveries:read")
        try:
            delivery, attempt = await send_test(
                info.context.runtime, actor, key_of("wh", input.id), _sample(info, input)
            )
        except Refused as refused:
            return WebhookTestPayload(delivery=None, attempt=None, user_errors=user_errors(refused))
        shown = Attempt.of(attempt) if attempt else None
        return WebhookTestPayload(delivery=Delivery.of(delivery), attempt=shown, user_errors=[])


def _sample(info: Info, given: WebhookTestInput | WebhookDryRunInput) -> Sample:
    if given.event_id is not None:
        require(info, "deliveries:read")
    environment = given.environment if isinstance(given, WebhookDryRunInput) else None
    return Sample(
        None if given.event_id is None else key_of("evt", given.event_id),
        given.type,
        environment,
        given.data,
    )
