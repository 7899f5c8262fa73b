"""Hubs over a server, between processes: order, bounds, and what happens when the
server is away.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from hookline.errors import Unavailable
from hookline.messaging.hub import EVERYTHING
from hookline.messaging.postgres_hub import PostgresHub
from hookline.messaging.redis_hub import RedisHub
from hookline.messaging.server_hub import ServerHub
from tests.hookline.messaging.hubs import two_hubs
from tests.refusing import cut_connections
from tests.servers import Valkey, free_port
from tests.waiting import eventually


class HubServer:
    """make: a hub over the server. cut: ends the connections of all hubs."""

    def __init__(self, make: Callable[..., ServerHub], cut: Callable[[], Awaitable[None]]) -> None:
        self.make, self.cut = make, cut


@pytest.fixture(params=["postgres", "redis"])
def server(request: pytest.FixtureRequest) -> HubServer:
    if request.param == "postgres":
        dsn = str(request.getfixturevalue("postgres_database")).replace(
            "postgres://", "postgresql://", 1
        )
        return HubServer(partial(PostgresHub, dsn), lambda: cut_connections(dsn))
    server: Valkey = request.getfixturevalue("valkey_server")

    async def cut() -> None:
        with server.client() as client:
            for kind in ("pubsub", "normal"):
                client.client_kill_filter(_type=kind, skipme=True)

    return HubServer(partial(RedisHub, server.url), cut)


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """One that may be frozen and killed."""
    with Valkey(tmp_path) as server:
        yield server


async def test_processes_reach_each_other_in_order(server: HubServer) -> None:
    async with two_hubs(server.make) as hubs:
        texts = [str(number) for number in range(100)]
        for text in texts:
            hubs.one.publish("wake", text)
        await eventually(lambda: len(hubs.received) == 100)
        assert hubs.received == [("wake", text) for text in texts]


async def test_one_that_claims_nothing_hears_of_no_wake_ups(server: HubServer) -> None:
    async with two_hubs(partial(server.make, hears_wakes=False)) as hubs:
        for topic in ("wake", "match"):
            hubs.one.publish(topic, "x")
        await eventually(lambda: hubs.received == [("match", "x")])


async def test_text_that_waits_already_is_sent_once(server: HubServer) -> None:
    async with two_hubs(server.make) as hubs:
        for _ in range(100):
            hubs.one.publish("wake", "again")
        hubs.one.publish("wake", "end")
        await eventually(lambda: ("wake", "end") in hubs.received)
        assert hubs.received == [("wake", "again"), ("wake", "end")]


async def test_what_waits_is_bounded_and_becomes_everything(server: HubServer) -> None:
    async with two_hubs(server.make) as hubs:
        for number in range(10_000):
            hubs.one.publish("wake", str(number))
        await eventually(lambda: ("wake", EVERYTHING) in hubs.received)
        assert len(hubs.received) <= 1_001


async def test_cut_connections_are_opened_again_and_everybody_looks_everywhere(
    server: HubServer,
) -> None:
    async with two_hubs(server.make) as hubs:
        await eventually(hubs.reach)
        await server.cut()
        await eventually(hubs.all_got_everything, seconds=4)  # at once, not after the next ping
        hubs.received.clear()
        await eventually(hubs.reach)


async def test_redis_that_was_killed_is_found_again(own_valkey: Valkey) -> None:
    async with two_hubs(lambda: RedisHub(own_valkey.url)) as hubs:
        await eventually(hubs.reach)
        own_valkey.kill()
        for number in range(3_000):
            hubs.one.publish("wake", str(number))  # returns, and what waits is bounded
        own_valkey.start()
        await eventually(hubs.all_got_everything)
        hubs.received.clear()
        await eventually(hubs.reach)


async def test_redis_that_was_frozen_is_noticed_and_found_again(
    own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    def both_have_noticed() -> bool:
        hubs.one.publish("wake", "lost")
        messages = [record.getMessage() for record in caplog.records]
        # Each hub for itself: one that has not noticed misses nothing either.
        lost = sum(message.startswith("hub connection lost") for message in messages)
        return lost == 2 and any(text.startswith("announcements lost") for text in messages)

    async with two_hubs(lambda: RedisHub(own_valkey.url)) as hubs:
        await eventually(hubs.reach)
        own_valkey.freeze()
        await eventually(both_have_noticed)
        own_valkey.thaw()
        await eventually(hubs.all_got_everything)
        hubs.received.clear()
        await eventually(hubs.reach)


async def test_installations_that_share_a_redis_do_not_reach_each_other(
    valkey_server: Valkey,
) -> None:
    mine, theirs = RedisHub(valkey_server.url), RedisHub(valkey_server.url.replace("/0", "/1"))
    received, received_there = list[str](), list[str]()
    await mine.open()
    await theirs.open()
    mine.subscribe("match", received.append)
    theirs.subscribe("match", received_there.append)
    theirs.publish("match", "theirs")
    await eventually(lambda: received_there == ["theirs"])
    mine.publish("match", "mine")
    await eventually(lambda: received == ["mine"])
    theirs.publish("match", "the end")  # comes after all that was announced before
    await eventually(lambda: received_there == ["theirs", "the end"])
    await mine.close()
    await theirs.close()


@pytest.mark.parametrize(
    "make",
    [
        lambda port: PostgresHub(f"postgresql://u:hunter2@127.0.0.1:{port}/n"),
        lambda port: RedisHub(f"redis://u:hunter2@127.0.0.1:{port}"),
    ],
)
async def test_server_that_is_not_there_is_told_by_name_without_its_password(
    make: Callable[[int], ServerHub],
) -> None:
    with pytest.raises(Unavailable, match="HOOKLINE_PUBSUB_URL") as caught:
        await make(free_port()).open()
    assert "hunter2" not in caught.value.message
