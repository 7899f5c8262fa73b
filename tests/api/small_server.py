"""The GraphQL endpoint over the small schema, served by uvicorn on a free port of this process,
with httpx as a client.
"""

import socket
from asyncio import create_task
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.context import Context
from api.execution.execute import LARGE_COST, Execution
from api.execution.sizes import Sizes
from api.transport.graphql import GraphQLEndpoint
from api.transport.json_reader import JsonReader
from api.transport.origins import Origins
from api.transport.socket_operation import SocketLimits
from api.transport.sse import EventStreams
from api.transport.unsent import Unsent
from api.transport.websocket import Sockets
from hookline.access.actor import Actor
from hookline.metrics import Metrics
from hookline.serving.config import BoundedConfig
from hookline.serving.connections import Connections
from hookline.serving.http import BoundedHttp
from hookline.serving.limits import ConnectionLimits
from hookline.serving.websocket import BoundedWebSocket
from hookline.settings.fields import read_settings
from tests.api.small_schema import Loaders, Runtime, Tokens, make_schema
from tests.waiting import eventually

GRAPHQL_RESPONSE = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Small:
    """A running server and all that tests turn in it."""

    runtime: Runtime
    tokens: Tokens
    endpoint: GraphQLEndpoint
    client: httpx.AsyncClient
    port: int

    async def ask(
        self,
        text: str,
        *,
        token: str | None = "hl_admin",
        accept: str = GRAPHQL_RESPONSE,
        **parameters: Any,
    ) -> httpx.Response:
        headers = {"accept": accept} | ({"authorization": f"Bearer {token}"} if token else {})
        return await self.client.post(
            "/graphql", json={"query": text, **parameters}, headers=headers
        )

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        given = {
            "authorization": "Bearer hl_admin",
            "accept": GRAPHQL_RESPONSE,
            "content-type": "application/json",
        }
        return await self.client.post(
            "/graphql",
            content=body,
            headers=given | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    async def get(self, *, accept: str = GRAPHQL_RESPONSE, **parameters: str) -> httpx.Response:
        return await self.client.get(
            "/graphql",
            params=parameters,
            headers={"authorization": "Bearer hl_admin", "accept": accept},
        )

    def socket(self, protocol: str = "graphql-transport-ws") -> connect:
        return connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol(protocol)],
            max_size=None,
        )


async def _read_cursor(context: Context) -> str:
    runtime: Runtime = context.runtime
    runtime.reads += 1
    return f"cursor-{runtime.cursor}"


def _config(endpoint: GraphQLEndpoint) -> BoundedConfig:
    config = BoundedConfig(
        endpoint,
        http=BoundedHttp,
        ws=BoundedWebSocket,
        ws_per_message_deflate=False,  # as hookline.cli.server has it
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    config.connections = Connections(ConnectionLimits.of(read_settings(), 4_096), Metrics())
    return config


@asynccontextmanager
async def serve_small(
    limits: SocketLimits | None = None,
    seconds: float = 10,
    unsent: Unsent | None = None,
    json_reader: JsonReader | None = None,
    **stream_seconds: float,
) -> AsyncIterator[Small]:
    runtime, tokens = Runtime(), Tokens()

    def make_context(actor: Actor, request_id: str) -> Context:
        return Context(runtime, actor, request_id, _read_cursor, lambda _: Loaders(), seconds)

    # As a list that is slow: it counts as a large query.
    prices = dict.fromkeys(("Query.slowList", "Large.slowList"), LARGE_COST + 1)
    execution = Execution(make_schema(), Sizes(prices=prices))
    unsent = unsent or Unsent()
    sockets = Sockets(execution, tokens, make_context, limits, unsent, json_reader)
    streams = EventStreams(tokens, **stream_seconds, unsent=unsent)
    endpoint = GraphQLEndpoint(execution, tokens, make_context, sockets, streams, Origins(), unsent)
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    server = uvicorn.Server(_config(endpoint))
    serving = create_task(server.serve(sockets=[listener]))
    try:
        await eventually(lambda: server.started)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False, verify=False
        ) as client:
            yield Small(runtime, tokens, endpoint, client, port)
    finally:
        await endpoint.drain()
        server.should_exit = True
        await serving
        listener.close()
