"""Follows a path: `hookline serve --sync`. Each process that was given it runs the task, one at a
time looks. A look that finds nothing new reads the files and writes one row; on any fault the last
good state stays.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Final
from uuid import UUID

from tortoise.exceptions import DoesNotExist

from hookline.access.actor import Actor, system_actor
from hookline.clock import monotonic
from hookline.db.faults import FAULTS, faults_as_unavailable
from hookline.errors import HooklineError, Unavailable
from hookline.metrics import SyncSourceMetrics
from hookline.models import Workspace
from hookline.outages import Outage
from hookline.runtime import Runtime
from hookline.shutdown import end_tasks
from hookline.sync.apply import applying
from hookline.sync.apply.applying import ApplyOutcome
from hookline.sync.checkout import find_source
from hookline.sync.drift import find_drift
from hookline.sync.plan.changes import Block
from hookline.sync.pull.content import ContentDigest, content_digest
from hookline.sync.pull.reading import USUAL_LIMITS, PulledFiles, ReaderLimits, read_files
from hookline.sync.pull.source import FollowedSource, LookResult
from hookline.sync.read.problems import Position, SyncProblem
from hookline.sync.request import SyncRequest

log = logging.getLogger(__name__)

SETTLE_SECONDS: Final = 2.0
"""A new content is taken when it is the same after that time, or after an interval that is shorter:
a file that is being written is not.
"""
RETRY_SECONDS: Final = 300.0
"""A machine that was busy or short of memory may be the reason."""
ACTOR: Final = "hookline serve --sync"
_READ_SECONDS: Final = 10.0
# Changes with each edit of a webhook and each apply, also one of a policy alone, and not with what
# deliveries do to its health.
MARK: Final = """
select match_version,
  (select max(last_applied_at) from sync_set where workspace_id = $1) as last_applied_at
