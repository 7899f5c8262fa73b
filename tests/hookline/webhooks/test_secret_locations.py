"""A sealed secret opens in its own place only, whoever moves it in the database; a change that
renames its header seals it anew.
"""

from collections.abc import Callable
from typing import Any

import pytest

from hookline import ids
from hookline.deliveries.target import Target
from hookline.errors import HooklineError
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import update_webhook
from hookline.webhooks.columns import canonical
from tests.making import SOMEBODY, make_webhook
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

SECRETS: dict[str, Any] = {
    "headers": [{"name": "X-Api-Key", "value": "k3y"}, {"name": "X-Token", "value": "t0ken"}],
    "secretHeader": {"name": "X-Webhook-Secret", "value": "hush"},
    "basicAuth": {"username": "shop", "password": "pa55"},
}
Tamper = Callable[[Webhook, Webhook], None]
"""Changes a webhook's row, with another webhook's at hand."""


def renamed_header(row: Webhook, other: Webhook) -> None:
    row.headers = [{**row.headers[0], "name": "X-Other-Key"}, row.headers[1]]


def swapped_headers(row: Webhook, other: Webhook) -> None:
    first, second = row.headers
    row.headers = [{**first, "sealed": second["sealed"]}, {**second, "sealed": first["sealed"]}]


def renamed_secret_header(row: Webhook, other: Webhook) -> None:
    row.secret_header_name = "X-Other-Secret"


def renamed_user(row: Webhook, other: Webhook) -> None:
    row.basic_auth_username = "admin"


def from_another_column(row: Webhook, other: Webhook) -> None:
    row.secret_header_sealed = row.basic_auth_sealed


def from_the_headers(row: Webhook, other: Webhook) -> None:
    row.secret_header_name, row.secret_header_sealed = "X-Api-Key", row.headers[0]["sealed"]


def from_another_webhook(row: Webhook, other: Webhook) -> None:
    row.headers = other.headers


def signing_secret_as_header(row: Webhook, other: Webhook) -> None:
    row.secret_header_sealed = row.signing_secrets[0]["sealed"]


TAMPERS: list[Tamper] = [
    renamed_header,
    swapped_headers,
    renamed_secret_header,
    renamed_user,
    from_another_column,
    from_the_headers,
    from_another_webhook,
    signing_secret_as_header,
]


async def target_of(runtime: Runtime, webhook: Webhook) -> Target:
    rows = await runtime.database.reader().rows("select * from webhook where id = $1", webhook.id)
    return Target(dict(rows[0]), runtime.vault)


@each_of("tamper", TAMPERS)
async def test_a_sealed_text_does_not_open_in_another_place(
    runtime: Runtime, tamper: Tamper
) -> None:
    row, other = [await make_webhook(runtime, **SECRETS) for _ in range(2)]
    tamper(row, other)
    await row.save()
    where = f"does not open: .* of webhook {ids.encode('wh', row.id)}\\."
    with pytest.raises(HooklineError, match=where) as refused:
        # opening it is the test
        (await target_of(runtime, row)).request_parts  # noqa: B018
    assert refused.value.code == "UNREADABLE_SECRET"
    assert "{'fingerprint': ''}" in str(canonical(row, runtime.vault))


async def test_a_header_renamed_by_a_change_keeps_its_secret(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, **SECRETS)
    renamed = {"secretHeader": {"name": "X-New"}, "basicAuth": {"username": "new"}}
    await update_webhook(runtime, SOMEBODY, webhook.id, renamed)
    headers = dict((await target_of(runtime, webhook)).request_parts.headers)
    assert headers["X-New"] == "hush"
    assert headers["Authorization"] == "Basic bmV3OnBhNTU="


@pytest.mark.engines("sqlite", "postgres")
async def test_the_case_of_a_headers_name_makes_no_other_place(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, **SECRETS)
    webhook.secret_header_name = "x-webhook-SECRET"
    await webhook.save()
    headers = dict((await target_of(runtime, webhook)).request_parts.headers)
    assert headers["x-webhook-SECRET"] == "hush"


async def test_a_rename_without_the_value_is_refused_when_the_stored_one_does_not_open(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime, **SECRETS)
    renamed_secret_header(webhook, webhook)
    await webhook.save()
    with pytest.raises(HooklineError, match="Save the secret again"):
        await update_webhook(runtime, SOMEBODY, webhook.id, {"secretHeader": {"name": "X-New"}})
    again = {"secretHeader": {"name": "X-New", "value": "hush"}}
    await update_webhook(runtime, SOMEBODY, webhook.id, again)
    assert dict((await target_of(runtime, webhook)).request_parts.headers)["X-New"] == "hush"
