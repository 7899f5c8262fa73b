"""The mutation that mails a test to a webhook's addresses.
hookline.notifications.send_test_mail does the work.
"""

from typing import Annotated

import strawberry

from api.auth import require
from api.schema.node import Info, key_of
from api.schema.types import Notification
from api.schema.user_error import UserError, user_errors
from hookline.errors import Refused
from hookline.notifications.send_test_mail import send_test_mail


@strawberry.input(description="Input of `webhookTestMail`.")
class WebhookTestMailInput:
    id: strawberry.ID = strawberry.field(description="ID of the webhook (wh_…).")
    addresses: list[str] | None = strawberry.field(
        default=None,
        description="Addresses to mail to, of the webhook's `notificationEmails`. All of them by "
        "default.",
    )


@strawberry.type(description="Result of `webhookTestMail`.")
class WebhookTestMailPayload:
    notification: Notification | None = strawberry.field(
        description="Notification of the kind TEST; its `emails` say what becomes of the emails. "
        "Null if there are user errors, or with an error FORBIDDEN after it was written if the "
        "token lacks the scope deliveries:read."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type
class WebhookTestMailMutation:
    @strawberry.mutation(
        description="Sends a test email to the addresses of a webhook, within the limits of all "
        "emails, and at most once a minute for each webhook. User errors: NOT_FOUND for the "
        "webhook or an address that it does not have, REQUIRED if it has none, NOT_ALLOWED within "
        "the minute. Requires the scope webhooks:write."
    )
    async def webhook_test_mail(
        self,
        info: Info,
        input: Annotated[
            WebhookTestMailInput, strawberry.argument(description="Webhook and addresses.")
        ],
    ) -> WebhookTestMailPayload | None:
        actor = require(info, "webhooks:write")
        key = key_of("wh", input.id)
        try:
            row = await send_test_mail(info.context.runtime, actor, key, input.addresses)
        except Refused as refused:
            return WebhookTestMailPayload(notification=None, user_errors=user_errors(refused))
        return WebhookTestMailPayload(notification=Notification.of(row), user_errors=[])
