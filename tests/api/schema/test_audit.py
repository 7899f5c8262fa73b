"""The audit log: every change with who made it, what was before and after, in the change's own
transaction, and no secret.
"""

from datetime import timedelta
from typing import Any

import pytest

from hookline import clock, ids
from hookline.access import tokens
from hookline.access.actor import Actor
from hookline.access.audit import CLIENT
from hookline.deliveries import jobs
from hookline.errors import Refused
from hookline.events import types
from hookline.models import AuditEntry, Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import applying
from hookline.sync.request import Source, SyncRequest
from hookline.webhooks import secrets
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from hookline.webhooks.ownership import Force
from tests.api.schema.asking import Asker
from tests.api.schema.test_webhook_dry_run import SECRETS, TEST
from tests.hookline.notifications.test_mails import turned_off
from tests.hookline.sync.files import ORDERS, webhooks
from tests.making import SOMEBODY, WORKSPACE, enqueue, make_webhook, make_workspace
from tests.receivers import Receiver
from tests.working import pumping

pytestmark = pytest.mark.engines("sqlite")

LIST = """query ($filter: AuditFilter) { auditEntries(filter: $filter) { totalCount nodes {
    id action source reason actor { kind name tokenId appliedBy revision claimed { commit branch } }
    at subjectId before after requestId } } }"""
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


NAMES = "{ auditEntries { nodes { action webhook { name } } } }"


async def test_an_entry_has_its_webhook_as_it_is_now(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime, name="Once")
    await update_webhook(runtime, SOMEBODY, webhook.id, {"name": "Now"})
    await types.save(runtime.database, runtime.hub, SOMEBODY, {"name": "a.b.c"})

    noted = (await admin.data(NAMES))["auditEntries"]["nodes"]
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    later = (await admin.data(NAMES))["auditEntries"]["nodes"]

    assert [entry["webhook"] for entry in noted] == [None, {"name": "Now"}, {"name": "Now"}]
    # A deleted webhook keeps its name, as in the log of attempts.
    assert [entry["webhook"] for entry in later][1:] == [entry["webhook"] for entry in noted]


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


@pytest.mark.engines("sqlite", "postgres")
async def test_tokens_types_and_workspaces_are_noted_too(runtime: Runtime, admin: Asker) -> None:
    token, text = await tokens.create(runtime.database, WORKSPACE, "ci", ["webhooks:read"])
    await tokens.revoke(runtime.database, WORKSPACE, token.id, Actor(WORKSPACE, "boss"))
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


@pytest.mark.engines("sqlite", "postgres")
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


@pytest.mark.engines("sqlite", "postgres")
async def test_a_test_is_noted_with_where_it_was_sent(runtime: Runtime, admin: Asker) -> None:
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url)
        key = ids.encode("wh", webhook.id)
        payload = (await admin.data(TEST, input={"id": key}))["webhookTest"]
    entry = (await entries(admin, subjectId=key))[-1]
    assert (entry["action"], entry["before"]) == ("webhook.test", None)
    assert entry["after"]["url"] == receiver.url
    assert entry["after"]["deliveryId"] == payload["delivery"]["id"]


async def test_a_rotation_says_whether_the_new_secret_was_shown(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime)
    asked = "mutation ($id: ID!) { webhookSecretRotate(input: {id: $id}) { secret } }"
    key = ids.encode("wh", webhook.id)
    for asker in (admin.as_role("editor"), admin):
        await asker.data(asked, id=key)
    noted = (await entries(admin, subjectId=key))[1:]
    assert [entry["after"]["revealed"] for entry in noted] == [False, True]


