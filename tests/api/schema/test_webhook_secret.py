"""Signing secrets by GraphQL: both algorithms, rotation with an overlap, and who gets
to see them.
"""

from base64 import b64encode
from typing import Any

import pytest

from hookline import ids
from hookline.models import Webhook
from hookline.outbound.signing import new_secret, public_key
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook
from tests.api.schema.asking import Asker, told
from tests.making import SOMEBODY, make_webhook

pytestmark = pytest.mark.engines("sqlite")

SIGNING = "signing { algorithm publicKey secrets { createdAt expiresAt } } version"
CREATE = (
    "mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { "
    f"id {SIGNING} }} userErrors {{ field message code }} }} }}"
)
ROTATE = (
    "mutation ($input: WebhookSecretRotateInput!) { webhookSecretRotate(input: $input) "
    f"{{ secret webhook {{ {SIGNING} }} userErrors {{ field message code }} }} }}"
)
REVEAL = (
    "mutation ($input: WebhookSecretRevealInput!) { webhookSecretReveal(input: $input) { "
    "secret userErrors { code } } }"
)


def form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Order sync",
        "url": "https://crm.example.com/in",
        "events": ["order.*.create"],
        "environments": ["production"],
        **fields,
    }


async def rotate(admin: Asker, webhook: Webhook, **given: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (
        await admin.data(ROTATE, input={"id": ids.encode("wh", webhook.id), **given})
    )["webhookSecretRotate"]
    return payload


@pytest.mark.engines("sqlite", "postgres")
async def test_the_old_secret_signs_too_for_a_day_unless_said_otherwise(
    admin: Asker, runtime: Runtime
) -> None:
    webhook = await make_webhook(runtime)
    first = await rotate(admin, webhook)
    newest, old = first["webhook"]["signing"]["secrets"]
    assert (newest["expiresAt"], first["webhook"]["version"]) == (None, 2)
    assert old["expiresAt"][:10] > newest["createdAt"][:10]
    assert (await admin.data(REVEAL, input={"id": ids.encode("wh", webhook.id)}))[
        "webhookSecretReveal"
    ]["secret"] == first["secret"]
    at_once = await rotate(admin, webhook, overlap="0s")
    assert len(at_once["webhook"]["signing"]["secrets"]) == 1


async def test_a_rotation_never_lengthens_what_an_earlier_one_ended(
    admin: Asker, runtime: Runtime
) -> None:
    webhook = await make_webhook(runtime)
    await rotate(admin, webhook, overlap="1h")
    longer = await rotate(admin, webhook, overlap="7d")
    _, second, first = longer["webhook"]["signing"]["secrets"]
    assert first["expiresAt"] < second["expiresAt"]


async def test_ten_secrets_sign_at_most(admin: Asker, runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    for _ in range(9):
        await rotate(admin, webhook)
    refused = await rotate(admin, webhook)
    assert told(refused) == {("TOO_MANY", "input.overlap")}
    assert (await rotate(admin, webhook, overlap="0s"))["secret"]


async def test_an_ed25519_webhook_shows_its_public_key(admin: Asker) -> None:
    secret = new_secret("ED25519")
    made = (await admin.data(CREATE, input=form(signingAlgorithm="ED25519", signingSecret=secret)))[
        "webhookCreate"
    ]
    assert made["webhook"]["signing"]["algorithm"] == "ED25519"
    assert made["webhook"]["signing"]["publicKey"] == public_key(secret)
    assert secret not in str(made)
    own = (await admin.data(CREATE, input=form(signingAlgorithm="ED25519")))["webhookCreate"][
        "webhook"
    ]
    rotated = (await admin.data(ROTATE, input={"id": own["id"]}))["webhookSecretRotate"]
    assert (
        rotated["webhook"]["signing"]["publicKey"]
        == public_key(rotated["secret"])
        != own["signing"]["publicKey"]
    )


@pytest.mark.parametrize("algorithm", ["HMAC_SHA256", "ED25519"])
async def test_a_secret_of_the_other_algorithm_is_refused(
    admin: Asker, runtime: Runtime, algorithm: str
) -> None:
    other = new_secret("ED25519" if algorithm == "HMAC_SHA256" else "HMAC_SHA256")
    made = (await admin.data(CREATE, input=form(signingAlgorithm=algorithm, signingSecret=other)))[
        "webhookCreate"
    ]
    assert told(made) == {("INVALID", "input.signingSecret")}
    assert other not in str(made)
    webhook = await make_webhook(runtime, signingAlgorithm=algorithm)
    refused = await rotate(admin, webhook, secret=other)
    assert told(refused) == {("INVALID", "input.secret")}
    assert other not in str(refused)


async def test_everything_wrong_with_a_rotation_is_told_at_once(
    admin: Asker, runtime: Runtime
) -> None:
    webhook = await make_webhook(runtime)
    short = "whsec_" + b64encode(b"short").decode()
    refused = await rotate(admin, webhook, secret=short, overlap="8d")
    assert told(refused) == {("INVALID", "input.secret"), ("OUT_OF_RANGE", "input.overlap")}
    assert short not in str(refused)
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert told(await rotate(admin, webhook)) == {("NOT_FOUND", "input.id")}


async def test_a_secret_that_a_file_owns_is_not_rotated_by_hand(
    admin: Asker, runtime: Runtime
) -> None:
    webhook = await make_webhook(runtime)
    await Webhook.filter(id=webhook.id).update(
        sync_set="storefront",
        sync_file="webhooks.yaml",
        sync_line=9,
        sync_applied={"signingSecret": {}},
    )
    assert told(await rotate(admin, webhook)) == {("FIELD_MANAGED", "input.id")}


async def test_an_editor_rotates_without_seeing_the_secret(admin: Asker, runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    payload = await rotate(admin.as_role("editor"), webhook)
    assert (payload["secret"], payload["webhook"]["version"]) == (None, 2)
