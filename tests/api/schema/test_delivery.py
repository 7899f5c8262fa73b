"""Deliveries and attempts by GraphQL: derived states, the log, sending again."""

from typing import Any
from uuid import UUID

import pytest

from hookline import ids
from hookline.models import Attempt, AttemptOutcome, DeliveryState, Event
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active
from tests.api.schema.asking import Asker, told
from tests.making import (
    SOMEBODY,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    set_column,
    succeeded,
)
from tests.tables import each_of
from tests.working import finish_jobs

RETRY = """mutation ($id: ID!) { deliveryRetry(input: {id: $id}) {
    delivery { id status attemptCount nextAttemptAt } userErrors { field message code } } }"""
ATTEMPT = """number outcome cause requestUrl requestHeaders { name value } requestBody statusCode responseHeaders { name value } responseBody
    responseBodyBase64 responseTruncated errorCode errorMessage startedAt durationMs nextAttemptAt delivery { id } webhook { name } event { type }"""
STATES = ("PENDING", "HELD", "IN_PROGRESS", "SUCCEEDED", "FAILED", "CANCELLED")


async def one_in_each_state(admin: Asker) -> dict[str, list[UUID]]:
    """Deliveries by the status that they must show."""
    runtime, hand = admin.runtime, await Hand.begin(admin.runtime)
    live, off, gone = [await make_webhook(runtime, slug=slug) for slug in ("live", "off", "gone")]
    made = {"IN_PROGRESS": await enqueue(runtime, live.id), "SUCCEEDED": [], "FAILED": []}
    sending = await hand.claim_one(live.id)
    made |= {"SUCCEEDED": await enqueue(runtime, live.id)}
    await hand.record(succeeded(await hand.claim_one(live.id)))
    made |= {"FAILED": await enqueue(runtime, live.id)}
    await hand.record(failed(await hand.claim_one(live.id), state=DeliveryState.FAILED))
    made |= {
        "PENDING": await enqueue(runtime, live.id, 2),
        "HELD": await enqueue(runtime, off.id, 2),
        "CANCELLED": await enqueue(runtime, gone.id),
    }
    await hand.claim_one(live.id)  # leased ahead, as one of those that wait
    await hand.begin_to_send(sending)
    await set_webhook_active(runtime, SOMEBODY, off.id, False)
    await delete_webhook(runtime, SOMEBODY, gone.id)
    return made


async def test_a_delivery_shows_its_derived_status_and_is_found_by_it(admin: Asker) -> None:
    made = await one_in_each_state(admin)
    assert set(made) == set(STATES)
    shown = (await admin.data("{ deliveries(first: 50) { nodes { id status } } }"))["deliveries"][
        "nodes"
    ]
    expected = {ids.encode("dlv", key): status for status, keys in made.items() for key in keys}
    assert {node["id"]: node["status"] for node in shown} == expected
    text = (
        "query ($f: DeliveryFilter) { deliveries(filter: $f) { nodes { id status } totalCount } }"
    )
    for status in STATES:
        found = (await admin.data(text, f={"status": [status]}))["deliveries"]
        assert {node["id"] for node in found["nodes"]} == {
            key for key, shows in expected.items() if shows == status
        }
    both = (await admin.data(text, f={"status": ["HELD", "FAILED"]}))["deliveries"]
    assert both["totalCount"] == 3
    assert (
        await admin.data(
            "{ webhooks(filter: {status: [INACTIVE]}) { nodes { health { backlog } } } }"
        )
    )["webhooks"]["nodes"] == [{"health": {"backlog": 2}}]


