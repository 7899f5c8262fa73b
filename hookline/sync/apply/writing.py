"""All that an apply writes: webhooks, the set, its revision, the activity. Made by applying before
its transaction, once nothing blocks the plan, and written inside of it.

Secrets leave it sealed or as fingerprints only.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

import orjson
from tortoise.models import Model

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.activity.writer import (
    EncodedActivity,
    Entry,
    append_encoded,
    bump_match_version,
    encode_activity,
)
from hookline.db import bulk_rows
from hookline.db.bulk_rows import Columns, EncodedRows
from hookline.db.connection import Row, UnitOfWork
from hookline.deliveries.queue.base import TARGET_COLUMNS
from hookline.deliveries.registry import PreparedChange, Registry
from hookline.large_work import free_later
from hookline.models import AuditEntry, SyncRevision, Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import deletions, store
from hookline.sync.apply.content import Content
from hookline.sync.apply.origin import origin_of
from hookline.sync.apply.store import SetState
from hookline.sync.apply.unchanged import moved_commit, owned_after, receipt_of
from hookline.sync.apply.webhook_rows import RowMaker, WebhookRows
from hookline.sync.plan.authors import DISPUTED
from hookline.sync.plan.changes import Change, ChangeKind
from hookline.sync.plan.webhooks import Planned, Write
from hookline.sync.policy import NO_POLICY, DriftPolicy, recorded
from hookline.sync.request import SyncRequest

_ACTIONS: Final = {
    ChangeKind.CREATE: "webhook.create",
    ChangeKind.DISABLE: "webhook.disable",
    ChangeKind.DELETE: "webhook.delete",
    ChangeKind.RELEASE: "webhook.release",
    ChangeKind.MOVE: "webhook.move",
}


_MANY_ROWS: Final = 1_000
"""New webhooks, behind which a database's plans of lists may be wrong."""
_LISTED_BY: Final = ("workspace_id", "deleted_at")
"""Columns that every list of webhooks asks for: a look at these takes 0.03 s, at all 0.3."""


@dataclass(frozen=True, slots=True)
class PreparedApply:
    """All that an apply writes, encoded as far as it can be before the lock. rows: of webhooks;
    changed: those that change, None where they wait for what deliveries write.
    """

    rows: WebhookRows
    made: EncodedRows | None
    changed: EncodedRows | None
    moved: EncodedRows | None
    set_values: Sequence[Any]
    revision: SyncRevision | None
    encoded_revision: EncodedRows | None
    committed: SyncRevision | None
    deleted: Sequence[UUID]
    """Webhooks that people have deleted, and of which this apply is the last word."""
    now: datetime
    audit: EncodedRows | None
    activity: EncodedActivity
    next_targets: PreparedChange | None
    """The webhooks as this process matches and sends by them; None where it is to load them."""

    async def write(
        self, work: UnitOfWork, runtime: Runtime, workspace_id: UUID, held: Mapping[UUID, Row]
    ) -> None:
        """Writes it. held: rows of the webhooks that were there before, locked."""
        if self.made:
            await bulk_rows.insert_encoded(work, self.made)
            if len(self.rows.made) >= _MANY_ROWS:
                await bulk_rows.analyze(work, Webhook, *_LISTED_BY)
        changed = self.changed
        if self.rows.changed and changed is None:
            rows = await asyncio.to_thread(self.rows.completed, held)
            changed = await asyncio.to_thread(bulk_rows.encode_rows, work.dialect, Webhook, rows)
        for part in (changed, self.moved):
            if part:
                await bulk_rows.update_encoded(work, part)
        await store.write_set(work, self.set_values, self.encoded_revision)
        await store.write_commit(work, self.committed)
        await deletions.settle(work, self.deleted, self.now)
        if self.audit:
            await bulk_rows.insert_encoded(work, self.audit)
        if self.revision is not None:
            # Last, and in this order: both lock a row of the workspace, for which publishers and
            # every other change wait (docs/engine.md, Locks).
            version = await bump_match_version(work, runtime.hub, workspace_id)
            if self.next_targets:
                _expect(work, runtime.registry, self.next_targets, version)
            await append_encoded(work, runtime.hub, workspace_id, self.activity)


def _expect(work: UnitOfWork, registry: Registry, change: PreparedChange, version: int) -> None:
    registry.expect(change, version)
    work.after_commit(lambda: registry.take(change))
    work.at_end(lambda: registry.forget(change))


