"""Webhooks by GraphQL: what is shown, found, listed and changed."""

from typing import Any

import pytest

from hookline import ids
from hookline.models import Webhook
from tests.api.schema.asking import Asker, told
from tests.making import WORKSPACE, make_webhook, make_workspace, set_column
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

EVERYTHING = """id slug name description url active status environments events eventPatterns { object model action } headers { name value }
secretHeader { name } basicAuth { username } timeout concurrency retry { schedule } signing { algorithm secrets { createdAt expiresAt } }
labels { key value } health { consecutiveFailures failingSince lastAttemptAt lastSuccessAt lastStatusCode backlog }
managedBy { set file line commit lockedFields } version createdAt createdBy { kind name claimed { commit } revision } modifiedAt modifiedBy { name } deletedAt"""
CREATE = (
    "mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { "
    f"{EVERYTHING} }} userErrors {{ field message code }} }} }}"
)
UPDATE = (
    "mutation ($input: WebhookUpdateInput!) { webhookUpdate(input: $input) { webhook { name "
    "timeout version } userErrors { field code } } }"
)
LIST = (
    "query ($filter: WebhookFilter, $orderBy: WebhookOrder) { webhooks(filter: $filter, "
    "orderBy: $orderBy) { nodes { slug } totalCount } }"
)


def form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Order sync",
        "url": "https://crm.example.com/in",
        "events": ["order.*.create"],
        "environments": ["production"],
        **fields,
    }


async def test_a_new_webhook_is_shown_whole_and_without_its_secrets(admin: Asker) -> None:
    given = form(
        headers=[
            {"name": "X-Api-Key", "value": "k3y-0f-sh0p"},
            {"name": "X-Source", "value": "shop"},
        ],
        secretHeader={"name": "X-Webhook-Secret", "value": "hush-0f-sh0p"},
        basicAuth={"username": "shop", "password": "pa55-0f-sh0p"},
        labels=[{"key": "team", "value": "crm"}],
        retry={"schedule": ["5s", "300s"]},
    )
    payload = (await admin.data(CREATE, input=given))["webhookCreate"]
    webhook = payload["webhook"]
    assert payload["userErrors"] == []
    assert (webhook["slug"], webhook["status"], webhook["timeout"], webhook["retry"]) == (
        "order-sync",
        "ACTIVE",
        "15s",
        {"schedule": ["5s", "5m"]},
    )
    assert webhook["headers"] == [
        {"name": "X-Api-Key", "value": None},
        {"name": "X-Source", "value": "shop"},
    ]
    assert (webhook["secretHeader"], webhook["basicAuth"]) == (
        {"name": "X-Webhook-Secret"},
        {"username": "shop"},
    )
    assert webhook["eventPatterns"] == [{"object": "order", "model": "*", "action": "create"}]
    assert (webhook["signing"]["algorithm"], len(webhook["signing"]["secrets"])) == (
        "HMAC_SHA256",
        1,
    )
    assert webhook["createdBy"] == {
        "kind": "TOKEN",
        "name": "tester",
        "claimed": None,
        "revision": None,
    }
    assert (webhook["health"]["backlog"], webhook["version"], webhook["managedBy"]) == (0, 1, None)
    assert not [
        secret
        for secret in ("k3y-0f-sh0p", "hush-0f-sh0p", "pa55-0f-sh0p")
        if secret in str(payload)
    ]


async def test_every_mistake_of_an_input_is_told_with_its_path(admin: Asker) -> None:
    wrong = form(
        url="nonsense",
        environments=["production", "mars"],
        headers=[{"name": "Ä", "value": ""}],
        slug="No!",
        signingSecret="whsec_x",
    )
    payload = (await admin.data(CREATE, input=wrong))["webhookCreate"]
    assert payload["webhook"] is None
    assert told(payload) == {
        ("INVALID", "input.url"),
        ("INVALID", "input.environments.1"),
        ("INVALID", "input.headers.0.name"),
        ("INVALID", "input.slug"),
        ("INVALID", "input.signingSecret"),
    }


async def test_an_update_tells_left_out_from_null(admin: Asker) -> None:
    created = (await admin.data(CREATE, input=form(timeout="5s")))["webhookCreate"]["webhook"]
    kept = (await admin.data(UPDATE, input={"id": created["id"], "name": "New"}))["webhookUpdate"][
        "webhook"
    ]
    assert kept == {"name": "New", "timeout": "5s", "version": 2}
    cleared = (await admin.data(UPDATE, input={"id": created["id"], "timeout": None}))[
        "webhookUpdate"
    ]["webhook"]
    assert cleared == {"name": "New", "timeout": "15s", "version": 3}
    refused = (await admin.data(UPDATE, input={"id": created["id"], "url": None, "ifVersion": 1}))[
        "webhookUpdate"
    ]
    assert told(refused) == {("REQUIRED", "input.url"), ("VERSION_CONFLICT", "input.ifVersion")}


