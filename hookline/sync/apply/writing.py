"""An apply's rows: webhooks, the set, its revision, the activity. Called by applying inside its
transaction, once nothing blocks the plan.

Secrets leave it sealed or as fingerprints only.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.activity.writer import append_activity, bump_match_version
from hookline.db import bulk_rows
from hookline.db.connection import Row, UnitOfWork
from hookline.large_work import free_later
from hookline.models import SyncRevision, Webhook
from hookline.outbound import signing
from hookline.runtime import Runtime
from hookline.secrets.webhook_columns import SIGNING
from hookline.sync.apply import store
from hookline.sync.apply.content import Content
from hookline.sync.apply.origin import origin_of
from hookline.sync.apply.store import RowsToWrite, SetState
from hookline.sync.apply.unchanged import moved_commit, receipt_of
from hookline.sync.plan.authors import DISPUTED
from hookline.sync.plan.changes import Change, ChangeKind
from hookline.sync.plan.webhooks import Planned, Write
from hookline.sync.policy import NO_POLICY, DriftPolicy, recorded
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

_ACTIONS: Final = {
    ChangeKind.CREATE: "webhook.create",
    ChangeKind.DISABLE: "webhook.disable",
    ChangeKind.DELETE: "webhook.delete",
    ChangeKind.RELEASE: "webhook.release",
    ChangeKind.MOVE: "webhook.move",
}


@dataclass(frozen=True, slots=True)
class Writing:
    """One apply, inside its transaction."""

    runtime: Runtime
    actor: Actor
    request: SyncRequest
    content: Content
    plan: Planned
    state: SetState

    async def write(self, work: UnitOfWork) -> SyncRevision | None:
        """The new revision; None when nothing changes that people see."""
        workspace_id, set_name = self.actor.workspace_id, self.request.document.set_name
        state, hub = self.state, self.runtime.hub
        now, set_id = clock.now(), state.id or ids.uuid7()
        number = self.plan.base + self.plan.has_effect
        # Off the loop: each secret is sealed, and there may be thousands.
        rows = await asyncio.to_thread(self._rows, number, now)
        for part in (rows.made, rows.changed, rows.moved):
            free_later(part)
        await store.write_webhooks(work, rows)
        revision = None
        if self.plan.has_effect:
            revision = await asyncio.to_thread(self._revision, set_id, number, now)
            free_later(revision.changes)
        policy = orjson.dumps(self._policy()).decode()
        receipt = receipt_of(self.runtime, self.request, self.plan)
        origin = origin_of(self.actor, self.request)
        source = orjson.dumps(origin).decode() if origin else None
        columns = (*self._commit(), policy, now, receipt, source)
        values = (set_id, workspace_id, set_name, number, *columns)
        await store.write_set(work, values, revision)
        await store.write_commit(work, self._committed())
        entries = free_later(await asyncio.to_thread(self._audit, rows, number))
        await store.write_audit(work, entries)
        if revision is not None:
            # Last, and in this order: both lock a row of the workspace, for which publishers and
            # every other change wait (docs/engine.md, Locks).
            await bump_match_version(work, hub, workspace_id)
            activity = self._activity(revision, rows.made)
            await append_activity(work, hub, workspace_id, activity)
        return revision

    def _commit(self) -> tuple[str | None, datetime | None]:
        """The set's commit and its time from now on."""
        source, state = self.request.source, self.state
        # The rest of that commit waits; what a rollback brings back is older than the last one.
        if self.request.options.only or self.request.restored:
            return state.commit, state.committed_at
        if not self.plan.has_effect:
            return moved_commit(source, state)
        return source.recorded_commit or state.commit, source.committed_at or state.committed_at

    def _policy(self) -> dict[str, Any]:
        """The policy that the next apply's is compared with. An apply of a part leaves it."""
        document, state = self.request.document, self.state
        if self.request.options.only:
            return recorded(state.policy or NO_POLICY, state.protected)
        protected = (
            item.slug for item in document.webhooks.values() if item.lifecycle.prevents_destroy
        )
        return recorded(document.policy, protected)

    def _committed(self) -> SyncRevision | None:
        """The newest revision with this commit, where its own never held the file and this one
        does; who applied it and when stays.
        """
        source, last = self.request.source, self.state.revision
        is_clean = source.commit is not None and source.is_dirty is False
        is_whole = is_clean and not self.request.options.only
        if last is None or self.plan.has_effect or not is_whole or not last.is_dirty:
            return None
        if last.digest != self.content.digest:
            return None
        return last.update_from_dict(
            {
                "commit": source.commit,
                "branch": source.branch,
                "author": source.author,
                "repository": source.repository,
                "is_dirty": False,
            }
        )

    def _audit(self, rows: RowsToWrite, number: int) -> list[Row]:
        """An entry for each webhook that people see a change of."""
        keys = {row["slug"]: row["id"] for row in rows.made}
        by = self._by(number)
        entries = []
        is_kept = self.plan.limits.on_drift is not DriftPolicy.OVERWRITE
        gone = {write.slug: write.live for write in self.plan.writes if write.is_deleted}
        for change in self.plan.changes:
            # Else the file would stand for who changed a field that it left as it is.
            if change.kind in DISPUTED and is_kept:
                continue
            key = change.webhook_id or keys.get(change.slug)
            live = gone.get(change.slug)
            before, after = _values(change, self.request.document.set_name)
            if live is not None:
                before, after = {"slug": live.slug, **live.form}, None
            action = _ACTIONS.get(change.kind, "webhook.update")
            at = ("wh", key) if key else None
            entries.append(audit.entry(self.actor.workspace_id, by, action, at, before, after))
        return entries

    def _by(self, number: int) -> dict[str, Any]:
        source = self.request.source
        return self.actor.stored_of_sync(
            self.request.document.set_name, number, source.recorded_commit, source.branch
        )

    def _rows(self, number: int, now: datetime) -> RowsToWrite:
        by = self._by(number)
        rows, written, planned = RowsToWrite(), set(), self._planned()
        for write in self.plan.writes:
            written.add(write.slug)
            if write.live is None:
                rows.made.append(self._made(write, by, now))
            else:
                rows.changed.append(self._changed(write, self._row(write.live.id), by, now))
        for live in self.state.stored:
            if live.slug not in written and live.slug in planned:
                position = self._position(live.slug)
                if self._stays(live.position, position):
                    continue
                # Along with the changed rows in their statement: an apply stays within 12
                # statements.
                if rows.changed:
                    rows.changed.append(
                        bulk_rows.attributes(self._row(live.id).update_from_dict(position))
                    )
                else:
                    rows.moved.append({"id": live.id, **position})
        return rows

    def _row(self, webhook_id: UUID) -> Webhook:
        row: Webhook = bulk_rows.load(Webhook, self.state.rows[webhook_id])
        return row

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

    def _made(self, write: Write, by: Mapping[str, Any], now: datetime) -> Row:
        key = ids.uuid7()
        secret = write.values.get("signingSecret") or signing.new_secret(
            write.values.get("signingAlgorithm", signing.HMAC_SHA256)
        )
        form = {**write.values, "signingSecret": secret}
        return bulk_rows.new_row(
            Webhook,
            id=key,
            workspace_id=self.actor.workspace_id,
            slug=write.slug,
            created_at=now,
            created_by=by,
            modified_at=now,
            modified_by=by,
            sync_set=self.request.document.set_name,
            sync_applied=dict(write.applied),
            sync_ignored=sorted(write.ignored) or None,
            **self._position(write.slug),
            **columns(form, key, self.actor.workspace_id, self.runtime.vault),
        )

    def _changed(self, write: Write, row: Webhook, by: Mapping[str, Any], now: datetime) -> Row:
        values = columns(self._whole(write, row), row.id, row.workspace_id, self.runtime.vault)
        if secret := _new_secret(write.values, row):
            values[SIGNING] = with_new_secret(row, secret, SECRET_OVERLAP, now, self.runtime.vault)
        values.update(
            sync_set=self.request.document.set_name,
            sync_applied=dict(write.applied),
            sync_ignored=sorted(write.ignored) or None,
            sync_removed_at=now if write.is_removed else None,
        )
        if write.is_moved:
            values["slug"] = write.slug
        if write.is_released:
            values.update(dict.fromkeys(SYNC_COLUMNS))
        elif write.is_deleted:
            # As by hand: the log stays, and the engine's sweep cancels what is open.
            values.update(deleted_at=now, exhausted_count=0)
        # What left the file has no line in it: there is another webhook by now.
        elif write.is_removed:
            values["sync_line"] = None
        else:
            values.update(self._position(write.slug))
        # Equal content bumps no version: nobody's ifVersion fails, no claim loads the webhook anew.
        if write.is_visible:
            values.update(version=row.version + 1, modified_at=now, modified_by=by)
        if write.values.get("active") is True or "url" in write.values or write.is_reenabled:
            # A new URL may have mended what turned it off by itself.
            values.update(TURN_ON_VALUES)
        elif RESETS_HEALTH & write.values.keys():
            values.update(HEALTH_RESET)
        row.update_from_dict(values)
        return bulk_rows.attributes(row)

    def _whole(self, write: Write, row: Webhook) -> Form:
        """The values with the stored secrets that a rollback keeps."""
        if self.request.restored is None:
            return write.values
        given = {name: value for name, value in write.values.items() if name != "signingSecret"}
        return with_kept_secrets(given, row, self.runtime.vault)

    def _position(self, slug: str) -> dict[str, Any]:
        position = self.request.document.webhooks[slug].position
        file, line = (position.file, position.line) if position.file else (None, None)
        commit = self.request.source.recorded_commit
        return {"sync_file": file, "sync_line": line, "sync_commit": commit}

    def _revision(self, set_id: UUID, number: int, now: datetime) -> SyncRevision:
        source = self.request.source
        updated = [
            write
            for write in self.plan.writes
            if write.live
            and write.is_visible
            and write.slug in self.request.document.webhooks
            # A new slug alone is counted as moved.
            and (write.values or not write.is_moved)
        ]
        return SyncRevision(
            id=ids.uuid7(),
            workspace_id=self.actor.workspace_id,
            set_id=set_id,
            number=number,
            digest=self.content.digest,
            snapshot=self.content.snapshot,
            policy=self._policy(),
            restores=self.request.restored.number if self.request.restored else None,
            changes=[_recorded(change) for change in self.plan.changes],
            commit=source.commit,
            branch=source.branch,
            author=source.author,
            message=self.request.message,
            run_url=source.run_url,
            repository=source.repository,
            is_dirty=source.is_dirty,
            actor=self.actor.stored,
            created=self.plan.count(ChangeKind.CREATE),
            updated=len(updated),
            disabled=self.plan.count(ChangeKind.DISABLE),
            moved=self.plan.count(ChangeKind.MOVE),
            deleted=self.plan.count(ChangeKind.DELETE),
            idempotency_key=self.request.idempotency_key,
            applied_at=now,
        )

    def _activity(
        self, revision: SyncRevision, made: list[Row]
    ) -> list[tuple[ActivityKind, UUID, UUID | None]]:
        """The revision, then what happened to each webhook."""
        entries: list[tuple[ActivityKind, UUID, UUID | None]] = [
            (ActivityKind.SYNC_APPLIED, revision.id, None)
        ]
        entries += [(ActivityKind.WEBHOOK_CREATED, row["id"], row["id"]) for row in made]
        for write in self.plan.writes:
            if write.live is not None and write.is_visible:
                entries += [(kind, write.live.id, write.live.id) for kind in _kinds(write)]
        return entries


