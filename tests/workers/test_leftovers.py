"""Memory of deliveries that fail: their data is gone with the attempt, however it ended."""

import asyncio

import pytest

from hookline.models import Attempt
from hookline.runtime import Runtime
from tests.garbage import garbage, large_in
from tests.hookline.events.publishers import given, publish
from tests.making import make_webhook
from tests.receivers import Server
from tests.servers import free_port
from tests.waiting import eventually
from tests.working import pumping

LARGE = 100_000


async def read_only(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(LARGE):
        pass


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


@pytest.mark.engines("sqlite")
async def test_data_of_deliveries_that_failed_does_not_wait_for_the_collector(
    runtime: Runtime,
) -> None:
    kinds = {"CONNECT", "TIMEOUT", "PROTOCOL"}
    async with Server(read_only) as silent, Server(close) as closing, pumping(runtime):
        tls = f"https://127.0.0.1:{closing.port}/"
        for url in (f"http://127.0.0.1:{free_port()}/", tls, silent.url, closing.url):
            await make_webhook(runtime, url, timeout="1s")

        async def are_recorded() -> bool:
            attempts = await Attempt.all().only("error_code")
            return len(attempts) >= 20 and {one.error_code for one in attempts} == kinds

        with garbage() as left:
            await publish(runtime, *(given("x" * LARGE) for _ in range(5)))
            await eventually(are_recorded)
            for _ in range(20):
                await asyncio.sleep(0)
    assert large_in(left, LARGE) == set()
