"""From settings to an application that works."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from dramatiq import MessageProxy

from api.lifespan import running
from hookline.errors import HooklineError
from hookline.ids import uuid7
from hookline.messaging.brokers import open_broker
from hookline.messaging.messages import BACKGROUND
from hookline.runtime import Runtime
from hookline.settings.fields import Settings, read_settings
from tests.waiting import eventually

pytestmark = pytest.mark.engines("sqlite")


async def test_a_database_without_tables_is_refused_with_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "hookline.db").touch()

    with pytest.raises(HooklineError, match="hookline migrate"):
        async with running(read_settings(home=tmp_path), has_worker=False):
            pass


@pytest.mark.parametrize("server_name", ["valkey_server", "rabbitmq_server"])
async def test_without_a_worker_it_sends_messages_and_runs_no_actor(
    request: pytest.FixtureRequest, postgres_database: str, server_name: str
) -> None:
    server, job_id = request.getfixturevalue(server_name), uuid7()
    server.empty()

    @asynccontextmanager
    async def asking(runtime: Runtime) -> AsyncIterator[None]:
        runtime.enqueuer.run_job(job_id)
        yield

    async with running(
        read_settings(database_url=postgres_database, broker_url=server.url),
        has_worker=False,
        companions=[asking],
    ):
        [message] = await eventually(partial(read, server.url))
        assert not [
            thread
            for thread in threading.enumerate()
            if type(thread).__module__ == "dramatiq.worker"
        ]

    assert (message.actor_name, message.args) == ("run_job", (str(job_id),))


@pytest.mark.parametrize("has_worker", [False, True])
async def test_it_hears_of_wake_ups_if_it_has_a_worker(
    postgres_database: str, has_worker: bool
) -> None:
    heard = list[str]()

    def hear(topic: str, text: str) -> None:
        heard.append(topic)

    @asynccontextmanager
    async def listening(runtime: Runtime) -> AsyncIterator[None]:
        for topic in ("wake", "match"):
            runtime.hub.subscribe(topic, partial(hear, topic))
            runtime.hub.publish(topic, str(uuid7()))
        yield

    settings = read_settings(database_url=postgres_database)
    async with running(settings, has_worker=has_worker, companions=[listening]):
        await eventually(lambda: "match" in heard)  # which is told of after the wake-up

    assert ("wake" in heard) is has_worker


def read(url: str) -> list[MessageProxy]:
    """Messages that wait in the queue of background work."""
    broker = open_broker(url)
    consumer = broker.consume(BACKGROUND, prefetch=10, timeout=200)
    found = [message for message in (next(consumer), next(consumer)) if message is not None]
    consumer.close()
    broker.disconnect()
    return found


async def test_companions_live_as_long_as_the_application(settings: Settings) -> None:
    told = []

    @asynccontextmanager
    async def companion(runtime: Runtime) -> AsyncIterator[None]:
        told.append("begins")
        yield
        told.append("ends")

    async with running(settings, has_worker=True, has_echo=True, companions=[companion]) as app:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            assert (await client.post("/_echo", content=b"x")).status_code == 200
        assert told == ["begins"]

    assert told == ["begins", "ends"]
