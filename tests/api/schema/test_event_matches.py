"""Event.matches: each webhook with the reasons for which it would not get an event."""

from typing import Any

import pytest

from hookline import ids
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active
from tests.api.schema.asking import Asker
from tests.making import SOMEBODY, make_webhook, make_workspace, publish, set_column

pytestmark = pytest.mark.engines("sqlite")

MATCHES = """query ($id: ID!, $after: String) { node(id: $id) { ... on Event {
    matches(first: 10, after: $after) { totalCount pageInfo { endCursor hasNextPage } nodes {
      matches reasons webhook { name } delivery { id webhook { name } } } } } } }"""


async def matches(admin: Asker, event: Any, **given: Any) -> dict[str, Any]:
    """Matches by the webhooks' names."""
    found = await admin.data(MATCHES, id=ids.encode("evt", event), **given)
    return {one["webhook"]["name"]: one for one in found["node"]["matches"]["nodes"]}


async def test_an_event_says_of_each_webhook_why_it_does_not_get_it(
    runtime: Runtime, admin: Asker
) -> None:
    await make_webhook(runtime, name="All", events=["*.*.*"])
    await make_webhook(runtime, name="Dear", filter={"data.total": {"gte": 100}})
    await make_webhook(runtime, name="Staging", environments=["staging"], events=["user.*.*"])
    off, gone = await make_webhook(runtime, name="Off"), await make_webhook(runtime, name="Gone")
    await set_webhook_active(runtime, SOMEBODY, off.id, False)
    await delete_webhook(runtime, SOMEBODY, gone.id)
    await make_webhook(runtime, workspace_id=await make_workspace(runtime), name="Foreign")
    [event] = await publish(runtime, data={"total": 12})
    await make_webhook(runtime, name="New")

    found = await matches(admin, event)

    assert {name: (one["matches"], one["reasons"]) for name, one in found.items()} == {
        "All": (True, []),
        "Dear": (False, ["data.total is 12; wanted: gte 100."]),
        "New": (True, []),
        "Off": (False, ["The webhook is off."]),
        "Staging": (
            False,
            [
                "Its environments are staging; the event's is production.",
                "None of its patterns matches order.order.create: user.*.*.",
            ],
        ),
    }
    assert {name for name, one in found.items() if one["delivery"] is not None} == {"All"}
    assert found["All"]["delivery"]["webhook"]["name"] == "All"


async def test_without_its_data_only_a_filter_leaves_it_open(
    runtime: Runtime, admin: Asker
) -> None:
    await make_webhook(runtime, name="All")
    await make_webhook(runtime, name="Dear", filter={"data.total": {"gte": 100}})
    await make_webhook(runtime, name="User", filter={"data.a": {"eq": 1}}, events=["user.*.*"])
    [event] = await publish(runtime)
    await set_column(runtime, "event", "data", None, [event])
    found = await matches(admin, event)
    assert {name: one["matches"] for name, one in found.items()} == {
        "All": True,
        "Dear": None,
        "User": False,
    }
    assert found["Dear"]["reasons"] == [
        "The event's data is older than it is kept for, so the filter can't be asked."
    ]


async def test_a_filter_of_many_conditions_gives_twenty_reasons(
    runtime: Runtime, admin: Asker
) -> None:
    wanted = {f"data.a{number}": {"eq": 1} for number in range(30)}
    await make_webhook(runtime, name="Choosy", filter=wanted)
    [event] = await publish(runtime)
    assert len((await matches(admin, event))["Choosy"]["reasons"]) == 20


async def test_matches_come_by_pages_and_cost_what_their_page_has(
    runtime: Runtime, admin: Asker
) -> None:
    for number in range(12):
        await make_webhook(runtime, name=f"W{number:02}")
    [event] = await publish(runtime)
    page = (await admin.data(MATCHES, id=ids.encode("evt", event)))["node"]["matches"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (12, True)
    rest = await matches(admin, event, after=page["pageInfo"]["endCursor"])
    assert sorted(rest) == ["W10", "W11"]
    many = "{ events(first: 100) { nodes { matches(first: 100) { nodes { reasons } } } } }"
    assert await admin.codes(many) == ["QUERY_TOO_COSTLY"]


async def test_matches_ask_for_webhooks_and_deliveries(runtime: Runtime, admin: Asker) -> None:
    [event] = await publish(runtime)
    asked = admin.with_scopes("deliveries:read")
    assert await asked.codes(MATCHES, id=ids.encode("evt", event)) == ["FORBIDDEN"]
    text = """mutation { eventPublish(input: {type: "a.b.c", environment: "production", data: 1}) {
        event { id matches { nodes { reasons } } } } }"""
    answer = await admin.as_role("publisher").answer(text)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.data is not None
    assert answer.data["eventPublish"]["event"]["matches"] is None
