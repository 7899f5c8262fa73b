"""Reads and writes a set's state: one statement per kind of row, however many webhooks there are.
Called by applying and writing.

Secrets go in sealed and come out as fingerprints. It decides nothing.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Container, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import orjson

from hookline import clock
from hookline.db import bulk_rows
from hookline.db.connection import Database, Row, UnitOfWork
from hookline.db.faults import faults_as_unavailable
from hookline.db.sqlite import uuid_blob
from hookline.db.statements import for_sqlite, sqlite_value
from hookline.large_work import free_later
from hookline.models import SyncRevision, Webhook
from hookline.models.column_types import JsonColumn, PackedJsonColumn, TimeColumn, UuidColumn
from hookline.runtime import Runtime
from hookline.secrets.vault import Vault
from hookline.sync.apply.settled_webhooks import COLUMNS, SettledCheck
from hookline.sync.plan.comparing import Values
from hookline.sync.plan.webhooks import StoredWebhook
from hookline.sync.policy import FilePolicy, remembered
from hookline.webhooks.columns import canonical

POLL_SECONDS: Final = 0.1
# --lock-timeout 0s asks once: beginning a transaction takes its time too.
LEAST_PATIENCE: Final = timedelta(milliseconds=100)

# Of the transaction, so that it ends with it, also when the process dies. Tried, not waited for: a
# wait would hold a connection of the pool.
LOCK: Final = "select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as is_held"
# Without what takes 20 MB for 10,000 webhooks.
_REVISION: Final = ", ".join(
    f'r."{name}"' for name in SyncRevision._meta.fields_map if name not in ("snapshot", "changes")
)
SET_COLUMNS: Final = f"""
  s.id as owner_id, s.revision_number, s."commit" as owner_commit, s.committed_at,
  s.last_applied_at as owner_applied_at,
  s.policy as owner_policy, {_REVISION}"""
# Two rows at most: the newest revision, and the one that a repeated key made.
JOINED_REVISION: Final = """
left join sync_revision r
  on r.set_id = s.id and (r.number = s.revision_number or r.idempotency_key = $3)"""
OF_SET: Final = "where s.workspace_id = $1 and s.name = $2"
READ_SET: Final = f"select {SET_COLUMNS} from sync_set s {JOINED_REVISION} {OF_SET}"
_MATCH_VERSION: Final = "select match_version from workspace where id = $1"
READ_SNAPSHOT: Final = "select snapshot from sync_revision where id = $1"
# One statement for any number of slugs: an array, or on SQLite, which has none, a JSON text. Sorted
# by id, the order in which everybody locks webhooks.
READ_WEBHOOKS: Final = {
    "postgres": """
select * from webhook
where workspace_id = $1 and deleted_at is null
  and (sync_set = $2 or slug = any($3::text[]))
order by id""",
    "sqlite": """
select * from webhook
where workspace_id = $1 and deleted_at is null
  and (sync_set = $2 or slug in (select value from json_each($3)))""",
}
AMONG_NAMES: Final = {
    "postgres": "= any($2::text[])",
    "sqlite": "in (select value from json_each($2))",
}
READ_BY_ID: Final = {
    "postgres": "select * from webhook where id = any($1::uuid[]) order by id",
    "sqlite": """
