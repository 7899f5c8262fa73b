"""A token that is revoked or expires ends its sockets and streams in every process, and nothing
more is answered there; on both databases.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.tokens import TokenAuthenticator, TokenWatch
from hookline import clock, ids
from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.errors import Unavailable
from hookline.messaging.hub import Hub
from hookline.models import Token
from hookline.runtime import Runtime
from hookline.wiring import make_hub
from tests.api.listening import listening
from tests.making import WORKSPACE, make_webhook
from tests.waiting import eventually

NEVER = 3_600.0
CHANGES = "subscription { webhookChanges { node { name } } }"


async def made(
    runtime: Runtime, name: str = "reader", expires_at: datetime | None = None
) -> tuple[Token, str]:
    row, text = await tokens.create(runtime.database, WORKSPACE, name, ROLES["viewer"], expires_at)
    return row, f"Bearer {text}"


@asynccontextmanager
async def watching(
    runtime: Runtime, *header_values: str, look_seconds: float = NEVER, hub: Hub | None = None
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """A process with a socket of each token: tasks that are done when the token has ended."""
    authenticator = TokenAuthenticator(runtime.database, hub or runtime.hub, look_seconds)
    waits = [asyncio.create_task(authenticator.wait_until_ended(value)) for value in header_values]
    watch = authenticator._watch
    await eventually(lambda: len(watch._waiting) == len(header_values))
    # the look of the beginning is over: only an announcement or a timer brings the next one
    await eventually(lambda: not watch._news.is_set())
    try:
        yield waits
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        await authenticator.close()


async def test_a_revocation_that_nobody_announced_is_found_by_a_look(runtime: Runtime) -> None:
    row, text = await made(runtime)
    async with watching(runtime, text, look_seconds=0.05) as [ended]:
        await tokens.revoke(runtime.database, WORKSPACE, row.id)
        await ended


async def test_an_announced_revocation_waits_for_no_look(runtime: Runtime) -> None:
    row, text = await made(runtime)
    _, other = await made(runtime, "other")
    async with watching(runtime, text, other) as [ended, stays]:
        await tokens.revoke(runtime.database, WORKSPACE, row.id, announce=runtime.hub.publish)
        await ended
        assert not stays.done()


@pytest.mark.engines("postgres")
async def test_another_process_hears_of_a_revocation(runtime: Runtime) -> None:
    row, text = await made(runtime)
    hub = make_hub(runtime.settings)
    await hub.open()
    try:
        async with watching(runtime, text, hub=hub) as [ended]:
            await tokens.revoke(runtime.database, WORKSPACE, row.id, announce=runtime.hub.publish)
            await ended
    finally:
        await hub.close()


async def test_an_announcement_alone_ends_nothing(runtime: Runtime) -> None:
    row, text = await made(runtime)
    async with watching(runtime, text, look_seconds=0.05) as [stays]:
        for said in (str(row.id), "*", "nonsense"):
            runtime.hub.publish(tokens.TOPIC, said)
        other, _ = await made(runtime, "other")
        await tokens.revoke(runtime.database, WORKSPACE, other.id)
        async with watching(runtime, text, look_seconds=0.05):
            assert not stays.done()


async def test_a_token_that_expires_ends_by_its_own_timer(runtime: Runtime) -> None:
    _, text = await made(runtime, expires_at=clock.now() + timedelta(milliseconds=300))
    async with watching(runtime, text) as [ended]:
        await ended


@pytest.mark.engines("postgres")
async def test_an_expiry_does_not_wait_for_a_database_that_hangs(runtime: Runtime) -> None:
    _, text = await made(runtime, expires_at=clock.now() + timedelta(seconds=1))
    locker = await asyncpg.connect(runtime.settings.postgres_dsn)
    try:
        async with watching(runtime, text, look_seconds=0.05) as [ended]:
            await locker.execute("begin; lock table token in access exclusive mode")
            await ended
    finally:
        await locker.close()


async def test_nothing_is_looked_at_once_nobody_waits(runtime: Runtime) -> None:
    _, text = await made(runtime)
    authenticator = TokenAuthenticator(runtime.database, runtime.hub, 0.01)
    wait = asyncio.create_task(authenticator.wait_until_ended(text))
    await eventually(lambda: authenticator._watch._looking is not None)
    wait.cancel()
    looking = authenticator._watch._looking
    assert looking is not None
    await eventually(looking.done)
    assert authenticator._watch._waiting == {}
    await authenticator.close()


async def test_a_look_that_fails_is_not_the_last_one() -> None:
    faults = [RuntimeError("a bug"), Unavailable()]

    async def living(token_ids: Sequence[UUID]) -> set[UUID]:
        if faults:
            raise faults.pop()
        return set()

    watch = TokenWatch(0.01, living)
    await watch.wait(ids.uuid7(), None)
    assert faults == []
    await watch.close()


async def over_socket(port: int, text: str, heard: list[Any]) -> int:
    """Follows changes until the server closes. Returns its code."""
    async with connect(
        f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as client:
        init = {"type": "connection_init", "payload": {"authorization": text}}
        await client.send(json.dumps(init))
        subscribe = {"id": "1", "type": "subscribe", "payload": {"query": CHANGES}}
        await client.send(json.dumps(subscribe))
        try:
            while True:
                heard.append(json.loads(await client.recv()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


async def over_stream(port: int, text: str, heard: list[Any]) -> None:
    headers = {"authorization": text, "accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(trust_env=False, verify=False, timeout=120) as client,
        client.stream(
            "POST", f"http://127.0.0.1:{port}/graphql", json={"query": CHANGES}, headers=headers
        ) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                heard.append(json.loads(line[6:]))


async def test_a_revoked_token_hears_nothing_more(runtime: Runtime) -> None:
    row, text = await made(runtime)
    from_socket, from_stream = list[Any](), list[Any]()
    async with listening(runtime) as port:
        socket_end = asyncio.create_task(over_socket(port, text, from_socket))
        stream_end = asyncio.create_task(over_stream(port, text, from_stream))
        feeds = runtime.feeds._feeds
        await eventually(lambda: WORKSPACE in feeds and len(_followers(runtime)) == 2)
        await make_webhook(runtime, name="Before")
        await eventually(lambda: len(from_socket) == 2 and len(from_stream) == 1)
        await tokens.revoke(runtime.database, WORKSPACE, row.id, announce=runtime.hub.publish)
        assert await socket_end == 4401
        await stream_end
        await make_webhook(runtime, name="After")
    assert "After" not in str(from_socket + from_stream)
    assert from_stream[-1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert [message["type"] for message in from_socket] == ["connection_ack", "next"]


async def test_a_mutation_that_revokes_its_own_token_ends_its_own_socket(runtime: Runtime) -> None:
    row, text = await tokens.create(runtime.database, WORKSPACE, "admin", ROLES["admin"])
    async with listening(runtime) as port:
        heard = list[Any]()
        ended = asyncio.create_task(over_socket(port, f"Bearer {text}", heard))
        await eventually(lambda: len(heard) == 1)
        key = ids.encode("tok", row.id)
        query = f'mutation {{ tokenRevoke(input: {{id: "{key}"}}) {{ token {{ id }} }} }}'
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            await client.post(
                f"http://127.0.0.1:{port}/graphql",
                json={"query": query},
                headers={"authorization": f"Bearer {text}"},
            )
        assert await ended == 4401


def _followers(runtime: Runtime) -> list[Any]:
    shared = runtime.feeds._feeds[WORKSPACE]._shared.values()
    return [one for circle in shared for one in circle._waiting]
