"""The audit log: every change with who made it, what was before and after, in the change's own
transaction, and no secret.
"""

from datetime import timedelta
from typing import Any

import pytest

from hookline import clock, ids
from hookline.access import tokens
from hookline.deliveries import jobs
from hookline.errors import Refused
from hookline.events import types
from hookline.models import AuditEntry, Webhook
from hookline.runtime import Runtime
from hookline.webhooks import secrets
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.api.schema.asking import Asker
from tests.api.schema.test_webhook_dry_run import SECRETS
from tests.hookline.notifications.test_mails import turned_off
from tests.making import SOMEBODY, WORKSPACE, enqueue, make_webhook, make_workspace

LIST = """query ($filter: AuditFilter) { auditEntries(filter: $filter) { totalCount nodes {
    id action actor { kind name revision commit } at subjectId before after requestId } } }"""
UPDATE = (
    "mutation ($input: WebhookUpdateInput!) { webhookUpdate(input: $input) { webhook { id } "
    "userErrors { code } } }"
)


async def entries(admin: Asker, **wanted: Any) -> list[Any]:
    """Oldest first."""
    nodes: list[Any] = (await admin.data(LIST, filter=wanted))["auditEntries"]["nodes"]
    return nodes[::-1]


async def change_in_every_way(runtime: Runtime, webhook: Webhook) -> None:
    """The second update changes nothing."""
    basic_auth = {"username": "u", "password": "n3w-plain"}
    changes = {"name": "Else", "url": webhook.url, "basicAuth": basic_auth}
    await update_webhook(runtime, SOMEBODY, webhook.id, changes)
    await update_webhook(runtime, SOMEBODY, webhook.id, {"name": "Else"})
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    await secrets.rotate_secret(runtime, SOMEBODY, webhook.id)
    await secrets.reveal_secret(runtime, SOMEBODY, webhook.id)
    await delete_webhook(runtime, SOMEBODY, webhook.id)


async def test_each_change_of_a_webhook_is_noted_with_what_changed(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime, **SECRETS)
    key = ids.encode("wh", webhook.id)

    await change_in_every_way(runtime, webhook)

    noted = await entries(admin, subjectId=key)
    actions = [
        "webhook.create",
        "webhook.update",
        "webhook.update",
        "webhook.secretRotate",
        "webhook.secretReveal",
        "webhook.delete",
    ]
    assert [entry["action"] for entry in noted] == actions
    assert {entry["subjectId"] for entry in noted} == {key}
    assert {(entry["actor"]["kind"], entry["actor"]["name"]) for entry in noted} == {
        ("TOKEN", "tester")
    }
    assert (noted[0]["before"], noted[0]["after"]["url"], noted[5]["after"]) == (
        None,
        webhook.url,
        None,
    )
    secret = {"username": "u", "password": "(secret)"}
    assert (noted[1]["before"], noted[1]["after"]) == (
        {"name": "Orders", "basicAuth": secret},
        {"name": "Else", "basicAuth": secret},
    )
    assert (noted[2]["before"], noted[2]["after"]) == ({"active": True}, {"active": False})
    assert "plain" not in str(noted)
    assert "whsec_" not in str(noted)
    assert "fingerprint" not in str(noted)


async def test_refused_change_leaves_no_entry(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    with pytest.raises(Refused):
        await update_webhook(runtime, SOMEBODY, webhook.id, {"url": "ftp://x"})
    assert len(await entries(admin)) == 1


async def test_entry_names_the_request_of_the_api(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    await admin.data(UPDATE, input={"id": ids.encode("wh", webhook.id), "name": "Else"})
    assert (await entries(admin))[-1]["requestId"] == "request-1"


async def test_tokens_types_and_workspaces_are_noted_too(runtime: Runtime, admin: Asker) -> None:
    token, text = await tokens.create(runtime.database, WORKSPACE, "ci", ["webhooks:read"])
    await tokens.revoke(runtime.database, WORKSPACE, token.id, "boss")
    await types.save(runtime.database, runtime.hub, SOMEBODY, {"name": "a.b.c"})
    await types.save(
        runtime.database, runtime.hub, SOMEBODY, {"name": "a.b.c", "description": "more"}
    )
    await types.delete(runtime.database, runtime.hub, SOMEBODY, "a.b.c")
    await types.update_workspace(runtime.database, runtime.hub, SOMEBODY, None, True)
    noted = await entries(admin)
    actions = [
        "token.create",
        "token.revoke",
        "eventType.save",
        "eventType.save",
        "eventType.delete",
        "workspace.update",
    ]
    assert [entry["action"] for entry in noted] == actions
    assert [entry["actor"]["kind"] for entry in noted[:2]] == ["SYSTEM", "TOKEN"]
    assert text not in str(noted)
    assert (
        noted[2]["before"],
        noted[3]["before"]["description"],
        noted[3]["after"]["description"],
    ) == (None, None, "more")
    assert noted[5]["before"] == {"name": "Default", "strictEventTypes": False}


async def test_auto_disable_is_the_systems(runtime: Runtime, admin: Asker) -> None:
    webhook = await turned_off(runtime)
    entry = (await entries(admin))[-1]
    assert (entry["action"], entry["actor"]["kind"], entry["subjectId"]) == (
        "webhook.autoDisable",
        "SYSTEM",
        ids.encode("wh", webhook.id),
    )
    assert (entry["before"], entry["after"]) == ({"status": "ACTIVE"}, {"status": "AUTO_DISABLED"})


async def test_entries_are_filtered_and_stay_in_their_workspace(
    runtime: Runtime, admin: Asker
) -> None:
    await make_webhook(runtime)
    assert len(await entries(admin, actor="tester")) == 1
    assert await entries(admin, actor="somebody else") == []
    assert await entries(admin, until="2001-01-01T00:00:00Z") == []
    assert len(await entries(admin, since="2001-01-01T00:00:00Z")) == 1
    [entry] = await entries(admin)
    asked = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await admin.data(asked, id=entry["id"]))["node"] == {"id": entry["id"]}
    stranger = admin.in_workspace(await make_workspace(runtime))
    assert await entries(stranger) == []
    assert (await stranger.data(asked, id=entry["id"]))["node"] is None
    assert await AuditEntry.all().count() == 1


async def test_what_is_done_to_deliveries_by_hand_is_noted(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    [one] = [ids.encode("dlv", key) for key in await enqueue(runtime, webhook.id)]
    for verb in ("deliveryRetry", "deliveryCancel", "deliveryCancel"):
        await admin.data(
            f"mutation ($id: ID!) {{ {verb}(input: {{ id: $id }}) {{ userErrors {{ code }} }} }}",
            id=one,
        )
    since, until = clock.now() - timedelta(days=1), clock.now()
    job = await jobs.retry_deliveries(
        runtime.database,
        runtime.enqueuer,
        SOMEBODY,
        webhook.id,
        jobs.RetryScope.FAILED,
        since,
        until,
        None,
    )
    noted = (await entries(admin))[1:]  # after the webhook
    assert [(entry["action"], entry["subjectId"]) for entry in noted] == [
        ("delivery.retry", one),
        ("delivery.cancel", one),
        ("deliveries.retry", ids.encode("job", job.id)),
    ]
    assert {entry["actor"]["kind"] for entry in noted} == {"TOKEN"}
    assert noted[2]["after"]["webhookId"] == ids.encode("wh", webhook.id)
