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


def subscribed(hub: Hub, topic: str) -> list[str]:
    """Announcements that are received from now on."""
    received = list[str]()
    hub.subscribe(topic, received.append)
    return received


async def test_every_subscriber_of_a_topic_is_called_and_others_are_not(hub: Hub) -> None:
    one, two, other = subscribed(hub, "wake"), subscribed(hub, "wake"), subscribed(hub, "match")
    hub.publish("wake", "a")
    hub.publish("match", "b")
    await eventually(lambda: one and two and other)
    assert (one, two, other) == (["a"], ["a"], ["b"])


async def test_texts_of_a_topic_come_in_the_order_of_their_announcement(hub: Hub) -> None:
    received = subscribed(hub, "activity")
    texts = [f"workspace {position}" for position in range(300)]
    for text in texts[:200]:
        hub.publish("activity", text)
    await eventually(lambda: len(received) >= 100)
    for text in texts[200:]:
        hub.publish("activity", text)
    await eventually(lambda: len(received) >= 300)
    assert received == texts


@pytest.mark.parametrize("count", [200, 220, 1_000])
async def test_text_beyond_what_notify_carries_arrives_whole_or_as_everything(
    hub: Hub, count: int
) -> None:
    received = subscribed(hub, "wake")
    text = ",".join(str(uuid7()) for _ in range(count))
    hub.publish("wake", text)
    await eventually(lambda: received)
    hub.publish("wake", "next")
    await eventually(lambda: len(received) == 2)
    assert received in ([text, "next"], [EVERYTHING, "next"])


async def test_flood_arrives_whole_or_as_everything_and_what_follows_arrives_too(
    hub: Hub,
) -> None:
    received = subscribed(hub, "wake")
    texts = [str(number) for number in range(5_000)]
    for text in texts:
        hub.publish("wake", text)
    await eventually(lambda: EVERYTHING in received or len(received) == 5_000)
    assert EVERYTHING in received or received == texts
    hub.publish("wake", "last")
    await eventually(lambda: received[-1] == "last")


async def test_subscriber_that_ended_is_not_called_again(hub: Hub) -> None:
    ended, going_on = list[str](), list[str]()
    end = hub.subscribe("wake", ended.append)
    hub.subscribe("wake", going_on.append)
    hub.publish("wake", "a")
    await eventually(lambda: ended and going_on)
    end()
    end()
    hub.publish("wake", "b")
    await eventually(lambda: len(going_on) == 2)
    assert ended == ["a"]


async def test_subscriber_that_fails_disturbs_neither_publisher_nor_other_subscribers(
    hub: Hub,
) -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    hub.subscribe("wake", fail)
    received = subscribed(hub, "wake")
    hub.publish("wake", "a")
    hub.publish("wake", "b")
    await eventually(lambda: received == ["a", "b"])


async def test_subscriber_may_subscribe_unsubscribe_and_publish_while_it_is_called(
    hub: Hub,
) -> None:
    received = subscribed(hub, "match")
    late = list[str]()

    def handle(text: str) -> None:
        end()
        hub.subscribe("wake", late.append)
        hub.publish("match", f"received {text}")

    end = hub.subscribe("wake", handle)
    hub.publish("wake", "a")
    await eventually(lambda: received == ["received a"])
    hub.publish("wake", "b")
    await eventually(lambda: "b" in late)
    assert received == ["received a"]


async def test_publishing_after_the_close_is_lost_and_no_error(hub: Hub) -> None:
    received = subscribed(hub, "wake")
    await hub.close()
    for number in range(2_000):
        hub.publish("wake", str(number))
    await hub.close()
    assert received == []
