"""Brings the database to this version's schema. Called by commands and tests, never by a request.

Tortoise 1.1.9 has no lock against a second migrator, loses indexes and (by cascades) rows when it
rebuilds a SQLite table, and marks a migration after its commit. Each is mended here.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor, SqliteSchemaEditor

from hookline.db.connection import (
    APP,
    CONNECT_SECONDS,
    DatabaseSettings,
    Reader,
    connecting,
    tortoise_config,
)
from hookline.db.faults import faults_as_unavailable, is_fault
from hookline.db.migration_base import log_applied
from hookline.db.schema_check import check_columns, missing_migrations
from hookline.errors import HooklineError, Misconfigured

# The number of the advisory lock: any constant that is ours.
_LOCK = 7_235_001


class _SqliteEditor(SqliteSchemaEditor):
    async def _remake_table(
        self,
        model: Any,
        create_field: Any = None,
        delete_field: Any = None,
        alter_fields: Any = None,
    ) -> None:
        """Tortoise's rebuild drops every index and trigger of the table: they are made again from
        their own text.
        """
        table = model._meta.db_table
        found = await self.client.execute_query_dict(
            "select sql from sqlite_master where type in ('index', 'trigger') and tbl_name = ? "
            "and sql is not null",
            [table],
        )
        await super()._remake_table(model, create_field, delete_field, alter_fields)
        for lost in found:
            await self.client.execute_query(lost["sql"])


class _Recorder(MigrationRecorder):
    async def record_applied(self, app: str, name: str) -> None:
        """The migration's own transaction has logged it already; kept so that Tortoise's call
        changes nothing.
        """
        await log_applied(self.connection, app, name)


class _Executor(MigrationExecutor):
    def __init__(self, connection: Any, apps: dict[str, Any]) -> None:
        super().__init__(connection, apps)
        self.recorder = self.loader.recorder = _Recorder(connection)

    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> Any:
        editor = (
            _SqliteEditor
            if self.connection.capabilities.dialect == "sqlite"
            else AsyncpgSchemaEditor
        )
        return editor(self.connection, atomic=atomic, collect_sql=collect_sql)


async def migrate(
    settings: DatabaseSettings, on_applied: Callable[[str], None] = lambda name: None
) -> None:
    """Applies what is missing, one migrator at a time. on_applied: is called with each applied
    migration's name.

    Raises Unavailable when the database can't be reached, Misconfigured when SQLite's folder can't
    be written, HooklineError when the database is newer than this program.
    """
    config = tortoise_config(settings)
    if settings.is_sqlite:
        _make_folder(settings.sqlite_path.parent)
        # A table's rebuild must not cascade: altering webhook.name deleted every delivery (Tortoise
        # 1.1.9).
        config["connections"]["default"]["credentials"]["foreign_keys"] = "OFF"
    else:
        # A large index takes its time.
        config["connections"]["default"]["credentials"]["command_timeout"] = None
    with faults_as_unavailable():
        async with _alone(settings), TortoiseContext() as context:
            await context.init(config=config)
            with connecting(settings):
                await get_connection("default").execute_query("select 1")
            await _apply(config, settings.is_sqlite, on_applied)


def _make_folder(folder: Path) -> None:
    """Raises Misconfigured when nothing can be written there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = None if os.access(folder, os.W_OK | os.X_OK) else "not writable"
    except OSError as error:
        reason = error.strerror
    if reason:
        raise Misconfigured(
            f"Cannot write in {folder} ({reason}). Mend that, or set HOOKLINE_HOME or "
            "HOOKLINE_DATABASE_URL to another place."
        )


async def _apply(
    config: dict[str, Any], is_sqlite: bool, on_applied: Callable[[str], None]
) -> None:
    connection = get_connection("default")
    # An older program must not touch what it does not know.
    reader = Reader("sqlite" if is_sqlite else "postgres", connection)
    await missing_migrations(reader)
    executor = _Executor(connection, config["apps"])

    def progress(event: str, app: str, name: str) -> None:
        if event == "apply_done":
            on_applied(name)

    try:
        await executor.migrate(
            [MigrationTarget(APP, "__latest__")], direction="forward", progress=progress
        )
    except OperationalError as error:
        if is_fault(error):
            raise
        first_line = str(error).partition("\n")[0]
        raise HooklineError(
            "SCHEMA",
            f"The migration does not go with the tables that are there ({first_line}) and was "
            "undone. Give Hookline a database of its own.",
        ) from error
    await check_columns(reader)
    # With foreign keys off, nothing else would notice a row that lost its parent.
    if is_sqlite and (broken := await connection.execute_query_dict("pragma foreign_key_check")):
        raise HooklineError(
            "SCHEMA",
            f"The migration left {len(broken)} rows without their parent, first in table "
            f"{broken[0]['table']}. Restore the backup and report this.",
        )


@asynccontextmanager
async def _alone(settings: DatabaseSettings) -> AsyncIterator[None]:
    if settings.is_sqlite:
        # a local file, once
        with Path(f"{settings.sqlite_path}.migrate.lock").open("w") as lock:  # noqa: ASYNC230
            # In a thread: it waits for another migrator as long as that takes. The lock ends with
            # the process.
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            yield
        return
    with connecting(settings):
        connection = await asyncpg.connect(settings.postgres_dsn, timeout=CONNECT_SECONDS)
    try:
        # Held by the session: it ends with the connection, also when the migrator is killed.
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        yield
    finally:
        await connection.close(timeout=5)
