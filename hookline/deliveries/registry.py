"""The webhooks in memory, as matching and sending need them. One per process; publishes and
claims say when a workspace's snapshot is stale.

It is a copy: the truth is in the database, whose match version says when the copy is stale.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from hookline.clock import monotonic
from hookline.db.connection import Row
from hookline.deliveries.matching import MatchIndex
from hookline.deliveries.queue.base import LoadedWorkspace, Queue, Stamp
from hookline.deliveries.target import Target
from hookline.large_work import keep_made
from hookline.messaging.hub import EVERYTHING, Hub
from hookline.outages import SETTLE_SECONDS, Outage
from hookline.secrets.vault import Vault
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

_FEW_ROWS: Final = 50
_FEW_WEBHOOKS: Final = 1_000
"""Webhooks that changed, and of the workspace: up to so many are loaded on the loop, in 20 ms."""


@dataclass(frozen=True)
class Catalogue:
    """The event types that a workspace knows. strict: those whose data must meet a schema, with its
    JSON text; is_closed: others are refused.
    """

    strict: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    is_closed: bool = False


@dataclass(frozen=True)
class WorkspaceSnapshot:
    """One workspace at one match version. asked_at: monotonic seconds, before the question was
    asked.
    """

    version: int
    stamps: Mapping[UUID, Stamp]
    index: MatchIndex
    catalogue: Catalogue
    asked_at: float


class _Changes(NamedTuple):
    """Webhooks of one workspace that are new or others, those that are no more, and its index."""

    changed: list[Target]
    gone: list[Target]
    matching: MatchIndex


@dataclass(eq=False, slots=True)
class PreparedChange:
    """The webhooks of a workspace as a transaction leaves them, made before it commits. base: the
    snapshot that it changes; stamps: of all webhooks after it.
    """

    workspace_id: UUID
    base: WorkspaceSnapshot
    stamps: Mapping[UUID, Stamp]
    parts: _Changes
    version: int = 0
    """The match version from the commit on, once the transaction has it."""
    asked_at: float = 0.0
    """Monotonic seconds, as of a snapshot: nobody else changes anything from then to the commit."""
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)


class Registry:
    def __init__(self, queue: Queue, hub: Hub, vault: Vault) -> None:
        self._queue, self._hub, self._vault = queue, hub, vault
        self._snapshots: dict[UUID, WorkspaceSnapshot] = {}
        self._targets: dict[UUID, Target] = {}
        self._expected: dict[UUID, PreparedChange] = {}
        """By workspace: of a transaction that is about to commit."""
        self._loading = asyncio.Lock()
        self._outage = Outage(log, "webhooks are not looked at", SETTLE_SECONDS)
        self._unsubscribe: Callable[[], None] = lambda: None
        self._on_change: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._refreshing: asyncio.Task[None] | None = None
        self.refreshed_at = 0.0
        """Monotonic seconds: since when every snapshot is known to have been right."""

    async def open(self) -> None:
        self._unsubscribe = self._hub.subscribe("match", self._on_announcement)
        await self.refresh()

    async def close(self) -> None:
        self._unsubscribe()
        await end_tasks(*self._tasks, *filter(None, (self._refreshing,)))

    def on_change(self, call: Callable[[], None]) -> None:
        """call: is called on the loop after webhooks were loaded anew."""
        self._on_change.append(call)

    def target(self, webhook_id: UUID) -> Target | None:
        return self._targets.get(webhook_id)

    def target_ids(self) -> set[UUID]:
        return set(self._targets)

    def version(self, workspace_id: UUID) -> int | None:
        snapshot = self._snapshots.get(workspace_id)
        return snapshot.version if snapshot else None

    async def snapshot(self, workspace_id: UUID) -> WorkspaceSnapshot:
        """The workspace's snapshot, loaded if it was never asked for."""
        return self._snapshots.get(workspace_id) or await self.reload(workspace_id, None)

    def prepare(
        self,
        workspace_id: UUID,
        made: Iterable[Row],
        changed: Iterable[Row],
        gone: Collection[UUID],
    ) -> PreparedChange | None:
        """The workspace with these webhooks, and without those that are gone; None where it was
        never loaded. made: TARGET_COLUMNS of new ones; changed: some of the columns of others,
        and the id. In a thread for many: changes nothing.
        """
        # First: where others change it from here on, the change is of no use.
        if (base := self._snapshots.get(workspace_id)) is None:
            return None
        targets = [Target(row, self._vault) for row in made]
        for row in changed:
            if (before := self._targets.get(row["id"])) is None:
                return None
            targets.append(before.changed(row))
        stamps = {**base.stamps, **{target.id: target.stamp for target in targets}}
        for key in gone:
            stamps.pop(key, None)
        if len(targets) > _FEW_WEBHOOKS:
            keep_made()
        return PreparedChange(workspace_id, base, stamps, self._compared(targets, stamps, base))

    def expect(self, change: PreparedChange, version: int) -> None:
        """Called by the transaction that makes the change, while it holds the match version, which
        is this one from its commit on. Loads of the workspace wait until `forget`.
        """
        change.version, change.asked_at = version, monotonic()
        self._expected[change.workspace_id] = change

    def take(self, change: PreparedChange) -> None:
        """Called after its commit: publishes that wait need no load, of which one of 10,000
        webhooks takes half a second (2026-12-01). Does nothing where others changed something
        meanwhile: the next load finds out.
        """
        is_next = change.version == change.base.version + 1
        is_based = self._snapshots.get(change.workspace_id) is change.base
        # A load under way has what was before, and would put that back.
        if is_next and is_based and not self._loading.locked():
            base = change.base
            snapshot = WorkspaceSnapshot(
                change.version,
                change.stamps,
                change.parts.matching,
                base.catalogue,
                change.asked_at,
            )
            self._put(change.workspace_id, snapshot, change.parts)

    def forget(self, change: PreparedChange) -> None:
        """Called when the transaction of an expected change has ended, committed or not."""
        change.has_ended.set()
        if self._expected.get(change.workspace_id) is change:
            del self._expected[change.workspace_id]

    async def reload(self, workspace_id: UUID, stale: int | None) -> WorkspaceSnapshot:
        """Loads a workspace anew. stale: the version that a caller found out of date; one load
        serves all that wait.
        """
        # Most who find the snapshot stale now wait for this very change.
        if expected := self._expected.get(workspace_id):
            await expected.has_ended.wait()
        # One load at a time: callers that wait find the version loaded and need none of their own.
        async with self._loading:
            snapshot = self._snapshots.get(workspace_id)
            if snapshot is None or stale is None or snapshot.version == stale:
                # Before the question: a change that commits while it is answered must not seem
                # known.
                asked_at = monotonic()
                loaded = await self._queue.load(workspace_id, snapshot.stamps if snapshot else {})
                # 1,300 webhooks with the largest filters take 0.4 s, one of 10,000 with the same
                # hundred patterns 0.1 s (2026-11).
                is_small = len(loaded.rows) <= _FEW_ROWS and len(loaded.stamps) <= _FEW_WEBHOOKS
                parts = (
                    self._changes(loaded, snapshot)
                    if is_small
                    else await asyncio.to_thread(self._many_changes, loaded, snapshot)
                )
                snapshot = self._take(loaded, parts, asked_at)
            return snapshot

    def _changes(self, loaded: LoadedWorkspace, old: WorkspaceSnapshot | None) -> _Changes:
        """Returns what is new; what has not changed is neither loaded nor made again. In a thread
        for many: changes nothing.
        """
        changed = [Target(row, self._vault) for row in loaded.rows]
        return self._compared(changed, loaded.stamps, old)

    def _compared(
        self,
        changed: list[Target],
        stamps: Mapping[UUID, Stamp],
        old: WorkspaceSnapshot | None,
    ) -> _Changes:
        left = old.stamps.keys() - stamps.keys() if old else ()
        gone = [known for key in left if (known := self._targets.get(key))]
        before = [known for target in changed if (known := self._targets.get(target.id))]
        index = old.index.changed([*before, *gone], changed) if old else MatchIndex(changed)
        return _Changes(changed, gone, index)

    def _many_changes(self, loaded: LoadedWorkspace, old: WorkspaceSnapshot | None) -> _Changes:
        """Does `_changes` in a thread."""
        changed = list[Target]()
        for start in range(0, len(loaded.rows), _FEW_WEBHOOKS):
            rows = loaded.rows[start : start + _FEW_WEBHOOKS]
            changed += [Target(row, self._vault) for row in rows]
            if len(loaded.rows) > _FEW_WEBHOOKS:
                # Piece by piece: each is a look of the collector that holds up everybody.
                keep_made()
        return self._compared(changed, loaded.stamps, old)

    def _take(self, loaded: LoadedWorkspace, parts: _Changes, asked_at: float) -> WorkspaceSnapshot:
        strict = {name: schema for name, schema in loaded.types if schema is not None}
        catalogue = Catalogue(strict, frozenset(name for name, _ in loaded.types), loaded.is_strict)
        snapshot = WorkspaceSnapshot(
            loaded.match_version, loaded.stamps, parts.matching, catalogue, asked_at
        )
        self._put(loaded.workspace_id, snapshot, parts)
        return snapshot

    def _put(self, workspace_id: UUID, snapshot: WorkspaceSnapshot, parts: _Changes) -> None:
        self._snapshots[workspace_id] = snapshot
        for target in parts.gone:
            self._targets.pop(target.id, None)
        # Before the callbacks: they look targets up at once.
        self._targets.update({target.id: target for target in parts.changed})
        for call in self._on_change:
            call()

    async def refresh(self) -> None:
        """Asks for every workspace's match version and loads what is stale: a change that no
        message announced is met here.
        """
        # Before the question, as in reload.
        asked_at = monotonic()
        for workspace_id, version in (await self._queue.versions()).items():
            known = self.version(workspace_id)
            if known != version:
                await self.reload(workspace_id, known)
        self.refreshed_at = max(self.refreshed_at, asked_at)

    async def join_refresh(self) -> None:
        """Waits for the refresh that is under way, or begins one: all callers share it."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self.refresh())
        # Shielded: a sender that is cancelled must not end the refresh of all others.
        await asyncio.shield(self._refreshing)

    def confirm(self, workspace_id: UUID, version: int, asked_at: float) -> bool:
        """True when a version that the database just named is the known one. Counts as a
        refresh when there is no other workspace.
        """
        is_current = self.version(workspace_id) == version
        # A claim knows the versions of its rows' workspaces only; refreshed_at is about all.
        if is_current and len(self._snapshots) == 1:
            self.refreshed_at = max(self.refreshed_at, asked_at)
        return is_current

    def _on_announcement(self, text: str) -> None:
        if text == EVERYTHING:
            looking = self._refresh_soon()
        else:
            workspace, _, version = text.partition(" ")
            looking = self._reload_soon(UUID(workspace), int(version) if version else None)
        # asyncio itself keeps weak references only.
        self._tasks.add(task := asyncio.create_task(looking))
        task.add_done_callback(self._tasks.discard)

    async def _reload_soon(self, workspace_id: UUID, version: int | None) -> None:
        """version: None where it was not told."""
        known = self.version(workspace_id)
        try:
            # Publishes mostly meet a change sooner than its announcement, which others may
            # overtake.
            if known is None or version is None or version > known:
                await self.reload(workspace_id, known)
            self._outage.back()
        # Publishes, claims and refreshes will ask again.
        except Exception as error:  # noqa: BLE001
            self._outage.away(error)

    async def _refresh_soon(self) -> None:
        try:
            await self.refresh()
            self._outage.back()
        # Likewise.
        except Exception as error:  # noqa: BLE001
            self._outage.away(error)
