"""Inputs of the mutations of webhooks. The fields of the form in them come from the table in
hookline.form.fields.
"""

from datetime import timedelta

import strawberry

from api.schema.webhook_form import with_create_fields, with_update_fields
from hookline.webhooks.secrets import SECRET_OVERLAP

SLUG = (
    "Its short name: 1 to 63 lower-case letters, digits and hyphens, unique among the living. "
    "Made from the name when left out."
)


@strawberry.input(description="A new webhook.")
@with_create_fields
class WebhookCreateInput:
    slug: str | None = strawberry.field(default=strawberry.UNSET, description=SLUG)


@strawberry.input
class GuardedInput:
    """A change of one webhook that a version and an owner may forbid."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    if_version: int | None = strawberry.field(
        default=None,
        description="The version that you have read. When somebody has changed the webhook since, "
        "nothing is done: VERSION_CONFLICT.",
    )
    force: bool | None = strawberry.field(
        default=False,
        description="Change by hand what a YAML file owns. Needs a reason and the scope "
        "webhooks:force; the file's next plan shows it as drift.",
    )
    reason: str | None = strawberry.field(default=None, description="Why it is forced.")


@strawberry.input(
    description="A change of a webhook. Left out: as it was. null: back to the default; for name, "
    "url, events and environments null is an error."
)
@with_update_fields
class WebhookUpdateInput(GuardedInput):
    pass


@strawberry.input(description="Turning a webhook on or off.")
class WebhookSetActiveInput(GuardedInput):
    active: bool = strawberry.field(
        description="true: on, open deliveries go on. false: off, they are held."
    )
    deliver_missed: bool | None = strawberry.field(
        default=False,
        description="When it is turned on: deliver what was published since it went off, as a "
        "background job.",
    )


@strawberry.input(description="A webhook to delete.")
class WebhookDeleteInput(GuardedInput):
    pass


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
