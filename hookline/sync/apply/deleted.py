"""Secrets of webhooks that were deleted, for a rollback that makes them anew: the rows stay with
their log. Called by restoring.

Only what the revision had, by its fingerprint, is opened, and the signing secret.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from hookline.db import bulk_rows
from hookline.errors import HooklineError
from hookline.form.codecs import HeaderList, SealedPair
from hookline.form.webhook_fields import FIELDS
from hookline.models import Webhook
from hookline.secrets.vault import Vault
from hookline.sync.apply.store import RowReader
from hookline.sync.plan.comparing import Values, secrets_in
from hookline.sync.plan.webhooks import WantedWebhook
from hookline.webhooks.columns import canonical, signing_secret, with_kept_secrets

SIGNING: Final = "signingSecret"
# The newest of a slug comes last.
READ_DELETED: Final = {
    "postgres": """
select * from webhook
where workspace_id = $1 and sync_set = $2 and deleted_at is not null and slug = any($3::text[])
order by deleted_at, id""",
    "sqlite": """
select * from webhook
where workspace_id = $1 and sync_set = $2 and deleted_at is not null
  and slug in (select value from json_each($3))
order by deleted_at, id""",
}


async def deleted_webhooks(
    reads: RowReader, workspace_id: UUID, set_name: str, slugs: Sequence[str]
) -> dict[str, Webhook]:
    """The newest deleted webhook of the set by each of the slugs: one statement, none for none."""
    if not slugs:
        return {}
    given: Any = list(slugs) if reads.dialect == "postgres" else orjson.dumps(slugs).decode()
    rows = await reads.rows(READ_DELETED[reads.dialect], workspace_id, set_name, given)
    found: list[Webhook] = [bulk_rows.load(Webhook, row) for row in rows]
    return {row.slug: row for row in found}


def stored_secrets(wanted: WantedWebhook, row: Webhook, vault: Vault) -> dict[str, str]:
    """Secrets in clear by their paths in lower case: those of the revision that the row still has,
    and the signing secret, unless the revision had another one.
    """
    found = dict[str, str]()
    for name, value in wanted.prints.items():
        now = _by_path(name, canonical(row, vault, [name])[name])
        for path, old in secrets_in(name, value).items():
            if now.get(path.lower()) == old:
                found[path.lower()] = _opened(name, path, row, vault)
    if SIGNING not in wanted.prints:
        try:
            found[SIGNING.lower()] = signing_secret(row, vault)
        except HooklineError:
            # Sealed with a key that is gone: the webhook gets a new one.
            return found
    return found


def _by_path(name: str, value: Values | Any) -> Mapping[str, Any]:
    return {path.lower(): secret for path, secret in secrets_in(name, value).items()}


def _opened(name: str, path: str, row: Webhook, vault: Vault) -> str:
    codec, part = FIELDS[name].codec, path.removeprefix(f"{name}.")
    if isinstance(codec, SealedPair):
        pair = with_kept_secrets({name: {codec.plain_key: ""}}, row, vault)[name]
        return str(pair[codec.secret_key])
    if isinstance(codec, HeaderList):
        [header] = with_kept_secrets({name: [{"name": part}]}, row, vault)[name]
        return str(header["value"])
    return signing_secret(row, vault)
