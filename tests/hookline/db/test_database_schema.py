"""The schema as the migrations make it, word for word. After a meant change: REFRESH_GOLDEN=1
pytest tests/hookline/db/test_database_schema.py
"""

import os
from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector

from hookline.db.connection import Database, Reader, tortoise_config
from hookline.db.schema_check import missing_migrations
from hookline.settings.fields import Settings

GOLDEN = Path(__file__).parents[2] / "golden"

SQLITE = (
    "select sql from sqlite_master where sql is not null and name not like 'sqlite_%' order "
    "by type desc, name"
)
COLUMNS = """select 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid,
  a.atttypmod)
  || case when a.attnotnull then ' not null' else '' end || coalesce(' default ' ||
    pg_get_expr(d.adbin, d.adrelid), '') as line
from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid =
  c.oid and d.adnum = a.attnum
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not
  a.attisdropped"""
OPTIONS = """select 'table ' || relname || ' with (' || array_to_string(reloptions, ', ') || ')' as
  line from pg_class
where relnamespace = 'public'::regnamespace and relkind = 'r' and reloptions is not null"""
INDEXES = "select 'index ' || indexdef as line from pg_indexes where schemaname = 'public'"
CONSTRAINTS = """select 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) as
  line from pg_constraint
where connamespace = 'public'::regnamespace and contype <> 'n'"""
FUNCTIONS = (
    "select pg_get_functiondef(oid) as line from pg_proc where pronamespace = "
    "'public'::regnamespace"
)


async def dump(reader: Reader) -> str:
    if reader.dialect == "sqlite":
        return "".join(" ".join(row["sql"].split()) + ";\n" for row in await reader.rows(SQLITE))
    lines = [
        row["line"]
        for sql in (COLUMNS, OPTIONS, INDEXES, CONSTRAINTS)
        for row in await reader.rows(sql)
    ]
    functions = [row["line"] for row in await reader.rows(FUNCTIONS)]
    return "".join(line + "\n" for line in [*sorted(lines), *sorted(functions)])


async def test_schema_is_the_golden_one(settings: Settings) -> None:
    database = Database(settings)
    await database.open()
    found = await dump(database.reader())
    await database.close()
    golden = GOLDEN / f"schema.{database.dialect}.sql"
    if os.environ.get("REFRESH_GOLDEN"):
        golden.write_text(found)
    assert found == golden.read_text()


async def test_nothing_is_missing_after_a_migration(settings: Settings) -> None:
    database = Database(settings)
    await database.open()
    missing = await missing_migrations(database.reader())
    await database.close()
    assert missing == []


async def test_models_and_migrations_agree(settings: Settings) -> None:
    config = tortoise_config(settings)
    database = Database(settings)
    await database.open()
    apps = Tortoise.apps
    assert apps is not None
    changes = await MigrationAutodetector(apps, config["apps"]).changes()
    await database.close()
    assert [writer.operations for writer in changes] == []
