"""The installation that each story is told about, once on SQLite and once on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.installation import Installation


@pytest.fixture
async def hookline(database_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """Running: the API and a worker."""
    async with Installation(tmp_path, database_url) as installation:
        await installation.start()
        yield installation
