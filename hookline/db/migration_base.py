"""The base of every migration. Frozen, like hookline/models/column_types.py: migrations import
these two modules of ours and no other.
"""

from datetime import UTC, datetime
from typing import Any

from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import TortoiseOperation

_LOG_APPLIED = (
    'insert into "tortoise_migrations" ("app", "name", "applied_at") values ({}) on conflict '
    "do nothing"
)


async def log_applied(client: Any, app: str, name: str) -> None:
    placeholders = "?, ?, ?" if client.capabilities.dialect == "sqlite" else "$1, $2, $3"
    await client.execute_insert(_LOG_APPLIED.format(placeholders), [app, name, datetime.now(UTC)])


class LoggedMigration(Migration):
    """A migration that is logged as applied inside its own transaction: it is there whole and
    logged, or not at all.
    """

    async def apply(
        self,
        state: Any,
        *,
        dry_run: bool = False,
        schema_editor: Any = None,
        collect_sql: bool = False,
    ) -> Any:
        after = await super().apply(
            state, dry_run=dry_run, schema_editor=schema_editor, collect_sql=collect_sql
        )
        if schema_editor is not None and not dry_run and not collect_sql:
            # Through the editor's connection, which holds the migration's transaction: Tortoise
            # would log it after the commit (1.1.9), and a crash between would apply it twice.
            await log_applied(schema_editor.client, self.app_label, self.name)
        return after


class Sql(TortoiseOperation):
    """Statements for both engines, or a list of its own for each. Whole statements: none is split
    at its semicolons.
    """

    def __init__(
        self, *both: str, sqlite: tuple[str, ...] = (), postgres: tuple[str, ...] = ()
    ) -> None:
        self.both, self.sqlite, self.postgres = both, sqlite, postgres

    def describe(self) -> str:
        return "Run SQL"

    def state_forward(self, app_label: str, state: Any) -> None:
        return None

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None
    ) -> None:
        own = self.sqlite if state_editor.client.capabilities.dialect == "sqlite" else self.postgres
        for statement in (*self.both, *own):
            await state_editor.client.execute_query(statement)


class OneStep(TortoiseOperation):
    """Operations that none of the others builds on. Before each of its own Tortoise builds every
    model anew (1.1.9: 24 took 0.4 s and 24 MB).
    """

    def __init__(self, *operations: TortoiseOperation) -> None:
        self.operations = operations

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)

    def state_forward(self, app_label: str, state: Any) -> None:
        for operation in self.operations:
            operation.state_forward(app_label, state)

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None
    ) -> None:
        for operation in self.operations:
            await operation.database_forward(app_label, old_state, new_state, state_editor)
