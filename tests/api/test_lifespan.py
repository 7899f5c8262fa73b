"""From settings to an application that works."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from api.lifespan import running
from hookline.errors import Misconfigured
from hookline.runtime import Runtime
from hookline.settings import Settings, read_settings


async def test_a_database_without_tables_is_refused_with_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "hookline.db").touch()

    with pytest.raises(Misconfigured, match="hookline migrate"):
        async with running(read_settings(home=tmp_path), has_worker=False):
            pass


async def test_companions_live_as_long_as_the_application(settings: Settings) -> None:
    told = []

    @asynccontextmanager
    async def companion(runtime: Runtime) -> AsyncIterator[None]:
        told.append("begins")
        yield
        told.append("ends")

    async with running(settings, has_worker=True, has_echo=True, companions=[companion]) as app:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            assert (await client.post("/_echo", content=b"x")).status_code == 200
        assert told == ["begins"]

    assert told == ["begins", "ends"]
