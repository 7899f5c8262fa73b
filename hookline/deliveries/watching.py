"""Tables that subscriptions watch: one task for each kind and workspace looks twice a second, for
all who watch it, and only while somebody does. Nothing is kept for a watcher that does not read.
The feed (hookline.activity.feed) is for what must not be missed; here a gap says to query anew.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from enum import Enum
from typing import Final
from uuid import UUID

from hookline.db.connection import Database
from hookline.deliveries.looks import AuditLook, DeliveryLook, EventLook, JobLook, Look, Seen
from hookline.errors import HooklineError, Unavailable
from hookline.messaging.hub import EVERYTHING, Hub
from hookline.outages import SETTLE_SECONDS, Outage
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
# An announcement brings the next look forward, but a busy workspace has hundreds a second.
LEAST_SECONDS: Final = 0.1
# Of the reads of one look: a database that hangs must not keep them for ever.
READ_SECONDS: Final = 5.0
WATCHES_LIMIT: Final = 100
"""Of a workspace, in each process."""
LOOKS_KEPT: Final = 8
"""A watcher that is further behind gets a gap."""


class WatchKind(Enum):
    """Kinds of rows that can be watched, each with its look."""

    DELIVERIES = DeliveryLook
    JOBS = JobLook
    AUDIT_ENTRIES = AuditLook
    EVENTS = EventLook


Conditions = tuple[tuple[str, str], ...]
"""Columns and their values, of the events that are watched."""


class Watches:
    """The watches of this process."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._watches: dict[tuple[UUID, WatchKind, Conditions], _Watch] = {}
        self._outage = Outage(log, "tables can't be watched", SETTLE_SECONDS)

    async def follow(
        self, workspace_id: UUID, watched: WatchKind, conditions: Conditions = ()
    ) -> AsyncGenerator[Seen, None]:
        """A gap at once: what is queried after it is no older than what comes next. Then what
        changes, without end. Close the generator to leave.

        Raises Unavailable when the database does not answer at the start, and HooklineError
        QUERY_TOO_COSTLY when the workspace watches too many different things.
        """
        async with self._joined(workspace_id, watched, conditions) as watch:
            number = watch.number
            yield Seen(is_gap=True)
            while True:
                number, seen = await watch.after(number)
                yield seen

    @property
    def is_idle(self) -> bool:
        """True while nobody watches anything: then nothing runs here."""
        return not self._watches

    async def close(self) -> None:
        """Ends the watches; nobody hears anything more."""
        for watch in list(self._watches.values()):
            await watch.close()

    @asynccontextmanager
    async def _joined(
        self, workspace_id: UUID, watched: WatchKind, conditions: Conditions
    ) -> AsyncIterator["_Watch"]:
        """The first one begins the watch, the last one ends it."""
        key = workspace_id, watched, conditions
        watch = self._watches.get(key)
        if watch is None:
            self._check_count(workspace_id)
            look = watched.value(workspace_id, **dict(conditions))
            watch = self._watches[key] = _Watch(
                self._database, self._hub, workspace_id, look, self._outage
            )
        watch.members += 1
        try:
            await watch.started()
            yield watch
        finally:
            watch.members -= 1
            if not watch.members:
                self._watches.pop(key, None)
                await watch.close()

    def _check_count(self, workspace_id: UUID) -> None:
        """Raises HooklineError: each condition on events makes a watch of its own."""
        if sum(key[0] == workspace_id for key in self._watches) >= WATCHES_LIMIT:
            raise HooklineError(
                "QUERY_TOO_COSTLY",
                f"This workspace follows events by {WATCHES_LIMIT} different conditions already. "
                "Follow all events, and leave out in the client what is not wanted.",
            )


class _Watch:
    """number: of the last look that found something; the newest LOOKS_KEPT are kept."""

    def __init__(
        self, database: Database, hub: Hub, workspace_id: UUID, look: Look, outage: Outage
    ) -> None:
        self._database, self._hub, self._workspace_id = database, hub, workspace_id
        self._look, self._outage = look, outage
        self.members = self.number = 0
        self._has_missed = False
        self._kept: deque[Seen] = deque(maxlen=LOOKS_KEPT)
        self._news, self._soon = asyncio.Event(), asyncio.Event()
        self._start: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def started(self) -> None:
        """Returns once everything that is there counts as seen. All share one start; a failed one
        is tried again by the next.
        """
        start = self._start
        if start is None or (start.done() and (start.cancelled() or start.exception())):
            start = self._start = asyncio.create_task(self._begin())
        # Shielded: the first one that leaves must not end the start of the others.
        await asyncio.shield(start)

    async def after(self, number: int) -> tuple[int, Seen]:
        """The next look behind a number that found something; waits for it."""
        while self.number == number:
            news = self._news
            await news.wait()
        oldest = self.number - len(self._kept)
        if number < oldest:
            return self.number, Seen(is_gap=True)
        return number + 1, self._kept[number - oldest]

    async def close(self) -> None:
        await end_tasks(*[task for task in (self._start, self._task) if task])

    async def _begin(self) -> None:
        async with self._database.reading(self._workspace_id, _deadline()) as reader:
            await self._look.begin(reader)
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        unsubscribe = self._hub.subscribe("activity", self._hear)
        try:
            while True:
                await asyncio.sleep(LEAST_SECONDS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS - LEAST_SECONDS):
                        await self._soon.wait()
                self._soon.clear()
                await self._look_once()
        finally:
            unsubscribe()

    async def _look_once(self) -> None:
        try:
            async with self._database.reading(self._workspace_id, _deadline()) as reader:
                seen = await self._look.look(reader)
            self._outage.back()
        except Unavailable as error:
            self._outage.away(error)
            self._has_missed = True
            return
        # Whatever the database does, watchers must not be left without a look.
        except Exception as fault:
            log.warning(
                "a table could not be watched, it is tried again reason=%s",
                type(fault).__name__,
                exc_info=fault,
            )
            self._has_missed = True
            return
        # A look that failed half way had taken some for seen. Told now, when a query is answered.
        if self._has_missed:
            seen, self._has_missed = replace(seen, is_gap=True), False
        if seen.rows or seen.skipped or seen.is_gap:
            self._kept.append(seen)
            self.number += 1
            self._news.set()
            self._news = asyncio.Event()

    def _hear(self, text: str) -> None:
        if text == EVERYTHING or text.startswith(str(self._workspace_id)):
            self._soon.set()


def _deadline() -> float:
    return asyncio.get_running_loop().time() + READ_SECONDS
