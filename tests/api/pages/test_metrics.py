"""`/metrics` of the API: the operator's alone, and what it counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from api.app import make_app
from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.runtime import Runtime
from tests.making import WORKSPACE, publish
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

TOKEN = "the-operators-own-token"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@asynccontextmanager
async def client(
    runtime: Runtime, token: str = TOKEN, *, is_alone: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    settings = runtime.settings.model_copy(update={"metrics_token": SecretStr(token)})
    app = make_app(replace(runtime, settings=settings), is_alone=is_alone)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as asking:
        yield asking
    await app.drain()
    await app.close()


async def test_operator_sees_what_the_process_counted(runtime: Runtime) -> None:
    async with client(runtime) as asking:
        await publish(runtime, 3)
        answer = await asking.get("/metrics", headers=AUTHORIZED)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert "hookline_events_published_total 3.0" in lines
    assert "hookline_loop_longest_stall_seconds 0.0" in lines


async def test_nobody_else_sees_metrics(runtime: Runtime) -> None:
    _, admin = await tokens.create(runtime.database, WORKSPACE, "admin", ROLES["admin"])
    async with client(runtime) as asking:
        for given in (
            "",
            "Bearer",
            "Bearer ",
            f"Bearer {TOKEN}x",
            f"Basic {TOKEN}",
            TOKEN,
            "Bearer é",
        ):
            answer = await asking.get("/metrics", headers={b"authorization": given.encode()})
            assert (answer.status_code, "hookline_" in answer.text) == (401, False)
        answer = await asking.get("/metrics", headers={"Authorization": f"Bearer {admin}"})
        assert answer.status_code == 401
        assert (await asking.get("/metrics")).status_code == 401


async def test_there_is_no_page_without_a_token_in_the_settings(runtime: Runtime) -> None:
    async with client(runtime, "") as asking:
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer"}):
            assert (await asking.get("/metrics", headers=headers)).status_code == 404


async def test_one_of_several_processes_shows_nothing(runtime: Runtime) -> None:
    async with client(runtime, is_alone=False) as asking:
        answer = await asking.get("/metrics", headers=AUTHORIZED)
    assert (answer.status_code, "HOOKLINE_METRICS_PORT" in answer.text) == (404, True)


@each_of("method", ["POST", "PUT", "DELETE"])
async def test_metrics_are_read_only(runtime: Runtime, method: str) -> None:
    async with client(runtime) as asking:
        assert (await asking.request(method, "/metrics", headers=AUTHORIZED)).status_code == 405
