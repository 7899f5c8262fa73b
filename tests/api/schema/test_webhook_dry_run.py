"""Trying a webhook: a dry run shows what a real request then is, and a test sends a marked one that
counts for nothing.
"""

from typing import Any

import orjson
import pytest

from hookline import clock, ids
from hookline.models import Delivery, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import set_webhook_active
from tests.api.schema.asking import Asker, told
from tests.making import SOMEBODY, make_webhook, make_workspace, publish, set_column
from tests.receivers import Receiver, Reply
from tests.tables import each_of
from tests.working import pumping

pytestmark = pytest.mark.engines("sqlite")

DRY_RUN = """mutation ($input: WebhookDryRunInput!) { webhookDryRun(input: $input) {
    matches reasons request { method url headers { name value } body } userErrors { field code
      message } } }"""
TEST = """mutation ($input: WebhookTestInput!) { webhookTest(input: $input) {
    delivery { id status webhook { id } event { id type data } } attempt { outcome cause statusCode
      requestBody requestHeaders { name } }
    userErrors { field code message } } }"""
SECRETS: dict[str, Any] = {
    "headers": [{"name": "X-Shop", "value": "7"}, {"name": "X-Api-Key", "value": "k3y-plain"}],
    "secretHeader": {"name": "X-Webhook-Secret", "value": "s3cret-plain"},
    "basicAuth": {"username": "u", "password": "p4ss-plain"},
}
DRAFT = {
    "name": "Orders",
    "url": "https://example.com/in",
    "events": ["order.*.*"],
    "environments": ["production"],
    **SECRETS,
}


async def dry_run(admin: Asker, **given: Any) -> Any:
    return (await admin.data(DRY_RUN, input=given))["webhookDryRun"]


async def test_dry_run_shows_the_request_that_is_then_sent(runtime: Runtime, admin: Asker) -> None:
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(
            runtime, receiver.url, payloadTemplate='{"total": {{ event.data.total }}}', **SECRETS
        )
        [event_id] = await publish(runtime, data={"total": 12})
        [sent] = await receiver.wait_for(1)
        shown = await dry_run(
            admin, id=ids.encode("wh", webhook.id), eventId=ids.encode("evt", event_id)
        )
    assert (shown["matches"], shown["reasons"], shown["userErrors"]) == (True, [], [])
    request = shown["request"]
    assert (request["method"], request["url"], request["body"]) == (
        "POST",
        receiver.url,
        sent.body.decode(),
    )
    assert "plain" not in str(shown)
    hidden = {"webhook-signature", "X-Api-Key", "X-Webhook-Secret", "Authorization"}
    assert {header["name"] for header in request["headers"] if header["value"] is None} == hidden
    same = {header["name"]: header["value"] for header in request["headers"]}
    for name in ("Content-Type", "User-Agent", "webhook-id", "X-Shop"):
        assert sent.header(name) == same[name]


@pytest.mark.engines("sqlite", "postgres")
async def test_dry_run_of_a_draft_needs_no_webhook(admin: Asker) -> None:
    shown = await dry_run(admin, draft=DRAFT, type="order.order.create", data={"n": 1})
    assert shown["matches"] is True
    assert orjson.loads(shown["request"]["body"])["data"] == {"n": 1}
    assert "plain" not in str(shown)
    assert not await Webhook.exists()


async def test_dry_run_of_changes_keeps_what_is_stored_and_saves_nothing(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime, name="Orders", **SECRETS)
    stored = await Webhook.filter(id=webhook.id).values()
    changes = {
        "url": "https://other.example.com/in",
        "events": ["user.user.create"],
        "filter": {"data.total": {"gte": 100}},
        "payloadTemplate": "{{ webhook.name }}: {{ event.data.total }}",
        "payloadContentType": "text/plain",
        "headers": [{"name": "X-Shop", "value": "8"}, {"name": "X-Api-Key", "value": None}],
        "basicAuth": {"username": "v"},
    }
    key = ids.encode("wh", webhook.id)
    shown = await dry_run(admin, id=key, changes=changes, data={"total": 5})
    assert (shown["matches"], shown["reasons"], shown["userErrors"]) == (
        False,
        ["data.total is 5; wanted: gte 100."],
        [],
    )
    request = shown["request"]
    assert (request["url"], request["body"]) == (changes["url"], "Orders: 5")
    own = {header["name"]: header["value"] for header in request["headers"]}
    assert own["X-Shop"] == "8"
    for name in ("X-Api-Key", "X-Webhook-Secret", "Authorization"):
        assert own[name] is None
    assert "plain" not in str(shown).replace("text/plain", "")
    assert await Webhook.filter(id=webhook.id).values() == stored


async def test_dry_run_of_changes_turns_on_a_webhook_that_is_off(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime)
    await set_column(runtime, "webhook", "auto_disabled_at", clock.now(), [webhook.id])
    key = ids.encode("wh", webhook.id)
    assert (await dry_run(admin, id=key, changes={"name": "X"}))["reasons"] == [
        "The webhook is off."
    ]
    assert (await dry_run(admin, id=key, changes={"active": True}))["reasons"] == []


async def test_dry_run_of_changes_tells_all_that_is_wrong_with_them(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime)
    wrong = {"name": None, "timeout": "soon", "headers": [{"name": "X-Key", "value": None}]}
    refused = await dry_run(admin, id=ids.encode("wh", webhook.id), changes=wrong)
    assert told(refused) == {
        ("REQUIRED", "input.changes.name"),
        ("INVALID", "input.changes.timeout"),
        ("REQUIRED", "input.changes.headers.0.value"),
    }
    assert refused["request"] is None
    refused = await dry_run(admin, draft=DRAFT, changes={"name": ""})
    assert told(refused) == {("INVALID", "input.changes"), ("REQUIRED", "input.changes.name")}


