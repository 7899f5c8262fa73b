"""Rows of the webhooks that an apply makes, changes or finds at another line. Called by writing,
in a thread and before the lock is taken: it reads no database.

Secrets leave it sealed or as fingerprints only.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hookline import ids
from hookline.access.actor import Actor
from hookline.db import bulk_rows
from hookline.db.connection import Row
from hookline.form.webhook_fields import DEFAULTS
from hookline.models import Webhook
from hookline.outbound import signing
from hookline.secrets.random_bytes import RandomBytes
from hookline.secrets.vault import Vault
from hookline.secrets.webhook_columns import SIGNING
from hookline.sync.apply.holding import ENGINE_COLUMNS
from hookline.sync.apply.store import SetState
from hookline.sync.plan.webhooks import Planned, Write
from hookline.sync.request import DIRTY, SyncRequest
from hookline.webhooks.change import SYNC_COLUMNS
from hookline.webhooks.columns import (
    Form,
    columns,
    signing_algorithm,
    with_kept_secrets,
    with_new_secret,
)
from hookline.webhooks.saving import HEALTH_RESET, RESETS_HEALTH, TURN_ON_VALUES
from hookline.webhooks.secrets import SECRET_OVERLAP


@dataclass(frozen=True, slots=True)
class WebhookRows:
    """The rows that one apply writes, by the names of their attributes. base: all columns of a new
    webhook, of which made has those that are its own; changed: the columns that change, others for
    each; moved: places in the file alone.
    """

    base: Row
    made: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    moved: list[Row] = field(default_factory=list)

    @property
    def present_ids(self) -> list[UUID]:
        """Ids of the webhooks that are there already."""
        return [row["id"] for row in (*self.changed, *self.moved)]

    @property
    def need_engine_columns(self) -> bool:
        """True when a column that deliveries write changes of some webhooks and not of others,
        which keep what they have by then.
        """
        named = {name for row in self.changed for name in row} & ENGINE_COLUMNS
        return any(not named <= row.keys() for row in self.changed)

    def completed(self, stored: Mapping[UUID, Row]) -> list[Row]:
        """The changed rows, all with the same columns. stored: where the rest comes from, as the
        engine has it.
        """
        names = {name: None for row in self.changed for name in row}
        for row in self.changed:
            if lacking := [name for name in names if name not in row]:
                row.update(bulk_rows.decoded(Webhook, stored[row["id"]], lacking))
        return self.changed


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes the rows of one apply. by: the actor as rows keep it; kept: slugs of webhooks that keep
    something that people changed.
    """

    vault: Vault
    actor: Actor
    request: SyncRequest
    plan: Planned
    state: SetState
    by: Mapping[str, Any]
    now: datetime
    kept: Set[str]
    random: RandomBytes = field(init=False, default_factory=RandomBytes)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vault", self.vault.with_random(self.random))

    def rows(self) -> WebhookRows:
        rows, written, planned = WebhookRows(self._base()), set(), self._planned()
        for write in self.plan.writes:
            written.add(write.slug)
            if write.live is None:
                rows.made.append(self._made(write))
            else:
                row: Webhook = bulk_rows.view(Webhook, self.state.rows[write.live.id])
                rows.changed.append({"id": row.id, **self._changed(write, row)})
        moved = list(self._moved(planned - written))
        # Along with the changed rows in their statement: an apply stays within 12 statements.
        (rows.changed or rows.moved).extend(moved)
        return rows

    def _moved(self, slugs: set[str]) -> Iterable[Row]:
        for live in self.state.stored:
            if live.slug in slugs:
                position = self._position(live.slug)
                if not self._stays(live.position, position):
                    yield {"id": live.id, **position}

    def _planned(self) -> set[str]:
        """Slugs of the file whose places are written down."""
        wanted, only = self.request.document.webhooks.keys(), self.request.options.only
        return set(wanted & only if only else wanted)

    def _stays(self, last: tuple[str | None, int | None, str | None], now: Row) -> bool:
        """True when a webhook that does not change stands where it stood. Its commit alone is no
        reason to write it, but where the last one never held it.
        """
        is_dirty = (last[2] or "").endswith(DIRTY) and not self.request.source.is_dirty
        return last[:2] == (now["sync_file"], now["sync_line"]) and not is_dirty

    def _base(self) -> Row:
        """A new webhook whose file says nothing about it: made once, not for each of thousands."""
        workspace_id = self.actor.workspace_id
        # Nothing in the defaults is secret, so it makes no difference whose they are.
        defaults = columns(DEFAULTS, workspace_id, workspace_id, self.vault)
        return bulk_rows.new_row(
            Webhook,
            workspace_id=workspace_id,
            created_at=self.now,
            created_by=self.by,
            modified_at=self.now,
            modified_by=self.by,
            sync_set=self.request.document.set_name,
            **defaults,
        )

    def _made(self, write: Write) -> Row:
        key = ids.uuid7()
        secret = write.values.get("signingSecret") or signing.new_secret(
            write.values.get("signingAlgorithm", signing.HMAC_SHA256), self.random
        )
        form = {**write.values, "signingSecret": secret}
        return {
            "id": key,
            "slug": write.slug,
            "sync_applied": dict(write.applied),
            "sync_ignored": sorted(write.ignored) or None,
            "sync_version": self._settled_version(write, 1),
            **self._position(write.slug),
            **columns(form, key, self.actor.workspace_id, self.vault),
        }

    def _changed(self, write: Write, row: Webhook) -> dict[str, Any]:
        """The columns that change."""
        values = columns(self._whole(write, row), row.id, row.workspace_id, self.vault)
        if secret := self._new_secret(write.values, row):
            values[SIGNING] = with_new_secret(row, secret, SECRET_OVERLAP, self.now, self.vault)
        values.update(
            sync_set=self.request.document.set_name,
            sync_applied=dict(write.applied),
            sync_ignored=sorted(write.ignored) or None,
            sync_version=self._settled_version(write, row.version + write.is_visible),
            sync_removed_at=self.now if write.is_removed else None,
        )
        if write.is_moved:
            values["slug"] = write.slug
        if write.is_released:
            values.update(dict.fromkeys(SYNC_COLUMNS))
        elif write.is_deleted:
            # As by hand: the log stays, and the engine's sweep cancels what is open.
            values.update(deleted_at=self.now, exhausted_count=0, sync_removed_at=self.now)
        # What left the file has no line in it: there is another webhook by now.
        elif write.is_removed:
            values["sync_line"] = None
        else:
            values.update(self._position(write.slug))
        # Equal content bumps no version: nobody's ifVersion fails, no claim loads the webhook anew.
        if write.is_visible:
            values.update(version=row.version + 1, modified_at=self.now, modified_by=self.by)
        if write.values.get("active") is True or "url" in write.values or write.is_reenabled:
            # A new URL may have mended what turned it off by itself.
            values.update(TURN_ON_VALUES)
        elif RESETS_HEALTH & write.values.keys():
            values.update(HEALTH_RESET)
        return values

    def _settled_version(self, write: Write, version: int) -> int | None:
        """The version, where the webhook is left as its file wants it: neither with what people
        changed, nor with secrets of a time after its revision.
        """
        return None if write.slug in self.kept or self.request.restored else version

    def _whole(self, write: Write, row: Webhook) -> Form:
        """The values with the stored secrets that a rollback keeps."""
        if self.request.restored is None:
            return write.values
        given = {name: value for name, value in write.values.items() if name != "signingSecret"}
        return with_kept_secrets(given, row, self.vault)

    def _position(self, slug: str) -> dict[str, Any]:
        position = self.request.document.webhooks[slug].position
        file, line = (position.file, position.line) if position.file else (None, None)
        commit = self.request.source.recorded_commit
        return {"sync_file": file, "sync_line": line, "sync_commit": commit}

    def _new_secret(self, values: Mapping[str, Any], row: Webhook) -> str | None:
        """The secret that a webhook changes to: the file's, or one for its new algorithm; None when
        it keeps its own.
        """
        algorithm = values.get("signingAlgorithm", signing_algorithm(row))
        given: str | None = values.get("signingSecret")
        if given or algorithm == signing_algorithm(row):
            return given
        return signing.new_secret(algorithm, self.random)
