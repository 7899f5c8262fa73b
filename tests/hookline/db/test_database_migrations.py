"""Migrations, on both databases: once each, never half, never by two at the same time."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hookline import __version__
from hookline.cli.database import open_database
from hookline.cli.exit_codes import FAILED
from hookline.db import migrations
from hookline.db.connection import Database, Reader
from hookline.db.migrate import _SqliteEditor, migrate
from hookline.db.schema_check import missing_migrations
from hookline.errors import HooklineError, Misconfigured
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.settings.fields import Settings, read_settings
from hookline.wiring import open_runtime
from tests.databases import Databases
from tests.making import make_webhook
from tests.processes import run_hookline

NAMES = [file.stem for file in sorted(Path(migrations.__path__[0]).glob("[0-9]*_*.py"))]


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings for a database without any table."""
    if request.param == "sqlite":
        yield read_settings(database_url=f"sqlite:///{tmp_path}/new.db", home=tmp_path)
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.made("template1") as url:
        yield read_settings(database_url=url, home=tmp_path)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def run(settings: Settings, sql: str) -> None:
    async with opened(settings) as database, database.unit_of_work() as work:
        await work.execute(sql)


async def relations(reader: Reader) -> set[str]:
    """Names of all tables and indexes."""
    sqlite, postgres = (
        "select name from sqlite_master",
        "select relname as name from pg_class where relnamespace = 'public'::regnamespace",
    )
    return {
        row["name"] for row in await reader.rows(sqlite if reader.dialect == "sqlite" else postgres)
    }


async def noted(reader: Reader) -> list[str]:
    return [
        row["name"]
        for row in await reader.rows("select name from tortoise_migrations order by name")
    ]


async def hookline_migrate(settings: Settings) -> str:
    """Output of `hookline migrate` in a process of its own."""
    environment = {
        **os.environ,
        "HOOKLINE_DATABASE_URL": settings.database_url,
        "HOOKLINE_HOME": str(settings.home),
    }
    ended = await asyncio.to_thread(run_hookline, ("migrate",), settings.home, environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


async def test_empty_database_is_brought_to_the_newest_schema_once(empty: Settings) -> None:
    applied: list[str] = []
    await migrate(empty, applied.append)
    await migrate(empty, applied.append)
    assert applied == NAMES
    async with opened(empty) as database:
        assert await noted(database.reader()) == NAMES


async def test_two_migrators_at_once_apply_each_migration_once(empty: Settings) -> None:
    printed = "".join(await asyncio.gather(hookline_migrate(empty), hookline_migrate(empty)))
    assert (
        sorted(line.split()[1] for line in printed.splitlines() if line.startswith("applied"))
        == NAMES
    )
    async with opened(empty) as database:
        assert await missing_migrations(database.reader()) == []
        assert len(await database.reader().rows("select * from workspace")) == 1


async def test_migration_that_fails_leaves_nothing_half_done(empty: Settings) -> None:
    await run(empty, "create table vault_key (in_the_way integer)")
    async with opened(empty) as database:
        before = await relations(database.reader())
    undone = r"already exists.* and was undone\. Give Hookline a database of its own"
    with pytest.raises(HooklineError, match=undone):
        await migrate(empty)
    async with opened(empty) as database:
        assert await noted(database.reader()) == []
        assert not {"webhook", "webhook_slug", "pump", "activity"} & await relations(
            database.reader()
        )
        assert before <= await relations(database.reader())
        assert await missing_migrations(database.reader()) == NAMES
    await run(empty, "drop table vault_key")
    await migrate(empty)
    async with opened(empty) as database:
        assert {"webhook_slug", "pump", "activity", "vault_key"} <= await relations(
            database.reader()
        )


async def test_database_of_a_newer_program_is_refused(settings: Settings) -> None:
    newer = (
        "insert into tortoise_migrations (app, name, applied_at) values ('models', "
        "'9999_future', '2030-01-01 00:00:00+00:00')"
    )
    await run(settings, newer)
    sentence = (
        f"The database has the schema 9999_future of a newer Hookline; this one, {__version__}, "
        f"needs {NAMES[-1]}. Start that version, or give this one a database of its own."
    )
    with pytest.raises(HooklineError, match=re.escape(sentence)):
        await migrate(settings)
    await nothing_opens(settings, sentence)


async def test_program_does_not_open_a_database_that_lacks_migrations(empty: Settings) -> None:
    await run(empty, "create table something (a integer)")
    await nothing_opens(
        empty,
        f"The database has no tables of Hookline; this Hookline, {__version__}, needs {NAMES[-1]}. "
        "Run: hookline migrate",
    )


async def test_program_does_not_open_a_database_whose_tables_are_older_than_their_migration(
    settings: Settings,
) -> None:
    await run(settings, "alter table notification rename column kind to sort")
    sentence = (
        f"The database notes the schema {NAMES[-1]}, which this Hookline, {__version__}, needs, "
        "but its table notification lacks the column kind: an unreleased version made it, or "
        "somebody changed it. Give HOOKLINE_DATABASE_URL a new one, and run: hookline migrate"
    )
    with pytest.raises(HooklineError, match=re.escape(sentence)):
        await migrate(settings)
    await nothing_opens(settings, sentence)


async def nothing_opens(settings: Settings, sentence: str) -> None:
    """Opens the database as a server and a worker do, and as commands do."""
    with pytest.raises(HooklineError, match=re.escape(sentence)):
        async with open_runtime(settings):
            raise AssertionError("must not open")
    with pytest.raises(HooklineError, match=re.escape(sentence)):
        async with open_database(settings):
            raise AssertionError("must not open")
    environment = {
        **os.environ,
        "HOOKLINE_DATABASE_URL": settings.database_url,
        "HOOKLINE_HOME": str(settings.home),
    }
    command = ("serve", "--port", "0")
    ended = await asyncio.to_thread(run_hookline, command, settings.home, environment)
    assert (ended.returncode, ended.stderr) == (FAILED, f"Error: {sentence}\n")


@pytest.mark.engines("sqlite")
async def test_rebuilt_sqlite_table_keeps_its_rows_indexes_and_triggers(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    reader, made = (
        runtime.database.reader(),
        "select name, sql from sqlite_master where type <> 'table' and tbl_name = 'webhook' order "
        "by type, name",
    )
    before, rows = await reader.rows(made), await reader.rows("select * from webhook")
    editor = _SqliteEditor(runtime.database.client, atomic=False)
    await editor._remake_table(Webhook)
    assert await reader.rows(made) == before
    assert [row["name"] for row in before if row["sql"]] == [
        *("webhook_exhausted", "webhook_list", "webhook_listener", "webhook_slug"),
        *("webhook_begins_paused", "webhook_pauses"),
    ]
    assert await reader.rows("select * from webhook") == rows
    assert (await Webhook.get(id=webhook.id)).events == webhook.events


async def test_folder_of_the_database_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(Misconfigured, match=r"Cannot write in .*home \(.*\)\. Mend that, or set"):
        await migrate(read_settings(home=tmp_path / "home"))
