"""The rows of one transaction, made with others in between."""

import asyncio

from hookline import clock
from hookline.deliveries.matching import MatchIndex
from hookline.deliveries.queue.base import NewEvent
from hookline.deliveries.registry import Catalogue, WorkspaceSnapshot
from hookline.events.commit_group import CommitGroup, PublishRequest
from hookline.ids import uuid7
from tests.hookline.deliveries.test_matching import hook

EVENTS, WEBHOOKS = 300, 100


async def test_others_run_while_the_deliveries_of_a_large_batch_are_made() -> None:
    index = MatchIndex([hook(number, "order.order.*") for number in range(WEBHOOKS)])
    events = [
        NewEvent(uuid7(), "order.order.create", "production", "{}", clock.now(), None, None)
        for _ in range(EVENTS)
    ]
    done = asyncio.get_running_loop().create_future()
    request = PublishRequest(clock.now(), clock.monotonic(), events, done, 2 * EVENTS)
    snapshot = WorkspaceSnapshot(1, {}, index, Catalogue(), clock.monotonic())
    gathering = asyncio.create_task(CommitGroup.gather([request], {}, snapshot))
    served = 0
    while not gathering.done():
        await asyncio.sleep(0)
        served += 1
    assert len(gathering.result().deliveries) == EVENTS * WEBHOOKS
    # In one go it would be one turn before and one after.
    assert served >= 4
