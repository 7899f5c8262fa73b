"""The application over an open runtime: what answers where."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.app import make_app
from hookline import ids
from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.models import AuditEntry
from hookline.runtime import Runtime
from tests.conftest import WORKSPACE
from tests.making import make_webhook

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = make_app(runtime, has_echo=False)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as client:
        yield client
    await app.drain()
    await app.close()


async def test_a_token_of_the_database_may_ask(client: httpx.AsyncClient, runtime: Runtime) -> None:
    _, text = await tokens.create(runtime.database, WORKSPACE, "reader", ROLES["viewer"])

    answer = await client.post(
        "/graphql",
        json={"query": "{ viewer { name } liveCursor }"},
        headers={"Authorization": f"Bearer {text}"},
    )

    assert answer.json()["data"]["viewer"] == {"name": "reader"}


async def test_without_a_token_nothing_is_told(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Bearer hl_wrong"}, {"Authorization": "Basic eDp5"}):
        answer = await client.post(
            "/graphql", json={"query": "{ viewer { name } }"}, headers=headers
        )
        assert answer.status_code == 401
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == [
            "UNAUTHENTICATED"
        ]


async def test_a_revoked_token_is_out_within_a_second(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    token, text = await tokens.create(runtime.database, WORKSPACE, "reader", ROLES["viewer"])
    await tokens.revoke(runtime.database, WORKSPACE, token.id)

    answer = await client.post(
        "/graphql",
        json={"query": "{ viewer { name } }"},
        headers={"Authorization": f"Bearer {text}"},
    )

    assert answer.status_code == 401


async def test_queries_by_get_and_pages_share_the_address(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    _, text = await tokens.create(runtime.database, WORKSPACE, "reader", ROLES["viewer"])

    query = await client.get(
        "/graphql",
        params={"query": "{ environments }"},
        headers={"Authorization": f"Bearer {text}"},
    )
    page = await client.get("/graphql", headers={"Accept": "text/html"})

    assert query.json()["data"]["environments"]
    assert page.headers["content-type"].startswith("text/html")


async def test_a_change_says_that_it_came_from_the_console(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    _, text = await tokens.create(runtime.database, WORKSPACE, "anna", ROLES["editor"])
    webhook = await make_webhook(runtime)
    change = f'{{id: "{ids.encode("wh", webhook.id)}", active: %s}}'
    for is_active, named in ((False, {"Hookline-Client": "console"}), (True, {})):
        given = change % str(is_active).lower()
        await client.post(
            "/graphql",
            json={
                "query": f"mutation {{ webhookSetActive(input: {given}) {{ webhook {{ id }} }} }}"
            },
            headers={"Authorization": f"Bearer {text}", **named},
        )
    entries = await AuditEntry.filter(action="webhook.update").order_by("id")
    assert [entry.actor.get("client") for entry in entries] == ["console", None]


PUBLISH = (
    "mutation ($input: EventPublishInput!) { eventPublish(input: $input) { event { id } "
    "userErrors { code field } } }"
)


@pytest.mark.parametrize(
    ("data", "path"), [('{"a": ["\\ud800"]}', ["a", "0"]), ('{"\\udfff": {"b": "\\ud800"}}', [])]
)
async def test_half_a_surrogate_pair_in_data_is_told_at_its_path(
    client: httpx.AsyncClient, runtime: Runtime, data: str, path: list[str]
) -> None:
    _, text = await tokens.create(runtime.database, WORKSPACE, "app", ROLES["publisher"])
    given = f'{{"type": "order.order.create", "environment": "production", "data": {data}}}'
    body = f'{{"query": "{PUBLISH}", "variables": {{"input": {given}}}}}'

    answer = await client.post(
        "/graphql",
        content=body,
        headers={"Authorization": f"Bearer {text}", "Content-Type": "application/json"},
    )

    assert answer.json()["data"]["eventPublish"] == {
        "event": None,
        "userErrors": [{"code": "INVALID", "field": ["input", "data", *path]}],
    }


async def test_health_needs_no_token(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json() == {"status": "ok", "database": "ok"}


async def test_the_receiver_is_for_dev_only(client: httpx.AsyncClient) -> None:
    assert (await client.post("/_echo", content=b"x")).status_code == 404
