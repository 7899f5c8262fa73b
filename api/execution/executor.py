"""An executor for one operation, or for one event of a subscription. Called by execute."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Sized
from heapq import heappop, heappush
from inspect import isawaitable
from typing import Any, Final
from weakref import ref

import orjson
from graphql import (
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLResolveInfoHelpers,
    OperationType,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.execution.errors import QUERY_TOO_COSTLY
from api.execution.malformed import errors_of_variables
from hookline.clock import monotonic
from hookline.errors import HooklineError

_FIELD_BYTES: Final = 8
"""Of a field besides its name and its text: quotes, colon and comma, a number or a word."""
_ERROR_BYTES: Final = 300
"""Of an error, without the names in its path."""
# A publish takes less than a millisecond: several may go between two bursts of a large answer.
_BURST_SECONDS = 0.005
# A hold that nobody notices; a stall counts from 50 ms on.
_LONGEST_SECONDS = 0.01
# As many as a page has: more would only wait again.
_WOKEN_AT_ONCE = 100


class AnswerTooLarge(HooklineError):
    """The answer has more bytes than one may have. A query ends; a mutation has done what was asked
    and tells nothing of it.
    """

    def __init__(self, limit_bytes: int, is_done: bool) -> None:
        super().__init__(
            QUERY_TOO_COSTLY,
            f"{'This was done, but the' if is_done else 'The'} answer has more than "
            f"{limit_bytes:,} bytes, the most that one may have. Ask for smaller pages (first, "
            "last), and less often for long texts such as data, responseBody or schema: under "
            "each alias they are there once more.",
        )


class HooklineExecutor(Executor[Any]):
    """graphql-core's plain executor (no @defer, no @stream) with the `info` that Strawberry's
    resolvers expect. Between lists, items and fields that read it lets others have the loop:
    graphql-core itself completes everything that is there in one go. 50,000 objects held the loop
    up for a second, 4,000 lists beside each other for three (2026-11).
    """

    operation_extensions = None
    build_resolve_info = StrawberryGraphQLCoreExecutionContext.build_resolve_info
    cost = 0
    limit_bytes = 0
    answer_bytes = 0
    """Of the answer as JSON, counted as it is made: aliases name one text again and again, which
    takes no memory before it is encoded.
    """
    # Each event of a subscription has a copy of an executor that executes nothing itself.
    _burst_ends = 0.0
    """0: none has begun."""
    _turns: "_Turns | None" = None

    @classmethod
    def build(cls, *given: Any, **named: Any) -> Any:
        """Returns an executor; or the errors of the variables, where it makes none."""
        built = super().build(*given, **named)
        if isinstance(built, list):
            return built
        built.async_helpers = _helpers_of(built)
        return errors_of_variables(built.operation, built.variable_values) or built

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """As of Executor, with memory of its own for the fields that it collects: graphql-core
        3.3.2 keeps those of all events of a subscription, as long as it lasts (3.3 KB for each).
        """
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor

    def execute_fields_serially(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> Any:
        """Runs the fields of a mutation. Each but the first asks first whether the token is still
        valid: together they may take minutes, and whoever revokes it must not wait for them.
        """
        execute = super().execute_fields_serially
        if len(grouped_field_set) < 2:
            return execute(parent_type, source_value, path, grouped_field_set, position_context)

        async def one_by_one() -> dict[str, Any]:
            results: dict[str, Any] = {}
            for name, details in grouped_field_set.items():
                if results and (error := await self._error_of_token()):
                    field = self.schema.get_field(parent_type, details[0].node.name.value)
                    assert field is not None
                    at = Path(path, name, parent_type.name)
                    self.handle_field_error(error, field.type, details, at)
                    results[name] = None
                    continue
                done = execute(parent_type, source_value, path, {name: details}, position_context)
                results |= await done if isawaitable(done) else done
            return results

        return one_by_one()

    async def _error_of_token(self) -> HooklineError | None:
        try:
            await self.context_value.check_token()
        except HooklineError as error:
            return error
        return None

    def complete_list_value(self, *given: Any) -> Any:
        if self._may_go_on():
            return super().complete_list_value(*given)
        return self._complete_in_turn(super().complete_list_value, given)

    def complete_list_item_value(
        self, item: Any, completed: list[Any], item_type: Any, *given: Any
    ) -> bool:
        """Completes an item now, or leaves it for later: a page of objects with fifty fields each
        takes as long as twenty bursts.
        """
        complete = super().complete_list_item_value
        # Later than a list: most pages are done by then, and an item for itself takes a task.
        if self._may_go_on(_LONGEST_SECONDS - _BURST_SECONDS) or is_leaf_type(item_type):
            return complete(item, completed, item_type, *given)

        def complete_alone() -> Any:
            alone: list[Any] = []
            complete(item, alone, item_type, *given)
            return alone[0]

        completed.append(self._complete_in_turn(complete_alone, ()))
        return True

    async def complete_awaitable_value(
        self, return_type: Any, details: Any, info: Any, path: Any, result: Any, context: Any
    ) -> Any:
        """Begins a field that reads, and completes it. All of an object's begin at once, and of all
        objects of a list: each only makes its statement until then, but 4,000 of them take seconds.
        What one statement read for many comes to all of them at once, too.
        """
        # As graphql-core has it, without its abort signals: super() in here would cost a publish
        # another coroutine.
        try:
            if not self._may_go_on():
                await self._wait_for_turn()
            value = await result
            if not self._may_go_on():
                await self._wait_for_turn()
            completed = self.complete_value(return_type, details, info, path, value, context)
            return await completed if self.is_awaitable(completed) else completed
        except asyncio.CancelledError:
            # One that never began would be warned of.
            if asyncio.iscoroutine(result):
                result.close()
            raise
        # Whatever a resolver raises is its field's error.
        except Exception as error:  # noqa: BLE001
            self.handle_field_error(error, return_type, details, path)
            return None

    async def _complete_in_turn(self, complete: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        await self._wait_for_turn()
        completed: Awaitable[Any] | Any = complete(*given)
        return await completed if isawaitable(completed) else completed

    def _may_go_on(self, longer_seconds: float = 0.0) -> bool:
        now = monotonic()
        if not self._burst_ends:
            self._burst_ends = now + _BURST_SECONDS
        return now < self._burst_ends + longer_seconds

    async def _wait_for_turn(self) -> None:
        turns = self._turns = self._turns or _Turns()
        number = turns.number()
        while not self._may_go_on():
            # A burst begins here, and not where the turn is given: until now others had the loop,
            # perhaps for longer than a burst, and an operation beside a large one would get none.
            if await turns.next(number):
                self._burst_ends = monotonic() + _BURST_SECONDS

    def complete_leaf_value(self, return_type: GraphQLLeafType, result: Any) -> Any:  # type: ignore[override] # a static method there
        value = super().complete_leaf_value(return_type, result)
        kind = type(value)
        if kind is str:
            self._count(_encoded(value) or value)
        # Stored JSON, which a scalar has made a fragment of: that does not tell its length.
        elif kind is orjson.Fragment:
            self._count(result)
        # Encoded here, to be counted, and so that the whole answer is not encoded at a time.
        elif kind in (dict, list) and (encoded := _encoded(value)):
            self._count(encoded)
            return orjson.Fragment(encoded)
        return value

    def execute_fields(
        self, parent_type: Any, source_value: Any, path: Any, fields: Any, context: Any
    ) -> Any:
        self.answer_bytes += sum(map(len, fields)) + _FIELD_BYTES * len(fields)
        self._count(b"")
        return super().execute_fields(parent_type, source_value, path, fields, context)

    def handle_field_error(
        self, raw_error: Exception, return_type: Any, details: Any, path: Any
    ) -> None:
        # Up to the root: as a field's error it would be one for each field that is left.
        if isinstance(raw_error, AnswerTooLarge) and (path.prev or not self._is_mutation):
            raise raw_error
        self.answer_bytes += _ERROR_BYTES + sum(len(str(key)) for key in path.as_list())
        super().handle_field_error(raw_error, return_type, details, path)

    def _count(self, text: Sized) -> None:
        """Raises AnswerTooLarge."""
        self.answer_bytes += len(text)
        if self.answer_bytes > self.limit_bytes:
            raise AnswerTooLarge(self.limit_bytes, self._is_mutation)

    @property
    def _is_mutation(self) -> bool:
        return self.operation.operation is OperationType.MUTATION


class _Turns:
    """Gives an operation's lists, items and fields turns in their order, several after each time
    that others have had the loop: loaders read for all of them together, and a turn of the loop for
    each would be long beside another large operation.
    """

    def __init__(self) -> None:
        self._count = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._giving: asyncio.Task[None] | None = None
        self._has_first = False

    def number(self) -> int:
        """A place in the order, which is kept when the turn is over before it comes to it."""
        self._count += 1
        return self._count

    async def next(self, number: int) -> bool:
        """Waits for a turn. True for the first one of those that go on together."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (number, turn))
        if self._giving is None or self._giving.done():
            self._giving = asyncio.create_task(self._give())
        await turn
        is_first, self._has_first = not self._has_first, True
        return is_first

    async def _give(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)
            self._has_first, woken = False, 0
            while self._waiting and woken < _WOKEN_AT_ONCE:
                _, turn = heappop(self._waiting)
                # Cancelled meanwhile: the operation has ended.
                if not turn.done():
                    turn.set_result(None)
                    woken += 1


def _helpers_of(executor: Executor[Any]) -> GraphQLResolveInfoHelpers:
    """graphql-core's helpers are methods of the executor that has them (3.3.2): it would stay, with
    the variables, until the collector of garbage comes.
    """
    found = ref(executor)

    def track(values: Sequence[Any]) -> None:
        if (there := found()) is not None:
            there.track_async_work(values)

    return GraphQLResolveInfoHelpers(lambda values: gather_with_cancel(*values), track)


def _encoded(value: Any) -> bytes | None:
    try:
        return orjson.dumps(value)
    # What no JSON can hold: the whole answer fails of it, when it is encoded.
    except TypeError:
        return None