select * from webhook where id in (select uuid_blob(value) from json_each($1))""",
}
SAVE_SET: Final = """
insert into sync_set
  (id, workspace_id, name, revision_number, "commit", committed_at, policy, last_applied_at,
  receipt, source, receipt_webhooks, receipt_versions)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (workspace_id, name) do update set
  revision_number = excluded.revision_number, "commit" = excluded."commit",
  committed_at = excluded.committed_at, policy = excluded.policy,
  last_applied_at = excluded.last_applied_at, receipt = excluded.receipt,
  source = coalesce(excluded.source, sync_set.source),
  receipt_webhooks = excluded.receipt_webhooks, receipt_versions = excluded.receipt_versions"""


class LockNotObtained(Exception):
    """Another apply of the set went on for longer than the patience."""


@dataclass(frozen=True, slots=True)
class SetState:
    """A set before a plan. id: None for one that was never applied. revision: the newest; repeated:
    the one of the same idempotency key.
    """

    id: UUID | None
    stored: list[StoredWebhook]
    rows: dict[UUID, Row]
    """The raw rows behind `stored`."""
    number: int = 0
    commit: str | None = None
    committed_at: datetime | None = None
    policy: FilePolicy | None = None
    """Of the last apply; None for a set that was never applied."""
    protected: frozenset[str] = frozenset()
    revision: SyncRevision | None = None
    repeated: SyncRevision | None = None
    applied_at: Any = None
    """Time of the last apply, as the engine has it."""
    match_version: int = 0
    """Of the workspace, which every change of a webhook raises."""


class RowReader(Protocol):
    @property
    def dialect(self) -> str: ...
    async def rows(self, sql: str, *values: Any) -> list[Row]: ...
    async def many_rows(self, sql: str, *values: Any) -> list[Row]: ...


@asynccontextmanager
async def reading(runtime: Runtime) -> AsyncIterator[RowReader]:
    """One snapshot of the database that can't be written to.

    Raises Unavailable.
    """
    if runtime.database.dialect == "sqlite":
        # A connection of its own: a unit of work begins as a writer (BEGIN IMMEDIATE), and this
        # must not be able to write.
        with (
            faults_as_unavailable(),
            closing(
                await asyncio.to_thread(_open_read_only, runtime.settings.sqlite_path)
            ) as connection,
        ):
            yield _SqliteReads(connection)
        return
    async with runtime.database.unit_of_work() as work:
        # The first statement of the transaction: later it is refused.
        await work.execute("set transaction isolation level repeatable read, read only")
        yield work


def _open_read_only(path: Path) -> sqlite3.Connection:
    # Its statements run in whatever thread is free, one after the other. Without a level of its
    # own, Python's module begins no transactions behind our back.
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        uri=True,
        check_same_thread=False,
        isolation_level=None,
    )
    connection.create_function("uuid_blob", 1, uuid_blob, deterministic=True)
    # All reads see the state of the first one.
    connection.execute("begin")
    return connection


class _SqliteReads:
    dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        return await asyncio.to_thread(self._rows, sql, values)

    many_rows = rows

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Row]:
        cursor = self._connection.execute(
            for_sqlite(sql), [sqlite_value(value) for value in values]
        )
        # A sqlite3.Row looks each name up among all of them.
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


@asynccontextmanager
async def locked(
    database: Database, workspace_id: UUID, set_name: str, patience: timedelta
) -> AsyncIterator[UnitOfWork]:
    """A transaction that no other apply of the set runs beside. SQLite has one writer anyway; on
    PostgreSQL no connection is held while waiting.

    Raises LockNotObtained, Unavailable.
    """
    deadline = clock.monotonic() + max(patience, LEAST_PATIENCE).total_seconds()
    while True:
        async with AsyncExitStack() as stack:
            work = await _begun(database, stack, deadline)
            if (
                work.dialect == "sqlite"
                or (await work.rows(LOCK, f"sync:{workspace_id}:{set_name}"))[0]["is_held"]
            ):
                yield work
                return
        if clock.monotonic() >= deadline:
            raise LockNotObtained
        await asyncio.sleep(POLL_SECONDS)


async def _begun(database: Database, stack: AsyncExitStack, deadline: float) -> UnitOfWork:
    try:
        async with asyncio.timeout(max(deadline - clock.monotonic(), POLL_SECONDS)):
            return await stack.enter_async_context(database.unit_of_work())
    except TimeoutError:
        raise LockNotObtained from None


async def read(
    reads: RowReader,
    vault: Vault,
    workspace_id: UUID,
    set_name: str,
    slugs: list[str],
    key: str | None = None,
    check: SettledCheck | None = None,
    is_locking: bool = False,
) -> SetState:
    """The set, its webhooks, and whatever webhook has one of the slugs. key: of a revision to look
    for. check: tells the webhooks that need not be read whole. is_locking: all are, and stay locked
    to the transaction's end.
    """
    versions = await reads.rows(_MATCH_VERSION, workspace_id)
    sets = await reads.rows(READ_SET, workspace_id, set_name, key)
    of_set = (workspace_id, set_name, texts_parameter(reads, slugs))
    settled = dict[Any, StoredWebhook]()
    if check is None or is_locking:
        sql = READ_WEBHOOKS[reads.dialect] + (
            " for update" if is_locking and reads.dialect == "postgres" else ""
        )
        hooks = free_later(await reads.many_rows(sql, *of_set))
    else:
        sql = READ_WEBHOOKS[reads.dialect].replace("*", COLUMNS, 1)
        some = free_later(await reads.many_rows(sql, *of_set))
        settled = await asyncio.to_thread(check.settled, some)
        hooks = free_later(await _others(reads, some, settled))
    stored, rows = await asyncio.to_thread(_stored, hooks, vault)
    stored += free_later(settled).values()
    free_later(stored)
    state = state_of(sets, stored, rows, key) if sets else SetState(None, stored, rows)
    return replace(state, match_version=versions[0]["match_version"])


async def _others(reads: RowReader, rows: Sequence[Row], settled: Container[Any]) -> list[Row]:
    """The rows whole of the webhooks that are not settled. settled: ids as the engine has them."""
    to_uuid = UuidColumn().to_python_value
    left = [to_uuid(row["id"]) for row in rows if row["id"] not in settled]
    if not left:
        return []
    return await reads.many_rows(READ_BY_ID[reads.dialect], ids_parameter(reads, left))


def ids_parameter(reads: RowReader, webhook_ids: Sequence[UUID]) -> Any:
    """Ids as READ_BY_ID takes them."""
    if reads.dialect == "postgres":
        return list(webhook_ids)
    return orjson.dumps([str(webhook_id) for webhook_id in webhook_ids]).decode()


def texts_parameter(reads: RowReader, texts: Sequence[str]) -> Any:
    """Slugs as READ_WEBHOOKS takes them, and names as AMONG_NAMES does."""
    return list(texts) if reads.dialect == "postgres" else orjson.dumps(texts).decode()


async def snapshot_of(reads: RowReader, revision: SyncRevision | None) -> dict[str, Any]:
    """The webhooks of a revision by slug; none of no revision."""
    if revision is None:
        return {}
    rows = await reads.rows(READ_SNAPSHOT, revision.id)
    snapshot: dict[str, Any] = PackedJsonColumn().to_python_value(rows[0]["snapshot"])
    return snapshot


def state_of(
    sets: list[Row], stored: list[StoredWebhook], rows: dict[UUID, Row], key: str | None
) -> SetState:
    """The state of what READ_SET gave, at least one row."""
    first = sets[0]
    policy, protected = remembered(JsonColumn().to_python_value(first["owner_policy"]))
    revisions: list[SyncRevision] = [
        bulk_rows.load(SyncRevision, row) for row in sets if row["id"] is not None
    ]
    newest = [one for one in revisions if one.number == first["revision_number"]]
    repeated = [one for one in revisions if key is not None and one.idempotency_key == key]
    return SetState(
        id=UuidColumn().to_python_value(first["owner_id"]),
        stored=stored,
        rows=rows,
        number=first["revision_number"],
        commit=first["owner_commit"],
        committed_at=TimeColumn().to_python_value(first["committed_at"]),
        policy=policy,
        protected=protected,
        revision=next(iter(newest), None),
        repeated=next(iter(repeated), None),
        applied_at=first["owner_applied_at"],
    )


def _stored(hooks: list[Row], vault: Vault) -> tuple[list[StoredWebhook], dict[UUID, Row]]:
    rows = [bulk_rows.view(Webhook, hook) for hook in hooks]
    stored = [stored_webhook(row, canonical(row, vault)) for row in rows]
    return stored, {row.id: hook for row, hook in zip(rows, hooks, strict=True)}


def stored_webhook(row: Webhook, form: Values) -> StoredWebhook:
    """A row for a comparison. form: its canonical values, of the fields that are compared."""
    by = (
        f'{row.modified_by["kind"].lower()} "{row.modified_by["name"]}" on '
        f"{row.modified_at:%Y-%m-%d %H:%M} UTC"
    )
    return StoredWebhook(
        id=row.id,
        slug=row.slug,
        form=form,
        version=row.version,
        set_name=row.sync_set,
        applied=row.sync_applied or {},
        changed_by=by,
        ignored=frozenset(row.sync_ignored or ()),
        is_removed=row.sync_removed_at is not None,
        position=(row.sync_file, row.sync_line, row.sync_commit),
        is_auto_disabled=row.auto_disabled_at is not None,
        is_listener=row.listener_expires_at is not None,
    )


async def write_commit(work: UnitOfWork, revision: SyncRevision | None) -> None:
    """The commit of a revision that was made of uncommitted edits: one statement."""
    if revision is None:
        return
    names = ("id", "commit", "branch", "author", "repository", "is_dirty")
    row = {name: getattr(revision, name) for name in names}
    await bulk_rows.update_rows(work, SyncRevision, [row])


async def write_set(
    work: UnitOfWork, values: Sequence[Any], revision: bulk_rows.EncodedRows | None
) -> None:
    """The set as it is now, in the order of SAVE_SET's columns, with its new revision if there is
    one: one statement, two on SQLite.
    """
    if revision is None:
        await work.execute(SAVE_SET, *values)
        return
    # On PostgreSQL one statement for both rows: foreign keys are checked at its end. SQLite takes
    # no insert inside of WITH, and wants the set first.
    if work.dialect == "sqlite":
        await work.execute(SAVE_SET, *values)
        await bulk_rows.insert_encoded(work, revision)
    else:
        insert = bulk_rows.insert(SyncRevision, revision.names, parameter=len(values) + 1)
        await work.execute(f"with noted as ({insert}) {SAVE_SET}", *values, revision.values)
