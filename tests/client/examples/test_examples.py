"""Shops and receivers of the examples as their readme starts them, beside a real server."""

import asyncio
import json
import shutil
import time
from pathlib import Path

import httpx
import pytest

from hookline.outbound.signing import decode_secret, new_secret, sign
from tests.client.examples.commands import Shell, blocks
from tests.client.published import stored_events
from tests.flows.installation import Installation
from tests.servers import free_port
from tests.waiting import eventually

ORDERS, RELAY = blocks("Orders and the relay")
OF_EACH_SHOP = pytest.mark.parametrize(
    ("section", "port", "database"),
    [
        ("A shop with FastAPI and SQLAlchemy", "8080", "fastapi.db"),
        ("A shop with Django", "8081", "django.db"),
    ],
    ids=["fastapi", "django"],
)


@pytest.fixture
def shell(hookline: Installation, tmp_path: Path) -> Shell:
    return Shell(tmp_path, hookline.url, hookline.token)


async def answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            await client.get(url)
    except httpx.TransportError:
        return False
    return True


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@OF_EACH_SHOP
async def test_a_shop_publishes_the_order_that_was_taken_and_not_the_other(
    hookline: Installation, shell: Shell, section: str, port: str, database: str
) -> None:
    [start] = blocks(section)
    ours = str(free_port())
    with shell.running(start.replace(port, ours)):
        await eventually(lambda: answers(f"http://127.0.0.1:{ours}/"))
        commands = ORDERS.replace("8080", ours).splitlines()
        taken, refused = [
            json.loads(await asyncio.to_thread(shell.run, command)) for command in commands
        ]
        assert "There are not 9 of mug." in refused["detail"]
        with shell.running(RELAY.replace("fastapi.db", database)):
            await eventually(lambda: stored_events(hookline))
            await eventually(lambda: "published: 1," in shell.printed())

    [event] = await stored_events(hookline)
    assert event["type"] == "order.order.create"
    assert event["data"] == {"id": taken["id"], "sku": "mug", "quantity": 2}


@pytest.mark.parametrize(
    ("program", "block"),
    [
        pytest.param(
            name,
            block,
            id=name,
            marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"),
        )
        for name, block in zip(
            ("python3", "node", "go"), blocks("Receivers that verify"), strict=True
        )
    ],
)
async def test_a_receiver_prints_what_hookline_sent_once_and_refuses_the_rest(
    hookline: Installation, shell: Shell, program: str, block: str
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/in"
    webhook_id = await hookline.create_webhook(url)
    secret = (await hookline.mutate("webhookSecretReveal", "secret", id=webhook_id))["secret"]
    # The other is that before the secret was replaced.
    shell.environment["WEBHOOK_SECRET"] = f"{new_secret()} {secret}"
    with shell.running(block.replace("8090", str(port))):
        await eventually(lambda: "listening on" in shell.printed(), seconds=120)
        published = await hookline.publish({"é": 1})
        line = f"{published['event']['id']} order.order.create\n"
        await eventually(lambda: line in shell.printed())

        body, now = b'{"type": "a.b.c"}', int(time.time())
        signature = sign([decode_secret(secret)], "evt_own", now, body)
        stale = sign([decode_secret(secret)], "evt_own", now - 900, body)
        async with httpx.AsyncClient() as client:

            async def status(signature: str, content: bytes = body, at: int = now) -> int:
                sent = {"webhook-timestamp": str(at), "webhook-signature": signature}
                sent["webhook-id"] = "evt_own"
                return (await client.post(url, content=content, headers=sent)).status_code

            assert [await status(f"v1,AAAA v9,x {signature}") for _ in range(2)] == [204, 204]
            assert await status(signature, body + b" ") == 400
            assert await status(stale, at=now - 900) == 400
            assert (await client.post(url, content=body)).status_code == 400
    assert shell.printed().count("evt_own a.b.c") == 1
    # Recorded with others, a moment after the answer.
    assert await eventually(lambda: statuses(hookline)) == [204]


async def statuses(hookline: Installation) -> list[int]:
    found = await hookline.graphql("{ attempts(first: 10) { nodes { statusCode } } }")
    return [node["statusCode"] for node in found["attempts"]["nodes"]]