@pytest.mark.engines("sqlite", "postgres")
async def test_a_webhook_goes_off_is_revealed_released_and_deleted(admin: Asker) -> None:
    created = (await admin.data(CREATE, input=form()))["webhookCreate"]["webhook"]
    key = {"id": created["id"]}
    off = await admin.data(
        "mutation ($input: WebhookSetActiveInput!) { webhookSetActive(input: $input) { webhook { "
        "active status } userErrors { code } } }",
        input={**key, "active": False},
    )
    assert off["webhookSetActive"] == {
        "webhook": {"active": False, "status": "INACTIVE"},
        "userErrors": [],
    }
    reveal = (
        "mutation ($input: WebhookSecretRevealInput!) { webhookSecretReveal(input: $input) { "
        "secret expiresAt webhook { id } userErrors { code } } }"
    )
    shown = (await admin.data(reveal, input=key))["webhookSecretReveal"]
    assert shown["secret"].startswith("whsec_")
    release = (
        "mutation ($input: WebhookReleaseInput!) { webhookRelease(input: $input) { webhook "
        "{ version } userErrors { code } } }"
    )
    assert (await admin.data(release, input=key))["webhookRelease"]["webhook"] == {"version": 2}
    delete = (
        "mutation ($input: WebhookDeleteInput!) { webhookDelete(input: $input) { webhook { "
        "deletedAt } userErrors { field code } } }"
    )
    assert (await admin.data(delete, input=key))["webhookDelete"]["webhook"]["deletedAt"]
    assert told((await admin.data(delete, input=key))["webhookDelete"]) == {
        ("NOT_FOUND", "input.id")
    }


@pytest.mark.engines("sqlite", "postgres")
async def test_a_deleted_webhook_is_found_by_its_id_alone(admin: Asker) -> None:
    created = (await admin.data(CREATE, input=form()))["webhookCreate"]["webhook"]
    await admin.data(
        "mutation ($id: ID!) { webhookDelete(input: {id: $id}) { userErrors { code } } }",
        id=created["id"],
    )
    text = """query ($id: ID!) { node(id: $id) { id } webhook(id: $id) { deletedAt status }
      webhookBySlug(slug: "order-sync") { id }
        webhooks { totalCount } deleted: webhooks(filter: {deleted: true}) { totalCount } }"""
    found = await admin.data(text, id=created["id"])
    assert found["node"] == {"id": created["id"]}
    assert found["webhook"]["deletedAt"]
    assert (found["webhook"]["status"], found["webhookBySlug"]) == ("INACTIVE", None)
    assert (found["webhooks"]["totalCount"], found["deleted"]["totalCount"]) == (0, 1)


@pytest.mark.engines("sqlite", "postgres")
@each_of(
    "wanted, slugs",
    [
        ({}, ["a", "b", "c"]),
        ({"search": "SECOND"}, ["b"]),
        ({"search": "50%"}, ["c"]),
        ({"url": "ONE.example"}, ["a"]),
        ({"status": ["INACTIVE"]}, ["b"]),
        ({"status": []}, ["a", "b", "c"]),
        ({"environment": "staging"}, ["b"]),
        ({"event": "order.order.create"}, ["a", "b"]),
        ({"event": "product.item.delete"}, ["c"]),
        ({"label": {"key": "team", "value": "crm"}}, ["a"]),
        ({"label": {"key": "team", "value": "cr_"}}, []),
        ({"managed": True}, []),
        ({"managed": False}, ["a", "b", "c"]),
        ({"search": "\x00"}, []),
    ],
)
async def test_a_filter_leaves_what_it_says(
    three_webhooks: Asker, wanted: dict[str, Any], slugs: list[str]
) -> None:
    found = (await three_webhooks.data(LIST, filter=wanted))["webhooks"]
    assert [node["slug"] for node in found["nodes"]] == slugs
    assert found["totalCount"] == len(slugs)


@pytest.fixture
async def three_webhooks(admin: Asker) -> Asker:
    labels = [{"key": "team", "value": "crm"}]
    await make_webhook(
        admin.runtime,
        "https://one.example.com/",
        name="First",
        slug="a",
        events=["order.order.create"],
        labels=labels,
    )
    await make_webhook(
        admin.runtime,
        "https://two.example.com/",
        name="Second",
        slug="b",
        events=["order.*.*"],
        environments=["staging"],
        active=False,
    )
    await make_webhook(
        admin.runtime,
        "https://three.example.com/",
        name="Third, 50%",
        slug="c",
        events=["*.item.*"],
    )
    return admin


@pytest.mark.engines("sqlite", "postgres")
@each_of(
    "field, direction, slugs",
    [
        ("NAME", "DESC", "cba"),
        ("CREATED_AT", "ASC", "bca"),
        ("CREATED_AT", "DESC", "acb"),
        ("MODIFIED_AT", "DESC", "acb"),
    ],
)
async def test_webhooks_are_sorted_and_paged_in_every_order(
    admin: Asker, field: str, direction: str, slugs: str
) -> None:
    if not await Webhook.exists():
        for slug in "bca":
            await make_webhook(admin.runtime, name=slug, slug=slug)
    text = """query ($orderBy: WebhookOrder, $after: String) {
        webhooks(orderBy: $orderBy, first: 2, after: $after) { nodes { slug } pageInfo { endCursor
          hasNextPage } } }"""
    first = (await admin.data(text, orderBy={"field": field, "direction": direction}))["webhooks"]
    second = (
        await admin.data(
            text,
            orderBy={"field": field, "direction": direction},
            after=first["pageInfo"]["endCursor"],
        )
    )["webhooks"]
    assert "".join(node["slug"] for node in first["nodes"] + second["nodes"]) == slugs
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