@pytest.mark.engines("sqlite")
async def test_an_attempt_shows_what_was_sent_and_answered(admin: Asker) -> None:
    webhook = await make_webhook(admin.runtime)
    [key] = await enqueue(admin.runtime, webhook.id)
    hand = await Hand.begin(admin.runtime)
    heads = {
        "request_headers": '[["X-Plain","a"],["X-Secret",null]]',
        "response_headers": '[["server","x"]]',
        "response_body": "né".encode(),
    }
    await hand.record(failed(await hand.claim_one(webhook.id), **heads))
    text = (
        "query ($id: ID!) { node(id: $id) { ... on Delivery { attemptCount attempts { "
        f"nodes {{ {ATTEMPT} }} totalCount }} }} }} }}"
    )
    found = (await admin.data(text, id=ids.encode("dlv", key)))["node"]
    [attempt] = found["attempts"]["nodes"]
    assert (found["attemptCount"], attempt["number"], attempt["outcome"], attempt["cause"]) == (
        1,
        1,
        "FAILED",
        "PUBLISH",
    )
    assert attempt["requestHeaders"] == [
        {"name": "X-Plain", "value": "a"},
        {"name": "X-Secret", "value": None},
    ]
    assert (attempt["responseHeaders"], attempt["responseBody"], attempt["responseBodyBase64"]) == (
        [{"name": "server", "value": "x"}],
        "né",
        None,
    )
    assert (attempt["statusCode"], attempt["errorCode"], attempt["durationMs"]) == (
        500,
        "STATUS",
        20,
    )
    assert attempt["requestBody"].startswith('{"id":"evt_')
    assert attempt["requestBody"].endswith('"data":{"a":1}}')
    assert (attempt["delivery"], attempt["webhook"]) == (
        {"id": ids.encode("dlv", key)},
        {"name": "Orders"},
    )


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("body", "is_truncated", "text", "base64"),
    [
        (b"", False, "", None),
        (b"\xff\xfe", False, None, "//4="),
        ("é".encode()[:1], False, None, "ww=="),
        (b"ab" + "€".encode()[:2], True, "ab", None),
        (b"\xff\xfe\xff\xfe\xff", True, None, "//7//v8="),
        (None, False, "", None),
    ],
)
async def test_an_answer_that_is_no_text_is_shown_in_base64(
    admin: Asker, body: bytes | None, is_truncated: bool, text: str | None, base64: str | None
) -> None:
    webhook = await make_webhook(admin.runtime)
    await enqueue(admin.runtime, webhook.id)
    hand = await Hand.begin(admin.runtime)
    await hand.record(
        failed(await hand.claim_one(webhook.id), response_body=body, is_truncated=is_truncated)
    )
    [attempt] = (await admin.data("{ attempts { nodes { responseBody responseBodyBase64 } } }"))[
        "attempts"
    ]["nodes"]
    assert attempt == {"responseBody": text, "responseBodyBase64": base64}


async def test_a_body_that_nobody_knows_any_more_is_null(admin: Asker) -> None:
    webhook = await make_webhook(admin.runtime)
    await enqueue(admin.runtime, webhook.id)
    hand = await Hand.begin(admin.runtime)
    await hand.record(failed(await hand.claim_one(webhook.id)))
    text = "{ attempts { nodes { outcome requestBody } } }"
    await Attempt.all().update(outcome=AttemptOutcome.UNKNOWN)
    assert (await admin.data(text))["attempts"]["nodes"] == [
        {"outcome": "UNKNOWN", "requestBody": None}
    ]
    await Attempt.all().update(outcome=AttemptOutcome.FAILED)
    await Event.all().update(data=None)
    assert (await admin.data(text))["attempts"]["nodes"] == [
        {"outcome": "FAILED", "requestBody": None}
    ]


@each_of(
    "wanted, count",
    [
        ({}, 2),
        ({"outcome": ["SUCCEEDED"]}, 1),
        ({"outcome": ["UNKNOWN"]}, 0),
        ({"statusClass": [5]}, 1),
        ({"statusClass": [2, 5]}, 2),
        ({"cause": ["PUBLISH"]}, 2),
        ({"cause": ["MANUAL", "RETRY"]}, 0),
        ({"eventType": "order.order.create", "environment": "production"}, 2),
        ({"environment": "staging"}, 0),
        ({"since": "2026-01-01T00:00:00Z"}, 2),
        ({"until": "2026-01-01T00:00:00Z"}, 0),
    ],
)
async def test_a_filter_leaves_what_it_says(
    two_attempts: Asker, wanted: dict[str, Any], count: int
) -> None:
    text = (
        "query ($f: AttemptFilter) { attempts(filter: $f) { totalCount } webhooks { nodes { "
        "attempts(filter: $f) { totalCount } } } }"
    )
    found = await two_attempts.data(text, f=wanted)
    assert found == {
        "attempts": {"totalCount": count},
        "webhooks": {"nodes": [{"attempts": {"totalCount": count}}]},
    }


@pytest.fixture
async def two_attempts(admin: Asker) -> Asker:
    webhook = await make_webhook(admin.runtime)
    hand = await Hand.begin(admin.runtime)
    for ended in (succeeded, failed):
        await enqueue(admin.runtime, webhook.id)
        await hand.record(ended(await hand.claim_one(webhook.id)))
    return admin