@pytest.mark.parametrize(
    ("changes", "sample", "reason"),
    [
        (
            {},
            {"environment": "staging"},
            "Its environments are production; the event's is staging.",
        ),
        (
            {},
            {"type": "user.user.create"},
            "None of its patterns matches user.user.create: order.*.*.",
        ),
        (
            {"filter": {"data.total": {"gte": 100}}},
            {"data": {"total": 5}},
            "data.total is 5; wanted: gte 100.",
        ),
        ({"active": False}, {}, "The webhook is off."),
    ],
)
async def test_dry_run_says_why_an_event_does_not_match(
    admin: Asker, changes: dict[str, Any], sample: dict[str, Any], reason: str
) -> None:
    shown = await dry_run(admin, draft={**DRAFT, **changes}, **sample)
    assert (shown["matches"], shown["reasons"]) == (False, [reason])
    assert shown["request"] is not None


@each_of(
    "given, field, code",
    [
        ({}, ["id"], "REQUIRED"),
        ({"draft": {**DRAFT, "url": "ftp://x"}}, ["draft", "url"], "INVALID"),
        ({"draft": {**DRAFT, "payloadTemplate": "{{"}}, ["payloadTemplate"], "INVALID"),
        ({"draft": DRAFT, "type": "order"}, ["type"], "INVALID"),
        ({"draft": DRAFT, "environment": "moon"}, ["environment"], "INVALID"),
        ({"draft": DRAFT, "eventId": "evt_01h455vb4pex5vsknk084sn02q"}, ["eventId"], "NOT_FOUND"),
        ({"id": "wh_01h455vb4pex5vsknk084sn02q"}, ["id"], "NOT_FOUND"),
    ],
)
async def test_dry_run_refuses_what_cannot_be_tried(
    admin: Asker, given: dict[str, Any], field: list[str], code: str
) -> None:
    refused = await dry_run(admin, **given)
    assert [(error["field"], error["code"]) for error in refused["userErrors"]] == [
        (["input", *field], code)
    ]
    assert refused["request"] is None


@pytest.mark.engines("sqlite", "postgres")
async def test_test_sends_a_marked_request_while_off_and_counts_for_nothing(
    runtime: Runtime, admin: Asker
) -> None:
    async with Receiver([Reply(500)]) as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url)
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
        answer = (
            await admin.data(TEST, input={"id": ids.encode("wh", webhook.id), "data": {"a": 1}})
        )["webhookTest"]
        [sent] = await receiver.wait_for(1)
    assert answer["userErrors"] == []
    assert (
        answer["attempt"]["outcome"],
        answer["attempt"]["cause"],
        answer["attempt"]["statusCode"],
    ) == ("FAILED", "TEST", 500)
    assert (answer["delivery"]["status"], answer["delivery"]["event"]["type"]) == (
        "FAILED",
        "order.test.test",
    )
    assert sent.header("Hookline-Test") == "true"
    assert orjson.loads(sent.body)["data"] == {"a": 1}
    assert answer["attempt"]["requestBody"] == sent.body.decode()
    assert (await Webhook.get(id=webhook.id)).consecutive_failures == 0
    assert (await admin.data("{ events { totalCount } }"))["events"]["totalCount"] == 0
    found = await admin.data("query { attempts(filter: {cause: [TEST]}) { totalCount } }")
    assert found["attempts"]["totalCount"] == 1


async def test_test_of_a_published_event_sends_that_one(runtime: Runtime, admin: Asker) -> None:
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, events=["user.user.create"])
        [event_id] = await publish(runtime, data={"total": 12})
        given = {"id": ids.encode("wh", webhook.id), "eventId": ids.encode("evt", event_id)}
        answer = (await admin.data(TEST, input=given))["webhookTest"]
        [sent] = await receiver.wait_for(1)
    assert (answer["delivery"]["status"], answer["attempt"]["outcome"]) == (
        "SUCCEEDED",
        "SUCCEEDED",
    )
    assert sent.header("webhook-id") == ids.encode("evt", event_id)


async def test_test_that_nobody_sends_comes_back_without_an_attempt(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime, timeout="1s")
    answer = (await admin.data(TEST, input={"id": ids.encode("wh", webhook.id)}))["webhookTest"]
    assert (answer["attempt"], answer["userErrors"]) == (None, [])
    assert await Delivery.all().count() == 1


@pytest.mark.engines("sqlite", "postgres")
async def test_test_refuses_strangers_samples_and_data_that_is_gone(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime)
    [event_id] = await publish(runtime)
    key, event = ids.encode("wh", webhook.id), ids.encode("evt", event_id)
    stranger = admin.in_workspace(await make_workspace(runtime))
    refused = (await stranger.data(TEST, input={"id": key}))["webhookTest"]
    assert [error["code"] for error in refused["userErrors"]] == ["NOT_FOUND"]
    await set_column(runtime, "event", "data", None, [event_id])
    refused = (await admin.data(TEST, input={"id": key, "eventId": event}))["webhookTest"]
    assert [(error["field"], error["code"]) for error in refused["userErrors"]] == [
        (["input", "eventId"], "DATA_EXPIRED")
    ]
    assert await Delivery.filter(manual_at__isnull=False).count() == 0
    assert await admin.as_role("viewer").codes(TEST, input={"id": key}) == ["FORBIDDEN"]
