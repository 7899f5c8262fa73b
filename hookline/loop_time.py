"""Breaks for the event loop during work that is bounded in pieces but not as a whole: others run in
between. Used by publishing and jobs.
"""

import asyncio
from time import perf_counter
from typing import Final

TURN_SECONDS: Final = 0.01


class Turn:
    """The time since others could run last. `pass_on` lets them."""

    def __init__(self) -> None:
        self._until = perf_counter() + TURN_SECONDS

    @property
    def is_over(self) -> bool:
        return perf_counter() > self._until

    async def pass_on(self) -> None:
        await asyncio.sleep(0)
        self._until = perf_counter() + TURN_SECONDS
