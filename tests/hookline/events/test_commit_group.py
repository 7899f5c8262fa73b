"""The rows of one transaction, made with others in between."""

import asyncio

import pytest

from hookline import clock
from hookline.deliveries.matching import MatchIndex
from hookline.deliveries.queue.base import NewEvent
from hookline.deliveries.registry import Catalogue, WorkspaceSnapshot
from hookline.errors import Code, Problem, Refused
from hookline.events.commit_group import CommitGroup, PublishRequest
from hookline.ids import uuid7
from tests.hookline.deliveries.test_matching import hook

EVENTS, WEBHOOKS = 300, 100


def request_of(count: int) -> PublishRequest:
    events = [
        NewEvent(uuid7(), "order.order.create", "production", "{}", clock.now(), None, None)
        for _ in range(count)
    ]
    done = asyncio.get_running_loop().create_future()
    return PublishRequest(clock.now(), clock.monotonic(), events, done, 2 * count)


def snapshot_of(webhooks: int) -> WorkspaceSnapshot:
    """All of them want every event of the requests above."""
    index = MatchIndex([hook(number, "order.order.*") for number in range(webhooks)])
    return WorkspaceSnapshot(1, {}, index, Catalogue(), clock.monotonic())


async def test_others_run_while_the_deliveries_of_a_large_batch_are_made() -> None:
    gathering = asyncio.create_task(
        CommitGroup.gather([request_of(EVENTS)], {}, snapshot_of(WEBHOOKS))
    )
    served = 0
    while not gathering.done():
        await asyncio.sleep(0)
        served += 1
    assert len(gathering.result().deliveries) == EVENTS * WEBHOOKS
    # In one go it would be one turn before and one after.
    assert served >= 4


async def test_batch_with_too_many_deliveries_is_refused_and_told_where_to_split() -> None:
    request, snapshot = request_of(30), snapshot_of(5_000)
    group = await CommitGroup.gather([request], {}, snapshot)
    group.answer()
    assert (group.events, group.deliveries) == ([], [])
    with pytest.raises(Refused) as caught:
        await request.done
    assert caught.value.problems == (
        Problem(
            Code.TOO_MANY,
            "This batch makes more than 50,000 deliveries. Split it: its first 10 events may be "
            "published at once.",
        ),
    )
    del request.events[10:]
    assert len((await CommitGroup.gather([request], {}, snapshot)).deliveries) == 50_000


async def test_event_with_more_deliveries_than_a_batch_may_have_is_published_by_itself() -> None:
    batch, snapshot = request_of(2), snapshot_of(50_001)
    (await CommitGroup.gather([batch], {}, snapshot)).answer()
    with pytest.raises(Refused, match="Publish its first event by itself"):
        await batch.done
    single = await CommitGroup.gather([request_of(1)], {}, snapshot)
    assert len(single.deliveries) == 50_001


async def test_requests_with_many_deliveries_wait_for_a_commit_of_their_own() -> None:
    snapshot = snapshot_of(4_000)
    first, second, third, fourth = (request_of(count) for count in (1, 1, 1, 4))
    group = await CommitGroup.gather([first, second, third, fourth], {}, snapshot)
    assert (group.requests, group.left) == ([first, second], [third, fourth])
    assert len(group.deliveries) == 8_000
    # A request that brings more is not refused for that.
    alone = await CommitGroup.gather([fourth, third], {}, snapshot)
    assert (alone.requests, alone.left) == ([fourth], [third])
