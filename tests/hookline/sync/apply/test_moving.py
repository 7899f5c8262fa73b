"""A file that moves a webhook to another origin gives every secret that goes there; on both
databases.
"""

from dataclasses import replace
from typing import Any

import pytest

from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import applying
from hookline.sync.apply.applying import ApplyOutcome
from hookline.sync.options import Options
from hookline.sync.policy import DriftPolicy
from hookline.sync.request import SyncRequest
from hookline.webhooks.change import update_webhook
from tests.hookline.sync.files import FILE, ORDERS, SOMEBODY, apply, preview, webhooks
from tests.making import make_webhook

pytestmark = pytest.mark.engines("sqlite")

MOVED = ORDERS.replace("crm.example.com", "thief.example.com")
AUTH = "basicAuth: { username: shop, password: '${env:PW}' }\n"
BY_HAND: dict[str, Any] = {"secretHeader": {"name": "X-Webhook", "value": "hush"}}
KEEP = Options(on_drift=DriftPolicy.KEEP)


def found(outcome: ApplyOutcome) -> list[tuple[str, str, str, int]]:
    """Code, path, file and line of each problem."""
    return [
        (
            problem.code,
            ".".join(problem.path),
            problem.position.file,
            problem.position.line,
        )
        for problem in outcome.problems
    ]


async def test_a_secret_set_by_hand_does_not_move_with_the_file(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    [webhook] = await Webhook.all()
    await update_webhook(runtime, SOMEBODY, webhook.id, BY_HAND)
    expected = [("secret-required", "webhooks.orders.secretHeader.value", FILE, 5)]
    assert found(await preview(runtime, webhooks(orders=MOVED))) == expected
    assert found(await apply(runtime, webhooks(orders=MOVED))) == expected
    assert (await Webhook.get(id=webhook.id)).url == "https://crm.example.com/in"


async def test_the_problem_stands_at_the_url_of_the_defaults(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    [webhook] = await Webhook.all()
    await update_webhook(runtime, SOMEBODY, webhook.id, BY_HAND)
    text = "defaults:\n  url: https://thief.example.com/in\n"
    body = "events: [order.*.create]\nenvironments: [production]\n"
    assert [item[3] for item in found(await preview(runtime, webhooks(text, orders=body)))] == [4]


async def test_the_files_own_secrets_move_with_it(runtime: Runtime) -> None:
    environment = {"PW": "pa55"}
    await apply(runtime, webhooks("", "storefront", environment, orders=ORDERS + AUTH))
    moved = webhooks("", "storefront", environment, orders=MOVED + AUTH)
    assert (await apply(runtime, moved)).revision is not None


async def test_a_plan_without_secrets_takes_the_files_references_for_given(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks("", "storefront", {"PW": "pa55"}, orders=ORDERS + AUTH))
    unknown = webhooks("", "storefront", None, orders=MOVED + AUTH)
    assert found(await preview(runtime, unknown)) == []


async def test_a_kept_drift_of_a_secret_does_not_move(runtime: Runtime) -> None:
    environment = {"PW": "pa55"}
    await apply(runtime, webhooks("", "storefront", environment, orders=ORDERS + AUTH))
    [webhook] = await Webhook.all()
    row = await Webhook.get(id=webhook.id)
    row.sync_set = None
    await row.save(update_fields=["sync_set"])
    by_hand = {"basicAuth": {"username": "shop", "password": "by hand"}}
    await update_webhook(runtime, SOMEBODY, webhook.id, by_hand)
    row.sync_set = "storefront"
    await row.save(update_fields=["sync_set"])
    moved = webhooks("", "storefront", environment, orders=MOVED + AUTH)
    assert [item[:2] for item in found(await apply(runtime, moved, KEEP))] == [
        ("secret-required", "webhooks.orders.basicAuth.password")
    ]


async def test_a_webhook_that_is_taken_over_leaves_its_secrets_behind(runtime: Runtime) -> None:
    await make_webhook(runtime, "https://crm.example.com/in", name="orders", **BY_HAND)
    adopting = Options(adopt=True)
    assert [item[0] for item in found(await apply(runtime, webhooks(orders=MOVED), adopting))] == [
        "secret-required"
    ]


async def test_a_token_that_may_read_secrets_moves_them(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    [webhook] = await Webhook.all()
    await update_webhook(runtime, SOMEBODY, webhook.id, BY_HAND)
    reader = replace(SOMEBODY, scopes=frozenset({"secrets:read"}))
    outcome = await applying.apply(runtime, reader, SyncRequest(webhooks(orders=MOVED)))
    assert outcome.revision is not None
