"""The catalogue of event types: what it takes, and what a strict type or a strict workspace keeps
out.
"""

from typing import Any

import pytest

from hookline.events.schemas import is_prepared
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.making import WORKSPACE, make_webhook, make_workspace
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

SAVE = """mutation ($input: EventTypeSaveInput!) { eventTypeSave(input: $input) {
    eventType { id name description schema strict sample } userErrors { field code message } } }"""
DELETE = (
    "mutation ($name: String!) { eventTypeDelete(input: {name: $name}) { eventType { name } "
    "userErrors { field code } } }"
)
PUBLISH = """mutation ($input: EventPublishInput!) { eventPublish(input: $input) { event { id }
  userErrors { field code message } } }"""
STRICT = """mutation ($strict: Boolean, $name: String) { workspaceUpdate(input: {strictEventTypes:
  $strict, name: $name}) {
    workspace { name strictEventTypes } userErrors { field code } } }"""
LIST = "{ eventTypes { totalCount nodes { name strict sample } } }"
SEARCH = "query ($search: String) { eventTypes(search: $search) { nodes { name } } }"
SCHEMA = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "number", "minimum": 0}},
}
TYPE = {
    "name": "order.order.create",
    "description": "An order",
    "schema": SCHEMA,
    "strict": True,
    "sample": {"total": 12},
}


async def publish(
    asker: Asker, data: Any, event_type: str = "order.order.create"
) -> list[tuple[list[str], str]]:
    answer = await asker.data(
        PUBLISH, input={"type": event_type, "environment": "production", "data": data}
    )
    return [(error["field"], error["code"]) for error in answer["eventPublish"]["userErrors"]]


@pytest.mark.engines("sqlite", "postgres")
async def test_types_are_found_by_a_part_of_their_name_or_description(admin: Asker) -> None:
    for name, description in (
        ("order.order.create", "A new ORDER"),
        ("billing.invoice.paid", "Money for an order_1 came"),
        ("billing.invoice.sent", None),
    ):
        given = {"name": name, "description": description}
        assert (await admin.data(SAVE, input=given))["eventTypeSave"]["userErrors"] == []
    for text, found in (
        ("Order", ["billing.invoice.paid", "order.order.create"]),
        ("INVOICE.", ["billing.invoice.paid", "billing.invoice.sent"]),
        # neither `_` nor `%` stands for another character
        ("r_1", ["billing.invoice.paid"]),
        ("%", []),
        ("\x00", []),
    ):
        answer = await admin.data(SEARCH, search=text)
        assert [node["name"] for node in answer["eventTypes"]["nodes"]] == found, text
    assert await admin.codes(SEARCH, search="x" * 201) == ["BAD_USER_INPUT"]


@pytest.mark.engines("sqlite", "postgres")
async def test_saved_type_is_listed_changed_whole_and_forgotten(admin: Asker) -> None:
    saved = (await admin.data(SAVE, input=TYPE))["eventTypeSave"]
    assert saved["userErrors"] == []
    assert {name: saved["eventType"][name] for name in TYPE} == TYPE
    again = (await admin.data(SAVE, input={"name": TYPE["name"]}))["eventTypeSave"]["eventType"]
    assert again == {
        "id": saved["eventType"]["id"],
        "name": TYPE["name"],
        "description": None,
        "schema": None,
        "strict": False,
        "sample": None,
    }
    assert (await admin.data(LIST))["eventTypes"]["totalCount"] == 1
    assert (await admin.data("query ($id: ID!) { node(id: $id) { id } }", id=again["id"]))[
        "node"
    ] == {"id": again["id"]}
    assert (await admin.data(DELETE, name=TYPE["name"]))["eventTypeDelete"]["userErrors"] == []
    assert (await admin.data(LIST))["eventTypes"]["totalCount"] == 0
    assert (await admin.data(DELETE, name=TYPE["name"]))["eventTypeDelete"]["userErrors"] == [
        {"field": ["input", "name"], "code": "NOT_FOUND"}
    ]


