"""Asking the schema as a token does, without a transport: the same execution, errors and loaders as
behind every one of them.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from api.app import context_maker
from api.context import Context
from api.execution.errors import RequestRefused
from api.execution.execute import Answer, Encoded, Execution, Request
from api.schema.sizes import SIZES
from hookline import ids
from hookline.access.actor import Actor
from hookline.access.scopes import ROLES
from hookline.runtime import Runtime
from tests.making import WORKSPACE
from tests.served_schema import SCHEMA

EXECUTION = Execution(SCHEMA, SIZES)


@dataclass(frozen=True)
class Asker:
    """Somebody with a role, or with scopes of their own, in a workspace."""

    runtime: Runtime
    scopes: frozenset[str] = frozenset(ROLES["admin"])
    workspace_id: UUID = WORKSPACE

    def as_role(self, role: str) -> "Asker":
        return Asker(self.runtime, frozenset(ROLES[role]), self.workspace_id)

    def with_scopes(self, *scopes: str) -> "Asker":
        return Asker(self.runtime, frozenset(scopes), self.workspace_id)

    def in_workspace(self, workspace_id: UUID) -> "Asker":
        return Asker(self.runtime, self.scopes, workspace_id)

    async def answer(self, text: str, **variables: Any) -> Answer:
        """The answer, errors and all.

        Raises RequestRefused when nothing of it could be executed.
        """
        request = Request(text, None, variables)
        answer = await EXECUTION.run(EXECUTION.select(request), request, self.context())
        # As it is sent: an event's data is JSON text that is put in as it is.
        return Answer(orjson.loads(b"".join(answer.encoded()))["data"], answer.errors)

    async def data(self, text: str, **variables: Any) -> Any:
        """The data of an answer that must be without errors."""
        answer = await self.answer(text, **variables)
        assert answer.errors == []
        return answer.data

    async def codes(self, text: str, **variables: Any) -> list[str]:
        """The codes of the errors, also when the whole request is refused."""
        try:
            return (await self.answer(text, **variables)).codes
        except RequestRefused as refused:
            return [refused.code]

    @asynccontextmanager
    async def following(
        self, text: str, **variables: Any
    ) -> AsyncGenerator[AsyncGenerator[Answer, None], None]:
        """A subscription that starts."""
        request = Request(text, None, variables)
        stream = await EXECUTION.subscribe(EXECUTION.select(request), request, self.context())
        assert not isinstance(stream, Answer), stream.errors
        try:
            yield _one_by_one(stream)
        finally:
            await stream.aclose()

    async def refused_subscription(self, text: str, **variables: Any) -> list[str]:
        """The codes of a subscription that does not start."""
        request = Request(text, None, variables)
        answer = await EXECUTION.subscribe(EXECUTION.select(request), request, self.context())
        assert isinstance(answer, Answer)
        return answer.codes

    def context(self, request_id: str = "request-1") -> Context:
        return context_maker(self.runtime)(
            Actor(self.workspace_id, "tester", self.scopes, token_id=ids.uuid7()), request_id
        )


async def _one_by_one(
    stream: AsyncGenerator[Sequence[Encoded], None],
) -> AsyncGenerator[Answer, None]:
    async for step in stream:
        for one in step:
            yield Answer(orjson.loads(one)["data"], []) if isinstance(one, bytes) else one


def told(payload: dict[str, Any]) -> set[tuple[str, str]]:
    """Codes and paths of a payload's user errors."""
    return {(error["code"], ".".join(error["field"])) for error in payload["userErrors"]}
