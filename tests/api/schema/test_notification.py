"""Notifications in the API: the policy's form, the list, the receipts, the subscription, and
turning on again.
"""

import asyncio
from typing import Any

import pytest

from hookline import ids
from hookline.models import Email, EmailStatus, Webhook
from hookline.notifications.notifying import notify_failed_sync
from hookline.runtime import Runtime
from hookline.sync.apply import applying
from hookline.sync.request import SyncRequest
from tests.api.schema.asking import Asker
from tests.hookline.notifications.test_mails import Post, turned_off
from tests.hookline.sync.files import ORDERS, webhooks
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    ago,
    enqueue,
    make_workspace,
    set_column,
    succeeded,
)
from tests.tables import each_of
from tests.working import send_due

LIST = """query ($filter: NotificationFilter) { notifications(filter: $filter) { totalCount nodes {
    id kind message failures lastStatusCode backlog failingSince createdAt webhook { id name }
      emails { address status sentAt error } } } }"""
CREATE = """mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) {
    webhook { id autoDisable { failures over } notificationEmails notifyOn } userErrors { field code
      message } } }"""
UPDATE = """mutation ($input: WebhookUpdateInput!) { webhookUpdate(input: $input) {
    webhook { id autoDisable { failures over } notificationEmails notifyOn } userErrors { field code
      message } } }"""
FORM = {
    "name": "Orders",
    "url": "https://example.com/in",
    "events": ["order.*.*"],
    "environments": ["production"],
}


@pytest.mark.engines("sqlite")
async def test_auto_disable_is_listed_with_its_receipts(runtime: Runtime, admin: Asker) -> None:
    webhook = await turned_off(runtime)
    await send_due(runtime, Post())
    data = (await admin.as_role("viewer").data(LIST))["notifications"]
    [node] = data["nodes"]
    assert (
        data["totalCount"],
        node["kind"],
        node["failures"],
        node["lastStatusCode"],
        node["backlog"],
    ) == (1, "AUTO_DISABLED", 1, 503, 1)
    assert node["message"].startswith("Turned off by itself. 1 attempt failed in a row since ")
    assert node["message"].endswith(
        "; the latest answer was 503. 1 delivery is held until it is turned on again."
    )
    assert node["webhook"]["id"] == ids.encode("wh", webhook.id)
    assert [
        (mail["address"], mail["status"], mail["error"], bool(mail["sentAt"]))
        for mail in node["emails"]
    ] == [
        ("a@example.com", "SENT", None, True),
        ("b@example.com", "SENT", None, True),
    ]
    assert (await admin.data("query ($id: ID!) { node(id: $id) { id } }", id=node["id"]))[
        "node"
    ] == {"id": node["id"]}


