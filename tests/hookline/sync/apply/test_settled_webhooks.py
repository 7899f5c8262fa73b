"""A webhook that has the version that the last apply left it at, and of which the file wants the
same, is not compared. What a plan says must be what a comparison of everything says.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.sync.options import Options
from hookline.sync.policy import DriftPolicy
from hookline.webhooks.change import delete_webhook, release_webhook, set_webhook_active
from tests.hookline.sync.apply.state import (
    BY_HAND,
    FORCER,
    SECRETIVE,
    SECRETS,
    changed_by_hand,
    drifted,
    one,
)
from tests.hookline.sync.files import ORDERS, apply, preview, told, webhooks
from tests.making import ago, set_column

FILE = {
    "orders": SECRETIVE + "timeout: 20s\nfilter: { data.total: { gt: 1 } }\n",
    "left": ORDERS + "rateLimit: 5/s\nlifecycle: { ignoreChanges: [rateLimit] }\n",
    "plain": ORDERS,
}


def file(secrets: dict[str, str] = SECRETS, /, **bodies: str) -> Any:
    return webhooks("", "storefront", secrets, **{**FILE, **bodies})


async def versions(runtime: Runtime) -> list[int | None]:
    rows = await Webhook.all().order_by("slug")
    return [row.sync_version for row in rows]


async def both(runtime: Runtime, wanted: Any, options: Options | None = None) -> list[str]:
    """Lines of a plan, which are those of one that compares everything."""
    short = (await preview(runtime, wanted, options)).plan
    noted = {row.id: row.sync_version for row in await Webhook.all()}
    await set_column(runtime, "webhook", "sync_version", None, list(noted))
    whole = (await preview(runtime, wanted, options)).plan
    for key, version in noted.items():
        await set_column(runtime, "webhook", "sync_version", version, [key])
    assert (short.digest, short.changes, short.unchanged) == (
        whole.digest,
        whole.changes,
        whole.unchanged,
    )
    return told(short)


async def test_files_say_the_same_of_settled_webhooks_as_of_compared_ones(runtime: Runtime) -> None:
    await apply(runtime, file())
    assert await versions(runtime) == [1, 1, 1]
    assert await both(runtime, file()) == []
    other_secret = file({**SECRETS, "API": "another-key-in-clear"})
    assert await both(runtime, other_secret) == ["UPDATE orders headers"]
    assert await both(runtime, file(plain=ORDERS + "timeout: 30s")) == ["UPDATE plain timeout"]
    assert await both(runtime, file(left=ORDERS)) == []
    gone = webhooks("", "storefront", SECRETS, orders=FILE["orders"], left=FILE["left"])
    assert await both(runtime, gone) == ["DISABLE plain active"]
    text = "moved: [{ from: plain, to: other }]\n"
    moved = webhooks(text, "storefront", SECRETS, **{**FILE, "other": ORDERS})
    del moved.webhooks["plain"]
    assert (await both(runtime, moved))[0].startswith("MOVE other")
    # Without its secrets, as of a token that may not see them.
    assert await both(runtime, webhooks("", "storefront", None, **FILE)) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda runtime, row: changed_by_hand(runtime, url="https://crm.example.com/mine"),
            "DRIFT",
        ),
        (lambda runtime, row: changed_by_hand(runtime, description="mine"), None),
        (
            lambda runtime, row: changed_by_hand(
                runtime, headers=[{"name": "X-Api-Key", "value": "mine"}]
            ),
            "DRIFT",
        ),
        (
            lambda runtime, row: set_webhook_active(runtime, FORCER, row.id, False, force=BY_HAND),
            None,
        ),
        (lambda runtime, row: release_webhook(runtime, FORCER, row.id, force=BY_HAND), "ADOPT"),
        (lambda runtime, row: delete_webhook(runtime, FORCER, row.id, force=BY_HAND), "CREATE"),
        (
            lambda runtime, row: set_column(
                runtime, "webhook", "auto_disabled_at", ago(5), [row.id]
            ),
            None,
        ),
        (
            lambda runtime, row: set_column(
                runtime, "webhook", "secret_header_sealed", "v1.deadbeef.AAAA", [row.id]
            ),
            "DRIFT",
        ),
    ],
    ids=["owned", "free", "secret", "switch", "release", "deletion", "failing", "lost-key"],
)
async def test_changes_by_hand_are_found(
    runtime: Runtime, change: Callable[..., Awaitable[Any]], found: str | None
) -> None:
    await apply(runtime, file())
    await change(runtime, await one())
    is_drift = found in ("DRIFT", "CREATE")
    assert [one.slug for one in await drifted(runtime)] == (["orders"] if is_drift else [])
    said = await both(runtime, file())
    assert [line.split()[:2] for line in said] == ([[found, "orders"]] if found else [])
    both_at = Options(reenable=frozenset({"orders"}))
    await both(runtime, file(), both_at)


async def test_drift_that_is_kept_is_found_again(runtime: Runtime) -> None:
    await apply(runtime, file())
    await changed_by_hand(runtime, url="https://crm.example.com/mine")
    keep = Options(on_drift=DriftPolicy.KEEP)
    slower = FILE["orders"].replace("20s", "30s")
    await apply(runtime, file(orders=slower), keep)
    assert (await one()).sync_version is None
    assert await both(runtime, file(orders=slower)) == ["DRIFT orders url"]
    await apply(runtime, file(orders=slower), Options(on_drift=DriftPolicy.OVERWRITE))
    assert (await one()).sync_version == (await one()).version
    assert await both(runtime, file(orders=slower)) == []


async def test_only_webhooks_that_may_differ_are_compared(runtime: Runtime) -> None:
    await apply(runtime, file())
    damaged = "v1." + runtime.vault.key_ids[0] + ".AAAA"
    await set_column(runtime, "webhook", "secret_header_sealed", damaged, [(await one()).id])
    # Its secret is not opened, and no other way shows from outside that it is not.
    assert told((await preview(runtime, file())).plan) == []
    slower = FILE["orders"].replace("20s", "30s")
    plan = (await preview(runtime, file(orders=slower))).plan
    assert told(plan) == ["UPDATE orders timeout", "DRIFT orders secretHeader"]
