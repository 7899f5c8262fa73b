"""A webhook that moves to another origin leaves its stored secrets behind, unless they are given
again; on both databases.
"""

from typing import Any

import pytest

from hookline.access.actor import Actor
from hookline.deliveries.target import Target
from hookline.errors import Refused
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import update_webhook
from hookline.webhooks.ownership import Force
from tests.making import SOMEBODY, WORKSPACE, make_webhook, set_column

pytestmark = pytest.mark.engines("sqlite")

READER = Actor(WORKSPACE, "reader", frozenset({"secrets:read"}))
OLD, NEW = "https://crm.example.com/in", "https://thief.example.com/in"
HEADER, AUTH = {"name": "X-Webhook", "value": "hush"}, {"username": "shop", "password": "pa55"}
SECRETS: dict[str, Any] = {
    "headers": [{"name": "X-Shop", "value": "7"}, {"name": "X-Api-Key", "value": "k3y"}],
    "secretHeader": HEADER,
    "basicAuth": AUTH,
}
ALL = {"headers.1.value", "secretHeader.value", "basicAuth.password"}


async def lacking(
    runtime: Runtime, webhook: Webhook, values: dict[str, Any], force: Force | None = None
) -> set[str]:
    """The paths that a refused change must give."""
    with pytest.raises(Refused) as refused:
        await update_webhook(runtime, SOMEBODY, webhook.id, values, None, force or Force())
    assert {problem.code for problem in refused.value.problems} == {"REQUIRED"}
    return {".".join(problem.field) for problem in refused.value.problems}


@pytest.mark.parametrize(
    "url", [NEW, OLD.replace("https", "http"), OLD.replace(".com", ".com:444")]
)
async def test_a_move_needs_every_secret_that_is_sent(runtime: Runtime, url: str) -> None:
    webhook = await make_webhook(runtime, OLD, **SECRETS)
    assert await lacking(runtime, webhook, {"url": url}) == ALL
    assert (await Webhook.get(id=webhook.id)).url == OLD


async def test_a_move_with_the_secrets_given_again_or_taken_out_is_made(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, OLD, **SECRETS)
    given = {"url": NEW, "secretHeader": HEADER, "basicAuth": None, "headers": SECRETS["headers"]}
    await update_webhook(runtime, SOMEBODY, webhook.id, given)
    row = await runtime.database.reader().rows("select * from webhook where id = $1", webhook.id)
    sent = dict(Target(dict(row[0]), runtime.vault).request_parts.headers)
    assert sent == {"X-Shop": "7", "X-Api-Key": "k3y", "X-Webhook": "hush"}


async def test_a_record_without_its_secret_is_not_given_again(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, OLD, **SECRETS)
    halves = {"secretHeader": {"name": "X-Echo"}, "basicAuth": {"username": "me"}, "headers": []}
    assert await lacking(runtime, webhook, {"url": NEW, **halves}) == {
        "secretHeader.value",
        "basicAuth.password",
    }


async def test_a_change_on_the_same_origin_keeps_the_secrets(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, OLD, **SECRETS)
    changed = {"url": "HTTPS://CRM.example.com:443/other?x=1"}
    assert (await update_webhook(runtime, SOMEBODY, webhook.id, changed)).version == 2


async def test_who_may_read_secrets_may_take_them_along(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, OLD, **SECRETS)
    await update_webhook(runtime, READER, webhook.id, {"url": NEW})
    row = await runtime.database.reader().rows("select * from webhook where id = $1", webhook.id)
    assert dict(Target(dict(row[0]), runtime.vault).request_parts.headers)["X-Webhook"] == "hush"


async def test_force_does_not_take_secrets_along(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, OLD, **SECRETS)
    forced = Force(is_requested=True, reason="moved")
    assert await lacking(runtime, webhook, {"url": NEW}, forced) == ALL


async def test_signing_secrets_go_along(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, OLD)
    moved = await update_webhook(runtime, SOMEBODY, webhook.id, {"url": NEW})
    assert moved.signing_secrets == webhook.signing_secrets


@pytest.mark.engines("sqlite", "postgres")
async def test_refusals_of_an_owned_secret_tell_nothing_of_its_value(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, OLD, **SECRETS)
    await set_column(runtime, "webhook", "sync_set", "storefront", [webhook.id])
    row = await Webhook.get(id=webhook.id)
    row.sync_applied = {"basicAuth": {"username": "shop", "password": {"fingerprint": "1"}}}
    await row.save(update_fields=["sync_applied"])
    answers = []
    for guess in ("wrong", "pa55"):
        values = {"basicAuth": {"username": "shop", "password": guess}}
        with pytest.raises(Refused) as refused:
            await update_webhook(runtime, SOMEBODY, webhook.id, values)
        answers.append(refused.value.problems)
    assert answers[0] == answers[1]
    assert [problem.code for problem in answers[0]] == ["FIELD_MANAGED"]
