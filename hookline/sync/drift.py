"""Drift of sets without their files: fields that a set owns and webhooks of it that were changed or
deleted by hand since it was applied. Called by api/schema, pull and applying. Reads only, the
comparison off the loop.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final
from uuid import UUID

from hookline.db.connection import Reader, Row
from hookline.models import Webhook
from hookline.models.column_types import UuidColumn
from hookline.secrets.vault import Vault
from hookline.sync.apply.authors import authors_of
from hookline.sync.apply.deletions import find_deleted
from hookline.sync.apply.settled_webhooks import UNTOUCHED_COLUMNS, Untouched
from hookline.sync.apply.store import AMONG_NAMES, RowReader, stored_webhook, texts_parameter
from hookline.sync.plan.authors import authored
from hookline.sync.plan.changes import Change
from hookline.sync.plan.planning import drift
from hookline.webhooks.columns import canonical

_to_uuid: Final = UuidColumn().to_python_value
Drift = tuple[Change, str]
"""A webhook's drift, and who changed the webhook last."""
# Rows that are decoded in one go, between which other requests are answered.
_ROWS_AT_ONCE: Final = 250
# The same of rows of a few columns, which stay as the engine has them.
_SEEN_AT_ONCE: Final = 2_000
# What left its file is turned off and out of the plan.
_SEEN: Final = f"""
select {UNTOUCHED_COLUMNS} from webhook
where workspace_id = $1 and sync_set {{names}} and deleted_at is null and sync_removed_at is null
  and slug > $3
order by slug limit $4"""


async def find_drift(
    reading: Callable[[], AbstractAsyncContextManager[Reader]],
    vault: Vault,
    workspace_id: UUID,
    set_names: Iterable[str],
) -> dict[str, list[Drift]]:
    """Drift by set, in the order of the slugs, of the webhooks that the last applied file has. A
    statement for each 2,000 webhooks of all these sets together, one for each 250 of those that
    were changed since their apply, and one for those that were deleted. reading: opens a
    connection.

    Raises Unavailable.
    """
    names = list(dict.fromkeys(set_names))
    found: dict[str, list[Drift]] = {name: [] for name in names}
    touched = await _touched(reading, vault, workspace_id, names)
    for place in range(0, len(touched), _ROWS_AT_ONCE):
        # What was deleted, released or taken out in between is none of the set any more.
        rows = Webhook.filter(
            id__in=touched[place : place + _ROWS_AT_ONCE],
            sync_set__in=names,
            deleted_at__isnull=True,
            sync_removed_at__isnull=True,
        )
        async with reading() as reader:
            part = await rows.using_db(reader.client)
        for set_name, one in await asyncio.to_thread(_compared, part, vault):
            found[set_name].append(one)
    async with reading() as reader:
        for set_name, change in await find_deleted(reader, workspace_id, names):
            found[set_name].append((change, str(change.hint)))
    # As Python compares texts: the order of a database depends on its locale.
    return {name: sorted(drifted, key=lambda one: one[0].slug) for name, drifted in found.items()}


async def _touched(
    reading: Callable[[], AbstractAsyncContextManager[Reader]],
    vault: Vault,
    workspace_id: UUID,
    names: Sequence[str],
) -> list[UUID]:
    """Webhooks of these sets that may have been changed since their apply."""
    untouched, found, after = Untouched(vault.key_ids), list[UUID](), ""
    while True:
        async with reading() as reader:
            sql = _SEEN.format(names=AMONG_NAMES[reader.dialect])
            given = texts_parameter(reader, names)
            rows = await reader.many_rows(sql, workspace_id, given, after, _SEEN_AT_ONCE)
        found += await asyncio.to_thread(_others, rows, untouched)
        if len(rows) < _SEEN_AT_ONCE:
            return found
        after = rows[-1]["slug"]


def _others(rows: Sequence[Row], untouched: Untouched) -> list[UUID]:
    return [_to_uuid(row["id"]) for row in rows if not untouched.holds(row)]


def _compared(rows: Sequence[Webhook], vault: Vault) -> list[tuple[str, Drift]]:
    found = []
    for row in rows:
        live = stored_webhook(row, canonical(row, vault, row.sync_applied or {}))
        change = drift(live)
        if change is not None and row.sync_set is not None:
            found.append((row.sync_set, (change, live.changed_by)))
    return found


async def with_authors(reads: RowReader, workspace_id: UUID, part: Sequence[Drift]) -> list[Change]:
    """The changes with who made them, as the audit log has it: one statement."""
    fields = [
        (change.webhook_id, item.field)
        for change, _ in part
        if change.webhook_id is not None
        for item in change.fields
    ]
    authors = await authors_of(reads, workspace_id, fields)
    return [authored(change, authors, last) for change, last in part]
