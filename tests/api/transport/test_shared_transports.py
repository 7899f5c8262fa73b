"""The whole application: subscribers of a socket and of event streams who share answers, each with
an envelope of his own.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.runtime import Runtime
from tests.api.listening import listening
from tests.conftest import WORKSPACE
from tests.making import Hand, enqueue, make_webhook, succeeded
from tests.waiting import eventually

CHANGES = "subscription { webhookChanges { cursor kind node { name } } }"
ATTEMPTS = "subscription { attempts { cursor node { outcome event { type } } } }"
COUNT = 20
WAITING = (
    "select query_start from pg_stat_activity where wait_event_type = 'Lock' and datname = "
    "current_database()"
)


@pytest.fixture
async def port(runtime: Runtime) -> AsyncIterator[int]:
    async with listening(runtime) as port:
        yield port


async def over_socket(port: int, token: str, ids: list[str]) -> dict[str, list[Any]]:
    """Messages that each subscription of one socket hears."""
    heard: dict[str, list[Any]] = {id: [] for id in ids}
    async with connect(
        f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as client:
        await client.send(
            json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        )
        await client.recv()
        for id in ids:
            await client.send(
                json.dumps({"id": id, "type": "subscribe", "payload": {"query": CHANGES}})
            )
        while any(len(events) < COUNT for events in heard.values()):
            message = json.loads(await client.recv())
            assert message["type"] == "next"
            heard[message["id"]].append(message["payload"])
    return heard


async def over_stream(port: int, token: str, query: str = CHANGES, count: int = COUNT) -> list[Any]:
    headers, heard = (
        {"authorization": f"Bearer {token}", "accept": "text/event-stream"},
        list[Any](),
    )
    url = f"http://127.0.0.1:{port}/graphql"
    async with (
        httpx.AsyncClient(trust_env=False, verify=False, timeout=120) as client,
        client.stream("POST", url, json={"query": query}, headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                heard.append(json.loads(line[6:]))
            if len(heard) == count:
                break
    return heard


def followers(runtime: Runtime) -> list[int]:
    feed = runtime.feeds._feeds.get(WORKSPACE)
    return [len(circle._waiting) for circle in feed._shared.values()] if feed else []


async def test_sockets_and_streams_hear_the_same_in_order(runtime: Runtime, port: int) -> None:
    secrets = [
        (await tokens.create(runtime.database, WORKSPACE, name, ROLES["viewer"]))[1]
        for name in ("a", "b")
    ]
    hearing = [asyncio.create_task(over_stream(port, token)) for token in secrets]
    socket_hearing = asyncio.create_task(over_socket(port, secrets[0], ["1", 'ü"']))
    await eventually(lambda: followers(runtime) == [4])  # one circle of all four
    for number in range(COUNT):
        await make_webhook(runtime, name=f"Hook {number}")
    streams, sockets = await asyncio.gather(*hearing), await socket_hearing
    assert [event["data"]["webhookChanges"]["node"]["name"] for event in streams[0]] == [
        f"Hook {number}" for number in range(COUNT)
    ]
    assert streams[1] == sockets["1"] == sockets['ü"'] == streams[0]


@pytest.mark.engines("postgres")
async def test_a_database_that_gives_no_rows_for_a_while_costs_no_message(
    runtime: Runtime, port: int
) -> None:
    secret = (await tokens.create(runtime.database, WORKSPACE, "a", ROLES["viewer"]))[1]
    hook, hand = await make_webhook(runtime), await Hand.begin(runtime)
    hearing = asyncio.create_task(over_stream(port, secret, ATTEMPTS, 1))
    await eventually(lambda: followers(runtime) == [1])
    for _ in range(2):
        await enqueue(runtime, hook.id)
        await hand.record(succeeded(await hand.claim_one(hook.id)))
    [first] = await hearing
    # a transaction sees one snapshot of who waits
    locker, watcher = [await asyncpg.connect(runtime.settings.postgres_dsn) for _ in range(2)]
    try:
        await locker.execute("begin")
        await locker.execute("lock table event in access exclusive mode")
        after = first["data"]["attempts"]["cursor"]
        hearing = asyncio.create_task(
            over_stream(
                port, secret, ATTEMPTS.replace("attempts", f'attempts(after: "{after}")'), 1
            )
        )
        tries = set[datetime]()

        async def has_tried_again() -> bool:
            tries.update([row["query_start"] for row in await watcher.fetch(WAITING)])
            return len(tries) >= 2

        await eventually(has_tried_again)
        await locker.execute("rollback")
    finally:
        await locker.close()
        await watcher.close()
    [second] = await hearing
    assert second["data"]["attempts"]["node"] == first["data"]["attempts"]["node"]
    assert "errors" not in second
