"""A PostgreSQL database that goes away under its clients: connections cut, or refused for a while.
Never the one that other tests use.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

CUT = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1 and pid <> "
    "pg_backend_pid()"
)


async def cut_connections(dsn: str) -> None:
    """Ends every open connection to the database; new ones are taken."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.fetch(CUT, await connection.fetchval("select current_database()"))
    finally:
        await connection.close()


@asynccontextmanager
async def refusing_connections(dsn: str) -> AsyncIterator[None]:
    """Refuses connections until the block ends, and cuts those there are (an error that is none of
    a connection's own: 55000).
    """
    parts = urlsplit(dsn)
    name = parts.path[1:]
    connection = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    try:
        await connection.execute(f"alter database {name} allow_connections false")
        try:
            await connection.fetch(CUT, name)
            yield
        finally:
            await connection.execute(f"alter database {name} allow_connections true")
    finally:
        await connection.close()
