"""Secrets go under a new key while the database is in use, and then open without the old one."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from hookline.deliveries.target import Target
from hookline.errors import HooklineError
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.secrets.opening import open_vault
from hookline.secrets.vault import Vault
from hookline.settings.fields import Settings
from hookline.webhooks import key_rotation, secrets
from hookline.webhooks.change import delete_webhook
from hookline.webhooks.columns import canonical
from hookline.webhooks.key_rotation import Rotation
from tests.making import SOMEBODY, make_webhook, set_column

pytestmark = pytest.mark.engines("sqlite")

SECRETS: dict[str, Any] = {
    "headers": [{"name": "X-Api-Key", "value": "k3y"}, {"name": "X-Shop", "value": "7"}],
    "secretHeader": {"name": "X-Webhook-Secret", "value": "hush"},
    "basicAuth": {"username": "shop", "password": "pa55"},
}


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def with_keys(settings: Settings, *secret_keys: str) -> Settings:
    return settings.model_copy(
        update={"secret_keys": type(settings.secret_keys)(",".join(secret_keys))}
    )


def key_of(settings: Settings) -> str:
    """The key that the runtime of the tests works with: its key file's."""
    return Path(settings.home / "key").read_text().strip()


async def row_of(runtime: Runtime, webhook: Webhook) -> dict[str, Any]:
    return dict(
        (await runtime.database.reader().rows("select * from webhook where id = $1", webhook.id))[0]
    )


async def rotated(runtime: Runtime, secret_keys: str) -> tuple[Rotation, Vault]:
    vault = await open_vault(
        with_keys(runtime.settings, secret_keys, key_of(runtime.settings)), runtime.database
    )
    return await key_rotation.rotate(runtime.database, vault, lambda so_far: None, batch=2), vault


async def test_everything_opens_under_the_new_key_alone(runtime: Runtime) -> None:
    made = [await make_webhook(runtime, **SECRETS) for _ in range(5)]
    await secrets.rotate_secret(runtime, SOMEBODY, made[0].id)
    await delete_webhook(runtime, SOMEBODY, made[1].id)
    before = [
        Target(await row_of(runtime, webhook), runtime.vault).request_parts for webhook in made
    ]
    key = new_key()
    done, _ = await rotated(runtime, key)
    # the fingerprints' key opens too
    alone = await open_vault(with_keys(runtime.settings, key), runtime.database)
    assert [
        Target(await row_of(runtime, webhook), alone).request_parts for webhook in made
    ] == before
    assert (done.webhooks, done.changed, done.unreadable) == (5, 5, [])
    with pytest.raises(HooklineError, match="not at hand"):
        # opening it is the test
        Target(await row_of(runtime, made[0]), runtime.vault).request_parts  # noqa: B018


async def test_a_second_rotation_changes_nothing_and_no_version_moves(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, **SECRETS)
    key = new_key()
    await rotated(runtime, key)
    before = await row_of(runtime, webhook)
    again, _ = await rotated(runtime, key)
    assert again.changed == 0
    assert await row_of(runtime, webhook) == before
    assert before["version"] == 1


async def test_equal_secrets_stay_equal_for_a_plan(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, **SECRETS)
    before = canonical(await Webhook.get(id=webhook.id), runtime.vault)
    _, vault = await rotated(runtime, new_key())
    assert canonical(await Webhook.get(id=webhook.id), vault) == before


@pytest.mark.engines("sqlite", "postgres")
async def test_a_secret_that_does_not_open_is_told_and_left(runtime: Runtime) -> None:
    broken, whole = await make_webhook(runtime, **SECRETS), await make_webhook(runtime, **SECRETS)
    await set_column(runtime, "webhook", "basic_auth_sealed", "v1.deadbeef.AAAA", [broken.id])
    done, _ = await rotated(runtime, new_key())
    assert (done.changed, done.unreadable) == (1, [broken.id])
    assert (await Webhook.get(id=broken.id)).secret_header_sealed == broken.secret_header_sealed
    assert (await Webhook.get(id=whole.id)).secret_header_sealed != whole.secret_header_sealed
