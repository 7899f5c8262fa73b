"""Drift of sets without their files: fields that a set owns and webhooks of it that were changed or
deleted by hand since it was applied. Called by api/schema, pull and applying. Reads only, the
comparison off the loop.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final
from uuid import UUID

from hookline.db.connection import Reader
from hookline.models import Webhook
from hookline.secrets.vault import Vault
from hookline.sync.apply.authors import authors_of
from hookline.sync.apply.deletions import find_deleted
from hookline.sync.apply.store import RowReader, stored_webhook
from hookline.sync.plan.authors import authored
from hookline.sync.plan.changes import Change
from hookline.sync.plan.planning import drift
from hookline.webhooks.columns import canonical

Drift = tuple[Change, str]
"""A webhook's drift, and who changed the webhook last."""
# Rows that are decoded in one go, between which other requests are answered.
ROWS_AT_ONCE: Final = 250


async def find_drift(
    reading: Callable[[], AbstractAsyncContextManager[Reader]],
    vault: Vault,
    workspace_id: UUID,
    set_names: Iterable[str],
) -> dict[str, list[Drift]]:
    """Drift by set, in the order of the slugs, of the webhooks that the last applied file has. A
    statement for each 250 webhooks of all these sets together, and one for those that were
    deleted. reading: opens a connection.

    Raises Unavailable.
    """
    names = list(dict.fromkeys(set_names))
    found: dict[str, list[Drift]] = {name: [] for name in names}
    # What left its file is turned off and out of the plan.
    rows = Webhook.filter(
        workspace_id=workspace_id,
        sync_set__in=names,
        deleted_at__isnull=True,
        sync_removed_at__isnull=True,
    ).order_by("slug")
    after = ""
    while True:
        async with reading() as reader:
            part = await rows.filter(slug__gt=after).limit(ROWS_AT_ONCE).using_db(reader.client)
        for set_name, one in await asyncio.to_thread(_compared, part, vault):
            found[set_name].append(one)
        if len(part) < ROWS_AT_ONCE:
            break
        after = part[-1].slug
    async with reading() as reader:
        for set_name, change in await find_deleted(reader, workspace_id, names):
            found[set_name].append((change, str(change.hint)))
    # As Python compares texts: the order of a database depends on its locale.
    return {name: sorted(drifted, key=lambda one: one[0].slug) for name, drifted in found.items()}


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
