"""Compares the migrations that the database has noted with those of this program. Called at every
start: applying them is for `migrate`, which alone needs Tortoise's migrations.
"""

import pkgutil

from hookline.db import migrations
from hookline.db.connection import Reader
from hookline.errors import HooklineError

_HAS_LOG = {
    "sqlite": "select 1 as found from sqlite_master where name = 'tortoise_migrations'",
    "postgres": "select 1 as found where to_regclass('tortoise_migrations') is not null",
}
_APPLIED = "select name from tortoise_migrations order by applied_at, name"


async def missing_migrations(reader: Reader) -> list[str]:
    """Names of the migrations that this program knows and the database lacks, oldest first.

    Raises HooklineError when the database is newer than this program.
    """
    known, applied = _known(), await _applied(reader)
    # An older program must not touch what it does not know.
    if unknown := [name for name in applied if name not in known]:
        raise HooklineError(
            "SCHEMA",
            f"The database was made by a newer Hookline (migration {unknown[-1]}). Start that "
            "version, or give this one a database of its own.",
        )
    return [name for name in known if name not in applied]


def _known() -> list[str]:
    """Names of the migrations' modules; a package beside one holds its SQL."""
    found = pkgutil.iter_modules(migrations.__path__)
    return sorted(module.name for module in found if not module.ispkg)


async def _applied(reader: Reader) -> list[str]:
    # a database without any table is one that lacks them all
    if not await reader.rows(_HAS_LOG[reader.dialect]):
        return []
    return [row["name"] for row in await reader.rows(_APPLIED)]
