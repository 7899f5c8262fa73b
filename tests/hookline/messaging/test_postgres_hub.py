"""Features of the hub over PostgreSQL alone: wake-ups in the publish itself, connections that the
database refuses or counts.
"""

import asyncpg
import pytest

from hookline import clock
from hookline.ids import uuid7
from hookline.messaging.hub import EVERYTHING
from hookline.messaging.postgres_hub import PostgresHub
from hookline.runtime import Runtime
from hookline.settings.fields import Settings
from tests.hookline.messaging.hubs import two_hubs
from tests.making import WORKSPACE, new_delivery, new_event
from tests.refusing import refusing_connections
from tests.waiting import eventually

pytestmark = pytest.mark.engines("postgres")


async def test_database_that_refuses_connections_for_a_while_is_asked_again(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def both_were_refused() -> bool:
        hubs.one.publish("wake", "lost")
        # One line each; the first try found the connection closed, the next ones were refused.
        told = {record.getMessage().partition(":")[0] for record in caplog.records}
        tries = (hubs.one._outage._tries, hubs.one._sending_outage._tries)
        return len(told) == 2 and min(tries) > 1

    async with two_hubs(lambda: PostgresHub(settings.postgres_dsn)) as hubs:
        await eventually(hubs.reach)
        async with refusing_connections(settings.postgres_dsn):
            await eventually(both_were_refused)
        await eventually(hubs.all_got_everything)
        hubs.received.clear()
        await eventually(hubs.reach)
    assert not [record for record in caplog.records if record.exc_info]


async def test_close_ends_every_connection(settings: Settings) -> None:
    async with two_hubs(lambda: PostgresHub(settings.postgres_dsn)) as hubs:
        await eventually(hubs.reach)
    connection = await asyncpg.connect(settings.postgres_dsn)
    try:

        async def is_alone() -> bool:
            hubs_own = (
                "select count(*) from pg_stat_activity where datname = current_database() "
                "and application_name = 'hookline hub'"
            )
            return bool(await connection.fetchval(hubs_own) == 0)

        await eventually(is_alone)
    finally:
        await connection.close()


@pytest.mark.parametrize("count", [1, 2, 300])
async def test_publish_statement_itself_wakes_subscribers(runtime: Runtime, count: int) -> None:
    """Of one delivery with its id. For so many webhooks that their ids do not fit, everybody looks
    everywhere.
    """
    received = list[str]()
    runtime.hub.subscribe("wake", received.append)
    event, webhook_ids = new_event(), [uuid7() for _ in range(count)]
    version = (await runtime.queue.versions())[WORKSPACE]
    deliveries = [new_delivery(event, webhook_id) for webhook_id in webhook_ids]
    assert await runtime.queue.publish(WORKSPACE, version, clock.now(), [event], deliveries)
    await eventually(lambda: received)
    [text] = received
    if count == 1:
        assert text == f"{webhook_ids[0]}:{deliveries[0].id}"
    else:
        assert sorted(text.split(",")) == ([EVERYTHING] if count > 2 else [*map(str, webhook_ids)])
