"""Publishing by GraphQL, and reading events."""

from typing import Any

import pytest

from hookline import ids
from hookline.models import Event
from tests.api.schema.asking import Asker, told
from tests.making import make_webhook, make_workspace, publish
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

PUBLISH = """mutation ($input: EventPublishInput!) { eventPublish(input: $input) {
    event { id type object model action environment occurredAt idempotencyKey } duplicate
      deliveryCount skippedCount userErrors { field message code } } }"""
BATCH = """mutation ($input: EventPublishBatchInput!) { eventPublishBatch(input: $input) {
    results { event { id data } duplicate deliveryCount } userErrors { field code } } }"""


def order(**fields: Any) -> dict[str, Any]:
    return {
        "type": "order.order.create",
        "environment": "production",
        "data": {"total": 7},
        **fields,
    }


@pytest.mark.engines("sqlite", "postgres")
async def test_a_published_event_is_shown_and_read_back(admin: Asker) -> None:
    await make_webhook(admin.runtime)
    payload = (await admin.data(PUBLISH, input=order(occurredAt="2026-11-24T11:00:00+01:00")))[
        "eventPublish"
    ]
    event = payload["event"]
    assert (payload["duplicate"], payload["deliveryCount"], payload["userErrors"]) == (False, 1, [])
    assert payload["skippedCount"] == 0
    assert (event["object"], event["model"], event["action"], event["occurredAt"]) == (
        "order",
        "order",
        "create",
        "2026-11-24T10:00:00Z",
    )
    read = (
        "query ($id: ID!) { node(id: $id) { ... on Event { data deliveries { nodes { status "
        "webhook { name } event { id } } totalCount } } } }"
    )
    found = (await admin.data(read, id=event["id"]))["node"]
    assert found["data"] == {"total": 7}
    assert found["deliveries"] == {
        "nodes": [
            {"status": "PENDING", "webhook": {"name": "Orders"}, "event": {"id": event["id"]}}
        ],
        "totalCount": 1,
    }


async def test_a_repeated_key_answers_with_the_first_event(admin: Asker) -> None:
    await make_webhook(admin.runtime)
    first = (await admin.data(PUBLISH, input=order(idempotencyKey="k1")))["eventPublish"]
    again = (await admin.data(PUBLISH, input=order(idempotencyKey="k1")))["eventPublish"]
    assert again == {**first, "duplicate": True}
    conflict = (await admin.data(PUBLISH, input=order(idempotencyKey="k1", data=8)))["eventPublish"]
    assert told(conflict) == {("IDEMPOTENCY_CONFLICT", "input.idempotencyKey")}
    assert (conflict["event"], conflict["duplicate"], conflict["deliveryCount"]) == (None, False, 0)
    assert await Event.all().count() == 1


async def test_every_mistake_of_an_event_is_told_with_its_path(admin: Asker) -> None:
    payload = (
        await admin.data(
            PUBLISH, input=order(type="order", environment="mars", data={"a": [1, 2**70]})
        )
    )["eventPublish"]
    assert told(payload) == {
        ("INVALID", "input.type"),
        ("INVALID", "input.environment"),
        ("INVALID", "input.data.a.1"),
    }


async def test_a_batch_is_accepted_whole_or_not_at_all(admin: Asker) -> None:
    good = [order(data=number) for number in range(3)]
    results = (await admin.data(BATCH, input={"events": good}))["eventPublishBatch"]["results"]
    assert [result["event"]["data"] for result in results] == [0, 1, 2]
    payload = (
        await admin.data(
            BATCH, input={"events": [*good, order(type="x"), order(environment="mars")]}
        )
    )["eventPublishBatch"]
    assert told(payload) == {
        ("INVALID", "input.events.3.type"),
        ("INVALID", "input.events.4.environment"),
    }
    assert payload["results"] is None
    assert told((await admin.data(BATCH, input={"events": []}))["eventPublishBatch"]) == {
        ("REQUIRED", "input.events")
    }
    assert told(
        (await admin.data(BATCH, input={"events": [order()] * 1_001}))["eventPublishBatch"]
    ) == {("TOO_MANY", "input.events")}
    assert await Event.all().count() == 3


