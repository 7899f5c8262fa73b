"""Background tasks end, also those that lose a cancellation or clean up slowly. A signal that comes
twice is one request."""

import asyncio
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any

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


def test_a_second_signal_in_the_midst_of_the_first_is_the_same_request() -> None:
    """Interrupted before each byte code of the handler in turn, as a busy machine once did."""
    position = 0
    while (calls := _calls_when_interrupted(position)) is not None:
        assert calls == [signal.SIGTERM], position
        position += 1
    assert position > 10


def _calls_when_interrupted(position: int) -> list[int] | None:
    """Gives the calls of the handler below; None if ours has fewer byte codes."""
    calls: list[int] = []
    left = position

    def interrupt(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == -1:
                handle(signal.SIGTERM, None)
        return interrupt

    handle = shutdown.once(lambda number, frame: calls.append(number))
    sys.settrace(interrupt)
    try:
        handle(signal.SIGTERM, None)
    finally:
        sys.settrace(None)
    return calls if left < 0 else None
