"""Executors of operations: variables checked and coerced, and the cost known before anything runs.
Called by execute. Large variables are coerced off the loop.
"""

import asyncio
from collections.abc import Hashable
from typing import Any

from graphql import GraphQLSchema
from graphql.execution import Executor
from strawberry.execution import optimized_is_awaitable

from api.context import Context
from api.execution.compiled_mutations import Outcome
from api.execution.documents import Operation
from api.execution.errors import BAD_USER_INPUT, QUERY_TOO_COSTLY, RequestRefused
from api.execution.executor import HooklineExecutor
from api.execution.limits import Limits, TooCostly
from api.execution.list_items import check_list_items
from api.execution.sizes import Sizes
from hookline.errors import HooklineError
from hookline.large_work import short_turns
from hookline.turns import Turns

Variables = dict[str, Any] | None


class Builder:
    """has_suggestions: errors name what may have been meant."""

    def __init__(
        self, schema: GraphQLSchema, sizes: Sizes, limits: Limits, has_suggestions: bool
    ) -> None:
        self._schema, self._sizes, self._limits = schema, sizes, limits
        self._has_suggestions = has_suggestions
        # Threads take the interpreter's lock from the loop again and again, each of them.
        self._turns = Turns(2, 1, slow_limit=1, slow_seconds=0.2)

    async def check_lists(
        self, operation: Operation, variables: Variables, caller: Hashable
    ) -> None:
        """Does `check_lists_at_once` for large variables.

        Raises RequestRefused (QUERY_TOO_COSTLY).
        """
        if operation.lists and variables:
            async with self._turns.place(caller):
                with short_turns():
                    await asyncio.to_thread(self.check_lists_at_once, operation, variables)

    def check_lists_at_once(self, operation: Operation, variables: Variables) -> None:
        """Raises RequestRefused (QUERY_TOO_COSTLY)."""
        if operation.lists and variables:
            try:
                check_list_items(variables, operation.lists, self._sizes, self._limits)
            except TooCostly as error:
                raise RequestRefused(QUERY_TOO_COSTLY, str(error)) from None

    async def build(
        self,
        operation: Operation,
        variables: Variables,
        context: Context,
        outcome: Outcome | None = None,
    ) -> HooklineExecutor:
        """Does `build_at_once` for large variables.

        Raises RequestRefused (BAD_USER_INPUT, QUERY_TOO_COSTLY).
        """
        if not operation.lists:
            return self.build_at_once(operation, variables, context, outcome)
        async with self._turns.place(context.caller):
            with short_turns():
                return await asyncio.to_thread(
                    self.build_at_once, operation, variables, context, outcome
                )

    def build_at_once(
        self,
        operation: Operation,
        variables: Variables,
        context: Context,
        outcome: Outcome | None = None,
    ) -> HooklineExecutor:
        """The executor of an operation whose variables fit. outcome: what graphql-core answers for
        instead of running the resolver.

        Raises RequestRefused (BAD_USER_INPUT, QUERY_TOO_COSTLY).
        """
        executor = HooklineExecutor.build(
            self._schema,
            operation.document,
            context_value=context,
            raw_variable_values=variables,
            operation_name=operation.name,
            middleware=None if outcome is None else [outcome],
            is_awaitable=optimized_is_awaitable,
            hide_suggestions=not self._has_suggestions,
        )
        # graphql-core gives errors of variables as a list instead of raising them.
        if isinstance(executor, list):
            raise RequestRefused(BAD_USER_INPUT, executor)
        assert isinstance(executor, HooklineExecutor)
        executor.limit_bytes = self._limits.answer_bytes
        # Its resolver has run: to refuse now would say that nothing was done.
        if outcome is not None:
            return executor
        try:
            self.check_cost(operation, executor, context)
        except HooklineError as error:
            raise RequestRefused(error.code, error.message) from None
        return executor

    def check_cost(self, operation: Operation, executor: Executor[Any], context: Context) -> None:
        """Raises HooklineError (QUERY_TOO_COSTLY)."""
        try:
            cost = operation.measure.check_cost(executor.variable_values, context.now, self._limits)
        except TooCostly as error:
            raise HooklineError(QUERY_TOO_COSTLY, str(error)) from None
        assert isinstance(executor, HooklineExecutor)
        executor.cost = cost
