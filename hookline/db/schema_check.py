"""Compares the migrations that the database has noted, and its tables, with what this program
needs. Called at every start: applying them is for `migrate`, which alone needs Tortoise's
migrations.
"""

import pkgutil

from tortoise.models import Model

from hookline import __version__, models
from hookline.db import migrations
from hookline.db.connection import Reader
from hookline.errors import HooklineError

_HAS_LOG = {
    "sqlite": "select 1 as found from sqlite_master where name = 'tortoise_migrations'",
    "postgres": "select 1 as found where to_regclass('tortoise_migrations') is not null",
}
_COLUMNS = {
    "sqlite": "select t.name as in_table, c.name as name from sqlite_master t join "
    "pragma_table_info(t.name) c where t.type = 'table'",
    "postgres": "select t.relname as in_table, c.attname as name from pg_class t "
    "join pg_attribute c on c.attrelid = t.oid where t.relkind in ('r', 'p') and c.attnum > 0 "
    "and not c.attisdropped and pg_table_is_visible(t.oid) "
    "and t.relnamespace <> 'pg_catalog'::regnamespace",
}
_APPLIED = "select name from tortoise_migrations order by applied_at, name"


async def check_schema(reader: Reader) -> None:
    """Raises HooklineError (SCHEMA) when the database's schema is not the one of this program, with
    both and what to do.
    """
    if missing := await missing_migrations(reader):
        known, found = _known(), "has no tables of Hookline"
        if earlier := [name for name in known if name not in missing]:
            found = f"has the schema {earlier[-1]}"
        raise HooklineError(
            "SCHEMA",
            f"The database {found}; this Hookline, {__version__}, needs {known[-1]}. Run: hookline "
            "migrate",
        )
    await check_columns(reader)


async def check_columns(reader: Reader) -> None:
    """Raises HooklineError (SCHEMA) for tables that lack a column although every migration is
    noted: an earlier state of a migration made them.
    """
    there = {(row["in_table"], row["name"]) for row in await reader.rows(_COLUMNS[reader.dialect])}
    for model in vars(models).values():
        if not (isinstance(model, type) and issubclass(model, Model)):
            continue
        table = model._meta.db_table
        for column in model._meta.fields_db_projection.values():
            if (table, column) not in there:
                raise HooklineError(
                    "SCHEMA",
                    f"The database notes the schema {_known()[-1]}, which this Hookline, "
                    f"{__version__}, needs, but its table {table} lacks the column {column}: an "
                    "unreleased version made it, or somebody changed it. Give "
                    "HOOKLINE_DATABASE_URL a new one, and run: hookline migrate",
                )


async def missing_migrations(reader: Reader) -> list[str]:
    """Names of the migrations that this program knows and the database lacks, oldest first.

    Raises HooklineError when the database is newer than this program.
    """
    known, applied = _known(), await _applied(reader)
    # An older program must not touch what it does not know.
    if unknown := [name for name in applied if name not in known]:
        raise HooklineError(
            "SCHEMA",
            f"The database has the schema {unknown[-1]} of a newer Hookline; this one, "
            f"{__version__}, needs {known[-1]}. Start that version, or give this one a database of "
            "its own.",
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
