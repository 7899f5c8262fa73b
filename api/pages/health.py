"""`/healthz`: the process runs. `/readyz`: it can work, because its database answers. Asked by load
balancers and people; neither needs a token.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from hookline.db.connection import Database
from hookline.db.faults import faults_as_unavailable
from hookline.errors import Unavailable

_DEADLINE_SECONDS = 2


def routes(database: Database) -> list[BaseRoute]:
    async def alive(request: Request) -> Response:
        return _answer(200, {"status": "ok"})

    async def ready(request: Request) -> Response:
        try:
            with faults_as_unavailable():
                # A frozen server gives no error: a probe needs an answer before its own time is
                # over.
                await asyncio.wait_for(database.reader().rows("select 1 as one"), _DEADLINE_SECONDS)
        except Unavailable:
            return _answer(503, {"status": "unavailable", "database": "no answer"})
        return _answer(200, {"status": "ok", "database": "ok"})

    return [Route("/healthz", alive), Route("/readyz", ready)]


def _answer(status: int, content: dict[str, str]) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "2"} if status == 503 else {})
    return JSONResponse(content, status, headers)
