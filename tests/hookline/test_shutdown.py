"""Background tasks end, also those that lose a cancellation or clean up slowly."""

import asyncio
from contextlib import suppress

from hookline import shutdown
from hookline.shutdown import end_tasks


async def test_a_task_that_loses_its_first_cancellation_ends() -> None:
    async def go_on_once() -> None:
        with suppress(asyncio.CancelledError):
            has_begun.set()
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    has_begun = asyncio.Event()
    task = asyncio.create_task(go_on_once())
    await has_begun.wait()
    await asyncio.wait_for(end_tasks(task), 10 * shutdown._RETRY_DELAY_SECONDS)
    assert task.cancelled()


async def test_what_a_task_cleans_up_is_waited_for() -> None:
    async def clean_up() -> None:
        try:
            has_begun.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            cleaned.append(True)

    cleaned, has_begun = list[bool](), asyncio.Event()
    task = asyncio.create_task(clean_up())
    await has_begun.wait()
    await end_tasks(task)
    assert cleaned


async def test_what_a_task_raises_is_dropped() -> None:
    async def fail() -> None:
        raise ValueError

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    await end_tasks(task)
    assert isinstance(task.exception(), ValueError)
