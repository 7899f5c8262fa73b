"""A running server, and a workspace of its own in it for each test of the client."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.flows.installation import Installation
from tests.making import make_tenant


# Of a file, as in tests/flows.
@pytest.fixture(scope="module")
def server(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("server")
    url = f"sqlite:///{shutil.copyfile(sqlite_template, folder / 'hookline.db')}"
    installation = Installation(folder, url)

    async def start() -> None:
        async with installation.as_seen_with("nobody", folder) as seen:
            await seen.start()

    try:
        asyncio.run(start())
        yield installation
    finally:
        installation.end()


@pytest.fixture
def token(server: Installation) -> str:
    """A token of the admin of a new workspace."""
    environment = server.environment
    return asyncio.run(
        make_tenant(environment["HOOKLINE_DATABASE_URL"], Path(environment["HOOKLINE_HOME"]))
    )


@pytest.fixture
async def hookline(server: Installation, token: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """The server, seen by that admin."""
    async with server.as_seen_with(token, tmp_path) as tenant:
        yield tenant
