"""The application over an open runtime: what answers where."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.app import make_app
from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.runtime import Runtime
from tests.conftest import WORKSPACE

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
