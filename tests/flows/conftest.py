"""The installation that each story is told about, once on SQLite and once on PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.flows.installation import Installation
from tests.making import make_tenant


# Of a file, not of the run: idle it takes 1.1 to 1.8 % of a core (2026-11), a start 0.25 s of CPU.
@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Running: the API and a worker. Started once for those of a file that leave it as it is."""
    folder = tmp_path_factory.mktemp("installation")
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        url = f"sqlite:///{shutil.copyfile(template, folder / 'hookline.db')}"
        yield from _running(Installation(folder, url))
    else:
        databases: Databases = request.getfixturevalue("databases")
        with databases.made() as url:
            yield from _running(Installation(folder, url))


def _running(installation: Installation) -> Iterator[Installation]:
    async def start() -> None:
        async with installation.as_seen_with("nobody", installation.folder) as seen:
            await seen.start()

    try:
        asyncio.run(start())
        yield installation
    finally:
        installation.end()


@pytest.fixture
async def hookline(
    shared_installation: Installation, tmp_path: Path
) -> AsyncIterator[Installation]:
    """The shared installation, seen by the admin of a workspace of its own."""
    environment = shared_installation.environment
    token = await make_tenant(
        environment["HOOKLINE_DATABASE_URL"], Path(environment["HOOKLINE_HOME"])
    )
    async with shared_installation.as_seen_with(token, tmp_path) as tenant:
        yield tenant


@pytest.fixture
async def own_hookline(database_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """Running for this test alone, which may kill it or change its keys."""
    async with Installation(tmp_path, database_url) as installation:
        await installation.start()
        yield installation
