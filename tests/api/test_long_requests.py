"""Long requests: others are served while they are read and checked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import orjson
import pytest

from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.runtime import Runtime
from tests.api.attacking import Server, serving
from tests.making import WORKSPACE

# One engine: neither reads or writes a row for these.
pytestmark = [
    pytest.mark.usefixtures("unstalled"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

SECRETS: Final = [
    {"path": ["webhooks", f"order-{number}", "secretHeader", "value"], "value": "secret"}
    for number in range(10_000)
]
PLAN: Final = "mutation ($i: SyncPlanInput!) { syncPlan(input: $i) { userErrors { message } } }"
REQUESTS: Final = {
    "250,000 empty lists": b'{"query": "{ __typename }", "variables": {"a": [%b]}}'
    % b",".join([b"[]"] * 250_000),
    "10,000 secrets": orjson.dumps(
        {"query": PLAN, "variables": {"i": {"set": "a", "document": {}, "secrets": SECRETS}}}
    ),
}


@pytest.fixture
async def server(runtime: Runtime) -> AsyncIterator[Server]:
    async with serving(runtime) as running:
        yield running


@pytest.mark.parametrize("name", REQUESTS)
async def test_others_are_served_while_a_long_request_is_read_and_checked(
    server: Server, name: str
) -> None:
    database = server.runtime.database
    token = (await tokens.create(database, WORKSPACE, "sync", ROLES["sync"]))[1]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    await server.over_http("{ __typename }", "other")
    attack = asyncio.create_task(
        server.client.post("/graphql", content=REQUESTS[name], headers=headers)
    )
    served = 0
    while not attack.done():
        answer = await server.over_http("{ __typename }", "other")
        served += answer == {"data": {"__typename": "Query"}}
    assert "errors" not in (await attack).json()
    # In one go it would be one answer before and one after it.
    assert served >= 5