def _new_secret(values: Mapping[str, Any], row: Webhook) -> str | None:
    """The secret that a webhook changes to: the file's, or one for its new algorithm; None when it
    keeps its own.
    """
    algorithm = values.get("signingAlgorithm", signing_algorithm(row))
    given: str | None = values.get("signingSecret")
    return given or (None if algorithm == signing_algorithm(row) else signing.new_secret(algorithm))


def _kinds(write: Write) -> list[ActivityKind]:
    """The activity kind for a webhook that was there before."""
    if write.is_deleted:
        return [ActivityKind.WEBHOOK_DELETED]
    if write.is_reenabled and not write.values:
        return [ActivityKind.WEBHOOK_ACTIVATED]
    kinds = [] if write.values.keys() == {"active"} else [ActivityKind.WEBHOOK_UPDATED]
    if "active" in write.values:
        kinds.append(
            ActivityKind.WEBHOOK_ACTIVATED
            if write.values["active"]
            else ActivityKind.WEBHOOK_DEACTIVATED
        )
    return kinds


def _values(change: Change, set_name: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Values of an audit entry, before and after the change."""
    if change.kind is ChangeKind.MOVE:
        return {"slug": change.moved_from}, {"slug": change.slug}
    if change.kind is ChangeKind.RELEASE and not change.fields:
        return {"managedBy": set_name}, {"managedBy": None}
    if change.kind is ChangeKind.RELEASE:
        # The values stay; the file's hold on them ends.
        return {"lockedFields": [item.field for item in change.fields]}, {"lockedFields": []}
    after = {item.field: item.after for item in change.fields}
    if change.kind is ChangeKind.CREATE:
        return None, after
    # live: of drift, before is what was applied last, which people had changed since.
    return {item.field: item.live for item in change.fields}, after


def _recorded(change: Change) -> dict[str, Any]:
    """A change as its revision remembers it, for people: nothing secret."""
    fields = [
        {
            "field": item.field,
            "before": item.before,
            "after": item.after,
            "changedSecrets": list(item.changed_secrets),
        }
        for item in change.fields
    ]
    moved = {"movedFrom": change.moved_from} if change.moved_from else {}
    return {"kind": str(change.kind), "slug": change.slug, **moved, "fields": fields}
