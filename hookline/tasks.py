"""Background tasks: how they are ended."""

import asyncio
from typing import Any, Final

_AGAIN_SECONDS: Final = 2.0


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancels the tasks until all of them have ended. What they raise is dropped.

    A cancellation can get lost: asyncio.wait_for of Python 3.11 gives a result that comes in the
    same turn, and redis-py 8.1 went on after one.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