from workspace where id = $1"""

Mark = tuple[int, datetime | None]


@asynccontextmanager
async def following(path: str, runtime: Runtime) -> AsyncIterator[None]:
    """Follows the path until the block ends."""
    task = asyncio.create_task(_follow(runtime, path))
    try:
        yield
    finally:
        await end_tasks(task)


async def _follow(runtime: Runtime, path: str) -> None:
    outage = Outage(log, "webhooks files are not looked at, the database is away")
    metrics = SyncSourceMetrics()
    runtime.metrics.include(metrics.registry)
    follower: SourceFollower | None = None
    try:
        while True:
            wait_seconds = runtime.settings.sync_interval_seconds
            try:
                if follower is None:
                    follower = await SourceFollower.open(runtime, path)
                    log.info("following %s every %g s", follower.path, wait_seconds)
                if not await follower.turn():
                    wait_seconds = min(wait_seconds, SETTLE_SECONDS)
                row = await follower.source.row()
                metrics.show(
                    is_degraded=row.degraded_at is not None,
                    drift_count=row.drift_count,
                    checked_at=row.checked_at,
                    applied_at=row.applied_at,
                )
                outage.back()
            except (*FAULTS, Unavailable) as error:
                outage.away(error)
            except DoesNotExist:
                # Retention takes the row of a path that nobody has looked at for a week.
                log.warning("the followed path was forgotten, it is registered again")
                follower = None
            # The next look may do better; the server goes on meanwhile.
            except Exception:
                log.exception("webhooks files not looked at")
            await asyncio.sleep(wait_seconds)
    finally:
        if follower is not None:
            # A database that is away ends the lease by itself.
            with suppress(*FAULTS, Unavailable):
                await follower.source.release()


class SourceFollower:
    """Looks of one process at the path. `open` makes it."""

    def __init__(
        self,
        runtime: Runtime,
        workspace_id: UUID,
        source: FollowedSource,
        limits: ReaderLimits = USUAL_LIMITS,
    ) -> None:
        self._runtime, self._workspace_id, self.source = runtime, workspace_id, source
        self.path, self._limits = source.path, limits
        self._seen = self._judged = ContentDigest()
        """Digest of the content at the last look, and of that which was applied or refused."""
        self._references: Mapping[str, str] = {}
        self._finding = LookResult()
        self._refused: SyncRequest | None = None
        """A content that the webhooks as they are keep from being applied, by a policy check or
        otherwise: tried again when they change.
        """
        self._refused_mark: Mark | None = None
        """The webhooks that it was refused for."""
        self._retry_at = inf
        """Monotonic time at which a content that the reader did not bear is read once more."""
        self._drift_mark: Mark | None = None
        self._drift_count = 0
        self._is_leading = False

    @classmethod
    async def open(
        cls, runtime: Runtime, path: str, limits: ReaderLimits = USUAL_LIMITS
    ) -> "SourceFollower":
        """Raises Unavailable."""
        with faults_as_unavailable():
            workspace = await Workspace.get(slug="default")
        source = await FollowedSource.open(runtime, workspace.id, path)
        return cls(runtime, workspace.id, source, limits)

    async def turn(self) -> bool:
        """Looks once, if no other process does. False: a new content is to be looked at again soon.

        Raises Unavailable.
        """
        was_leading, self._is_leading = self._is_leading, await self.source.lead()
        if not self._is_leading:
            # Whoever leads may have applied something else by the time that this one does.
            self._seen = self._judged = ContentDigest()
            return True
        if not was_leading:
            log.info("this process looks at %s from now on pid=%d", self.path, os.getpid())
        keeping = asyncio.create_task(self._keep_leading())
        try:
            return await self._look()
        finally:
            await end_tasks(keeping)

    async def _keep_leading(self) -> None:
        while True:
            await asyncio.sleep(self.source.lease_seconds / 3)
            # The next look tells of an outage.
            with suppress(*FAULTS, Unavailable):
                await self.source.lead()

    async def _look(self) -> bool:
        # Off the loop: 8 MiB, or a folder of 10,000 files.
        digest = await asyncio.to_thread(content_digest, self.path, self._references)
        if digest != self._seen:
            self._seen = digest
            # What was judged before stays true until the new content is there whole.
            return self._judged == digest
        if digest != self._judged or monotonic() >= self._retry_at:
            if not await self._take(digest):
                return False
        elif self._refused and await self._current_mark() != self._refused_mark:
            self._finding = await self._again(self._refused)
        await self._record()
        return True

    async def _record(self) -> None:
        finding = self._finding
        drift_count = await self._drift(finding.set_name)
        await self.source.record(
            LookResult(
                finding.problem, finding.is_applied, finding.set_name, finding.commit, drift_count
            )
        )
        self._finding = LookResult(finding.problem, set_name=finding.set_name)

    async def _take(self, digest: ContentDigest) -> bool:
        """Applies a new content. False when it has changed meanwhile, or can't be had now."""
        read = await read_files(self._runtime, self.path, self._limits)
        # Files that references name are known from here on.
        self._references = read.references
        digest_now = await asyncio.to_thread(content_digest, self.path, self._references)
        # What was read is what settled, and is still there.
        if read.digest is not None and not (
            read.digest == digest_now and read.digest.files == digest.files
        ):
            self._seen = digest_now
            return False
        self._retry_at = inf if read.digest else monotonic() + RETRY_SECONDS
        finding = await self._judge(read)
        if finding is None:
            return False
        self._finding = finding
        # In this order: what failed by an exception is tried again at the next look.
        self._seen = self._judged = digest_now
        return True

    async def _judge(self, read: PulledFiles) -> LookResult | None:
        self._refused = None
        if read.document is None:
            first, *rest = read.errors
            # Nobody named the path to a command here.
            if first.hint and "-f" in first.hint.split():
                first = replace(first, hint=None)
            log.warning(
                "webhooks files not applied place=%s:%d:%d code=%s problems=%d",
                first.position.file, first.position.line, first.position.column, first.code,
                1 + len(rest),
            )  # fmt: skip
            return LookResult(first, set_name=self._finding.set_name)
        source = await asyncio.to_thread(
            find_source, read.files, os.environ, log.warning, read.folders
        )
        source = replace(source, followed_path=self.path)
        return await self._apply(SyncRequest(read.document, source=source))

    async def _apply(self, request: SyncRequest) -> LookResult | None:
        """None where another apply of the set is under way."""
        name, self._drift_mark = request.document.set_name, None
        # Before: a change of a webhook while the content is judged may be the cure.
        mark = await self._current_mark()
        problem, blocked = await self._refusal(applying.apply, request)
        if any(block.code == "locked" for block in blocked):
            return None
        if problem is None:
            self._refused = None
            return LookResult(None, True, name, request.source.recorded_commit)
        self._refused, self._refused_mark = request, mark
        log.warning("webhooks files not applied set=%s code=%s", name, problem.code)
        return LookResult(problem, set_name=name)

    async def _again(self, request: SyncRequest) -> LookResult:
        """Looks whether the reason is gone; asked before an apply, which would tell of the same one
        again.
        """
        mark = await self._current_mark()
        problem, _ = await self._refusal(applying.preview, request)
        if problem is None:
            return await self._apply(request) or self._finding
        self._refused_mark = mark
        return LookResult(problem, set_name=request.document.set_name)

    async def _refusal(
        self,
        step: Callable[[Runtime, Actor, SyncRequest], Awaitable[ApplyOutcome]],
        request: SyncRequest,
    ) -> tuple[SyncProblem | None, tuple[Block, ...]]:
        """The first reason for which a plan or an apply refuses the content, and all blocks.

        Raises Unavailable.
        """
        try:
            outcome = await step(self._runtime, system_actor(self._workspace_id, ACTOR), request)
        except Unavailable:
            raise
        except HooklineError as error:
            return _problem(error.code.lower(), error.message, self.path), ()
        if outcome.problems:
            return outcome.problems[0], outcome.blocked
        if outcome.blocked:
            return _of_block(outcome.blocked[0], self.path), outcome.blocked
        return None, ()

    async def _drift(self, set_name: str | None) -> int | None:
        """Webhooks with drift, counted anew where a webhook was changed since the last look."""
        if set_name is None:
            return None
        mark = await self._current_mark()
        if mark != self._drift_mark:
            until = asyncio.get_running_loop().time() + _READ_SECONDS
            database = self._runtime.database
            found = await find_drift(
                lambda: database.reading(self._workspace_id, until),
                self._runtime.vault,
                self._workspace_id,
                [set_name],
            )
            self._drift_mark, self._drift_count = mark, len(found[set_name])
        return self._drift_count

    async def _current_mark(self) -> Mark:
        database, until = self._runtime.database, asyncio.get_running_loop().time() + _READ_SECONDS
        async with database.reading(self._workspace_id, until) as reader:
            [row] = await reader.rows(MARK, self._workspace_id)
        return int(row["match_version"]), row["last_applied_at"]


def _of_block(block: Block, path: str) -> SyncProblem:
    """The block as a problem of the files, with what a person can do about it."""
    position = block.position or Position(file=path)
    at = ("webhooks", block.slug) if block.slug else ()
    message = block.message.removeprefix(f"{block.slug}: ")
    hint = f"an apply by hand lifts it, with {block.flag}" if block.flag else None
    return SyncProblem(block.code, message, position, at, hint)


def _problem(code: str, message: str, path: str) -> SyncProblem:
    return SyncProblem(code, message.rstrip("."), Position(file=path))
