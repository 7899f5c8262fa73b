"""Clients without a token, over HTTP, WebSocket and event streams, against a server as people run
it: each is cut off with a sentence, while others are served, in bounded memory.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.api.raw_client import (
    HANDSHAKE,
    HEAD,
    MIB,
    PING,
    SUBSCRIPTION,
    Attack,
    ask,
    read_to_end,
    status_of,
)
from tests.flows.installation import Installation
from tests.waiting import eventually

QUICK = {
    "HOOKLINE_HEAD_SECONDS": "2",
    "HOOKLINE_BODY_SECONDS": "2",
    "HOOKLINE_PROXIES": "",
    "HOOKLINE_LOG_LEVEL": "warning",
    "HOOKLINE_METRICS_TOKEN": "the-operators-own-token",
}
_STREAM = (
    b"GET " + SUBSCRIPTION + b" HTTP/1.1\r\nHost: hooks.example\r\nAccept: text/event-stream\r\n"
)
_FLOOD: Any = {"times": 80}
_DRIP: Any = {"times": 1_000, "pause_seconds": 0.1}
_EVIL = b"Origin: https://evil.example\r\nConnection: close\r\n\r\n"
_CROSS = b"Sec-Fetch-Site: cross-site\r\nConnection: close\r\n\r\n"
_LONG, _SLOW = b"HOOKLINE_MAX_HEAD_BYTES", b"HOOKLINE_HEAD_SECONDS"
_EARLY = b"HOOKLINE_MAX_EARLY_BYTES"
_ORIGINS = b"HOOKLINE_ALLOWED_ORIGINS"

ATTACKS = [
    Attack("silence", b""),
    Attack("half a head", HEAD, status=408, says=_SLOW),
    Attack("a head of drips", HEAD + b"X: ", b"a", **_DRIP, status=408, says=_SLOW),
    Attack("line ends", b"", b"\r\n", **_DRIP, status=408, says=_SLOW),
    Attack("a header of 80 MiB", HEAD + b"X: ", b"a" * MIB, **_FLOOD, status=431, says=_LONG),
    Attack("a path of 80 MiB", b"GET /", b"a" * MIB, **_FLOOD, status=431, says=_LONG),
    Attack("a million headers", HEAD, b"X: a\r\n" * 100_000, times=10, status=431, says=_LONG),
    Attack(
        "some headers",
        HEAD + b"X: a\r\n" * 200 + b"\r\n",
        status=431,
        says=b"HOOKLINE_MAX_HEADERS",
    ),
    Attack("ten thousand requests at once", b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 10_000),
    Attack("no HTTP", b"\x16\x03\x01" + b"\0" * 100 + b"\r\n", status=400),
    Attack(
        "a body after its refusal",
        HEAD + b"Content-Length: 1000000\r\n\r\n",
        b"a",
        **_DRIP,
        status=401,
    ),
    Attack(
        "a trailer of 80 MiB",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: ",
        b"a" * MIB,
        **_FLOOD,
        status=401,
    ),
    Attack("half a stream's head", _STREAM, status=408, says=_SLOW),
    Attack(
        "a stream's header of 80 MiB",
        _STREAM + b"X: ",
        b"a" * MIB,
        **_FLOOD,
        status=431,
        says=_LONG,
    ),
    Attack("half a handshake", HANDSHAKE, status=408, says=_SLOW),
    Attack("a long line", HANDSHAKE + b"X: " + b"a" * 9_000 + b"\r\n\r\n", status=431, says=_LONG),
    Attack("no handshake", HANDSHAKE + b"Content-Length: 5\r\n\r\n", status=400),
    Attack(
        "a message of 15 MiB",
        HANDSHAKE + b"\r\n",
        frames=b"\x81\xff" + (15 * MIB).to_bytes(8, "big") + b"\0\0\0\0",
        more=b"a" * MIB,
        times=15,
        status=1009,
        says=_EARLY,
    ),
    Attack("pings", HANDSHAKE + b"\r\n", frames=PING * 1_000, status=1008),
    Attack(
        "empty fragments",
        HANDSHAKE + b"\r\n",
        frames=b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 1_000,
        status=1008,
    ),
    Attack("another origin", HEAD + _EVIL, status=403, says=_ORIGINS),
    Attack("another site", HEAD + _CROSS, status=403, says=_ORIGINS),
    Attack("another origin's stream", _STREAM + _EVIL, status=403, says=_ORIGINS),
    Attack("another site's stream", _STREAM + _CROSS, status=403, says=_ORIGINS),
    Attack(
        "another origin's socket",
        HANDSHAKE + b"Origin: https://evil.example\r\n\r\n",
        status=403,
        says=_ORIGINS,
    ),
    Attack(
        "another site's socket",
        HANDSHAKE + b"Sec-Fetch-Site: same-site\r\n\r\n",
        status=403,
        says=_ORIGINS,
    ),
]


@contextmanager
def _running(
    template: Path, folder: Path, *descriptors: str, **environment: str
) -> Iterator[Installation]:
    """An installation that serves. descriptors: its soft and its hard limit."""

    async def start() -> None:
        async with installation.as_seen_with("nobody", folder) as seen:
            await eventually(seen.is_ready)

    url = f"sqlite:///{shutil.copyfile(template, folder / 'hookline.db')}"
    installation = Installation(folder, url)
    installation.environment |= QUICK | environment
    limited = ("tests.few_descriptors", *descriptors) if descriptors else ()
    installation.start_forked("serve", *limited, "hookline", "serve")
    try:
        asyncio.run(start())
        created = installation.run("token", "create", "tests", "--role", "admin")
        installation.token = created.stdout.strip()
        yield installation
    finally:
        installation.end()


# For a whole file: a start takes seconds where others work.
@pytest.fixture(scope="module")
def quick_server(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with _running(sqlite_template, tmp_path_factory.mktemp("quick")) as installation:
        yield installation


@pytest.fixture
async def hookline(quick_server: Installation) -> AsyncIterator[Installation]:
    """One whose limits of time are two seconds."""
    async with quick_server.as_seen_with(quick_server.token, quick_server.folder) as seen:
        yield seen


def _process(hookline: Installation) -> psutil.Process:
    return psutil.Process(hookline.processes["serve"].pid)


async def _publish(hookline: Installation, count: int) -> int:
    """Publishes so many events one after the other; each must be accepted."""
    for number in range(count):
        await hookline.publish({"number": number})
    return count


async def test_each_is_answered_with_the_limit_and_its_setting_and_cut_off(
    hookline: Installation,
) -> None:
    said = await asyncio.gather(*(attack.run(hookline.port) for attack in ATTACKS))

    wrong = {
        attack.name: answer[-300:]
        for attack, answer in zip(ATTACKS, said, strict=True)
        if not attack.is_answered_by(answer)
    }
    assert wrong == {}
    assert "Traceback" not in hookline.log.read_text()
    assert " ERROR " not in hookline.log.read_text()


async def test_who_is_cut_off_is_counted_by_the_bound(hookline: Installation) -> None:
    [attack] = [attack for attack in ATTACKS if attack.name == "some headers"]
    await attack.run(hookline.port)

    headers = {"Authorization": f"Bearer {QUICK['HOOKLINE_METRICS_TOKEN']}"}
    metrics = (await hookline.client.get("/metrics", headers=headers)).text

    assert 'hookline_connections_refused_total{reason="many_headers"}' in metrics


async def test_others_are_served_meanwhile_in_bounded_memory(hookline: Installation) -> None:
    await _publish(hookline, 20)
    before_bytes = _process(hookline).memory_info().rss

    async def attack_again_and_again(attack: Attack) -> None:
        while True:
            await attack.run(hookline.port)

    attackers = [asyncio.create_task(attack_again_and_again(attack)) for attack in ATTACKS]
    served = await _publish(hookline, 100)

    assert served == 100
    assert not any(attacker.done() for attacker in attackers)
    assert _process(hookline).memory_info().rss - before_bytes < 96 * MIB
    for attacker in attackers:
        attacker.cancel()


async def test_unfinished_heads_make_room_again(hookline: Installation) -> None:
    async with AsyncExitStack() as stack:
        readers = []
        for _ in range(200):
            reader, writer = await asyncio.open_connection("127.0.0.1", hookline.port)
            stack.push_async_callback(_abort, writer)
            writer.write(HEAD)
            readers.append(reader)

        statuses = {status_of(await read_to_end(reader)) for reader in readers}

        assert statuses == {408}
        # Those that wait for the answer to be read, and the test's own client.
        await eventually(lambda: len(_process(hookline).net_connections("tcp")) < 10)


@pytest.fixture(scope="module")
def small_server(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with _running(
        sqlite_template,
        tmp_path_factory.mktemp("small"),
        *("256", "same"),
        HOOKLINE_MAX_CONNECTIONS="20",
        HOOKLINE_MAX_CONNECTIONS_PER_ADDRESS="8",
        HOOKLINE_HEAD_SECONDS="3600",
    ) as installation:
        yield installation


@pytest.fixture
async def small(small_server: Installation) -> AsyncIterator[Installation]:
    """One that takes 20 connections, 8 of them from one address."""
    async with small_server.as_seen_with(small_server.token, small_server.folder) as seen:
        yield seen


async def _hold(stack: AsyncExitStack, port: int, address: str, count: int) -> None:
    """Opens connections from this address that say nothing more, until the stack ends."""
    for _ in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        writer.write(HEAD)
        stack.push_async_callback(_abort, writer)


async def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_one_address_cannot_take_the_places_of_others(small: Installation) -> None:
    async with AsyncExitStack() as stack:
        await _hold(stack, small.port, "127.0.0.66", 8)
        await eventually(lambda: _asked(small, 503, "127.0.0.66"))

        assert await ask(small.port, b"/graphql", "127.0.0.67") == 401
        assert await _publish(small, 20) == 20

    await eventually(lambda: _asked(small, 401, "127.0.0.66"))


async def _asked(hookline: Installation, status: int, address: str) -> bool:
    return await ask(hookline.port, b"/graphql", address) == status


async def test_when_all_places_are_taken_open_connections_and_health_go_on(
    small: Installation,
) -> None:
    await _publish(small, 1)  # its connection stays open
    async with AsyncExitStack() as stack:
        for last in (71, 72, 73):
            await _hold(stack, small.port, f"127.0.0.{last}", 7)
        await eventually(lambda: _asked(small, 503, "127.0.0.80"))

        assert await ask(small.port, b"/healthz", "127.0.0.81") == 200
        assert await ask(small.port, b"/readyz", "127.0.0.81") == 200
        assert await _publish(small, 20) == 20


@pytest.fixture
def low_server(sqlite_template: Path, tmp_path: Path) -> Iterator[Installation]:
    """One whose limit of descriptors cannot be raised beyond 256."""
    with _running(sqlite_template, tmp_path, "256", "256") as installation:
        yield installation


async def test_without_a_free_descriptor_open_connections_go_on_and_new_ones_are_closed(
    low_server: Installation, tmp_path: Path
) -> None:
    async with (
        low_server.as_seen_with(low_server.token, tmp_path) as hookline,
        AsyncExitStack() as stack,
    ):
        await _publish(hookline, 1)
        process = _process(hookline)
        # Fewer than when it started: the bound of connections is above it now.
        limit = process.num_fds() + 20
        process.rlimit(psutil.RLIMIT_NOFILE, (limit, limit))
        await _hold(stack, hookline.port, "127.0.0.66", 60)

        assert await _publish(hookline, 20) == 20
        await stack.aclose()
        await eventually(lambda: _asked(hookline, 401, "127.0.0.66"))
        said = "taking 128 connections instead of HOOKLINE_MAX_CONNECTIONS=3000"
        assert said in hookline.log.read_text()


async def test_serve_raises_its_limit_of_descriptors(small: Installation) -> None:
    soft, hard = _process(small).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == hard > 256
