"""An executor for one operation, or for one event of a subscription. Called by execute."""

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from graphql.execution import Executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from hookline.clock import monotonic

# A publish takes less than a millisecond: several may go between two bursts of a large answer.
_BURST_SECONDS = 0.005


class HooklineExecutor(Executor[Any]):
    """graphql-core's plain executor (no @defer, no @stream) with the `info` that Strawberry's
    resolvers expect. Between lists it lets others have the loop: graphql-core itself completes
    everything that is there in one go, and 50,000 objects held the loop up for a second.
    """

    operation_extensions = None
    build_resolve_info = StrawberryGraphQLCoreExecutionContext.build_resolve_info
    cost = 0
    _burst_ends = 0.0
    _turn: asyncio.Lock | None = None

    def complete_list_value(self, *given: Any, **named: Any) -> Any:
        if monotonic() < self._burst_ends:
            return super().complete_list_value(*given, **named)
        return self._complete_in_turn(super().complete_list_value, given, named)

    async def _complete_in_turn(
        self, complete: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]
    ) -> list[Any]:
        turn = self._turn = self._turn or asyncio.Lock()
        # One list of the operation at a time: all of them together would be one burst again.
        async with turn:
            await asyncio.sleep(0)
            self._burst_ends = monotonic() + _BURST_SECONDS
            completed = complete(*given, **named)
        items: list[Any] = await completed if isawaitable(completed) else completed
        return items
