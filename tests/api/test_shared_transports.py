"""The whole application: subscribers of a socket and of event streams who share answers, each with an envelope of his own."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.app import make_app
from hookline import tokens
from hookline.runtime import Runtime
from tests.conftest import WORKSPACE
from tests.making import make_webhook
from tests.waiting import eventually

CHANGES = "subscription { webhookChanges { cursor kind node { name } } }"
COUNT = 20


@pytest.fixture
async def port(runtime: Runtime) -> AsyncIterator[int]:
    app, listener = make_app(runtime), socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, ws="websockets-sansio", ws_per_message_deflate=False, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    yield listener.getsockname()[1]
    await app.drain()
    await app.close()
    server.should_exit = True
    await serving
    listener.close()


async def over_socket(port: int, token: str, ids: list[str]) -> dict[str, list[Any]]:
    """What each subscription of one socket hears."""
    heard: dict[str, list[Any]] = {id: [] for id in ids}
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as client:
        await client.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        await client.recv()
        for id in ids:
            await client.send(json.dumps({"id": id, "type": "subscribe", "payload": {"query": CHANGES}}))
        while any(len(events) < COUNT for events in heard.values()):
            message = json.loads(await client.recv())
            assert message["type"] == "next"
            heard[message["id"]].append(message["payload"])
    return heard


async def over_stream(port: int, token: str) -> list[Any]:
    headers, heard = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}, list[Any]()
    url = f"http://127.0.0.1:{port}/graphql"
    async with (
        httpx.AsyncClient(trust_env=False, timeout=20) as client,
        client.stream("POST", url, json={"query": CHANGES}, headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                heard.append(json.loads(line[6:]))
            if len(heard) == COUNT:
                break
    return heard


def followers(runtime: Runtime) -> list[int]:
    feed = runtime.feeds._feeds.get(WORKSPACE)
    return [len(circle._waiting) for circle in feed._circles.values()] if feed else []


async def test_sockets_and_streams_hear_the_same_in_order(runtime: Runtime, port: int) -> None:
    secrets = [(await tokens.create(runtime.database, WORKSPACE, name, tokens.ROLES["viewer"]))[1] for name in ("a", "b")]
    hearing = [asyncio.create_task(over_stream(port, token)) for token in secrets]
    socket_hearing = asyncio.create_task(over_socket(port, secrets[0], ["1", 'ü"']))
    await eventually(lambda: followers(runtime) == [4])  # one circle of all four
    for number in range(COUNT):
        await make_webhook(runtime, name=f"Hook {number}")
    streams, sockets = await asyncio.gather(*hearing), await socket_hearing
    assert [event["data"]["webhookChanges"]["node"]["name"] for event in streams[0]] == [f"Hook {number}" for number in range(COUNT)]
    assert streams[1] == sockets["1"] == sockets['ü"'] == streams[0]
