"""The hub over PostgreSQL between processes, and what it does when its connections are cut or refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
import pytest

from hookline import clock
from hookline.ids import uuid7
from hookline.pubsub.base import EVERYTHING
from hookline.pubsub.postgres import PostgresHub
from hookline.runtime import Runtime
from hookline.settings import Settings
from tests.making import WORKSPACE, new_delivery, new_event
from tests.refusing import cut_connections, refusing_connections
from tests.waiting import eventually

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

TOPICS = ("wake", "match", "activity")


class Hubs:
    """Two hubs, as two processes have them. heard: by the second one, topic and text."""

    def __init__(self, dsn: str) -> None:
        self.one, self.two = PostgresHub(dsn), PostgresHub(dsn)
        self.heard = list[tuple[str, str]]()
        for topic in TOPICS:
            self.two.listen(topic, partial(self._hear, topic))
        self._count = 0

    def _hear(self, topic: str, text: str) -> None:
        self.heard.append((topic, text))

    def reach(self) -> bool:
        """Announces once more; whether any such announcement has come to the second hub. For `eventually`."""
        self._count += 1
        self.one.announce("match", f"{self._count}")
        return any(topic == "match" and text != EVERYTHING for topic, text in self.heard)

    def all_were_told(self) -> bool:
        return {topic for topic, text in self.heard if text == EVERYTHING} == set(TOPICS)


@asynccontextmanager
async def two_hubs(settings: Settings) -> AsyncIterator[Hubs]:
    hubs = Hubs(settings.postgres_dsn)
    await hubs.one.open()
    await hubs.two.open()
    try:
        yield hubs
    finally:
        await hubs.one.close()
        await hubs.two.close()


async def test_processes_hear_each_other_in_order(settings: Settings) -> None:
    async with two_hubs(settings) as hubs:
        texts = [str(number) for number in range(100)]
        for text in texts:
            hubs.one.announce("wake", text)
        await eventually(lambda: len(hubs.heard) == 100)
        assert hubs.heard == [("wake", text) for text in texts]


async def test_text_that_waits_already_is_sent_once(settings: Settings) -> None:
    async with two_hubs(settings) as hubs:
        for _ in range(100):
            hubs.one.announce("wake", "again")
        hubs.one.announce("wake", "end")
        await eventually(lambda: ("wake", "end") in hubs.heard)
        assert hubs.heard == [("wake", "again"), ("wake", "end")]


async def test_what_waits_is_bounded_and_everything_is_told_instead(settings: Settings) -> None:
    async with two_hubs(settings) as hubs:
        for number in range(10_000):
            hubs.one.announce("wake", str(number))
        await eventually(lambda: ("wake", EVERYTHING) in hubs.heard)
        assert len(hubs.heard) <= 1_001


async def test_cut_connections_are_opened_again_and_everybody_looks_everywhere(settings: Settings) -> None:
    async with two_hubs(settings) as hubs:
        await eventually(hubs.reach)
        await cut_connections(settings.postgres_dsn)
        await eventually(hubs.all_were_told, seconds=4)  # at once, not after the next ping
        hubs.heard.clear()
        await eventually(hubs.reach)


async def test_database_that_refuses_connections_for_a_while_is_asked_again(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    def both_were_refused() -> bool:
        hubs.one.announce("wake", "lost")
        refused = [record.getMessage() for record in caplog.records if "ObjectNotInPrerequisiteState" in record.getMessage()]
        return all(any(message.startswith(what) for message in refused) for what in ("announcements lost", "hub connection lost"))

    async with two_hubs(settings) as hubs:
        await eventually(hubs.reach)
        async with refusing_connections(settings.postgres_dsn):
            await eventually(both_were_refused)
        await eventually(hubs.all_were_told)
        hubs.heard.clear()
        await eventually(hubs.reach)


async def test_close_ends_every_connection(settings: Settings) -> None:
    async with two_hubs(settings) as hubs:
        await eventually(hubs.reach)
    connection = await asyncpg.connect(settings.postgres_dsn)
    try:

        async def is_alone() -> bool:
            others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            return bool(await connection.fetchval(others) == 0)

        await eventually(is_alone)
    finally:
        await connection.close()


@pytest.mark.parametrize("count", [1, 300])
async def test_publish_itself_wakes_whoever_listens(runtime: Runtime, count: int) -> None:
    """For so many webhooks that their ids do not fit, everybody looks everywhere."""
    heard = list[str]()
    runtime.hub.listen("wake", heard.append)
    event, webhook_ids = new_event(), [uuid7() for _ in range(count)]
    version = (await runtime.queue.versions())[WORKSPACE]
    deliveries = [new_delivery(event, webhook_id) for webhook_id in webhook_ids]
    assert await runtime.queue.publish(WORKSPACE, version, clock.now(), [event], deliveries)
    await eventually(lambda: heard)
    assert heard == ([EVERYTHING] if count > 1 else [str(webhook_ids[0])])
