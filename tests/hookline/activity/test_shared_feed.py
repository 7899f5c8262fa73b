"""Followers who share what is made of each event: it is made once, and each gets all of it, once
and in order.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import pytest

from hookline.activity import shared_feed
from hookline.activity.cursors import encode_cursor
from hookline.activity.events import ActivityEvent, ActivityKind, Gap, SharedBatch
from hookline.activity.shared_feed import EncodedEvent, ShareKey
from hookline.activity.writer import append_activity
from hookline.runtime import Runtime
from tests.making import WORKSPACE, make_webhook
from tests.waiting import eventually, turns

pytestmark = pytest.mark.engines("sqlite")

Step = list[ActivityEvent] | Gap | SharedBatch


class Maker:
    """Makes a position's cursor, of a size, and notes each time; fails while `is_broken`."""

    def __init__(self, size_bytes: int = 10) -> None:
        self.made: list[int] = []
        self.size_bytes, self.is_broken = size_bytes, False

    async def __call__(self, event: ActivityEvent) -> EncodedEvent | None:
        if self.is_broken:
            raise RuntimeError("broken")
        await turns(1)  # others come in between, as when a query is executed
        self.made.append(event.position)
        return EncodedEvent(encode_cursor(event.position), self.size_bytes)


async def change(runtime: Runtime, webhook_id: UUID, count: int = 1) -> int:
    """Happenings of one commit. Returns the position of the last one."""
    async with runtime.database.unit_of_work() as work:
        return await append_activity(
            work,
            runtime.hub,
            WORKSPACE,
            [(ActivityKind.WEBHOOK_UPDATED, webhook_id, webhook_id)] * count,
        )


def following(
    runtime: Runtime, maker: Maker, after: int | None, key: str = "key"
) -> AsyncGenerator[Step, None]:
    return runtime.feeds.follow_shared(
        WORKSPACE, after, [ActivityKind.WEBHOOK_UPDATED], None, ShareKey(key, maker)
    )


async def heard(steps: AsyncGenerator[Step, None], until: int) -> tuple[list[str], list[str]]:
    """The cursors of all that comes up to a position, and those among them that came alone; gap: a
    cursor with a sign.
    """
    everything, alone = list[str](), list[str]()
    while encode_cursor(until) not in everything:
        async with asyncio.timeout(60):  # wait_for of 3.11 may swallow a cancellation
            step = await anext(steps)
        if isinstance(step, SharedBatch):
            everything += step.made
            continue
        alone += (
            ["gap"] if isinstance(step, Gap) else [encode_cursor(event.position) for event in step]
        )
        everything += (
            [encode_cursor(step.position)] if isinstance(step, Gap) else alone[-len(step) :]
        )
    return everything, alone


def cursors(first: int, last: int) -> list[str]:
    return [encode_cursor(position) for position in range(first, last + 1)]


async def test_what_happens_now_is_made_once_for_all(runtime: Runtime) -> None:
    webhook, maker = await make_webhook(runtime), Maker()
    begin = await change(runtime, webhook.id)
    followers = [following(runtime, maker, begin) for _ in range(120)]
    hearing = [asyncio.create_task(heard(steps, begin + 30)) for steps in followers]
    await eventually(lambda: is_waiting(runtime, 120))
    for _ in range(10):
        await change(runtime, webhook.id, 3)
    assert await asyncio.gather(*hearing) == [(cursors(begin + 1, begin + 30), [])] * 120
    assert maker.made == list(range(begin + 1, begin + 31))
    await asyncio.gather(*[steps.aclose() for steps in followers])
    assert not runtime.feeds._feeds


def is_waiting(runtime: Runtime, count: int) -> bool:
    feed = runtime.feeds._feeds.get(WORKSPACE)
    return (
        feed is not None
        and sum(len(shared_feed._waiting) for shared_feed in feed._shared.values()) == count
    )


@pytest.mark.parametrize("back", [1, 240])
async def test_who_replays_goes_alone_until_he_has_caught_up(runtime: Runtime, back: int) -> None:
    """The others' shared events were made before he came: they could be older than what he has
    seen.
    """
    webhook, maker = await make_webhook(runtime), Maker()
    begin = await change(runtime, webhook.id, 250)
    async with (
        aclosing(following(runtime, maker, begin)) as live,
        aclosing(following(runtime, maker, begin + 1 - back)) as late,
    ):
        hearing = asyncio.create_task(heard(live, begin + 2))
        await eventually(lambda: is_waiting(runtime, 1))
        await change(runtime, webhook.id)
        await eventually(lambda: maker.made)
        replay = asyncio.create_task(heard(late, begin + 2))
        await eventually(lambda: is_waiting(runtime, 2))
        await change(runtime, webhook.id)
        assert await hearing == (cursors(begin + 1, begin + 2), [])
        assert await replay == (
            cursors(begin + 2 - back, begin + 2),
            cursors(begin + 2 - back, begin + 1),
        )
    assert maker.made == [begin + 1, begin + 2]


async def test_who_is_a_few_steps_behind_gets_them_all(runtime: Runtime) -> None:
    webhook, maker = await make_webhook(runtime), Maker()
    begin = await change(runtime, webhook.id)
    async with (
        aclosing(following(runtime, maker, begin)) as quick,
        aclosing(following(runtime, maker, begin)) as slow,
    ):
        both = [asyncio.create_task(heard(steps, begin + 1)) for steps in (quick, slow)]
        await eventually(lambda: is_waiting(runtime, 2))
        await change(runtime, webhook.id)
        await asyncio.gather(*both)
        for position in range(begin + 2, begin + 5):
            await change(runtime, webhook.id)
            await heard(quick, position)
        assert await heard(slow, begin + 4) == (cursors(begin + 2, begin + 4), [])


