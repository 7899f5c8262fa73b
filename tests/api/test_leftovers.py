"""Memory of requests and answers: what was large is gone with its request, not when the collector
of garbage comes, which looks at numbers of objects and not at their size.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
import pytest

from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.runtime import Runtime
from tests.api.attacking import serving
from tests.garbage import garbage, large_in
from tests.hookline.events.publishers import given, publish
from tests.making import WORKSPACE
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

LARGE: Final = 100_000
LONG: Final = "x" * LARGE
PAGE: Final = "events(first: 20) { nodes { id data matches(first: 1) { nodes { reasons } } } }"
BATCH: Final = """mutation ($input: EventPublishBatchInput!) { eventPublishBatch(input: $input) {
  userErrors { code } } }"""
BY_CORE: Final = BATCH.replace("userErrors", "...F userErrors") + (
    " fragment F on EventPublishBatchPayload { __typename }"
)
EVENTS: Final = [{"type": "a.b.c", "environment": "production", "data": LONG}] * 20

SAME_KEY: Final = [{**EVENTS[0], "data": LONG + end, "idempotencyKey": "k"} for end in "ab"]

PLAN: Final = "mutation ($input: SyncPlanInput!) { syncPlan(input: $input) { plan { set } } }"
SECRETS: Final = [{"path": ["webhooks", "orders", "secretHeader", "value"], "value": LONG}]


def events(**changes: Any) -> dict[str, Any]:
    return {"input": {"events": [*EVENTS, {**EVENTS[0], **changes}]}}


def body(text: str, **variables: Any) -> bytes:
    return orjson.dumps({"query": text, "variables": variables})


@pytest.fixture
async def asking(runtime: Runtime) -> AsyncIterator[tuple[int, str]]:
    """The port of a server with large events, and a token of an admin."""
    token = (await tokens.create(runtime.database, WORKSPACE, "t", ROLES["admin"]))[1]
    await publish(runtime, *(given(LONG) for _ in range(20)))
    async with serving(runtime) as server:
        yield server.port, token


@each_of(
    "content, word",
    [
        (body(f"{{ {PAGE} }}"), "nodes"),
        (body(f'{{ {PAGE} webhook(id: "wh_none") {{ id }} }}'), "BAD_USER_INPUT"),
        (body(BATCH, **events()), "userErrors"),
        (body(BATCH, **events(type="wrong")), "INVALID"),
        (body(BY_CORE, **events(type="wrong")), "INVALID"),
        (body(BATCH, **events(type=1)), "BAD_USER_INPUT"),
        (body(BATCH, input={"events": SAME_KEY}), "IDEMPOTENCY_CONFLICT"),
        (body(PLAN, input={"set": "a", "document": {}, "secrets": SECRETS}), "syncPlan"),
        (body("{ nothing }", value=LONG), "GRAPHQL_VALIDATION_FAILED"),
        (body("{ __typename }", value=[LONG] * 30)[:-1], "BAD_USER_INPUT"),
        (b'{"query": "%b"}' % (LONG * 50).encode(), "BAD_USER_INPUT"),
    ],
)
async def test_nothing_large_of_a_request_waits_for_the_collector(
    asking: tuple[int, str], content: bytes, word: str
) -> None:
    with garbage() as left:
        assert word in await answer_of(*asking, content)
        for _ in range(20):
            await asyncio.sleep(0)

    assert large_in(left, LARGE) == set()


async def answer_of(port: int, token: str, content: bytes) -> str:
    """Asks without a library, whose own garbage would be found."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    writer.writelines([head.encode(), content])
    try:
        return (await reader.read(-1)).decode()
    finally:
        writer.close()
