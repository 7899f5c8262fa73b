"""The live feed of activity events: replay after a position, then each new event once. The API's
subscriptions read it. The hub only says "look"; the truth is the table `activity`, whose positions
are in commit order and without holes. Nothing here writes, and nothing is kept for a follower that
does not read.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from hookline.activity.cursors import encode_cursor
from hookline.activity.events import (
    SYNC_EVENTS,
    ActivityEvent,
    ActivityKind,
    Entry,
    FeedBatch,
    FeedFilter,
    Gap,
    SharedBatch,
    Subject,
)
from hookline.activity.shared_feed import SharedFeed, ShareKey
from hookline.db.connection import Database
from hookline.db.faults import faults_as_unavailable
from hookline.errors import Unavailable
from hookline.messaging.hub import EVERYTHING, Hub
from hookline.models import Attempt, Notification, SyncEvent, SyncRevision, Webhook
from hookline.outages import SETTLE_SECONDS, Outage
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

# Events in memory, and the most that is replayed.
ENTRIES_KEPT: Final = 10_000
# Attempts have up to 16 KiB of body each: 8 MB.
ROWS_KEPT: Final = 500
ENTRIES_READ: Final = 1_000
EVENTS_GIVEN: Final = 100
POLL_SECONDS: Final = 1.0

POSITION = "select position from workspace_activity where workspace_id = $1"
AFTER = """
select position, kind, subject_id, webhook_id from activity
where workspace_id = $1 and position > $2
order by position limit $3"""

# All other kinds are about a webhook.
_SUBJECTS: Final = {
    int(ActivityKind.ATTEMPT): Attempt,
    int(ActivityKind.NOTIFICATION): Notification,
    int(ActivityKind.SYNC_APPLIED): SyncRevision,
    **dict.fromkeys(map(int, SYNC_EVENTS), SyncEvent),
}
# Megabytes of each revision, for nobody.
_LARGE: Final = frozenset(["snapshot", "changes"])


class Feeds:
    """The feeds of this process, one per workspace that has followers."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._feeds: dict[UUID, Feed] = {}
        self._outage = Outage(log, "the live feed can't be read", SETTLE_SECONDS)

    async def position(self, workspace_id: UUID) -> int:
        """The position of the newest event that is committed; 0 before the first.

        Raises Unavailable.
        """
        return await _position(self._database, workspace_id)

    async def live_cursor(self, workspace_id: UUID) -> str:
        """`position` as a cursor: everything that is read after it is at least as new."""
        return encode_cursor(await self.position(workspace_id))

    async def follow(
        self,
        workspace_id: UUID,
        after: int | None,
        kinds: Iterable[ActivityKind],
        webhook_id: UUID | None = None,
    ) -> AsyncGenerator[list[ActivityEvent] | Gap, None]:
        """The events after a position (None: from now on) and then each new one, in order, nothing
        twice, nothing missed; without end.

        A follower that is more than 10,000 events behind, or asks for a position that is purged or
        not reached yet, gets one Gap and goes on from now. kinds, webhook_id: the only ones given.
        Close the generator to leave.

        Raises Unavailable when the database does not answer during a replay.
        """
        async with aclosing(
            self._follow(
                workspace_id, after, FeedFilter(frozenset(map(int, kinds)), webhook_id), None
            )
        ) as steps:
            async for step in steps:
                if not isinstance(step, SharedBatch):
                    yield step

    async def follow_shared(
        self,
        workspace_id: UUID,
        after: int | None,
        kinds: Iterable[ActivityKind],
        webhook_id: UUID | None,
        share_key: ShareKey,
    ) -> AsyncGenerator[list[ActivityEvent] | Gap | SharedBatch, None]:
        """Follows as `follow` does, but new events come encoded by `share_key.make`, once for all
        with its key.

        The events themselves come to a follower that replays, has fallen behind the others, or
        follows while encoding fails.
        """
        async with aclosing(
            self._follow(
                workspace_id, after, FeedFilter(frozenset(map(int, kinds)), webhook_id), share_key
            )
        ) as steps:
            async for step in steps:
                yield step

    async def close(self) -> None:
        """Ends the feeds; followers hear nothing more."""
        for feed in list(self._feeds.values()):
            await feed.close()

    async def _follow(
        self, workspace_id: UUID, after: int | None, wanted: FeedFilter, share_key: ShareKey | None
    ) -> AsyncGenerator[list[ActivityEvent] | Gap | SharedBatch, None]:
        async with (
            self._joined(workspace_id) as feed,
            feed.joined(wanted, share_key) as shared_feed,
        ):
            # After joining: what commits from here on is heard, and nothing falls between replay
            # and live.
            now = await self.position(workspace_id)
            position = now if after is None else after
            if position > now:
                yield Gap(position := now)
            while True:
                # An event from before this follower came may have been encoded before it came: the
                # follower could see a state older than one that it has seen.
                shared = (
                    await shared_feed.after(position) if shared_feed and position >= now else None
                )
                if shared is not None:
                    position, made = shared
                    yield SharedBatch(made)
                    continue
                step = await feed.step(position, wanted)
                position = step.position
                if step.is_gap:
                    yield Gap(position)
                elif step.events:
                    yield list(step.events)

    @asynccontextmanager
    async def _joined(self, workspace_id: UUID) -> AsyncIterator["Feed"]:
        """The workspace's feed, listening. The first follower starts it, the last one ends it."""
        feed = self._feeds.get(workspace_id)
        if feed is None:
            feed = self._feeds[workspace_id] = Feed(
                self._database, self._hub, workspace_id, self._outage
            )
        feed.followers += 1
        try:
            await feed.started()
            yield feed
        finally:
            feed.followers -= 1
            if not feed.followers:
                self._feeds.pop(workspace_id, None)
                await feed.close()


