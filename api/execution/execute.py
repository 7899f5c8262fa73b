"""One operation from its text to its answer: what the HTTP view, the WebSocket and the event stream
share. It runs graphql-core on Strawberry's schema itself (schema.execute costs 90 µs more, November
2026), so schema extensions do not run: budgets, masking and caches are here instead. Permission
classes, field extensions and `info` work as ever.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Hashable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable
from typing import Any

import orjson
import strawberry
from graphql import ExecutionResult, OperationType, located_error
from graphql.execution import Executor, create_source_event_stream, map_source_to_response_event

from api.context import Context, TookTooLong
from api.execution.building import Builder
from api.execution.compiled_mutations import NotCompilable, Outcome
from api.execution.documents import Documents, Operation
from api.execution.encoding import LARGE_BYTES, encode
from api.execution.errors import (
    Formatted,
    field_errors,
    retry_after_seconds,
)
from api.execution.executor import HooklineExecutor
from api.execution.limits import Limits
from api.execution.live import Live, sharing_key
from api.execution.patience import EventTooSlow, ExecuteEvent, execute_when_possible
from api.execution.sizes import Sizes
from hookline.access.actor import Actor
from hookline.activity.events import ActivityEvent, Gap, SharedBatch
from hookline.activity.shared_feed import EncodedEvent, ShareKey
from hookline.turns import Turns

# 50,000 objects are 150 MB at the worst, and large ones wait for one another anyway: for the core.
LARGE_COST, LARGE_AT_A_TIME = 2_000, 4
# Of JSON: as many as hold 8,000 numbers or 700 events take 35 ms to check (2026-11-28).
LARGE_REQUEST_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request, whatever the transport; its parts have their types already. is_large: its
    variables are checked and coerced off the loop.
    """

    text: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    is_large: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an execution. errors: masked. retry_after_seconds counts when something was
    unavailable. pieces: the JSON of a large one, which has no data besides.
    """

    data: dict[str, Any] | None
    errors: list[Formatted]
    retry_after_seconds: int = 2
    pieces: tuple[bytes, ...] = ()

    @property
    def body(self) -> dict[str, Any]:
        return {"errors": self.errors, "data": self.data} if self.errors else {"data": self.data}

    def encoded(self) -> tuple[bytes, ...]:
        """The JSON, in pieces.

        Raises TypeError: a part of it is nothing that JSON can hold.
        """
        return self.pieces or (orjson.dumps(self.body),)

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def is_all_lost(self) -> bool:
        """True when nothing of what was asked succeeded."""
        return (
            not self.pieces
            and bool(self.errors)
            and (self.data is None or all(value is None for value in self.data.values()))
        )


Encoded = Answer | bytes
"""An answer of a subscription; bytes: one without errors, as JSON, which others are told too."""


class Execution:
    """Holds the schema and its prepared documents; one per process, shared by the transports.
    has_suggestions: errors name what may have been meant, for people who write a document.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        sizes: Sizes | None = None,
        limits: Limits | None = None,
        has_suggestions: bool = False,
    ) -> None:
        sizes, limits = sizes or Sizes(), limits or Limits()
        self._documents = Documents(schema, sizes, limits, has_suggestions)
        self._builder = Builder(schema._schema, sizes, limits, has_suggestions)
        self._large = Turns(LARGE_AT_A_TIME, LARGE_AT_A_TIME // 2)

    def select(self, request: Request) -> Operation:
        """The operation that a request names, once its document is known to be valid and within
        budget. A large request must pass `check_large` too.

        Raises RequestRefused: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, QUERY_TOO_COSTLY,
        BAD_USER_INPUT.
        """
        operation = self._documents.prepare(request.text).operation(request.operation_name)
        # A compiled mutation counts and converts what is large quickly enough: an event, a batch.
        if operation.compiled is not None or not request.is_large:
            self._builder.check_lists_at_once(operation, request.variables)
        return operation

    async def check_large(self, operation: Operation, request: Request, actor: Actor) -> None:
        """Checks of a large request what `select` leaves out, off the loop.

        Raises RequestRefused (QUERY_TOO_COSTLY).
        """
        if operation.compiled is None:
            await self._builder.check_lists(operation, request.variables, actor.caller)

    async def run(self, operation: Operation, request: Request, context: Context) -> Answer:
        """Runs a query or a mutation. `liveCursor` is read before anything else. Cancelled, a query
        ends with all that it reads.

        Raises RequestRefused (BAD_USER_INPUT, QUERY_TOO_COSTLY) when the variables do not fit,
        before any resolver runs; HooklineError from reading the cursor, and Unavailable for a query
        that takes too long.
        """
        outcome = await _run_plan(operation, request, context)
        if isinstance(outcome, dict):
            return Answer(outcome, [])
        executor = await self._build(operation, request, context, outcome)
        if operation.kind is not OperationType.QUERY:
            try:
                result = executor.execute_operation()
                result = await result if isawaitable(result) else result
                return await _whole_answer(result, context, executor)
            finally:
                context.end_reads()
        async with context.bounded(), self._room(executor.cost, context):
            # Before any row is read, so that nothing falls between the list and the stream; some
            # may be in both.
            if operation.wants_live_cursor:
                await context.read_live_cursor()
            result = executor.execute_operation()
            result = await result if isawaitable(result) else result
            return await _whole_answer(result, context, executor)

    @asynccontextmanager
    async def _room(self, cost: int, context: Context) -> AsyncIterator[None]:
        """Lets a few large queries and events be at work at a time, and one caller half of them:
        what they have read and not yet sent stays in memory.
        """
        if cost <= LARGE_COST:
            yield
            return
        async with self._large.place(context.caller):
            yield

    async def subscribe(
        self, operation: Operation, request: Request, context: Context
    ) -> "Answer | AsyncGenerator[Sequence[Encoded], None]":
        """Starts a subscription: its answers, one per event, in order, several at a time; or the
        one answer that says why it could not start. Close the generator to end it.

        Raises RequestRefused (BAD_USER_INPUT) when the variables do not fit.
        """
        executor = await self._build(operation, request, context)
        execute = partial(self._execute, operation)
        source = create_source_event_stream(executor)
        stream = await source if isawaitable(source) else source
        if isinstance(stream, ExecutionResult):
            return _answer(stream, context)
        if isinstance(stream, Live):
            key = sharing_key(
                operation.text,
                operation.name,
                operation.cursor_variable,
                request.variables or {},
                context.actor,
            )
            return _follow_live(_LiveEvents(executor, stream, context, execute), key)
        return _follow(executor, stream, context, execute)

    async def _build(
        self,
        operation: Operation,
        request: Request,
        context: Context,
        outcome: Outcome | None = None,
    ) -> HooklineExecutor:
        """Raises RequestRefused (BAD_USER_INPUT, QUERY_TOO_COSTLY)."""
        builder = self._builder
        if request.is_large:
            return await builder.build(operation, request.variables, context, outcome)
        return builder.build_at_once(operation, request.variables, context, outcome)

    async def _execute(
        self, operation: Operation, executor: Executor[Any], context: Context
    ) -> ExecutionResult:
        """Executes one event, within the time and the budget of an operation, in turn with large
        queries if it is large.

        Raises EventTooSlow for a large one, Unavailable for another that takes too long.
        """
        assert isinstance(executor, HooklineExecutor)
        executor.context_value = context
        # Here and not only at the start: statistics up to now become longer.
        self._builder.check_cost(operation, executor, context)
        try:
            async with context.bounded(), self._room(executor.cost, context):
                result: Any = executor.execute_operation(False)
                executed: ExecutionResult = await result if isawaitable(result) else result
                return await _encoded_if_large(executor, executed)
        except TookTooLong as error:
            if executor.cost > LARGE_COST:
                raise EventTooSlow(error.message) from None
            raise


async def _run_plan(
    operation: Operation, request: Request, context: Context
) -> dict[str, Any] | Outcome | None:
    """The data, if the operation has a plan that takes these variables and succeeds; None when
    nothing was run.
    """
    if operation.compiled is None:
        return None
    context.has_large_request = request.is_large
    try:
        arguments = operation.compiled.decode_arguments(request.variables or {})
    except NotCompilable:
        return None
    return await operation.compiled.run(arguments, context)


async def _follow(
    executor: HooklineExecutor, source: AsyncIterable[Any], context: Context, execute: ExecuteEvent
) -> AsyncGenerator[Sequence[Encoded], None]:
    """Yields an answer per event. A source that fails ends the stream with one last answer, which
    says why.
    """
    events = map_source_to_response_event(
        executor, source, lambda one: execute(one, context.renewed())
    )
    try:
        async for result in events:
            yield [_answer(result, context)]
    # A source may raise anything: expected failures are told, others masked and logged.
    except Exception as error:  # noqa: BLE001
        yield [_answer(_failure(error, executor), context)]
    finally:
        # Else the follower behind it would stay until the collector finds it.
        await events.aclose()


async def _follow_live(
    events: "_LiveEvents", key: Hashable
) -> AsyncGenerator[Sequence[Encoded], None]:
    """Yields the answers to a live feed's events. Those that all followers want now are executed
    and encoded once for all with the key.
    """
    context = events.context
    try:
        async with aclosing(events.live.follow(ShareKey(key, events.make))) as steps:
            async for step in steps:
                if isinstance(step, SharedBatch):
                    yield [
                        # Errors carry the request id of each, so they are not shared.
                        one if isinstance(one, bytes) else _answer(one, context)
                        for one in step.made
                    ]
                    continue
                for event in [step] if isinstance(step, Gap) else step:
                    result = await events.execute_alone(event)
                    if result is not None:
                        yield [_answer(result, context)]
    # As above.
    except Exception as error:  # noqa: BLE001
        yield [_answer(_failure(error, events.executor), context)]


@dataclass(slots=True)
class _LiveEvents:
    """Executes the events that one subscription follows, for itself and for all who share them."""

    executor: HooklineExecutor
    live: Live[Any]
    context: Context
    execute: ExecuteEvent
    too_slow: dict[int, EventTooSlow] = field(default_factory=dict)
    """By position: events that ended before they were done, made for all."""

    async def make(self, event: ActivityEvent) -> EncodedEvent | None:
        try:
            result = await self._execute(event, self.context.of_nobody())
        except EventTooSlow as error:
            self.too_slow[event.position] = error
            raise
        return None if result is None else _made(result)

    async def execute_alone(self, step: ActivityEvent | Gap) -> ExecutionResult | None:
        # Others try for themselves, in their own turn; this one has tried.
        if step.position in self.too_slow:
            raise self.too_slow[step.position]
        return await self._execute(step, self.context)

    async def _execute(self, step: ActivityEvent | Gap, context: Context) -> ExecutionResult | None:
        event = self.live.event_of(step)
        if event is None:
            return None
        make_executor = partial(self.executor.build_per_event_executor, event)
        return await execute_when_possible(make_executor, context, self.execute)


def _made(result: ExecutionResult) -> EncodedEvent:
    """Encodes a result once for all who share it. Errors carry the request id of each who is told,
    and what no JSON can hold is an error of each: such a result is left to each.
    """
    if not result.errors:
        with suppress(TypeError):
            data: Any = result.data
            encoded = b'{"data":%b}' % data if type(data) is bytes else orjson.dumps({"data": data})
            return EncodedEvent(encoded, len(encoded))
    return EncodedEvent(result, 0)


async def _encoded_if_large(
    executor: HooklineExecutor, executed: ExecutionResult
) -> ExecutionResult:
    if executor.answer_bytes > LARGE_BYTES:
        with suppress(TypeError):
            # As JSON from here on: `_answer` and `_made` put it in as it is.
            data: Any = b"".join(await encode(executed.data))
            return ExecutionResult(data, executed.errors)
    return executed


def _failure(error: Exception, executor: Executor[Any]) -> ExecutionResult:
    nodes = executor.operation.selection_set.selections
    return ExecutionResult(None, [located_error(error, list(nodes))])


async def _whole_answer(result: Any, context: Context, executor: HooklineExecutor) -> Answer:
    """The answer, encoded if it is large: the objects that it was made of take ten times the
    memory, and are gone with the operation's turn.
    """
    answer = _answer(result, context)
    if executor.answer_bytes > LARGE_BYTES and not answer.is_all_lost:
        # Else it is the transport's to say so, as of a small one.
        with suppress(TypeError):
            return Answer(None, answer.errors, pieces=tuple(await encode(answer.body)))
    return answer


# graphql-core types it as one of its incremental results too, which this executor never makes
def _answer(result: Any, context: Context) -> Answer:
    errors = field_errors(result.errors, context.request_id) if result.errors else []
    if type(result.data) is bytes:
        head = b'{"errors":%b,"data":' % orjson.dumps(errors) if errors else b'{"data":'
        return Answer(None, errors, pieces=(head, result.data, b"}"))
    if not errors:
        return Answer(result.data, [])
    return Answer(result.data, errors, retry_after_seconds(result.errors))
