"""Locks the webhooks that an apply writes, and tells whether its set is still as it was when the
apply was prepared. Called by applying: two statements for any number of webhooks.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from hookline.db.connection import Row, UnitOfWork
from hookline.large_work import free_later
from hookline.models.column_types import UuidColumn
from hookline.sync.apply.store import READ_BY_ID, SetState, ids_parameter, texts_parameter

# Columns that deliveries write, without another version.
ENGINE_COLUMNS: Final = frozenset(
    """consecutive_failures failing_since last_attempt_at last_success_at last_status_code
    consecutive_gone auto_disabled_at auto_disabled_reason warned_at exhausted_count
    exhausted_notified_at paced_until""".split()
)

# Every change of a webhook raises the match version of its workspace. Where that is another one by
# now, each webhook with what a plan depends on: every change of it raises its version, but for one
# that failing turned off. Every apply writes the time of its set.
# Of 10,000 webhooks the look at each took 50 to 64 ms of the 62 to 77 for which an apply of 200
# changes held SQLite's only writer (2026-12).
_OF_SET: Final = """
workspace_id = $1 and deleted_at is null and (sync_set = cast($2 as varchar) or slug in"""
_FROM: Final = """
from workspace w left join sync_set s on s.workspace_id = w.id and s.name = $2
where w.id = $1"""
_SEEN: Final = {
    "postgres": f"""
select w.match_version, s.revision_number, s.last_applied_at,
  case when w.match_version <> $4 then (
    select string_agg(concat_ws(' ', replace(id::text, '-', ''), version,
      (auto_disabled_at is null)::int), ',')
    from webhook where {_OF_SET} (select unnest($3::text[])))
  ) end as webhooks
{_FROM}""",
    "sqlite": f"""
select w.match_version, s.revision_number, s.last_applied_at,
  case when w.match_version <> $4 then (
    select group_concat(lower(hex(id)) || ' ' || version || ' ' || (auto_disabled_at is null))
    from webhook where {_OF_SET} (select value from json_each($3)))
  ) end as webhooks
{_FROM}""",
}


async def hold(
    work: UnitOfWork,
    workspace_id: UUID,
    set_name: str,
    slugs: Sequence[str],
    state: SetState,
    webhook_ids: Sequence[UUID],
) -> Mapping[UUID, Row] | None:
    """Rows of these webhooks as they are now, locked to the transaction's end; None where the set
    or one of its webhooks was changed since the state was read. slugs: that it was read with.
    """
    found = list[Row]()
    if webhook_ids:
        # Before they are compared, in the order in which everybody locks webhooks.
        sql = READ_BY_ID[work.dialect] + (" for update" if work.dialect == "postgres" else "")
        found = free_later(await work.many_rows(sql, ids_parameter(work, webhook_ids)))
    given = texts_parameter(work, slugs)
    [seen] = await work.many_rows(
        _SEEN[work.dialect], workspace_id, set_name, given, state.match_version
    )
    return await asyncio.to_thread(_unchanged, found, seen, state)


def _unchanged(found: list[Row], seen: Row, state: SetState) -> Mapping[UUID, Row] | None:
    if (seen["revision_number"] or 0, seen["last_applied_at"]) != (state.number, state.applied_at):
        return None
    if seen["match_version"] != state.match_version and not _are_same(seen["webhooks"], state):
        return None
    held = {UuidColumn().to_python_value(row["id"]): row for row in found}
    # Secrets may have been sealed with another key meanwhile, which raises no version.
    is_same = all(_is_same(row, state.rows[key]) for key, row in held.items())
    return held if is_same else None


def _are_same(seen: str | None, state: SetState) -> bool:
    known = {
        f"{live.id.hex} {live.version} {int(not live.is_auto_disabled)}" for live in state.stored
    }
    return known == set(filter(None, (seen or "").split(",")))


def _is_same(row: Row, before: Row) -> bool:
    return all(value == before[name] for name, value in row.items() if name not in ENGINE_COLUMNS)
