"""Events of a subscription while the database is away. Called by execute for each event."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from graphql import ExecutionResult
from graphql.execution import Executor

from api.context import Context
from api.execution.errors import is_unavailable
from hookline.clock import monotonic
from hookline.errors import Unavailable

# A freeze of 12 s once ended in a message whose event was null, and its cursor had passed.
_PATIENCE_SECONDS, _AGAIN_SECONDS = 60.0, 1.0

ExecuteEvent = Callable[[Executor[Any], Context], Awaitable[ExecutionResult]]


class EventTooSlow(Unavailable):
    """A large event took longer than an operation may. It is not tried again: a hundred of them,
    each again for a minute, took 42 s of a core for one event (2026-11).
    """


async def execute_when_possible(
    make_executor: Callable[[], Executor[Any]], context: Context, execute: ExecuteEvent
) -> ExecutionResult:
    """Executes an event, and again while the database is away: a subscriber gets its message when
    it is back.

    Raises Unavailable when it is not back within a minute, EventTooSlow at once: the last cursor
    that arrived says where to go on.
    """
    until = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            # an executor keeps the errors that it met
            executed = await execute(make_executor(), context.renewed())
            if not (executed.errors and is_unavailable(executed.errors)):
                return executed
        except EventTooSlow:
            raise
        except Unavailable:
            pass
        if monotonic() > until:
            raise Unavailable()
        await asyncio.sleep(_AGAIN_SECONDS)
