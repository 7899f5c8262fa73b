"""Webhooks of a set as the database has them, and changes of them by hand, for tests of applies."""

import asyncio
from dataclasses import replace
from typing import Any

from hookline.models import Webhook, Workspace
from hookline.runtime import Runtime
from hookline.sync.drift import find_drift
from hookline.sync.plan.changes import Change
from hookline.sync.request import Source
from hookline.webhooks.change import update_webhook
from hookline.webhooks.ownership import Force
from tests.hookline.sync.files import ORDERS
from tests.making import SOMEBODY, WORKSPACE, activity

FORCER = replace(SOMEBODY, scopes=frozenset({"webhooks:force"}))
BY_HAND = Force(True, "incident 7")
COMMIT = Source(
    commit="9f2c1ab0c0ffee", branch="main", author="Ann", run_url="https://ci.example.com/7"
)
SECRETS = {
    "CRM_KEY": "crm-key-in-clear",
    "SHOP": "shop-password-in-clear",
    "API": "api-key-in-clear",
}
SECRETIVE = f"""{ORDERS}
headers: {{ X-Api-Key: "${{env:API}}", X-Plain: seen }}
secretHeader: {{ name: X-Webhook-Secret, value: "${{env:CRM_KEY}}" }}
basicAuth: {{ username: shop, password: "${{env:SHOP}}" }}
"""


async def one(slug: str = "orders") -> Webhook:
    return await Webhook.get(slug=slug, deleted_at=None)


async def match_version() -> int:
    version: int = (await Workspace.get(id=WORKSPACE)).match_version
    return version


async def changed_by_hand(runtime: Runtime, **values: Any) -> Webhook:
    webhook = await one()
    return await update_webhook(runtime, FORCER, webhook.id, values, force=BY_HAND)


async def drifted(runtime: Runtime, *sets: str) -> list[Change]:
    """Drift of sets, or of storefront, without their files."""
    names = sets or ("storefront",)
    reading = runtime.database.reading
    found = await find_drift(
        lambda: reading(WORKSPACE, asyncio.get_running_loop().time() + 9),
        runtime.vault,
        WORKSPACE,
        names,
    )
    return [change for name in names for change, _ in found[name]]


async def kinds(runtime: Runtime) -> list[int]:
    return [kind for _, kind, _ in await activity(runtime)]
