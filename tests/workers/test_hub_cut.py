"""The hub is cut and the broker is up: deliveries begin by messages, not by sweeps. How fast is
measured by `make bench ARGS=hub_cut_rabbitmq`.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from hookline.deliveries.queue.base import Queue
from hookline.settings.fields import read_settings
from hookline.wiring import open_runtime
from tests.conftest import LOOPBACK
from tests.making import make_webhook, publish
from tests.receivers import Receiver
from tests.servers import Valkey
from tests.working import Counting, working

EVENTS = 20


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Valkey]:
    with Valkey(tmp_path) as server:
        yield server


@pytest.mark.parametrize("broker", ["valkey_server", "rabbitmq_server"])
async def test_deliveries_do_not_wait_for_sweeps(
    request: pytest.FixtureRequest, postgres_database: str, hub: Valkey, broker: str
) -> None:
    server = request.getfixturevalue(broker)
    server.empty()
    settings = read_settings(database_url=postgres_database, pubsub_url=hub.url)
    async with open_runtime(settings, LOOPBACK) as opened, Receiver() as receiver:
        queue = Counting(opened.queue)
        async with working(replace(opened, queue=cast(Queue, queue)), server.url):
            await make_webhook(opened, receiver.url)
            await publish(opened)
            await receiver.wait_for(1)
            hub.kill()
            before = queue.sweeps
            for number in range(EVENTS):
                await publish(opened)
                await receiver.wait_for(number + 2)
            assert queue.sweeps - before <= EVENTS / 2