async def test_lists_narrow_down_by_webhook_event_and_delivery(admin: Asker) -> None:
    one, two = await make_webhook(admin.runtime), await make_webhook(admin.runtime)
    hand, keys = await Hand.begin(admin.runtime), {}
    for webhook in (one, two):
        [keys[webhook.id]] = await enqueue(admin.runtime, webhook.id)
        await hand.record(succeeded(await hand.claim_one(webhook.id)))
    text = """query ($wh: ID!, $dlv: ID!) { a: deliveries(filter: {webhookId: $wh}) { nodes { id
      event { id } } }
        b: attempts(filter: {webhookId: $wh}) { totalCount } c: attempts(filter: {deliveryId: $dlv})
          { totalCount }
        d: attempts(filter: {webhookId: $wh, deliveryId: $dlv}) { totalCount } e: deliveries(filter:
          {webhookId: $dlv}) { totalCount } }"""
    found = await admin.data(text, wh=ids.encode("wh", one.id), dlv=ids.encode("dlv", keys[two.id]))
    assert [node["id"] for node in found["a"]["nodes"]] == [ids.encode("dlv", keys[one.id])]
    assert [found[name]["totalCount"] for name in "bcde"] == [1, 1, 0, 0]
    event_id = found["a"]["nodes"][0]["event"]["id"]
    assert (
        await admin.data(
            "query ($id: ID!) { deliveries(filter: {eventId: $id}) { totalCount } }", id=event_id
        )
    )["deliveries"]["totalCount"] == 1
    assert await admin.codes('{ deliveries(filter: {eventId: "nonsense"}) { totalCount } }') == [
        "BAD_USER_INPUT"
    ]


async def test_a_failed_delivery_is_sent_again_by_hand(admin: Asker) -> None:
    webhook = await make_webhook(admin.runtime)
    [key] = await enqueue(admin.runtime, webhook.id)
    hand = await Hand.begin(admin.runtime)
    await hand.record(failed(await hand.claim_one(webhook.id), state=DeliveryState.FAILED))
    payload = (await admin.as_role("editor").data(RETRY, id=ids.encode("dlv", key)))[
        "deliveryRetry"
    ]
    assert payload["userErrors"] == []
    assert (payload["delivery"]["status"], payload["delivery"]["attemptCount"]) == ("FAILED", 1)
    assert (await hand.claim_one(webhook.id)).is_manual


@pytest.mark.engines("sqlite")
async def test_each_mutation_of_a_request_sees_what_the_one_before_it_did(admin: Asker) -> None:
    webhook = await make_webhook(admin.runtime)
    [key] = await enqueue(admin.runtime, webhook.id)
    text = """mutation ($dlv: ID!, $wh: ID!) { a: deliveryRetry(input: {id: $dlv}) { delivery {
      status } }
        webhookSetActive(input: {id: $wh, active: false}) { webhook { active } } b:
          deliveryRetry(input: {id: $dlv}) { delivery { status } } }"""
    found = await admin.data(text, dlv=ids.encode("dlv", key), wh=ids.encode("wh", webhook.id))
    assert [found[name]["delivery"]["status"] for name in "ab"] == ["PENDING", "HELD"]


@pytest.mark.engines("sqlite")
async def test_what_cannot_be_sent_again_is_refused(admin: Asker) -> None:
    webhook = await make_webhook(admin.runtime)
    [key] = await enqueue(admin.runtime, webhook.id)
    hand = await Hand.begin(admin.runtime)
    claimed = await hand.claim_one(webhook.id)
    assert told((await admin.data(RETRY, id=ids.encode("dlv", key)))["deliveryRetry"]) == {
        ("NOT_ALLOWED", "input.id")
    }
    await hand.record(failed(claimed))
    await set_column(admin.runtime, "event", "data", None, [claimed.event_id])
    assert told((await admin.data(RETRY, id=ids.encode("dlv", key)))["deliveryRetry"]) == {
        ("DATA_EXPIRED", "input.id")
    }
    assert told((await admin.data(RETRY, id=ids.encode("dlv", ids.uuid7())))["deliveryRetry"]) == {
        ("NOT_FOUND", "input.id")
    }
    assert told((await admin.data(RETRY, id=ids.encode("wh", key)))["deliveryRetry"]) == {
        ("NOT_FOUND", "input.id")
    }