async def test_strict_type_keeps_out_data_that_breaks_its_schema_from_the_next_publish_on(
    runtime: Runtime, admin: Asker
) -> None:
    await make_webhook(runtime)
    assert await publish(admin, {"total": -1}) == []
    await admin.data(SAVE, input=TYPE)
    assert await publish(admin, {"total": -1}) == [(["input", "data", "total"], "SCHEMA_MISMATCH")]
    assert await publish(admin, {}) == [(["input", "data"], "SCHEMA_MISMATCH")]
    snapshot = await runtime.registry.snapshot(WORKSPACE)
    # Off the loop, before the first event was checked.
    assert is_prepared(snapshot.catalogue.strict["order.order.create"])
    assert await publish(admin, {"total": 1}) == []
    assert await publish(admin, {"total": -1}, "order.order.delete") == []
    await admin.data(SAVE, input={**TYPE, "strict": False})
    assert await publish(admin, {"total": -1}) == []


async def test_strict_workspace_takes_known_types_only(runtime: Runtime, admin: Asker) -> None:
    changed = (await admin.data(STRICT, strict=True, name="Shop"))["workspaceUpdate"]
    assert changed == {"workspace": {"name": "Shop", "strictEventTypes": True}, "userErrors": []}
    assert await publish(admin, {}) == [(["input", "type"], "INVALID")]
    await admin.data(SAVE, input={"name": "order.order.create"})
    assert await publish(admin, {}) == []
    other = admin.in_workspace(await make_workspace(runtime))
    assert await publish(other, {}) == []
    assert (await other.data(LIST))["eventTypes"]["totalCount"] == 0
    await admin.data(STRICT, strict=False)
    assert await publish(admin, {}, "some.other.type") == []
    assert (await admin.data(STRICT, name="\n"))["workspaceUpdate"]["userErrors"] == [
        {"field": ["input", "name"], "code": "INVALID"}
    ]


@each_of(
    "given, field, code",
    [
        ({"name": "order"}, ["name"], "INVALID"),
        ({"name": "order.*.create"}, ["name"], "INVALID"),
        ({**TYPE, "description": "x" * 1_001}, ["description"], "INVALID"),
        ({**TYPE, "schema": {"type": "nothing"}, "sample": None}, ["schema", "type"], "INVALID"),
        (
            {**TYPE, "schema": {"$ref": "http://127.0.0.1/x"}, "sample": None},
            ["schema", "$ref"],
            "INVALID",
        ),
        ({"name": "a.b.c", "strict": True}, ["schema"], "REQUIRED"),
        ({**TYPE, "sample": {"total": -1}}, ["sample", "total"], "SCHEMA_MISMATCH"),
        ({"name": "a.b.c", "sample": "x" * 70_000}, ["sample"], "TOO_LONG"),
    ],
)
async def test_what_cannot_be_saved_is_refused_at_its_place(
    admin: Asker, given: dict[str, Any], field: list[str], code: str
) -> None:
    refused = (await admin.data(SAVE, input=given))["eventTypeSave"]
    assert [(error["field"], error["code"]) for error in refused["userErrors"]] == [
        (["input", *field], code)
    ]


async def test_dry_run_says_what_is_wrong_and_saves_nothing(admin: Asker) -> None:
    bad = {**TYPE, "sample": {"total": -1}, "dryRun": True}
    refused = (await admin.data(SAVE, input=bad))["eventTypeSave"]
    assert [error["field"] for error in refused["userErrors"]] == [["input", "sample", "total"]]
    checked = (await admin.data(SAVE, input={**TYPE, "dryRun": True}))["eventTypeSave"]
    assert checked == {"eventType": None, "userErrors": []}
    assert (await admin.data(LIST))["eventTypes"]["totalCount"] == 0


async def test_sample_is_what_templates_must_render_and_dry_runs_show(admin: Asker) -> None:
    await admin.data(SAVE, input=TYPE)
    form = {
        "name": "Orders",
        "url": "https://example.com/in",
        "environments": ["production"],
        "events": ["order.order.create"],
    }
    create = (
        "mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { "
        "id } userErrors { field } } }"
    )
    template = '{"twice": {{ event.data.total * 2 }}}'
    made = (await admin.data(create, input={**form, "payloadTemplate": template}))["webhookCreate"]
    assert made["userErrors"] == []
    refused = (
        await admin.data(
            create, input={**form, "events": ["order.*.*"], "payloadTemplate": template}
        )
    )["webhookCreate"]
    assert refused["userErrors"] == [{"field": ["input", "payloadTemplate"]}]
    shown = await admin.data(
        "mutation ($id: ID!) { webhookDryRun(input: {id: $id}) { request { body } } }",
        id=made["webhook"]["id"],
    )
    assert shown["webhookDryRun"]["request"]["body"] == '{"twice": 24}'
