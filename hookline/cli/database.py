"""The database for commands that need no server. Opened by `hookline token` and, for its own token,
by `hookline dev`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from hookline.db.connection import Database
from hookline.db.faults import faults_as_unavailable
from hookline.db.schema_check import check_schema
from hookline.errors import Misconfigured
from hookline.models import Workspace
from hookline.settings.fields import Settings


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[tuple[Database, UUID]]:
    """The open database and the id of its workspace.

    Raises Misconfigured when there is none, HooklineError for another schema, Unavailable when it
    can't be reached.
    """
    # Opening a missing file would make an empty one.
    if settings.is_sqlite and not settings.sqlite_path.exists():
        raise Misconfigured(
            f"There is no database at {settings.sqlite_path}. Run: hookline migrate"
        )
    database = Database(settings)
    try:
        await database.open()
        await check_schema(database.reader())
        yield database, await workspace_id_of(database)
    finally:
        await database.close()


async def workspace_id_of(database: Database) -> UUID:
    """The id of the workspace that the first migration made, in the open database."""
    with faults_as_unavailable():
        return (await Workspace.get(slug="default")).id