async def test_another_workspaces_deliveries_are_nowhere(admin: Asker) -> None:
    stranger = await make_workspace(admin.runtime)
    webhook = await make_webhook(admin.runtime, workspace_id=stranger)
    [key] = await enqueue(admin.runtime, webhook.id, workspace_id=stranger)
    hand = await Hand.begin(admin.runtime)
    await hand.record(failed(await hand.claim_one(webhook.id)), workspace_id=stranger)
    theirs = await Attempt.get(delivery_id=key)
    text = """query ($dlv: ID!, $att: ID!, $wh: ID!) { a: node(id: $dlv) { id } b: node(id: $att) {
      id }
        deliveries { totalCount } attempts { totalCount } mine: attempts(filter: {webhookId: $wh}) {
          totalCount } }"""
    found = await admin.data(
        text,
        dlv=ids.encode("dlv", key),
        att=ids.encode("att", theirs.id),
        wh=ids.encode("wh", webhook.id),
    )
    none = {"totalCount": 0}
    assert found == {"a": None, "b": None, "deliveries": none, "attempts": none, "mine": none}
    assert told((await admin.data(RETRY, id=ids.encode("dlv", key)))["deliveryRetry"]) == {
        ("NOT_FOUND", "input.id")
    }
    assert (await admin.in_workspace(stranger).data("{ deliveries { totalCount } }"))[
        "deliveries"
    ] == {"totalCount": 1}


@pytest.mark.engines("sqlite")
async def test_a_finished_delivery_has_no_next_attempt(admin: Asker) -> None:
    await one_in_each_state(admin)
    nodes = (
        await admin.data(
            "{ deliveries(first: 50) { nodes { status nextAttemptAt finishedAt createdAt } } }"
        )
    )["deliveries"]["nodes"]
    assert {node["status"] for node in nodes if node["nextAttemptAt"]} <= {
        "PENDING",
        "HELD",
        "CANCELLED",
    }
    assert {node["status"] for node in nodes if node["finishedAt"]} == {"SUCCEEDED", "FAILED"}
    assert all(node["createdAt"] > ago(60).isoformat() for node in nodes)


async def test_cancelling_ends_an_open_delivery_once(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    cancel = (
        "mutation ($id: ID!) { deliveryCancel(input: {id: $id}) { delivery { status "
        "finishedAt } userErrors { field code } } }"
    )
    answer = (await admin.data(cancel, id=ids.encode("dlv", key)))["deliveryCancel"]
    assert (answer["delivery"]["status"], answer["userErrors"]) == ("CANCELLED", [])
    answer = (await admin.data(cancel, id=ids.encode("dlv", key)))["deliveryCancel"]
    assert answer == {
        "delivery": None,
        "userErrors": [{"field": ["input", "id"], "code": "NOT_ALLOWED"}],
    }


async def test_job_of_sending_again_is_found_by_its_id_in_its_workspace(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime)
    retry = """mutation ($input: DeliveriesRetryInput!) { deliveriesRetry(input: $input) {
        job { id kind status total done error createdAt finishedAt } userErrors { field code } }
          }"""
    given = {
        "webhookId": ids.encode("wh", webhook.id),
        "which": "FAILED",
        "since": "2026-01-01T00:00:00Z",
    }
    begun = (await admin.data(retry, input=given))["deliveriesRetry"]
    assert begun["userErrors"] == []
    assert (
        begun["job"]["kind"],
        begun["job"]["status"],
        begun["job"]["total"],
        begun["job"]["done"],
    ) == ("deliveries.retry", "PENDING", 0, 0)
    await finish_jobs(runtime)
    asked = "query ($id: ID!) { job(id: $id) { status finishedAt } node(id: $id) { id } }"
    shown = await admin.data(asked, id=begun["job"]["id"])
    assert (shown["job"]["status"], bool(shown["job"]["finishedAt"]), shown["node"]["id"]) == (
        "SUCCEEDED",
        True,
        begun["job"]["id"],
    )
    stranger = admin.in_workspace(await make_workspace(runtime))
    assert (await stranger.data(asked, id=begun["job"]["id"]))["job"] is None
    wrong = {**given, "until": "2025-01-01T00:00:00Z"}
    assert (await admin.data(retry, input=wrong))["deliveriesRetry"]["userErrors"] == [
        {"field": ["input", "until"], "code": "INVALID"}
    ]
