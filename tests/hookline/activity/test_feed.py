"""The live feed on both databases: replay, then live; nothing twice, nothing missed, and a gap
told.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from uuid import UUID

import pytest

from hookline.activity import feed
from hookline.activity.cursors import decode_cursor, encode_cursor
from hookline.activity.events import ActivityEvent, ActivityKind, Gap
from hookline.activity.feed import Feeds
from hookline.activity.writer import append_activity
from hookline.errors import HooklineError
from hookline.messaging.hub import MemoryHub
from hookline.runtime import Runtime
from tests.making import WORKSPACE, Hand, enqueue, make_webhook, make_workspace, succeeded
from tests.tables import each_of
from tests.waiting import eventually, turns

pytestmark = pytest.mark.engines("sqlite")

CHANGED = (ActivityKind.WEBHOOK_UPDATED,)
Step = list[ActivityEvent] | Gap


async def change(
    runtime: Runtime,
    webhook_id: UUID,
    count: int = 1,
    kind: ActivityKind = ActivityKind.WEBHOOK_UPDATED,
) -> int:
    """Happenings of one commit. Returns the position of the last one."""
    async with runtime.database.unit_of_work() as work:
        return await append_activity(
            work, runtime.hub, WORKSPACE, [(kind, webhook_id, webhook_id)] * count
        )


async def positions(following: AsyncGenerator[Step, None], until: int) -> list[int]:
    """All positions that come, up to one; -1 stands for a gap."""
    seen: list[int] = []
    async for step in following:
        seen += [-1] if isinstance(step, Gap) else [event.position for event in step]
        if (step.position if isinstance(step, Gap) else step[-1].position) >= until:
            return seen
    raise AssertionError("the feed ended")


async def following_from(
    feeds: Feeds, after: int | None, kinds: Sequence[ActivityKind] = CHANGED
) -> AsyncGenerator[Step, None]:
    async with aclosing(feeds.follow(WORKSPACE, after, kinds)) as steps:
        async for step in steps:
            yield step


@pytest.mark.engines("sqlite", "postgres")
async def test_what_happened_since_a_position_is_replayed_and_then_live(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    begin = await change(runtime, webhook.id)
    await change(runtime, webhook.id, 250)
    async with aclosing(runtime.feeds.follow(WORKSPACE, begin, CHANGED)) as following:
        assert await positions(following, begin + 250) == list(range(begin + 1, begin + 251))
        await change(runtime, webhook.id, 3)
        assert await positions(following, begin + 253) == [begin + 251, begin + 252, begin + 253]


@pytest.mark.engines("sqlite", "postgres")
async def test_changes_during_a_replay_come_once_and_in_order(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    begin = await change(runtime, webhook.id, 300)
    writer = asyncio.create_task(write_slowly(runtime, webhook.id, 60))
    async with aclosing(runtime.feeds.follow(WORKSPACE, begin - 300, CHANGED)) as following:
        assert await positions(following, begin + 60) == list(range(begin - 299, begin + 61))
    await writer


async def write_slowly(runtime: Runtime, webhook_id: UUID, count: int) -> None:
    for _ in range(count):
        await change(runtime, webhook_id)


async def test_a_follower_without_a_cursor_hears_only_what_comes(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await change(runtime, webhook.id, 5)
    async with aclosing(runtime.feeds.follow(WORKSPACE, None, CHANGED)) as following:
        first = asyncio.ensure_future(anext(following))
        later = []
        # "from now on" begins at a moment that only the follower knows: changes until it heard one
        while not first.done():
            later.append(await change(runtime, webhook.id))
            await asyncio.wait([first], timeout=0.05)
        step = await first
    assert isinstance(step, list)
    assert {event.position for event in step} <= set(later)


async def test_attempts_come_with_their_rows_and_other_kinds_are_left_out(runtime: Runtime) -> None:
    webhook, other = await make_webhook(runtime), await make_webhook(runtime)
    begin = await runtime.feeds.position(WORKSPACE)
    hand = await Hand.begin(runtime)
    for hook in (other, webhook):
        await enqueue(runtime, hook.id)
        await hand.record(succeeded(await hand.claim_one(hook.id)))
    await change(runtime, webhook.id)
    async with aclosing(
        runtime.feeds.follow(WORKSPACE, begin, (ActivityKind.ATTEMPT,), webhook.id)
    ) as following:
        step = await anext(following)
    assert isinstance(step, list)
    [event] = step
    assert (event.position, event.kind) == (begin + 2, ActivityKind.ATTEMPT)
    assert getattr(event.row, "webhook_id", None) == webhook.id


@pytest.mark.parametrize("ahead", [1, 1_000_000])
async def test_a_position_that_was_not_reached_yet_is_a_gap_and_then_live(
    runtime: Runtime, ahead: int
) -> None:
    webhook = await make_webhook(runtime)
    now = await change(runtime, webhook.id)
    async with aclosing(runtime.feeds.follow(WORKSPACE, now + ahead, CHANGED)) as following:
        assert await anext(following) == Gap(now)
        await change(runtime, webhook.id)
        assert await positions(following, now + 1) == [now + 1]


@pytest.mark.engines("sqlite", "postgres")
async def test_a_purged_position_is_a_gap_and_then_live(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    now = await change(runtime, webhook.id, 20)
    async with runtime.database.unit_of_work() as work:
        await work.execute(
            "delete from activity where workspace_id = $1 and position <= $2", WORKSPACE, now - 10
        )
    async with aclosing(runtime.feeds.follow(WORKSPACE, now - 15, CHANGED)) as following:
        assert await anext(following) == Gap(now)
        await change(runtime, webhook.id)
        assert await positions(following, now + 1) == [now + 1]
    async with aclosing(runtime.feeds.follow(WORKSPACE, now - 10, CHANGED)) as following:
        assert await positions(following, now + 1) == list(range(now - 9, now + 2))


async def test_ten_thousand_happenings_are_replayed_and_one_more_is_a_gap(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    now = await change(runtime, webhook.id, feed.ENTRIES_KEPT + 1)
    async with aclosing(
        runtime.feeds.follow(WORKSPACE, now - feed.ENTRIES_KEPT, CHANGED)
    ) as following:
        assert await positions(following, now) == list(range(now - feed.ENTRIES_KEPT + 1, now + 1))
    async with aclosing(
        runtime.feeds.follow(WORKSPACE, now - feed.ENTRIES_KEPT - 1, CHANGED)
    ) as following:
        assert await anext(following) == Gap(now)


async def test_who_does_not_read_gets_a_gap_and_costs_no_memory(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    begin = await change(runtime, webhook.id)
    async with aclosing(runtime.feeds.follow(WORKSPACE, begin, CHANGED)) as following:
        await change(runtime, webhook.id)
        assert await positions(following, begin + 1) == [begin + 1]
        end = begin + 1
        for _ in range(3):
            end = await change(runtime, webhook.id, 5_000)
        theirs = runtime.feeds._feeds[WORKSPACE]
        await eventually(lambda: theirs.position == end)
        assert len(theirs._ring) == feed.ENTRIES_KEPT
        assert len(theirs._rows) <= feed.ROWS_KEPT
        assert await anext(following) == Gap(end)


def is_listening(feeds: Feeds) -> bool:
    feed = feeds._feeds.get(WORKSPACE)
    return feed is not None and feed._task is not None


@pytest.mark.engines("sqlite", "postgres")
async def test_a_lost_announcement_is_found_within_a_second_or_two(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    feeds = Feeds(runtime.database, MemoryHub())  # a hub that nobody tells anything
    begin = await feeds.position(WORKSPACE)
    async with aclosing(feeds.follow(WORKSPACE, begin, CHANGED)) as following:
        first = asyncio.ensure_future(anext(following))
        await eventually(lambda: is_listening(feeds))
        await change(runtime, webhook.id)
        step = await asyncio.wait_for(first, 60)
    assert isinstance(step, list)
    assert step[0].position == begin + 1


async def test_followers_share_one_reader_and_the_last_one_ends_it(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    begin = await runtime.feeds.position(WORKSPACE)
    followers = [runtime.feeds.follow(WORKSPACE, begin, CHANGED) for _ in range(20)]
    firsts = [asyncio.ensure_future(anext(following)) for following in followers]
    await eventually(lambda: is_listening(runtime.feeds))
    await change(runtime, webhook.id)
    steps = await asyncio.gather(*firsts)
    rows = {id(step[0].row) for step in steps if isinstance(step, list)}
    assert len(rows) == 1
    reader = runtime.feeds._feeds[WORKSPACE]._task
    for following in followers:
        await following.aclose()
    assert not runtime.feeds._feeds
    assert reader is not None
    assert reader.cancelled()


async def test_a_follower_that_is_cancelled_at_any_moment_leaves_nothing_behind(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    begin = await change(runtime, webhook.id, 50)
    for moment in range(40):
        task = asyncio.create_task(positions(following_from(runtime.feeds, begin - 50), begin + 1))
        await turns(moment)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await eventually(lambda: not runtime.feeds._feeds)
    async with aclosing(runtime.feeds.follow(WORKSPACE, begin - 1, CHANGED)) as following:
        assert await positions(following, begin) == [begin]


async def test_the_last_follower_may_leave_just_as_an_announcement_comes(runtime: Runtime) -> None:
    begin = await runtime.feeds.position(WORKSPACE)
    for moment in range(6):
        following = runtime.feeds.follow(WORKSPACE, begin, CHANGED)
        waiting = asyncio.ensure_future(anext(following))
        await eventually(lambda: is_listening(runtime.feeds))
        runtime.feeds._feeds[WORKSPACE]._on_announcement(str(WORKSPACE))
        await turns(moment)
        waiting.cancel()
        async with asyncio.timeout(60):
            await asyncio.gather(waiting, return_exceptions=True)
    assert not runtime.feeds._feeds


async def test_another_workspace_hears_nothing(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    stranger = await make_workspace(runtime)
    async with aclosing(runtime.feeds.follow(stranger, 0, CHANGED)) as following:
        first = asyncio.ensure_future(anext(following))
        await change(runtime, webhook.id, 3)
        foreign = await make_webhook(runtime, workspace_id=stranger)
        async with runtime.database.unit_of_work() as work:
            await append_activity(
                work,
                runtime.hub,
                stranger,
                [(ActivityKind.WEBHOOK_UPDATED, foreign.id, foreign.id)],
            )
        step = await first
    assert isinstance(step, list)
    assert [event.row.id for event in step] == [foreign.id]


@pytest.mark.parametrize("position", [0, 1, 9_999_999, 10**17])
def test_a_cursor_is_read_back(position: int) -> None:
    assert decode_cursor(encode_cursor(position)) == position


@each_of(
    "text",
    [
        "",
        "live:1",
        "bGl2ZTotMQ",
        "bGl2ZTowMQ",
        "bGl2ZToxMjM=",
        "ü",
        "a" * 10_000,
        "\x00",
        "bGl2ZToxMjM0NTY3ODkwMTIzNDU2Nzg5MA",
    ],
)
def test_a_cursor_that_nobody_wrote_is_refused(text: str) -> None:
    with pytest.raises(HooklineError) as refused:
        decode_cursor(text)
    assert refused.value.code == "BAD_USER_INPUT"