async def test_list_is_filtered_and_belongs_to_the_workspace(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await turned_off(runtime)
    for wanted, count in (
        ({"webhookId": ids.encode("wh", webhook.id), "kind": ["AUTO_DISABLED"]}, 1),
        ({"kind": ["RECOVERED"]}, 0),
        ({"environment": "production"}, 1),
        ({"environment": "staging"}, 0),
        ({"since": ago(60).isoformat(), "until": ago(-60).isoformat()}, 1),
        ({"since": ago(-60).isoformat()}, 0),
        ({"until": ago(60).isoformat()}, 0),
    ):
        assert (await admin.data(LIST, filter=wanted))["notifications"]["totalCount"] == count
    stranger = admin.in_workspace(await make_workspace(runtime))
    assert (await stranger.data(LIST))["notifications"]["totalCount"] == 0
    [node] = (await admin.data(LIST))["notifications"]["nodes"]
    assert (await stranger.data("query ($id: ID!) { node(id: $id) { id } }", id=node["id"]))[
        "node"
    ] is None


async def test_webhook_shows_why_it_is_off_and_goes_on_by_an_explicit_true(
    runtime: Runtime, admin: Asker
) -> None:
    key = ids.encode("wh", (await turned_off(runtime)).id)
    asked = """query ($id: ID!) { webhook(id: $id) {
        active status health { autoDisabledAt autoDisabledReason consecutiveFailures } deliveries {
          nodes { status } } } }"""
    shown = (await admin.data(asked, id=key))["webhook"]
    assert (shown["active"], shown["status"], shown["deliveries"]["nodes"]) == (
        True,
        "AUTO_DISABLED",
        [{"status": "HELD"}],
    )
    assert shown["health"]["autoDisabledReason"].startswith("1 attempt failed in a row since ")
    for status, count in (("AUTO_DISABLED", 1), ("ACTIVE", 0), ("INACTIVE", 0)):
        found = await admin.data(
            "query ($s: [WebhookStatus!]) { webhooks(filter: {status: $s}) { totalCount } }",
            s=[status],
        )
        assert found["webhooks"]["totalCount"] == count
    for state, count in (("HELD", 1), ("PENDING", 0)):
        found = await admin.data(
            "query ($s: [DeliveryStatus!]) { deliveries(filter: {status: $s}) { totalCount } }",
            s=[state],
        )
        assert found["deliveries"]["totalCount"] == count
    turn_on = (
        "mutation ($id: ID!) { webhookSetActive(input: {id: $id, active: true}) { webhook { "
        "status } userErrors { code } } }"
    )
    assert (await admin.data(turn_on, id=key))["webhookSetActive"] == {
        "webhook": {"status": "ACTIVE"},
        "userErrors": [],
    }
    shown = (await admin.data(asked, id=key))["webhook"]
    assert (
        shown["status"],
        shown["health"]["autoDisabledReason"],
        shown["deliveries"]["nodes"],
    ) == ("ACTIVE", None, [{"status": "PENDING"}])


async def test_subscribers_hear_of_the_switch_and_of_the_notification(
    runtime: Runtime, admin: Asker
) -> None:
    changes = (
        "subscription ($after: String) { webhookChanges(after: $after) { kind node { status } } }"
    )
    notes = (
        "subscription ($after: String) { notifications(after: $after) { gap node { kind "
        "emails { address } } } }"
    )
    cursor = (await admin.data("{ liveCursor }"))["liveCursor"]
    await turned_off(runtime)
    async with admin.following(notes, after=cursor) as stream:
        answer = await asyncio.wait_for(anext(stream), 60)
    emails = [{"address": "a@example.com"}, {"address": "b@example.com"}]
    assert answer.data == {
        "notifications": {"gap": False, "node": {"kind": "AUTO_DISABLED", "emails": emails}}
    }
    async with admin.following(changes, after=cursor) as stream:
        told = [(await asyncio.wait_for(anext(stream), 10)).data for _ in range(2)]
    assert told[1] == {
        "webhookChanges": {"kind": "AUTO_DISABLED", "node": {"status": "AUTO_DISABLED"}}
    }


@pytest.mark.engines("sqlite")
@each_of(
    "given, shown",
    [
        (
            {},
            {
                "autoDisable": {"failures": 10, "over": "2d"},
                "notificationEmails": [],
                "notifyOn": ["AUTO_DISABLED"],
            },
        ),
        ({"autoDisable": {}}, {"autoDisable": {"failures": 10, "over": "2d"}}),
        ({"autoDisable": None}, {"autoDisable": None}),
        ({"autoDisable": {"failures": 3}}, {"autoDisable": {"failures": 3, "over": "2d"}}),
        ({"autoDisable": {"over": "90m"}}, {"autoDisable": {"failures": 10, "over": "90m"}}),
        (
            {"notificationEmails": [" a@example.com , B@example.com", "b@example.com"]},
            {"notificationEmails": ["a@example.com", "B@example.com"]},
        ),
        (
            {"notificationEmails": ['"Doe, Jane" <j+ops@x.test>; a@example.com;', ","]},
            {"notificationEmails": ["j+ops@x.test", "a@example.com"]},
        ),
        ({"notifyOn": ["RECOVERED", "FAILING"]}, {"notifyOn": ["FAILING", "RECOVERED"]}),
        ({"notifyOn": []}, {"notifyOn": []}),
    ],
)
async def test_form_takes_what_people_write(
    admin: Asker, given: dict[str, Any], shown: dict[str, Any]
) -> None:
    made = (await admin.data(CREATE, input={**FORM, **given}))["webhookCreate"]
    assert made["userErrors"] == []
    assert shown.items() <= made["webhook"].items()
    if given:
        other = (await admin.data(CREATE, input=FORM))["webhookCreate"]["webhook"]["id"]
        changed = (await admin.data(UPDATE, input={"id": other, **given}))["webhookUpdate"]
        assert shown.items() <= changed["webhook"].items()


@pytest.mark.engines("sqlite")
async def test_null_for_mails_goes_back_to_the_default(admin: Asker) -> None:
    made = (
        await admin.data(
            CREATE, input={**FORM, "notificationEmails": ["a@example.com"], "notifyOn": ["FAILING"]}
        )
    )["webhookCreate"]
    given = {"id": made["webhook"]["id"], "notificationEmails": None, "notifyOn": None}
    changed = (await admin.data(UPDATE, input=given))["webhookUpdate"]["webhook"]
    assert (changed["notificationEmails"], changed["notifyOn"]) == ([], ["AUTO_DISABLED"])


@pytest.mark.engines("sqlite")
@each_of(
    "given, field, code",
    [
        ({"autoDisable": {"failures": 0}}, ["autoDisable", "failures"], "OUT_OF_RANGE"),
        ({"autoDisable": {"over": "31d"}}, ["autoDisable", "over"], "OUT_OF_RANGE"),
        ({"autoDisable": {"over": "1500ms"}}, ["autoDisable", "over"], "INVALID"),
        ({"notificationEmails": ["nobody"]}, ["notificationEmails", "0"], "INVALID"),
        (
            {"notificationEmails": ["a@example.com", "a@example.com\r\nBcc: x@example.com"]},
            ["notificationEmails", "1"],
            "INVALID",
        ),
        (
            {"notificationEmails": [f"{n}@example.com" for n in range(21)]},
            ["notificationEmails"],
            "TOO_MANY",
        ),
        (
            {"notificationEmails": [",".join(f"{n}@example.com" for n in range(21))]},
            ["notificationEmails"],
            "TOO_MANY",
        ),
        ({"notificationEmails": ["ö@example.com"]}, ["notificationEmails", "0"], "INVALID"),
    ],
)
async def test_form_refuses_the_rest_and_names_the_field(
    admin: Asker, given: dict[str, Any], field: list[str], code: str
) -> None:
    refused = (await admin.data(CREATE, input={**FORM, **given}))["webhookCreate"]
    assert [(error["field"], error["code"]) for error in refused["userErrors"]] == [
        (["input", *field], code)
    ]


async def test_recovery_is_told_after_it_was_turned_on_and_succeeded(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await turned_off(runtime)
    await admin.data(
        "mutation ($id: ID!) { webhookSetActive(input: {id: $id, active: true}) { userErrors { "
        "code } } }",
        id=ids.encode("wh", webhook.id),
    )
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(*(succeeded(row) for row in await hand.claim(webhook.id)))
    kinds = [node["kind"] for node in (await admin.data(LIST))["notifications"]["nodes"]]
    assert kinds == ["RECOVERED", "AUTO_DISABLED"]
    assert (await Webhook.get(id=webhook.id)).warned_at is None


async def test_mails_that_wait_are_shown_with_what_they_wait_for(
    runtime: Runtime, admin: Asker
) -> None:
    await turned_off(runtime, ["a@example.com", "b@example.com", "c@example.com"])
    rows = await Email.all().order_by("address")
    for row, status, error in zip(
        rows,
        (EmailStatus.HELD, EmailStatus.UNCONFIRMED, EmailStatus.HELD),
        ("Held.", "Not confirmed.", None),
        strict=True,
    ):
        await set_column(runtime, "email", "status", int(status), [row.id])
        await set_column(runtime, "email", "error", error, [row.id])
    [node] = (await admin.data(LIST))["notifications"]["nodes"]
    # The last one waits because of other workspaces' mails, of which this one is to learn nothing.
    assert [(mail["status"], mail["error"]) for mail in node["emails"]] == [
        ("HELD", "Held."),
        ("UNCONFIRMED", "Not confirmed."),
        ("PENDING", None),
    ]


@pytest.mark.engines("sqlite")
async def test_a_notification_about_a_sync_names_set_and_revision(
    runtime: Runtime, admin: Asker
) -> None:
    await notify_failed_sync(runtime, WORKSPACE, "new", "Never applied.")
    await applying.apply(runtime, SOMEBODY, SyncRequest(webhooks(orders=ORDERS)))
    await notify_failed_sync(runtime, WORKSPACE, "storefront", "Drifted.")
    await turned_off(runtime)
    nodes = await admin.data("{ notifications { nodes { kind set revision } } }")
    assert [tuple(node.values()) for node in nodes["notifications"]["nodes"]] == [
        ("AUTO_DISABLED", None, None),
        ("SYNC_FAILED", "storefront", 1),
        ("SYNC_FAILED", "new", 0),
    ]
    found = await admin.data(LIST, filter={"set": "storefront"})
    assert [node["message"] for node in found["notifications"]["nodes"]] == ["Drifted."]
