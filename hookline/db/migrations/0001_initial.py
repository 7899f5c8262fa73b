"""Everything, from nothing: tables, functions, triggers, indexes and the first workspace."""

from pathlib import Path

from hookline.db.migration_base import LoggedMigration, OneStep, Sql
from hookline.db.migrations.initial.indexes import INDEXES
from hookline.db.migrations.initial.plain_tables import (
    POSTGRES_ROWS,
    POSTGRES_TABLES,
    POSTGRES_TRIGGERS,
    SQLITE_ROWS,
    SQLITE_TABLES,
    SQLITE_TRIGGERS,
)
from hookline.db.migrations.initial.tables import TABLES

_FUNCTIONS = tuple(
    file.read_text() for file in sorted((Path(__file__).parent / "initial/functions").glob("*.sql"))
)


class Migration(LoggedMigration):
    initial = True
    operations = [
        OneStep(*TABLES),
        Sql(
            postgres=(*POSTGRES_TABLES, *_FUNCTIONS, *POSTGRES_TRIGGERS, *POSTGRES_ROWS),
            sqlite=(*SQLITE_TABLES, *SQLITE_TRIGGERS, *SQLITE_ROWS),
        ),
        Sql(*INDEXES),
    ]
