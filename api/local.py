"""Operations of a command on its own database: `hookline sync --local`. Found by its import string,
as the core does not import the API.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from api.app import context_maker
from api.execution.errors import RequestRefused
from api.execution.execute import Execution, Request
from api.schema import make_schema
from api.schema.sizes import SIZES
from hookline.access.actor import Actor
from hookline.runtime import Runtime

_REQUEST_ID = "command"


class LocalApi:
    """The schema over an open runtime, asked by one actor. Answers are those of a server, body for
    body.
    """

    def __init__(self, runtime: Runtime, actor: Actor) -> None:
        self._execution = Execution(make_schema(), SIZES)
        self._make_context, self._actor = context_maker(runtime), actor

    async def answer(self, text: str, variables: Mapping[str, Any]) -> Any:
        """The body of the answer, errors and all.

        Raises Unavailable.
        """
        request = Request(text, None, dict(variables), is_large=True)
        context = self._make_context(self._actor, _REQUEST_ID)
        try:
            operation = self._execution.select(request)
            await self._execution.check_large(operation, request, self._actor)
            answer = await self._execution.run(operation, request, context)
        except RequestRefused as refused:
            return {"errors": refused.formatted(_REQUEST_ID), "data": None}
        return orjson.loads(b"".join(answer.encoded()))
