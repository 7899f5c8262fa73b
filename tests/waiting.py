"""Waiting for what must come true, instead of sleeping and hoping; and moments of an interleaving,
to be tried one by one. For tests of things that happen in the background.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import TypeVar, overload

T = TypeVar("T")
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.01, 0.05
_PAUSES_PER_LOOK = 4
"""On a busy machine a look at a row takes 60 ms: a long pause after it misses what passes by."""


def pause_seconds(look_seconds: float) -> float:
    """Time to the next look at a condition, by that which the last one took. What is in memory is
    looked at every 10 ms; requests, commands and new connections, 10 to 100 ms of CPU, without a
    pause took half of what some tests cost (2026-11).
    """
    pause = look_seconds * _PAUSES_PER_LOOK
    return min(max(_SHORTEST_PAUSE_SECONDS, pause), _LONGEST_PAUSE_SECONDS)


@overload
async def eventually(condition: Callable[[], Awaitable[T]], seconds: float = ...) -> T: ...
@overload
async def eventually(condition: Callable[[], T], seconds: float = ...) -> T: ...
async def eventually(condition: Callable[[], T | Awaitable[T]], seconds: float = 60) -> T:
    """The condition's first true value. condition: a plain or an async function, asked again and
    again.

    Raises TimeoutError when it never becomes true.
    """
    async with asyncio.timeout(seconds):
        while True:
            began = time.monotonic()
            found = condition()
            value: T = await found if isinstance(found, Awaitable) else found
            if value:
                return value
            await asyncio.sleep(pause_seconds(time.monotonic() - began))


def bounded(
    seconds: float, test: Callable[..., Coroutine[object, object, None]]
) -> Callable[..., Coroutine[object, object, None]]:
    """The test, cancelled after some time where it hangs: it then fails with a TimeoutError that
    points there.
    """

    @wraps(test)
    async def within(*args: object, **kwargs: object) -> None:
        async with asyncio.timeout(seconds):
            await test(*args, **kwargs)

    return within


async def turns(count: int) -> None:
    """Lets the loop take so many turns. No wait for anything: a test that tries every moment at
    which something may be cancelled counts them so.
    """
    for _ in range(count):
        await asyncio.sleep(0)
