"""The whole application behind uvicorn, and callers of it over every transport: those who attack,
and those who must be served meanwhile.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.runtime import Runtime
from tests.api.listening import listening
from tests.api.transport.socket_client import heard, subscribed, welcomed
from tests.making import WORKSPACE

PUBLISH: Final = "mutation ($e: EventPublishInput!) { eventPublish(input: $e) { event { id } } }"
EVENT: Final = {"type": "order.order.create", "environment": "production", "data": 1}


@dataclass(frozen=True)
class Server:
    """A running application. tokens: texts by role; `other` is one more viewer."""

    runtime: Runtime
    port: int
    tokens: dict[str, str]
    client: httpx.AsyncClient

    async def over_http(
        self, text: str, token: str = "viewer", accept: str = "", **variables: Any
    ) -> Any:
        answer = await self.client.post(
            "/graphql",
            json={"query": text, "variables": variables},
            headers={
                "authorization": f"Bearer {self.tokens[token]}",
                "accept": accept or "application/graphql-response+json",
            },
        )
        return answer.content if accept else answer.json()

    async def over_sse(self, text: str, token: str = "viewer", **variables: Any) -> Any:
        """The one answer of an event stream; a refusal comes as plain JSON."""
        content = await self.over_http(text, token, "text/event-stream", **variables)
        data = (
            content.split(b"data: ", 1)[1].split(b"\n", 1)[0] if b"data: " in content else content
        )
        return orjson.loads(data)

    async def over_socket(self, text: str, token: str = "viewer", **variables: Any) -> Any:
        async with self.socket() as connection:
            await welcomed(connection, self.tokens[token])
            await subscribed(connection, text, variables=variables)
            message = await heard(connection)
            payload = message["payload"]
            return {"errors": payload} if message["type"] == "error" else payload

    def socket(self) -> connect:
        return connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            max_size=None,
        )


Ask = Callable[..., Awaitable[Any]]
TRANSPORTS: Final[dict[str, Callable[[Server], Ask]]] = {
    "http": lambda server: server.over_http,
    "socket": lambda server: server.over_socket,
    "sse": lambda server: server.over_sse,
}


@asynccontextmanager
async def serving(runtime: Runtime) -> AsyncIterator[Server]:
    """Serves the runtime, with a client and a token of each role."""
    texts = {
        name: (await tokens.create(runtime.database, WORKSPACE, name, ROLES[role]))[1]
        for name, role in (
            ("viewer", "viewer"),
            ("other", "viewer"),
            ("publisher", "publisher"),
            ("editor", "editor"),
        )
    }
    async with (
        listening(runtime) as port,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False, verify=False
        ) as client,
    ):
        yield Server(runtime, port, texts, client)


async def serve_others(server: Server, count: int) -> int:
    """Publishes and reads a list, as other callers do, so many times; the number of those that were
    served.
    """
    served = 0
    for _ in range(count):
        published = await server.over_http(PUBLISH, "publisher", e=EVENT)
        assert published["data"]["eventPublish"]["event"]["id"]
        listed = await server.over_http("{ webhooks(first: 5) { nodes { name } } }", "other")
        assert "errors" not in listed
        served += 1
    return served


def codes(answer: Any) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", ())]
