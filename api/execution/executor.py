"""An executor for one operation, or for one event of a subscription. Called by execute."""

import asyncio
from collections.abc import Callable, Sized
from inspect import isawaitable
from typing import Any, Final

import orjson
from graphql import GraphQLLeafType, GraphQLObjectType, OperationType
from graphql.execution import Executor
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.execution.errors import QUERY_TOO_COSTLY
from hookline.clock import monotonic
from hookline.errors import HooklineError

_FIELD_BYTES: Final = 8
"""Of a field besides its name and its text: quotes, colon and comma, a number or a word."""
_ERROR_BYTES: Final = 300
"""Of an error, without the names in its path."""
# A publish takes less than a millisecond: several may go between two bursts of a large answer.
_BURST_SECONDS = 0.005


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
    resolvers expect. Between lists it lets others have the loop: graphql-core itself completes
    everything that is there in one go, and 50,000 objects held the loop up for a second.
    """

    operation_extensions = None
    build_resolve_info = StrawberryGraphQLCoreExecutionContext.build_resolve_info
    cost = 0
    limit_bytes = 0
    answer_bytes = 0
    """Of the answer as JSON, counted as it is made: aliases name one text again and again, which
    takes no memory before it is encoded.
    """
    _burst_ends = 0.0
    _turn: asyncio.Lock | None = None

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


def _encoded(value: Any) -> bytes | None:
    try:
        return orjson.dumps(value)
    # What no JSON can hold: the whole answer fails of it, when it is encoded.
    except TypeError:
        return None
