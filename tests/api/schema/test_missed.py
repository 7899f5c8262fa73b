"""Missed events in the API: of a webhook and of an event, also when the webhook is on again."""

from typing import Any
from uuid import UUID

import pytest

from hookline import clock, ids
from hookline.deliveries import jobs
from hookline.deliveries.jobs import RetryScope
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import set_webhook_active, update_webhook
from tests.api.schema.asking import Asker
from tests.making import SOMEBODY, ago, make_webhook, make_workspace, publish
from tests.working import finish_jobs

pytestmark = pytest.mark.engines("sqlite")

PAGE = """totalCount totalCountExact deliveredCount deliverableCount
    pageInfo { endCursor startCursor hasNextPage hasPreviousPage }
    nodes { event { id } webhook { id } delivery { id } cause by { name } reason offSince offUntil
    deliverable } edges { cursor node { event { id } } }"""
OF_WEBHOOK = (
    "query ($id: ID!, $filter: MissedFilter, $first: Int, $after: String, $last: Int, "
    "$before: String) { webhook(id: $id) { missed(filter: $filter, first: $first, after: $after, "
    f"last: $last, before: $before) {{ {PAGE} }} }} }}"
)
OF_EVENT = (
    "query ($id: ID!, $first: Int, $after: String, $last: Int) { event: node(id: $id) { ... on "
    f"Event {{ missed(first: $first, after: $after, last: $last) {{ {PAGE} }} }} }} }}"
)
SWITCH = """mutation ($id: ID!, $active: Boolean!) { webhookSetActive(
    input: {id: $id, active: $active, deliverMissed: true}) {
    webhook { active } notice userErrors { code field } } }"""


async def of_webhook(asker: Asker, webhook: Webhook, **given: Any) -> Any:
    answer = await asker.data(OF_WEBHOOK, id=ids.encode("wh", webhook.id), **given)
    return answer["webhook"]["missed"]


async def of_event(asker: Asker, key: UUID, **given: Any) -> Any:
    answer = await asker.data(OF_EVENT, id=ids.encode("evt", key), **given)
    return answer["event"]["missed"]


async def off_and_on(runtime: Runtime, *webhooks: Webhook, count: int = 1) -> list[UUID]:
    """Publishes events while the webhooks are off."""
    for webhook in webhooks:
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    keys = await publish(runtime, count)
    for webhook in webhooks:
        await set_webhook_active(runtime, SOMEBODY, webhook.id, True)
    return sorted(keys)


def counts(page: Any) -> tuple[int, int, int, bool]:
    names = ("totalCount", "deliveredCount", "deliverableCount", "totalCountExact")
    total, delivered, deliverable, is_exact = (page[name] for name in names)
    return total, delivered, deliverable, is_exact


def event_ids(page: Any) -> list[str]:
    return [node["event"]["id"] for node in page["nodes"]]


@pytest.mark.engines("sqlite", "postgres")
async def test_webhook_tells_what_it_missed_why_and_whether_it_was_delivered_since(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime)
    first, second = await off_and_on(runtime, webhook, count=2)
    await update_webhook(runtime, SOMEBODY, webhook.id, {"events": ["user.*.*"]})
    page = await of_webhook(admin, webhook)
    assert counts(page) == (2, 0, 0, True)
    assert event_ids(page) == [ids.encode("evt", key) for key in (second, first)]
    told = page["nodes"][0]
    assert (told["cause"], told["by"]["name"], told["delivery"]) == ("INACTIVE", "tester", None)
    assert told["offSince"] < told["offUntil"]
    await update_webhook(runtime, SOMEBODY, webhook.id, {"events": ["order.*.*"]})
    await jobs.retry_deliveries(
        *(runtime.database, runtime.enqueuer, SOMEBODY, webhook.id, RetryScope.MISSED),
        *(ago(3_600), None, None),
    )
    await finish_jobs(runtime)
    page = await of_webhook(admin, webhook)
    assert counts(page) == (2, 2, 0, True)
    assert all(node["delivery"] for node in page["nodes"])


