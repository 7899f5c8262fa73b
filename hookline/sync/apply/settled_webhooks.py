"""Webhooks that are as they were applied last and as the file wants them: told by a few columns,
without opening their secrets and comparing their fields. Called by store and drift.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hookline.db.connection import Row
from hookline.models.column_types import UuidColumn, json_text
from hookline.secrets.vault import Vault
from hookline.sync.plan.webhooks import StoredWebhook, WantedWebhook
from hookline.sync.request import DIRTY, SyncRequest

# An apply notes the version that it leaves a webhook at where all that the file owns of it is as
# the file wants it. Every change by people and by applies raises the version, so that a webhook
# that still has it, and of which the file wants the same, is neither changed nor drifted. A secret
# whose key is gone opens no more, which a comparison would find: then all is compared. Rows that
# were written past Hookline without another version are not found.

_SEALED: Final = ("headers", "secret_header_sealed", "basic_auth_sealed", "signing_secrets")
UNTOUCHED_COLUMNS: Final = f"id, slug, version, sync_version, {', '.join(_SEALED)}"
COLUMNS: Final = f"""{UNTOUCHED_COLUMNS}, sync_set, sync_file, sync_line, sync_commit,
  sync_applied, sync_ignored, sync_removed_at, auto_disabled_at, listener_expires_at"""
_to_uuid: Final = UuidColumn().to_python_value
_KEY_ID: Final = re.compile(r"\bv1\.([^.\"]*)\.")


@dataclass(frozen=True, slots=True)
class SettledCheck:
    """A file's wish, for telling the present webhooks that stay as they are."""

    request: SyncRequest
    wanted: Sequence[WantedWebhook]
    vault: Vault

    def settled(self, rows: Sequence[Row]) -> dict[Any, StoredWebhook]:
        """The webhooks among the rows, which have COLUMNS, that stay as they are, by their ids as
        the engine has them.
        """
        document, options = self.request.document, self.request.options
        others = {*options.reenable}
        for move in document.moves:
            others |= {move.source, move.target}
        wanted = {item.slug: item for item in self.wanted if item.slug not in others}
        untouched = Untouched(self.vault.key_ids)
        found = dict[Any, StoredWebhook]()
        for row in rows:
            item = wanted.get(row["slug"])
            if item is not None and self._is_settled(row, item, untouched):
                found[row["id"]] = _stored(row, item)
        return found

    def _is_settled(self, row: Row, item: WantedWebhook, untouched: "Untouched") -> bool:
        return (
            untouched.holds(row)
            and row["sync_set"] == self.request.document.set_name
            and row["sync_removed_at"] is None
            and row["listener_expires_at"] is None
            and self._stays(row, item)
            and row["sync_ignored"] == _ignored_text(item)
            and row["sync_applied"] == _applied_text(item)
        )

    def _stays(self, row: Row, item: WantedWebhook) -> bool:
        """True when its place in the file is not to be written."""
        position = item.position
        place = (position.file, position.line) if position.file else (None, None)
        is_dirty = (row["sync_commit"] or "").endswith(DIRTY)
        return place == (row["sync_file"], row["sync_line"]) and not is_dirty


class Untouched:
    """Tells webhooks that nobody changed since their apply, and whose secrets open, by the rows'
    UNTOUCHED_COLUMNS. key_ids: of the vault.
    """

    def __init__(self, key_ids: Collection[str]) -> None:
        self._key_ids = key_ids
        # As sealed texts begin.
        self._signs = [f"v1.{key_id}." for key_id in key_ids]

    def holds(self, row: Row) -> bool:
        return row["version"] == row["sync_version"] and self._opens(row)

    def _opens(self, row: Row) -> bool:
        text = " ".join([row[name] for name in _SEALED if row[name]])
        # The usual case without a look at each character: a known key behind each sign of one.
        if text.count("v1.") == sum(map(text.count, self._signs)):
            return True
        return all(key_id in self._key_ids for key_id in _KEY_ID.findall(text))


def _applied_text(item: WantedWebhook) -> str | None:
    """The column `sync_applied` of a webhook that was given just this; None where a secret is not
    known.
    """
    ignored, applied = item.lifecycle.ignored, item.prints
    if ignored:
        applied = {name: value for name, value in applied.items() if name not in ignored}
    try:
        return json_text(applied)
    except orjson.JSONEncodeError:
        return None


def _ignored_text(item: WantedWebhook) -> str | None:
    ignored = sorted(item.lifecycle.ignored)
    return json_text(ignored) if ignored else None


def _stored(row: Row, item: WantedWebhook) -> StoredWebhook:
    return StoredWebhook(
        id=_to_uuid(row["id"]),
        slug=item.slug,
        form={},
        version=row["version"],
        set_name=row["sync_set"],
        applied=item.prints,
        changed_by="",
        ignored=item.lifecycle.ignored,
        is_removed=False,
        position=(row["sync_file"], row["sync_line"], row["sync_commit"]),
        is_auto_disabled=row["auto_disabled_at"] is not None,
        is_settled=True,
    )