@dataclass(frozen=True, slots=True)
class Writing:
    """One apply: what it writes is made of a plan and of the state that was planned from."""

    runtime: Runtime
    actor: Actor
    request: SyncRequest
    content: Content
    plan: Planned
    state: SetState
    deleted: Sequence[UUID] = ()

    def prepare(self, dialect: str) -> PreparedApply:
        """In a thread: each secret is sealed, and there may be thousands."""
        now, set_id = clock.now(), self.state.id or ids.uuid7()
        number = self.plan.base + self.plan.has_effect
        vault, by = self.runtime.vault, self._by(number)
        rows = RowMaker(
            vault, self.actor, self.request, self.plan, self.state, by, now, self._kept()
        ).rows()
        for part in (rows.made, rows.changed, rows.moved):
            free_later(part)
        revision = self._revision(set_id, number, now) if self.plan.has_effect else None
        is_complete = rows.changed and not rows.need_engine_columns
        changed = rows.completed(self.state.rows) if is_complete else ()

        def encoded(model: type[Model], part: Sequence[Row]) -> EncodedRows | None:
            return bulk_rows.encode_rows(dialect, model, part) if part else None

        def new(model: type[Model], part: Columns) -> EncodedRows | None:
            return bulk_rows.encode_new(dialect, model, part) if part else None

        revisions = [bulk_rows.attributes(revision)] if revision else []
        activity = self._activity(revision, rows.made) if revision else ()
        made = bulk_rows.as_texts(Webhook, rows.made, rows.base)
        audit_entries = bulk_rows.as_texts(AuditEntry, free_later(self._audit(rows, number)))
        return PreparedApply(
            rows,
            new(Webhook, made),
            encoded(Webhook, changed),
            encoded(Webhook, rows.moved),
            self._set_values(set_id, number, now),
            revision,
            encoded(SyncRevision, revisions),
            self._committed(),
            self.deleted,
            now,
            new(AuditEntry, audit_entries),
            encode_activity(dialect, activity),
            self._next_targets(made, rows.changed) if revision else None,
        )

    def _next_targets(self, made: Columns, changed: Sequence[Row]) -> PreparedChange | None:
        """The webhooks after the apply, as this process matches and sends by them. made: columns of
        new ones, as texts; changed: the columns that change of others, or more of them.
        """
        gone = {write.live.id for write in self.plan.writes if write.live and write.is_deleted}
        alike: dict[tuple[str, ...], list[Row]] = {}
        for row in changed:
            if row["id"] not in gone:
                names = tuple(name for name in TARGET_COLUMNS if name in row)
                alike.setdefault(names, []).append({name: row[name] for name in names})
        texts = [bulk_rows.as_texts(Webhook, rows) for rows in alike.values()]
        registry, workspace_id = self.runtime.registry, self.actor.workspace_id
        others = chain.from_iterable(map(_target_rows, texts))
        return registry.prepare(workspace_id, _target_rows(made), others, gone)

    def _kept(self) -> set[str]:
        """Slugs of webhooks with fields that stay as people changed them."""
        if self.plan.limits.on_drift is DriftPolicy.OVERWRITE:
            return set()
        return {change.slug for change in self.plan.changes if change.kind in DISPUTED}

    def _set_values(self, set_id: UUID, number: int, now: datetime) -> Sequence[Any]:
        """The set's row, in the order of SAVE_SET's columns."""
        receipt = receipt_of(self.runtime, self.request, self.plan)
        origin = origin_of(self.actor, self.request)
        set_name = self.request.document.set_name
        return (
            set_id,
            self.actor.workspace_id,
            set_name,
            number,
            *self._commit(),
            orjson.dumps(self._policy()).decode(),
            now,
            receipt,
            orjson.dumps(origin).decode() if origin else None,
            *owned_after(set_name, self.state, self.plan),
        )

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

    def _audit(self, rows: WebhookRows, number: int) -> list[Row]:
        """An entry for each webhook that people see a change of."""
        keys = {row["slug"]: row["id"] for row in rows.made}
        # One object for all entries, which is encoded once.
        by = audit.with_client(self._by(number))
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
                before, after = audit.masked({"slug": live.slug, **live.form}), None
            action = _ACTIONS.get(change.kind, "webhook.update")
            at = ("wh", key) if key else None
            entry = audit.entry_of_masked
            entries.append(entry(self.actor.workspace_id, by, action, at, before, after))
        return entries

    def _by(self, number: int) -> dict[str, Any]:
        source = self.request.source
        return self.actor.stored_of_sync(
            self.request.document.set_name, number, source.recorded_commit, source.branch
        )

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
            policy={**self._policy(), "changes": list(self.plan.policy_changes)},
            restores=self.request.restored.number if self.request.restored else None,
            changes=[_recorded(change, self.plan.limits.on_drift) for change in self.plan.changes],
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

    def _activity(self, revision: SyncRevision, made: list[Row]) -> list[Entry]:
        """The revision, then what happened to each webhook."""
        entries: list[Entry] = [(ActivityKind.SYNC_APPLIED, revision.id, None)]
        entries += [(ActivityKind.WEBHOOK_CREATED, row["id"], row["id"]) for row in made]
        for write in self.plan.writes:
            if write.live is not None and write.is_visible:
                entries += [(kind, write.live.id, write.live.id) for kind in _kinds(write)]
        return entries


def _target_rows(columns: Columns) -> Iterator[Row]:
    """Those of the columns that targets are made of."""
    names = [name for name in TARGET_COLUMNS if name in columns]
    for row in zip(*[columns[name] for name in names], strict=True):
        yield dict(zip(names, row, strict=True))


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
    if change.kind is ChangeKind.CREATE:
        return None, dict(change.after)
    # live: of drift, before is what was applied last, which people had changed since.
    return {item.field: item.live for item in change.fields}, dict(change.after)


def _recorded(change: Change, on_drift: DriftPolicy) -> dict[str, Any]:
    """A change as its revision remembers it, for people: nothing secret. Of a new webhook the
    values by their field, in place of `fields`: nothing was before them. Of drift what it was
    changed to by hand, and whether it was kept.
    """
    if change.kind is ChangeKind.CREATE:
        return {"kind": str(change.kind), "slug": change.slug, "values": change.after}
    fields = [
        {
            "field": item.field,
            "before": item.before,
            "after": item.after,
            "changedSecrets": list(item.changed_secrets),
            **({"live": item.live} if change.kind in DISPUTED else {}),
        }
        for item in change.fields
    ]
    recorded: dict[str, Any] = {"kind": str(change.kind), "slug": change.slug, "fields": fields}
    if change.moved_from:
        recorded["movedFrom"] = change.moved_from
    if change.kind in DISPUTED:
        recorded["kept"] = on_drift is DriftPolicy.KEEP
    return recorded