async def test_pages_go_on_from_their_cursors_both_ways(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    keys = await off_and_on(runtime, webhook, count=5)
    newest_first = [ids.encode("evt", key) for key in keys[::-1]]
    seen, given = list[str](), dict[str, Any](first=2)
    for is_last in (False, False, True):
        page = await of_webhook(admin, webhook, **given)
        seen += event_ids(page)
        given["after"] = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] is not is_last
    assert seen == newest_first
    back = await of_webhook(admin, webhook, last=2)
    assert event_ids(back) == newest_first[3:]
    assert back["pageInfo"]["hasPreviousPage"]
    before = await of_webhook(admin, webhook, last=2, before=back["pageInfo"]["startCursor"])
    assert event_ids(before) == newest_first[1:3]
    assert event_ids(await of_webhook(admin, webhook, first=0)) == []


async def test_only_a_time_and_a_type_are_told(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    await off_and_on(runtime, webhook)
    for given, total in (
        ({"since": clock.now().isoformat()}, 0),
        ({"until": clock.now().isoformat()}, 1),
        ({"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}, 1),
        ({"eventType": "order.order.delete"}, 0),
    ):
        page = await of_webhook(admin, webhook, filter=given)
        assert (page["totalCount"], len(page["nodes"])) == (total, total)
    text = OF_WEBHOOK.replace("$filter: MissedFilter", '$filter: MissedFilter = {eventType: "a"}')
    assert await admin.codes(text, id=ids.encode("wh", webhook.id)) == ["BAD_USER_INPUT"]


@pytest.mark.engines("sqlite", "postgres")
async def test_event_tells_the_webhooks_that_were_off(runtime: Runtime, admin: Asker) -> None:
    webhooks = [await make_webhook(runtime) for _ in range(3)]
    [key] = await off_and_on(runtime, *webhooks)
    await make_webhook(runtime, active=False)
    await make_webhook(runtime, active=False, workspace_id=await make_workspace(runtime))
    wanted = sorted(ids.encode("wh", webhook.id) for webhook in webhooks)
    page = await of_event(admin, key, first=2)
    assert [node["webhook"]["id"] for node in page["nodes"]] == wanted[:2]
    assert counts(page) == (3, 0, 3, True)
    rest = await of_event(admin, key, first=2, after=page["pageInfo"]["endCursor"])
    assert [node["webhook"]["id"] for node in rest["nodes"]] == wanted[2:]
    assert not rest["pageInfo"]["hasNextPage"]
    back = await of_event(admin, key, last=2)
    assert [node["webhook"]["id"] for node in back["nodes"]] == wanted[1:]


async def test_missed_events_need_both_scopes(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    [key] = await off_and_on(runtime, webhook)
    for scopes, text, asked in (
        ({"webhooks:read"}, OF_WEBHOOK, ids.encode("wh", webhook.id)),
        ({"deliveries:read"}, OF_EVENT, ids.encode("evt", key)),
    ):
        lacking = admin.with_scopes(*scopes)
        assert await lacking.codes(text, id=asked) == ["FORBIDDEN"]


async def test_turning_on_twice_succeeds_and_says_that_the_second_did_nothing(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime, active=False)
    key = ids.encode("wh", webhook.id)
    for notice in (None, "The webhook was on already, so deliverMissed did nothing."):
        answer = (await admin.data(SWITCH, id=key, active=True))["webhookSetActive"]
        assert (answer["webhook"], answer["userErrors"]) == ({"active": True}, [])
        assert (answer["notice"] or "").startswith(notice or "")
        assert (answer["notice"] is None) == (notice is None)
    answer = (await admin.data(SWITCH, id=key, active=False))["webhookSetActive"]
    assert [error["code"] for error in answer["userErrors"]] == ["NOT_ALLOWED"]