async def test_who_falls_behind_the_others_misses_nothing(runtime: Runtime) -> None:
    webhook, maker = await make_webhook(runtime), Maker(size_bytes=shared_feed.KEPT_BYTES // 4)
    begin = await change(runtime, webhook.id)
    async with (
        aclosing(following(runtime, maker, begin)) as quick,
        aclosing(following(runtime, maker, begin)) as slow,
    ):
        both = [asyncio.create_task(heard(steps, begin + 1)) for steps in (quick, slow)]
        await eventually(lambda: is_waiting(runtime, 2))
        await change(runtime, webhook.id)
        await asyncio.gather(*both)
        for position in range(begin + 2, begin + 12):
            await change(runtime, webhook.id)
            await heard(quick, position)
        everything, alone = await heard(slow, begin + 11)
        assert everything == cursors(begin + 2, begin + 11)
        assert 0 < len(alone) <= 10
        hearing = asyncio.create_task(heard(slow, begin + 12))
        await eventually(lambda: is_waiting(runtime, 1))
        await change(runtime, webhook.id)
        assert await hearing == (cursors(begin + 12, begin + 12), [])


async def test_large_things_made_are_kept_within_bounds(runtime: Runtime) -> None:
    webhook, maker = await make_webhook(runtime), Maker(size_bytes=shared_feed.STEP_BYTES * 3)
    begin = await change(runtime, webhook.id)
    async with (
        aclosing(following(runtime, maker, begin)) as first,
        aclosing(following(runtime, maker, begin)) as second,
    ):
        both = [asyncio.create_task(heard(steps, begin + 40)) for steps in (first, second)]
        await eventually(lambda: is_waiting(runtime, 2))
        await change(runtime, webhook.id, 40)
        assert [everything for everything, _ in await asyncio.gather(*both)] == [
            cursors(begin + 1, begin + 40)
        ] * 2
        [ring] = runtime.feeds._feeds[WORKSPACE]._shared.values()
        assert [kept.positions for kept in ring._kept] == [[begin + 40]]


async def test_when_making_fails_each_goes_on_alone(runtime: Runtime) -> None:
    webhook, maker = await make_webhook(runtime), Maker()
    begin = await change(runtime, webhook.id)
    followers = [following(runtime, maker, begin) for _ in range(3)]
    hearing = [asyncio.create_task(heard(steps, begin + 1)) for steps in followers]
    await eventually(lambda: is_waiting(runtime, 3))
    maker.is_broken = True
    await change(runtime, webhook.id)
    assert (
        await asyncio.gather(*hearing)
        == [(cursors(begin + 1, begin + 1), cursors(begin + 1, begin + 1))] * 3
    )
    maker.is_broken = False
    hearing = [asyncio.create_task(heard(steps, begin + 2)) for steps in followers]
    await eventually(lambda: is_waiting(runtime, 3))
    await change(runtime, webhook.id)
    assert await asyncio.gather(*hearing) == [(cursors(begin + 2, begin + 2), [])] * 3
    await asyncio.gather(*[steps.aclose() for steps in followers])


async def test_a_gap_is_told_to_each_and_then_they_share_again(runtime: Runtime) -> None:
    webhook, maker = await make_webhook(runtime), Maker()
    begin = await change(runtime, webhook.id)
    followers = [following(runtime, maker, begin) for _ in range(2)]
    hearing = [asyncio.create_task(heard(steps, begin + 1)) for steps in followers]
    await eventually(lambda: is_waiting(runtime, 2))
    await change(runtime, webhook.id)
    await asyncio.gather(*hearing)
    end = max([await change(runtime, webhook.id, 1_000) for _ in range(11)])
    feed = runtime.feeds._feeds[WORKSPACE]
    await eventually(lambda: feed.position == end)
    assert [await heard(steps, end) for steps in followers] == [(cursors(end, end), ["gap"])] * 2
    hearing = [asyncio.create_task(heard(steps, end + 1)) for steps in followers]
    await eventually(lambda: is_waiting(runtime, 2))
    await change(runtime, webhook.id)
    assert await asyncio.gather(*hearing) == [(cursors(end + 1, end + 1), [])] * 2
    await asyncio.gather(*[steps.aclose() for steps in followers])


async def test_another_key_shares_nothing(runtime: Runtime) -> None:
    webhook, mine, theirs = await make_webhook(runtime), Maker(), Maker()
    begin = await change(runtime, webhook.id)
    async with (
        aclosing(following(runtime, mine, begin, "mine")) as first,
        aclosing(following(runtime, theirs, begin, "theirs")) as second,
    ):
        both = [asyncio.create_task(heard(steps, begin + 1)) for steps in (first, second)]
        await eventually(lambda: is_waiting(runtime, 2))
        await change(runtime, webhook.id)
        await asyncio.gather(*both)
    assert mine.made == theirs.made == [begin + 1]


async def test_who_leaves_at_any_moment_takes_nothing_from_the_others(runtime: Runtime) -> None:
    webhook, maker = await make_webhook(runtime), Maker()
    begin = await change(runtime, webhook.id)
    async with aclosing(following(runtime, maker, begin)) as staying:
        hearing = asyncio.create_task(heard(staying, begin + 30))
        await eventually(lambda: is_waiting(runtime, 1))
        for moment in range(30):
            leaving = asyncio.create_task(
                heard(following(runtime, maker, begin + moment), begin + 1_000)
            )
            if moment % 2:
                await eventually(lambda: is_waiting(runtime, 2))
            writing = asyncio.create_task(change(runtime, webhook.id))
            await turns(moment)
            leaving.cancel()
            await asyncio.gather(leaving, writing, return_exceptions=True)
        assert await hearing == (cursors(begin + 1, begin + 30), [])
    await eventually(lambda: not runtime.feeds._feeds)