class Feed:
    """The newest events of a workspace. position: of the last one read; `_oldest`: of the one
    before the first that is in memory.
    """

    def __init__(self, database: Database, hub: Hub, workspace_id: UUID, outage: Outage) -> None:
        self._database, self._hub, self._workspace_id = database, hub, workspace_id
        self._outage = outage
        self.followers = 0
        self.position = self._oldest = 0
        # The entry of position p stands at p % ENTRIES_KEPT.
        self._ring: list[Entry | None] = [None] * ENTRIES_KEPT
        self._rows: dict[int, Subject] = {}
        self._shared: dict[Hashable, SharedFeed] = {}
        self._loading = asyncio.Lock()
        self._look = asyncio.Event()
        self._news = asyncio.Event()
        self._start: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    async def started(self) -> None:
        """Returns once the feed listens and knows where it begins. All callers share one start; a
        failed one is tried again by the next.
        """
        if self._start is None or (
            self._start.done() and (self._start.cancelled() or self._start.exception())
        ):
            self._start = asyncio.create_task(self._begin())
        # Shielded: the first follower that leaves must not end the start of the others.
        await asyncio.shield(self._start)

    async def close(self) -> None:
        self._unsubscribe()
        await end_tasks(*[task for task in (self._start, self._task) if task])

    @asynccontextmanager
    async def joined(
        self, wanted: FeedFilter, share_key: ShareKey | None
    ) -> AsyncIterator[SharedFeed | None]:
        """The shared feed; None for a follower that follows alone. The first member makes it,
        the last one ends it.
        """
        if share_key is None:
            yield None
            return
        key = (wanted, share_key.key)
        shared_feed = self._shared.get(key)
        if shared_feed is None:
            shared_feed = self._shared[key] = SharedFeed(
                lambda position: self.step(position, wanted), share_key.make
            )
        shared_feed.members += 1
        try:
            yield shared_feed
        finally:
            shared_feed.members -= 1
            if not shared_feed.members:
                del self._shared[key]
                await shared_feed.close()

    async def step(self, position: int, wanted: FeedFilter) -> FeedBatch:
        """Returns the wanted ones of the next events after a position, at most 100, perhaps none;
        waits until something happened.

        Raises Unavailable.
        """
        entries = await self.after(position)
        if entries is None:
            return FeedBatch(self.position, is_gap=True)
        mine = [
            entry
            for entry in entries
            if entry.kind in wanted.kinds and wanted.webhook_id in (None, entry.webhook_id)
        ]
        given = mine[:EVENTS_GIVEN]
        end = entries[-1].position if len(mine) == len(given) else given[-1].position
        return FeedBatch(end, await self.with_rows(given))

    async def after(self, position: int) -> Sequence[Entry] | None:
        """The next entries after a position, at most 1,000, from memory or else from the database;
        waits until there is one.

        None when they can't be given whole: too far behind, or purged.
        """
        while True:
            news = self._news
            if self.position - position > ENTRIES_KEPT:
                return None
            if position < self._oldest:
                entries = await _read(self._database, self._workspace_id, position)
                return entries if entries and _is_whole(entries, position) else None
            if position < self.position:
                last = min(self.position, position + ENTRIES_READ)
                return [
                    entry
                    for at in range(position + 1, last + 1)
                    if (entry := self._ring[at % ENTRIES_KEPT])
                ]
            await news.wait()

    async def with_rows(self, entries: Sequence[Entry]) -> list[ActivityEvent]:
        """The entries with what they are about, read once for all followers; without those whose
        row is purged.

        Raises Unavailable.
        """
        # One at a time: all followers want the same rows, and the first one loads them for all.
        async with self._loading:
            rows = {
                entry.position: self._rows[entry.position]
                for entry in entries
                if entry.position in self._rows
            }
            loaded = await self._load([entry for entry in entries if entry.position not in rows])
            self._rows.update(loaded)
            for position in list(self._rows)[: max(0, len(self._rows) - ROWS_KEPT)]:
                del self._rows[position]
        rows.update(loaded)
        return [
            ActivityEvent(entry.position, ActivityKind(entry.kind), rows[entry.position])
            for entry in entries
            if entry.position in rows
        ]

    async def _load(self, entries: Sequence[Entry]) -> dict[int, Subject]:
        found: dict[UUID, Subject] = {}
        # Any: the models have no common class with these columns.
        keys: dict[type[Any], set[UUID]] = {}
        for entry in entries:
            keys.setdefault(_SUBJECTS.get(entry.kind, Webhook), set()).add(entry.subject_id)
        with faults_as_unavailable():
            for model, wanted in keys.items():
                found.update(
                    {
                        row.id: row
                        for row in await model.filter(
                            workspace_id=self._workspace_id, id__in=list(wanted)
                        ).only(*(model._meta.fields_db_projection.keys() - _LARGE))
                    }
                )
        return {
            entry.position: found[entry.subject_id]
            for entry in entries
            if entry.subject_id in found
        }

    async def _begin(self) -> None:
        self._unsubscribe()
        # It subscribes before it reads where it begins: nothing announced in between is lost.
        self._unsubscribe = self._hub.subscribe("activity", self._on_announcement)
        self.position = self._oldest = await _position(self._database, self._workspace_id)
        self._task = asyncio.create_task(self._run())

    def _on_announcement(self, text: str) -> None:
        if text == EVERYTHING or text.startswith(str(self._workspace_id)):
            self._look.set()

    async def _run(self) -> None:
        """Reads once per announcement, and every second, since the hub may lose."""
        while True:
            with suppress(TimeoutError):
                # wait_for swallows a cancellation that comes with the look (3.11)
                async with asyncio.timeout(POLL_SECONDS):
                    await self._look.wait()
            self._look.clear()
            try:
                await self._catch_up()
                self._outage.back()
            except Unavailable as error:
                self._outage.away(error)
            # Whatever the database does, followers must not be left without a reader.
            except Exception as fault:
                log.warning(
                    "the live feed could not read, it tries again reason=%s",
                    type(fault).__name__,
                    exc_info=fault,
                )

    async def _catch_up(self) -> None:
        while entries := await _read(self._database, self._workspace_id, self.position):
            # purged faster than read: no follower gets past this hole without a gap
            if not _is_whole(entries, self.position):
                self._oldest = entries[-1].position
            for entry in entries:
                self._ring[entry.position % ENTRIES_KEPT] = entry
            self.position = entries[-1].position
            self._oldest = max(self._oldest, self.position - ENTRIES_KEPT)
            self._news.set()
            self._news = asyncio.Event()
            if len(entries) < ENTRIES_READ:
                return


async def _position(database: Database, workspace_id: UUID) -> int:
    with faults_as_unavailable():
        rows = await database.reader().rows(POSITION, workspace_id)
    return int(rows[0]["position"]) if rows else 0


async def _read(database: Database, workspace_id: UUID, after: int) -> list[Entry]:
    with faults_as_unavailable():
        rows = await database.reader().rows(AFTER, workspace_id, after, ENTRIES_READ)
    return [
        Entry(row["position"], row["kind"], row["subject_id"], row["webhook_id"]) for row in rows
    ]


def _is_whole(entries: Sequence[Entry], after: int) -> bool:
    return entries[0].position == after + 1 and all(
        second.position == first.position + 1 for first, second in pairwise(entries)
    )