async def test_no_event_of_a_batch_that_is_too_long_is_looked_at_beyond_the_limit(
    admin: Asker,
) -> None:
    events = [order() for _ in range(1_001)] + [{"type": 1}] * 8_000
    listed = "mutation ($e: [EventPublishInput!]!) { eventPublishBatch(input: {events: $e}) { "
    # The second is graphql-core's, the third a list of its own.
    for text, variables in (
        (BATCH, {"input": {"events": [*events]}}),
        (
            BATCH.replace("results {", "results { __typename ...F "),
            {"input": {"events": [*events]}},
        ),
        (listed + "userErrors { code field } } }", {"e": [*events]}),
    ):
        text += " fragment F on EventPublishResult { duplicate }" if "...F" in text else ""
        payload = (await admin.data(text, **variables))["eventPublishBatch"]
        assert told(payload) == {("TOO_MANY", "input.events")}


async def test_webhooks_whose_filter_would_cost_too_much_are_counted_for_each_event(
    admin: Asker,
) -> None:
    await make_webhook(admin.runtime)
    # Not met whatever it finds, also inside of a negation.
    costly = {"not": {"any": [{"data": {"contains": f"{n}y"}} for n in range(100)]}}
    for name in ("Costly", "Costly too"):
        await make_webhook(admin.runtime, name=name, filter=costly)
    large, small = order(data="x" * 200_000), order(data="x")
    counts = {"deliveryCount": 1, "skippedCount": 2}, {"deliveryCount": 3, "skippedCount": 0}

    single = (await admin.data(PUBLISH, input=large))["eventPublish"]
    assert {name: single[name] for name in counts[0]} == counts[0]
    assert single["userErrors"] == []
    text = """mutation ($input: EventPublishBatchInput!) { eventPublishBatch(input: $input) {
        results { deliveryCount skippedCount } userErrors { code } } }"""
    batch = (await admin.data(text, input={"events": [large, small]}))["eventPublishBatch"]
    assert batch == {"results": list(counts), "userErrors": []}


async def test_a_publisher_reads_an_events_own_fields_and_not_its_deliveries(admin: Asker) -> None:
    publisher = admin.as_role("publisher")
    text = PUBLISH.replace("event { id ", "event { id data deliveries { totalCount } ")
    answer = await publisher.answer(text, input=order())
    assert answer.codes == ["FORBIDDEN"]
    assert answer.data is not None
    assert answer.data["eventPublish"]["event"]["data"] == {"total": 7}
    assert answer.data["eventPublish"]["event"]["deliveries"] is None
    assert await publisher.codes("{ events { totalCount } }") == ["FORBIDDEN"]


@pytest.mark.engines("sqlite", "postgres")
async def test_data_that_is_no_longer_kept_is_null(admin: Asker) -> None:
    [key] = await publish(admin.runtime)
    await Event.filter(id=key).update(data=None)
    assert (await admin.data("{ events { nodes { type data } } }"))["events"]["nodes"] == [
        {"type": "order.order.create", "data": None}
    ]


@pytest.mark.engines("sqlite", "postgres")
@each_of(
    "wanted, count",
    [
        ({}, 3),
        ({"type": "order.order.create"}, 2),
        ({"environment": "staging"}, 1),
        ({"since": "2026-01-01T00:00:00Z"}, 3),
        ({"until": "2026-01-01T00:00:00Z"}, 0),
        ({"pattern": "*.*.create"}, 2),
        ({"pattern": "product.*.delete", "environment": "staging"}, 0),
    ],
)
async def test_a_filter_leaves_what_it_says(
    three_events: Asker, wanted: dict[str, Any], count: int
) -> None:
    text = "query ($f: EventFilter) { events(filter: $f) { totalCount } }"
    assert (await three_events.data(text, f=wanted))["events"]["totalCount"] == count


@pytest.fixture
async def three_events(admin: Asker) -> Asker:
    events = [order(), order(environment="staging"), order(type="product.item.delete")]
    await admin.data(BATCH, input={"events": events})
    return admin


async def test_another_workspaces_events_are_nowhere(admin: Asker) -> None:
    [key] = await publish(admin.runtime, workspace_id=await make_workspace(admin.runtime))
    found = await admin.data(
        "query ($id: ID!) { node(id: $id) { id } events { totalCount } }", id=ids.encode("evt", key)
    )
    assert found == {"node": None, "events": {"totalCount": 0}}