async def test_an_entry_names_the_token_by_its_id(runtime: Runtime, admin: Asker) -> None:
    token, _ = await tokens.create(runtime.database, WORKSPACE, "anna", ["webhooks:write"])
    anna = Actor(WORKSPACE, "anna", frozenset(token.scopes), token_id=token.id)
    webhook = await make_webhook(runtime)
    await update_webhook(runtime, anna, webhook.id, {"name": "Else"})
    actor = (await entries(admin))[-1]["actor"]
    assert (actor["kind"], actor["name"]) == ("TOKEN", "anna")
    assert actor["tokenId"] == ids.encode("tok", token.id)
    assert (actor["appliedBy"], actor["claimed"]) == (None, None)


async def test_an_apply_names_set_and_token_and_marks_what_is_claimed(
    runtime: Runtime, admin: Asker
) -> None:
    token, _ = await tokens.create(runtime.database, WORKSPACE, "ci", ["sync:apply:storefront"])
    pipeline = Actor(WORKSPACE, "ci", frozenset(token.scopes), token_id=token.id)
    source = Source(commit="9f2c1ab", branch="main")
    wanted = webhooks(orders=ORDERS)
    await applying.apply(runtime, pipeline, SyncRequest(wanted, source=source))
    assert (await entries(admin))[-1]["actor"] == {
        "kind": "SYNC",
        "name": "storefront",
        "tokenId": ids.encode("tok", token.id),
        "appliedBy": "ci",
        "revision": 1,
        "claimed": {"commit": "9f2c1ab", "branch": "main"},
    }


async def test_an_editor_reads_the_entries_of_webhooks_and_of_nothing_else(
    runtime: Runtime, admin: Asker
) -> None:
    await make_webhook(runtime)
    await types.save(runtime.database, runtime.hub, SOMEBODY, {"name": "a.b.c"})
    await tokens.create(runtime.database, WORKSPACE, "ci", ["webhooks:read"])
    editor, asked = admin.as_role("editor"), "query ($id: ID!) { node(id: $id) { id } }"
    assert [entry["action"] for entry in await entries(editor)] == ["webhook.create"]
    for entry in await entries(admin):
        node = (await editor.data(asked, id=entry["id"]))["node"]
        assert (node is not None) == (entry["action"] == "webhook.create")
    for role in ("viewer", "publisher", "sync"):
        assert await admin.as_role(role).codes(LIST) == ["FORBIDDEN"]


async def test_a_token_for_the_whole_audit_log_may_read_that_of_webhooks(runtime: Runtime) -> None:
    token, _ = await tokens.create(runtime.database, WORKSPACE, "auditor", ["audit:read"])
    assert list(token.scopes) == ["webhooks:audit", "audit:read"]


async def test_entries_are_found_by_their_actions(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    await update_webhook(runtime, SOMEBODY, webhook.id, {"name": "Else"})
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    found = await entries(admin, action=["webhook.update", "webhook.delete", "no such\x00"])
    assert [entry["action"] for entry in found] == ["webhook.update", "webhook.delete"]
    assert await entries(admin, action=["webhook"]) == []
    assert len(await entries(admin, action=[])) == 3
    assert await admin.codes(LIST, filter={"action": ["a"] * 51}) == ["BAD_USER_INPUT"]


async def test_an_entry_tells_its_source_and_the_reason_of_a_forced_change(
    runtime: Runtime, admin: Asker
) -> None:
    await applying.apply(runtime, SOMEBODY, SyncRequest(webhooks(orders=ORDERS)))
    webhook = await Webhook.get()
    await update_webhook(
        runtime, SOMEBODY, webhook.id, {"name": "Else"}, force=Force(True, "An incident")
    )
    CLIENT.set("console")
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False, force=Force(True, "Again"))
    CLIENT.set(None)
    await tokens.create(runtime.database, WORKSPACE, "ci", ["webhooks:read"])
    told = [(entry["action"], entry["source"], entry["reason"]) for entry in await entries(admin)]
    assert told[-3:] == [
        ("webhook.update", "API", "An incident"),
        ("webhook.update", "CONSOLE", "Again"),
        ("token.create", "SYSTEM", None),
    ]
    assert {(source, reason) for _, source, reason in told[:-3]} == {("SYNC", None)}
