"""A subscription on one process hears what another one does, whatever happens to the hub between
them.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from api.execution.execute import Answer
from hookline.activity.cursors import encode_cursor
from hookline.runtime import Runtime
from hookline.settings.fields import Settings, read_settings
from tests.api.schema.asking import Asker
from tests.making import WORKSPACE
from tests.processes import PROJECT, run_python
from tests.waiting import eventually

ATTEMPTS = (
    "subscription ($after: String) { attempts(after: $after) { cursor gap node { id "
    "webhook { id } } } }"
)
ROUNDS, EACH, WEBHOOKS = 12, 3, 3


@pytest.fixture
def settings(postgres_database: str, tmp_path: Path) -> Settings:
    return read_settings(database_url=postgres_database, home=tmp_path)


async def recorded_elsewhere(
    settings: Settings, rounds: int, each: int, webhooks: int
) -> dict[str, list[str]]:
    """Attempts that another process recorded, by webhook, in order. It cuts every hub connection in
    every fourth round.
    """
    done = await asyncio.to_thread(
        run_python,
        "tests.api.schema.recording",
        settings.database_url,
        str(settings.home),
        *map(str, (rounds, each, webhooks)),
        folder=PROJECT,
    )
    assert done.returncode == 0, done.stderr
    ended: dict[str, list[str]] = json.loads(done.stdout)
    return ended


async def heard(stream: AsyncGenerator[Answer, None], count: int) -> list[Any]:
    events = list[Any]()
    while len(events) < count:
        async with asyncio.timeout(20):
            answer = await anext(stream)
        assert answer.data is not None
        events.append(answer.data["attempts"])
    return events


def by_webhook(events: list[Any]) -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for event in events:
        found[event["node"]["webhook"]["id"]].append(event["node"]["id"])
    return found


async def test_nothing_is_missed_or_heard_twice_while_the_hub_is_cut(
    runtime: Runtime, settings: Settings
) -> None:
    total = ROUNDS * EACH * WEBHOOKS
    asker, begin = Asker(runtime), await runtime.feeds.live_cursor(WORKSPACE)
    async with asker.following(ATTEMPTS) as first, asker.following(ATTEMPTS) as second:
        hearing = [asyncio.create_task(heard(stream, total)) for stream in (first, second)]
        await eventually(lambda: is_shared(runtime, 2))
        ended = await recorded_elsewhere(settings, ROUNDS, EACH, WEBHOOKS)
        live, also = await asyncio.gather(*hearing)
    assert not any(event["gap"] for event in live)
    assert by_webhook(live) == ended
    assert also == live
    async with asker.following(ATTEMPTS, after=begin) as replay:
        assert await heard(replay, total) == live
    async with asker.following(ATTEMPTS, after=live[49]["cursor"]) as replay:
        assert await heard(replay, total - 50) == live[50:]


def is_shared(runtime: Runtime, count: int) -> bool:
    feed = runtime.feeds._feeds.get(WORKSPACE)
    return feed is not None and [len(shared._waiting) for shared in feed._shared.values()] == [
        count
    ]


async def test_a_cursor_that_was_not_reached_yet_is_a_gap_and_then_what_another_process_does(
    runtime: Runtime, settings: Settings
) -> None:
    now = await runtime.feeds.position(WORKSPACE)
    async with Asker(runtime).following(ATTEMPTS, after=encode_cursor(now + 1_000)) as stream:
        [gap] = await heard(stream, 1)
        ended = await recorded_elsewhere(settings, 2, 1, 1)
        events = await heard(stream, 2)
    assert (gap["gap"], gap["cursor"], gap["node"]) == (True, encode_cursor(now), None)
    assert by_webhook(events) == ended
