"""Conformance of the hubs: inside a process, over PostgreSQL, over Redis."""

from collections.abc import AsyncIterator

import pytest

from hookline.ids import uuid7
from hookline.messaging.hub import EVERYTHING, Hub, MemoryHub
from hookline.messaging.postgres_hub import PostgresHub
from hookline.messaging.redis_hub import RedisHub
from tests.servers import Valkey
from tests.waiting import eventually


@pytest.fixture(params=["memory", "postgres", "redis"])
def unopened(request: pytest.FixtureRequest) -> Hub:
    if request.param == "postgres":
        return PostgresHub(request.getfixturevalue("postgres_database"))
    if request.param == "redis":
        server: Valkey = request.getfixturevalue("valkey_server")
        return RedisHub(server.url)
    return MemoryHub()


@pytest.fixture
async def hub(unopened: Hub) -> AsyncIterator[Hub]:
    await unopened.open()
    yield unopened
    await unopened.close()


def listener(hub: Hub, topic: str) -> list[str]:
    """Announcements that are heard from now on."""
    heard = list[str]()
    hub.listen(topic, heard.append)
    return heard


async def test_every_listener_of_a_topic_hears_and_others_do_not(hub: Hub) -> None:
    one, two, other = listener(hub, "wake"), listener(hub, "wake"), listener(hub, "match")
    hub.announce("wake", "a")
    hub.announce("match", "b")
    await eventually(lambda: one and two and other)
    assert (one, two, other) == (["a"], ["a"], ["b"])


async def test_texts_of_a_topic_come_in_the_order_of_their_announcement(hub: Hub) -> None:
    heard = listener(hub, "activity")
    texts = [f"workspace {position}" for position in range(300)]
    for text in texts[:200]:
        hub.announce("activity", text)
    await eventually(lambda: len(heard) >= 100)
    for text in texts[200:]:
        hub.announce("activity", text)
    await eventually(lambda: len(heard) >= 300)
    assert heard == texts


@pytest.mark.parametrize("count", [200, 220, 1_000])
async def test_text_beyond_what_notify_carries_is_heard_whole_or_as_everything(
    hub: Hub, count: int
) -> None:
    heard = listener(hub, "wake")
    text = ",".join(str(uuid7()) for _ in range(count))
    hub.announce("wake", text)
    await eventually(lambda: heard)
    hub.announce("wake", "next")
    await eventually(lambda: len(heard) == 2)
    assert heard in ([text, "next"], [EVERYTHING, "next"])


async def test_flood_is_heard_whole_or_as_everything_and_what_follows_is_heard_too(
    hub: Hub,
) -> None:
    heard = listener(hub, "wake")
    texts = [str(number) for number in range(5_000)]
    for text in texts:
        hub.announce("wake", text)
    await eventually(lambda: EVERYTHING in heard or len(heard) == 5_000)
    assert EVERYTHING in heard or heard == texts
    hub.announce("wake", "last")
    await eventually(lambda: heard[-1] == "last")


async def test_listener_that_ended_hears_nothing_more(hub: Hub) -> None:
    ended, going_on = list[str](), list[str]()
    end = hub.listen("wake", ended.append)
    hub.listen("wake", going_on.append)
    hub.announce("wake", "a")
    await eventually(lambda: ended and going_on)
    end()
    end()
    hub.announce("wake", "b")
    await eventually(lambda: len(going_on) == 2)
    assert ended == ["a"]


async def test_listener_that_fails_keeps_nobody_from_announcing_or_hearing(hub: Hub) -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    hub.listen("wake", fail)
    heard = listener(hub, "wake")
    hub.announce("wake", "a")
    hub.announce("wake", "b")
    await eventually(lambda: heard == ["a", "b"])


async def test_listener_may_listen_end_and_announce_while_it_hears(hub: Hub) -> None:
    heard = listener(hub, "match")
    late = list[str]()

    def hear(text: str) -> None:
        end()
        hub.listen("wake", late.append)
        hub.announce("match", f"heard {text}")

    end = hub.listen("wake", hear)
    hub.announce("wake", "a")
    await eventually(lambda: heard == ["heard a"])
    hub.announce("wake", "b")
    await eventually(lambda: "b" in late)
    assert heard == ["heard a"]


async def test_announcing_after_the_close_is_lost_and_no_error(hub: Hub) -> None:
    heard = listener(hub, "wake")
    await hub.close()
    for number in range(2_000):
        hub.announce("wake", str(number))
    await hub.close()
    assert heard == []
