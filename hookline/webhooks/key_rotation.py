"""Re-encrypts secrets of webhooks under older keys, for `hookline keys rotate` beside servers.

Each batch is one transaction over locked rows, so that a change of a webhook meanwhile is neither
lost nor undone. Webhooks' versions stay.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from hookline import ids
from hookline.db import bulk_rows
from hookline.db.connection import Database, UnitOfWork
from hookline.errors import HooklineError
from hookline.form.webhook_fields import FIELDS
from hookline.models import Webhook
from hookline.secrets.opening import FINGERPRINT_KEY
from hookline.secrets.vault import Vault
from hookline.secrets.webhook_columns import secret_location

log = logging.getLogger(__name__)

# Bounds how long rows are locked beside running servers.
BATCH: Final = 200


@dataclass(slots=True)
class Rotation:
    """The result of a rotation. webhooks: looked at; changed: with a secret that was re-encrypted;
    unreadable: with one that does not open.
    """

    webhooks: int = 0
    changed: int = 0
    unreadable: list[UUID] = field(default_factory=list)


async def rotate(
    database: Database, vault: Vault, progress: Callable[[Rotation], None], batch: int = BATCH
) -> Rotation:
    """Puts every secret under the newest key, deleted webhooks' too. Running it again changes
    nothing.

    progress: is called after every batch. batch: webhooks in one transaction. A secret that does
    not open stays as it is and is told.

    Raises Unavailable; what was done by then stays done.
    """
    found, last = Rotation(), UUID(int=0)
    while True:
        async with database.unit_of_work() as work:
            # By id and from the last one on: a row that is made meanwhile has a later id, and is
            # sealed by the newest key anyway.
            rows = await Webhook.filter(id__gt=last).order_by("id").limit(batch).select_for_update()
            await _reseal(work, rows, vault, found)
        if not rows:
            break
        last = rows[-1].id
        progress(found)
    async with database.unit_of_work() as work:
        sealed = (await work.rows("select sealed from vault_key where name = 'fingerprint'"))[0][
            "sealed"
        ]
        await work.execute(
            "update vault_key set sealed = $1 where name = 'fingerprint'",
            vault.resealed(sealed, FINGERPRINT_KEY),
        )
    return found


async def _reseal(work: UnitOfWork, rows: list[Webhook], vault: Vault, found: Rotation) -> None:
    changed = []
    for row in rows:
        found.webhooks += 1
        # All columns of a webhook or none: a secret that does not open leaves the row as it is.
        try:
            after = _resealed(row, vault)
        except HooklineError as error:
            log.error(
                "secret not re-encrypted webhook_id=%s: %s", ids.encode("wh", row.id), error.message
            )
            found.unreadable.append(row.id)
            continue
        if any(value != getattr(row, column) for column, value in after.items()):
            changed.append({"id": row.id, **after})
    if changed:
        await bulk_rows.update_rows(work, Webhook, changed)
        found.changed += len(changed)


def _resealed(row: Webhook, vault: Vault) -> dict[str, Any]:
    """The columns that hold sealed texts, each text under the newest key and where it was."""

    def reseal(sealed: str, column: str, name: str) -> str:
        return vault.resealed(sealed, secret_location(row.workspace_id, row.id, column, name))

    after: dict[str, Any] = {}
    for field_ in FIELDS.values():
        after.update(field_.codec.resealed(row, reseal))
    return after
