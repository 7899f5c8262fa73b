"""Mutations of several webhooks at once, with a result for each. The verbs of one webhook do the
work, one after the other, each in a transaction of its own.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final
from uuid import UUID

import strawberry

from api.auth import require
from api.schema.node import Info, key_of
from api.schema.types import Webhook
from api.schema.user_error import UserError, user_error
from hookline.access.actor import Actor
from hookline.errors import Code, Problem, Refused
from hookline.webhooks.change import Switched, delete_webhook, set_webhook_active
from hookline.webhooks.ownership import Force

LARGEST_SELECTION: Final = 100
"""As many as a page has: one transaction each, a few milliseconds."""
_ERRORS: Final = (
    "User errors: REQUIRED for none, TOO_MANY for more than 100; in each result NOT_FOUND, "
    "VERSION_CONFLICT, FIELD_MANAGED, and REQUIRED, INVALID, TOO_LONG and NOT_ALLOWED as for "
    "{single}. Each webhook is changed in a transaction of its own, in the order given: what one "
    "is refused does not stop the others, and after an error UNAVAILABLE the mutation may be sent "
    "again. Requires the scope webhooks:write."
)


@strawberry.input(description="A webhook of a selection.")
class WebhookSelection:
    id: strawberry.ID = strawberry.field(description="ID of the webhook (wh_…).")
    if_version: int | None = strawberry.field(
        default=None,
        description="Expected version. The webhook is left as it is, with VERSION_CONFLICT, if it "
        "has another one. Any version by default.",
    )


@strawberry.input
class ManyInput:
    """Webhooks, and what goes for all of them."""

    webhooks: list[WebhookSelection] = strawberry.field(
        description=f"Webhooks to change: 1 to {LARGEST_SELECTION}."
    )
    force: bool | None = strawberry.field(
        default=False,
        description="True to change fields that a webhooks file owns. Requires a reason and "
        "the scope webhooks:force. The next plan of the file shows the change as drift.",
    )
    reason: str | None = strawberry.field(
        default=None, description="Reason for the forced changes. At most 1,000 characters."
    )


@strawberry.input(description="Input of `webhooksSetActive`.")
class WebhooksSetActiveInput(ManyInput):
    active: bool = strawberry.field(
        description="True to activate the webhooks and resume their open deliveries; false to "
        "deactivate them and hold these."
    )
    deliver_missed: bool | None = strawberry.field(
        default=False,
        description="True to start a job for each webhook that delivers the events published while "
        "it was inactive or disabled. Does nothing for one that is active already: its `notice` "
        "says so.",
    )


@strawberry.input(description="Input of `webhooksDelete`.")
class WebhooksDeleteInput(ManyInput):
    pass


@strawberry.type(description="Result for one webhook of a selection.")
class WebhookResult:
    id: strawberry.ID = strawberry.field(description="ID as it was given.")
    webhook: Webhook | None = strawberry.field(
        description="The webhook after the mutation. Null if it has user errors, or with an error "
        "FORBIDDEN after the change if the token lacks the scope webhooks:read."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )
    notice: str | None = strawberry.field(
        description="Statement about a wish that did nothing: deliverMissed for a webhook that was "
        "active already. Null if there is nothing to say."
    )


@strawberry.type(description="Result of a mutation of several webhooks.")
class WebhooksPayload:
    results: list[WebhookResult] | None = strawberry.field(
        description="One result per webhook, in the order of the input, each with its own user "
        "errors. Null if the selection itself has user errors, for which nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input. Empty on success."
    )


@strawberry.type
class ManyWebhooksMutation:
    @strawberry.mutation(
        description="Activates or deactivates up to 100 webhooks, as `webhookSetActive` does one. "
        + _ERRORS.format(single="`webhookSetActive`")
    )
    async def webhooks_set_active(
        self,
        info: Info,
        input: Annotated[
            WebhooksSetActiveInput,
            strawberry.argument(description="Webhooks and their new state."),
        ],
    ) -> WebhooksPayload | None:
        async def change(actor: Actor, key: UUID, if_version: int | None, force: Force) -> Switched:
            return await set_webhook_active(
                info.context.runtime,
                actor,
                key,
                input.active,
                if_version,
                force,
                bool(input.deliver_missed),
            )

        return await _each(info, input, change)

    @strawberry.mutation(
        description="Deletes up to 100 webhooks, as `webhookDelete` does one. "
        + _ERRORS.format(single="`webhookDelete`")
    )
    async def webhooks_delete(
        self,
        info: Info,
        input: Annotated[
            WebhooksDeleteInput, strawberry.argument(description="Webhooks to delete.")
        ],
    ) -> WebhooksPayload | None:
        async def change(actor: Actor, key: UUID, if_version: int | None, force: Force) -> Switched:
            row = await delete_webhook(info.context.runtime, actor, key, if_version, force)
            return Switched(row, None)

        return await _each(info, input, change)


async def _each(
    info: Info,
    input: ManyInput,
    change: Callable[[Actor, UUID, int | None, Force], Awaitable[Switched]],
) -> WebhooksPayload:
    actor = require(info, "webhooks:write")
    # All of them first: of a malformed id nothing is done.
    keys = [key_of("wh", selected.id) for selected in input.webhooks]
    if problem := _problem_of(keys):
        return WebhooksPayload(results=None, user_errors=[user_error(problem)])
    force, results = Force(bool(input.force), input.reason), list[WebhookResult]()
    for place, (key, selected) in enumerate(zip(keys, input.webhooks, strict=True)):
        if place:
            # As between two fields of a mutation: whoever revokes a token must not wait for them.
            await info.context.check_token()
        row, notice, problems = None, None, tuple[Problem, ...]()
        try:
            row, notice = await change(actor, key, selected.if_version, force)
            # The next mutation of the same request must not see it as it was.
            info.context.loaders.webhook.prime(row.id, row, force=True)
        except Refused as refused:
            problems = tuple(refused.problems)
        results.append(
            WebhookResult(
                id=selected.id,
                webhook=Webhook.of(row) if row else None,
                user_errors=[user_error(_placed(problem, place)) for problem in problems],
                notice=notice,
            )
        )
    return WebhooksPayload(results=results, user_errors=[])


def _problem_of(keys: Sequence[UUID]) -> Problem | None:
    if not keys:
        return Problem(Code.REQUIRED, "Select at least one webhook.", ("webhooks",))
    if len(keys) > LARGEST_SELECTION:
        message = f"Select at most {LARGEST_SELECTION} webhooks; send the others after them."
        return Problem(Code.TOO_MANY, message, ("webhooks",))
    return None


def _placed(problem: Problem, place: int) -> Problem:
    """The problem at its path in this input: what goes for all stands beside the list."""
    is_of_item = problem.field[:1] in (("id",), ("ifVersion",))
    return problem.under("webhooks", str(place)) if is_of_item else problem