TEST_IT = """mutation ($input: WebhookTestInput!) { webhookTest(input: $input) {
    delivery { id } userErrors { code field message } } }"""


@pytest.mark.engines("sqlite", "postgres")
async def test_a_webhook_tells_why_its_secrets_do_not_open(admin: Asker) -> None:
    text = "query ($id: ID!) { webhook(id: $id) { health { secretsError } } }"
    runtime, webhook = admin.runtime, await make_webhook(admin.runtime)
    key = ids.encode("wh", webhook.id)

    async def told_error() -> str | None:
        await runtime.registry.reload(WORKSPACE, runtime.registry.version(WORKSPACE))
        error: str | None = (await admin.data(text, id=key))["webhook"]["health"]["secretsError"]
        return error

    assert await told_error() is None
    lost = (
        '[{"sealed": "v1.00000000.AAAA", "createdAt": "2026-01-01T00:00:00Z", "expiresAt": null}]'
    )
    await set_column(runtime, "webhook", "signing_secrets", lost, [webhook.id])
    await set_column(runtime, "webhook", "version", webhook.version + 1, [webhook.id])
    error = await told_error()
    assert error is not None
    assert "HOOKLINE_SECRET_KEYS" in error
    refused = (await admin.data(TEST_IT, input={"id": key}))["webhookTest"]
    [told] = refused["userErrors"]
    assert (told["code"], told["field"]) == ("NOT_AVAILABLE", ["input", "id"])
    assert told["message"] == f"No test was sent. {error}"


async def test_another_workspaces_webhook_is_nowhere(admin: Asker) -> None:
    foreign = await make_webhook(
        admin.runtime, workspace_id=await make_workspace(admin.runtime), slug="theirs"
    )
    key = ids.encode("wh", foreign.id)
    found = await admin.data(
        "query ($id: ID!) { node(id: $id) { id } webhook(id: $id) { id } webhookBySlug(slug: "
        '"theirs") { id } webhooks { totalCount } }',
        id=key,
    )
    assert found == {
        "node": None,
        "webhook": None,
        "webhookBySlug": None,
        "webhooks": {"totalCount": 0},
    }
    assert told((await admin.data(UPDATE, input={"id": key, "name": "Mine"}))["webhookUpdate"]) == {
        ("NOT_FOUND", "input.id")
    }


async def test_an_id_of_another_kind_is_null_and_a_malformed_one_is_bad_input(admin: Asker) -> None:
    webhook = await make_webhook(admin.runtime)
    other = ids.encode("evt", webhook.id)
    assert (await admin.data("query ($id: ID!) { webhook(id: $id) { id } }", id=other))[
        "webhook"
    ] is None
    assert told(
        (await admin.data(UPDATE, input={"id": other, "name": "Mine"}))["webhookUpdate"]
    ) == {("NOT_FOUND", "input.id")}
    for malformed in ("", "wh_", "wh_!", "zz_" + "0" * 26, "ü" * 40):
        assert await admin.codes("query ($id: ID!) { webhook(id: $id) { id } }", id=malformed) == [
            "BAD_USER_INPUT"
        ]
        assert await admin.codes("query ($id: ID!) { node(id: $id) { id } }", id=malformed) == [
            "BAD_USER_INPUT"
        ]


async def test_a_managed_webhook_says_who_owns_it(admin: Asker) -> None:
    webhook = await make_webhook(admin.runtime)
    webhook.sync_set, webhook.sync_file, webhook.sync_line, webhook.sync_applied = (
        "shop",
        "a.yaml",
        3,
        {"url": "x", "events": []},
    )
    await webhook.save()
    key = ids.encode("wh", webhook.id)
    owner = (
        await admin.data(
            "query ($id: ID!) { webhook(id: $id) { managedBy { set file line lockedFields } } }",
            id=key,
        )
    )["webhook"]["managedBy"]
    assert owner == {"set": "shop", "file": "a.yaml", "line": 3, "lockedFields": ["events", "url"]}
    refused = (await admin.data(UPDATE, input={"id": key, "url": "https://b.example.com/"}))[
        "webhookUpdate"
    ]
    assert told(refused) == {("FIELD_MANAGED", "input.url")}
    forced = {"id": key, "url": "https://b.example.com/", "force": True, "reason": "incident"}
    assert told((await admin.as_role("editor").data(UPDATE, input=forced))["webhookUpdate"]) == {
        ("NOT_ALLOWED", "input.force")
    }
    assert (await admin.data(UPDATE, input=forced))["webhookUpdate"]["webhook"]["version"] == 2
