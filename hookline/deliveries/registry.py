"""The webhooks in memory, as matching and sending need them. One per process; publishes and
claims say when a workspace's snapshot is stale.

It is a copy: the truth is in the database, whose match version says when the copy is stale.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from hookline.clock import monotonic
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


class Registry:
    def __init__(self, queue: Queue, hub: Hub, vault: Vault) -> None:
        self._queue, self._hub, self._vault = queue, hub, vault
        self._snapshots: dict[UUID, WorkspaceSnapshot] = {}
        self._targets: dict[UUID, Target] = {}
        self._expected: dict[UUID, list[Target]] = {}
        """By workspace: made by a transaction that is about to commit."""
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

    def expect(self, workspace_id: UUID, targets: list[Target]) -> None:
        """Takes webhooks that a transaction makes, before it commits, so that the next load has no
        need to read them: publishes wait for it. They count where the database has them then, at
        that version, and are dropped where it does not.
        """
        self._expected[workspace_id] = targets

    async def reload(self, workspace_id: UUID, stale: int | None) -> WorkspaceSnapshot:
        """Loads a workspace anew. stale: the version that a caller found out of date; one load
        serves all that wait.
        """
        # One load at a time: callers that wait find the version loaded and need none of their own.
        async with self._loading:
            snapshot = self._snapshots.get(workspace_id)
            if snapshot is None or stale is None or snapshot.version == stale:
                # Before the question: a change that commits while it is answered must not seem
                # known.
                asked_at = monotonic()
                expected = self._expected.pop(workspace_id, [])
                known = snapshot.stamps if snapshot else {}
                if expected:
                    known = {**{target.id: target.stamp for target in expected}, **known}
                loaded = await self._queue.load(workspace_id, known)
                # 1,300 webhooks with the largest filters take 0.4 s, one of 10,000 with the same
                # hundred patterns 0.1 s (2026-11).
                is_small = (
                    len(loaded.rows) + len(expected) <= _FEW_ROWS
                    and len(loaded.stamps) <= _FEW_WEBHOOKS
                )
                parts = (
                    self._changes(loaded, expected, snapshot)
                    if is_small
                    else await asyncio.to_thread(self._many_changes, loaded, expected, snapshot)
                )
                snapshot = self._take(loaded, parts, asked_at)
            return snapshot

    def _changes(
        self, loaded: LoadedWorkspace, expected: list[Target], old: WorkspaceSnapshot | None
    ) -> _Changes:
        """Returns what is new; what has not changed is neither loaded nor made again. In a thread
        for many: changes nothing.
        """
        changed = [Target(row, self._vault) for row in loaded.rows]
        return self._compared(changed, loaded, expected, old)

    def _compared(
        self,
        changed: list[Target],
        loaded: LoadedWorkspace,
        expected: list[Target],
        old: WorkspaceSnapshot | None,
    ) -> _Changes:
        changed += [one for one in expected if loaded.stamps.get(one.id) == one.stamp]
        gone = [
            self._targets[key] for key in (old.stamps.keys() - loaded.stamps.keys() if old else ())
        ]
        before = [known for target in changed if (known := self._targets.get(target.id))]
        index = old.index.changed([*before, *gone], changed) if old else MatchIndex(changed)
        return _Changes(changed, gone, index)

    def _many_changes(
        self, loaded: LoadedWorkspace, expected: list[Target], old: WorkspaceSnapshot | None
    ) -> _Changes:
        """Does `_changes` in a thread."""
        changed = list[Target]()
        for start in range(0, len(loaded.rows), _FEW_WEBHOOKS):
            rows = loaded.rows[start : start + _FEW_WEBHOOKS]
            changed += [Target(row, self._vault) for row in rows]
            if len(loaded.rows) > _FEW_WEBHOOKS:
                # Piece by piece: each is a look of the collector that holds up everybody.
                keep_made()
        if len(expected) > _FEW_WEBHOOKS:
            keep_made()
        return self._compared(changed, loaded, expected, old)

    def _take(self, loaded: LoadedWorkspace, parts: _Changes, asked_at: float) -> WorkspaceSnapshot:
        strict = {name: schema for name, schema in loaded.types if schema is not None}
        catalogue = Catalogue(strict, frozenset(name for name, _ in loaded.types), loaded.is_strict)
        snapshot = self._snapshots[loaded.workspace_id] = WorkspaceSnapshot(
            loaded.match_version, loaded.stamps, parts.matching, catalogue, asked_at
        )
        for target in parts.gone:
            del self._targets[target.id]
        # Before the callbacks: they look targets up at once.
        self._targets.update({target.id: target for target in parts.changed})
        for call in self._on_change:
            call()
        return snapshot

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
        task = asyncio.create_task(
            self._refresh_soon() if text == EVERYTHING else self._reload_soon(UUID(text))
        )
        # asyncio itself keeps weak references only.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload_soon(self, workspace_id: UUID) -> None:
        try:
            await self.reload(workspace_id, self.version(workspace_id))
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
