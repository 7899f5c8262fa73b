"""The port of a process's metrics: opened by the operator's token alone, one for each process, and
bounded against clients that only hold it.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from hookline.errors import Misconfigured
from hookline.metrics import Metrics
from hookline.serving.metrics_port import CONNECTIONS, PORTS, metrics_port
from hookline.settings.fields import Settings, read_settings
from tests.servers import free_port
from tests.waiting import eventually

TOKEN = "the-operators-own-token"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


def settings(**more: Any) -> Settings:
    return read_settings(**{"metrics_token": TOKEN, "metrics_port": free_port(), **more})


@asynccontextmanager
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as asking:
        yield asking


async def test_each_process_shows_its_own_metrics_at_the_next_free_port() -> None:
    first, second, given = Metrics(), Metrics(), settings()
    first.events.inc(1)
    second.events.inc(2)
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(metrics_port(first, given))
        other = await stack.enter_async_context(metrics_port(second, given))
        assert given.metrics_port <= one < other < given.metrics_port + PORTS
        for port, count in ((one, 1), (other, 2)):
            async with client(port) as asking:
                answer = await asking.get("/metrics", headers=AUTHORIZED)
            assert f"\nhookline_events_published_total {count}.0\n" in answer.text
    async with client(one) as asking:
        with pytest.raises(httpx.ConnectError):
            await asking.get("/metrics")


async def test_metrics_and_nothing_else_is_there_for_the_token_and_nobody_else() -> None:
    async with metrics_port(Metrics(), settings()) as port, client(port) as asking:
        for method, path, headers, status in (
            ("GET", "/metrics", AUTHORIZED, 200),
            ("HEAD", "/metrics?x=1", AUTHORIZED, 200),
            ("POST", "/metrics", AUTHORIZED, 405),
            ("GET", "/", AUTHORIZED, 404),
            ("GET", "/metrics", {}, 401),
            # A page in a local browser whose name is rebound to this address has no token.
            ("GET", "/metrics", {"Host": "evil.example"}, 401),
            ("GET", "/metrics", {"Authorization": f"Bearer {TOKEN}x"}, 401),
            ("GET", "/metrics", {"Authorization": "Bearer"}, 401),
        ):
            answer = await asking.request(method, path, headers=headers)
            assert answer.status_code == status, (method, path, headers)
            is_shown = status == 200 and method == "GET"
            assert ("hookline_" in answer.text) == is_shown or status == 401


async def test_there_is_no_port_unless_the_settings_name_one() -> None:
    async with metrics_port(Metrics(), settings(metrics_port=0)) as port:
        assert port == 0


async def test_clients_that_hold_every_place_lose_them_when_they_send_no_head() -> None:
    given = settings(head_seconds=0.2)
    async with metrics_port(Metrics(), given) as port, AsyncExitStack() as stack:
        for _ in range(CONNECTIONS):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            writer.write(b"GET /metrics HTTP/1.1\r\n")

        async def is_served() -> bool:
            async with client(port) as asking:
                with suppress(httpx.TransportError):
                    return (await asking.get("/metrics", headers=AUTHORIZED)).is_success
            return False

        assert not await is_served()
        await eventually(is_served)


async def test_an_end_waits_for_no_client() -> None:
    async with metrics_port(Metrics(), settings()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with client(port) as asking:
            assert (await asking.get("/metrics", headers=AUTHORIZED)).is_success
    with suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()


async def test_process_that_finds_no_port_goes_on_without(caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as stack:
        begin = 65_472
        for port in range(begin, begin + PORTS):
            # Taken by somebody already: as good.
            with suppress(OSError):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
        async with metrics_port(Metrics(), settings(metrics_port=begin)) as port:
            assert port == 0
    assert "no metrics: the ports 65472 to 65535 are taken" in caplog.text


async def test_address_that_this_machine_has_not_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"HOOKLINE_METRICS_HOST 192\.0\.2\.1 can't be"):
        async with metrics_port(Metrics(), settings(metrics_host="192.0.2.1")):
            pass
