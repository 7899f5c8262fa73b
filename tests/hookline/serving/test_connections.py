"""The number of connections, of all and by address, and what those beyond it are told."""

import asyncio
import logging
import time
from ipaddress import ip_network
from typing import Any

import pytest

from hookline.serving.limits import ConnectionLimits
from hookline.settings.fields import read_settings
from tests.hookline.serving.wire import HEAD, LIMITS, Server
from tests.waiting import eventually, turns

GET = b"GET %b HTTP/1.1\r\nHost: hooks.example\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body"})


async def asked(server: Server, address: str = "192.0.2.1", path: bytes = b"/graphql") -> int:
    """The status of an answer on a new connection, which stays; 0: none came."""
    wire = server.connect(address)
    wire.says(GET % path)
    await turns(5)
    return wire.status


async def test_beyond_the_bound_there_is_503_with_its_setting_and_others_go_on() -> None:
    server = Server(app, connections=2)
    old = server.connect()
    assert await asked(server, "192.0.2.2") == 200
    wire = server.connect("192.0.2.3")
    wire.says(GET % b"/graphql")
    await turns(5)
    assert (wire.status, wire.is_ended) == (503, True)
    assert b"2 connections, the most that it takes (HOOKLINE_MAX_CONNECTIONS)" in wire.sent
    assert b"Retry-After: " in wire.sent
    old.says(GET % b"/graphql")
    await turns(5)
    assert old.status == 200


async def test_health_is_answered_beyond_the_bound_once_for_each_connection() -> None:
    server = Server(app, connections=0)
    wire = server.connect()
    wire.says(GET % b"/healthz")
    await turns(5)
    assert (wire.status, wire.is_closing()) == (200, True)
    assert await asked(server, path=b"/readyz") == 200
    assert await asked(server, path=b"/healthz?") == 503


async def test_guests_have_two_seconds_and_few_places() -> None:
    server = Server(app, connections=0, guests=3)
    guests = [server.connect() for _ in range(3)]
    refused = server.connect()
    assert (refused.is_aborted, refused.status) == (True, 0)
    for guest in guests:
        guest.says(HEAD)
        guest.waits(3)
        assert guest.status == 408
        guest.waits(3)
        assert guest.is_aborted
    await turns(5)
    assert await asked(server, path=b"/healthz") == 200


async def test_a_handshake_beyond_the_bound_is_refused() -> None:
    server = Server(app, connections=0)
    wire = server.connect()
    wire.says(
        b"GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert wire.status == 503


async def test_an_address_has_its_own_bound() -> None:
    server = Server(app, connections_per_address=2)
    assert [await asked(server, "192.0.2.1") for _ in range(3)] == [200, 200, 503]
    assert await asked(server, "192.0.2.2") == 200


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
async def test_addresses_of_one_customer_count_together(
    first: str, second: str, is_one: bool
) -> None:
    server = Server(app, connections_per_address=1)
    assert await asked(server, first) == 200
    assert await asked(server, second) == (503 if is_one else 200)


async def test_proxies_are_counted_with_all_alone() -> None:
    server = Server(
        app, connections=3, connections_per_address=1, proxies=(ip_network("192.0.2.0/24"),)
    )
    assert [await asked(server) for _ in range(4)] == [200, 200, 200, 503]


async def test_places_are_free_again_when_connections_have_ended() -> None:
    server = Server(app, connections=1, connections_per_address=1, guests=1)
    for _ in range(3):
        wire = server.connect()
        guest = server.connect()
        wire.says(GET % b"/graphql")
        await turns(5)
        assert wire.status == 200
        guest.abort()
        wire.close()
        await turns(5)
    connections = server.connections
    assert (connections._places, connections._guests) == ({}, set())
    assert not connections._by_address


def test_connections_leave_room_for_other_descriptors() -> None:
    settings = read_settings()
    assert ConnectionLimits.of(settings, 1_048_576).connections == settings.max_connections == 3_000
    assert ConnectionLimits.of(settings, 4_096).connections == 3_000
    assert ConnectionLimits.of(settings, 2_048).connections == 1_048
    assert ConnectionLimits.of(settings, 1_024).connections == 512


class Idle:
    """A connection. bytes: what it holds."""

    def __init__(self, held: int = 0) -> None:
        self.looks = list[float]()
        self.bytes, self.is_dropped = held, False

    def look(self, seconds: float) -> None:
        self.looks.append(seconds)

    def held_bytes(self) -> int:
        return 0 if self.is_dropped else self.bytes

    def drop(self) -> None:
        self.is_dropped = True


class Stubborn(Idle):
    """A connection that fails when it is looked at."""

    def look(self, seconds: float) -> None:
        super().look(seconds)
        raise RuntimeError("stubborn")

    def held_bytes(self) -> int:
        raise RuntimeError("stubborn")


async def test_every_connection_is_looked_at_again_and_again_whatever_one_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, first, second = Server(app, head_seconds=0.04), Stubborn(), Stubborn()
    watch = asyncio.create_task(server.connections.watch(lambda: [first, second]))
    await eventually(lambda: len(second.looks) >= 3)
    watch.cancel()
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


class Frozen(Idle):
    """A connection whose look stops the process for a while, as SIGSTOP would."""

    def look(self, seconds: float) -> None:
        super().look(seconds)
        time.sleep(0.1)


async def test_time_in_which_the_process_stood_still_is_not_the_clients() -> None:
    server, frozen = Server(app, head_seconds=0.04), Frozen()
    watch = asyncio.create_task(server.connections.watch(lambda: [frozen]))
    await eventually(lambda: len(frozen.looks) >= 3)
    watch.cancel()
    assert max(frozen.looks) <= 2 * server.connections.limits.look_seconds


def test_looks_are_a_fraction_of_the_shortest_limit() -> None:
    assert LIMITS.look_seconds == 1.0
    assert ConnectionLimits.of(read_settings(body_seconds=0.4), 20_000).look_seconds == 0.1


async def test_what_waits_for_slow_clients_is_bounded_for_all_of_them_together() -> None:
    server = Server(app, head_seconds=0.04, held_bytes=1_000_000)
    small, slow, others = Idle(60_000), Idle(400_000), [Idle(100_000) for _ in range(4)]
    watch = asyncio.create_task(server.connections.watch(lambda: [small, *others, slow]))
    await eventually(lambda: len(small.looks) >= 5)
    assert not slow.is_dropped
    # Quick and large: less by its bytes and seconds than the slow one, which goes first.
    others.append(Idle(450_000))
    await eventually(lambda: slow.is_dropped)
    looks = len(small.looks)
    await eventually(lambda: len(small.looks) >= looks + 3)
    watch.cancel()
    assert [one.is_dropped for one in (small, slow, *others)] == [False, True] + [False] * 5
