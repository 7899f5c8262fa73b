"""A file's wish against the database. Called by api/schema/sync and `hookline dev`.

`preview` says what an apply would do; `apply` plans and encodes, refuses what a policy check
forbids, locks the set, looks whether it is as it was planned from, writes, and adds a revision.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from tortoise.exceptions import IntegrityError

from hookline.access.actor import Actor
from hookline.db.connection import Row, UnitOfWork
from hookline.errors import Code, Problem, Refused, Unavailable
from hookline.large_work import free_later
from hookline.models import SyncRevision
from hookline.runtime import Runtime
from hookline.sync.apply import preparing, store, unchanged
from hookline.sync.apply.backlogs import backlogs_of
from hookline.sync.apply.content import Content
from hookline.sync.apply.deletions import find_deleted, to_settle, unsettled
from hookline.sync.apply.holding import hold
from hookline.sync.apply.restoring import Settlement
from hookline.sync.apply.store import SetState
from hookline.sync.apply.telling import tell_failure
from hookline.sync.apply.unchanged import DigestRequest
from hookline.sync.apply.writing import PreparedApply, Writing
from hookline.sync.plan import authors, planning, renames
from hookline.sync.plan.changes import Block, Change
from hookline.sync.plan.webhooks import Planned, WantedWebhook
from hookline.sync.read import check_templates
from hookline.sync.read.document import Document
from hookline.sync.read.problems import SyncProblem
from hookline.sync.request import Source, SyncRequest

log = logging.getLogger(__name__)

TRIES: Final = 5
"""Tries of an apply when another one takes one of its slugs meanwhile."""
_LOCKED: Final = Block(
    "locked", "another apply of this set runs; try again when it is done", flag="--lock-timeout"
)
_STALE: Final = Block("stale", "something changed since the plan was made; plan again")


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """A plan that was made or applied; nothing was written when it is blocked or has a problem.

    base: the set's newest revision before. revision: the one that was made, or made before by the
    same idempotency key; None: nothing changed.
    """

    plan: Planned
    base: SyncRevision | None = None
    revision: SyncRevision | None = None

    @property
    def blocked(self) -> tuple[Block, ...]:
        return self.plan.blocked

    @property
    def problems(self) -> tuple[SyncProblem, ...]:
        """The file's wishes that contradict what people set by hand."""
        return self.plan.problems


class _Stopped(Exception):
    """Rolls the transaction back and carries the outcome out of it."""

    def __init__(self, outcome: ApplyOutcome) -> None:
        self.outcome = outcome


async def preview(runtime: Runtime, actor: Actor, request: SyncRequest) -> ApplyOutcome:
    """The plan of an apply now by this actor. Nothing is written: the transaction could not.

    Raises Unavailable.
    """
    document = request.document
    # Off the loop, here and below: 10,000 webhooks take seconds, and other requests are to be
    # answered within 50 ms meanwhile.
    wanted = free_later(await asyncio.to_thread(preparing.wanted_of, runtime, request))
    async with store.reading(runtime) as reads:
        state = await store.read(
            reads,
            runtime.vault,
            actor.workspace_id,
            document.set_name,
            preparing.slugs_of(document),
            None,
            preparing.check_of(runtime, request, wanted),
        )
        settled = await preparing.settled(runtime, reads, actor, request, wanted, state)
        deleted = await _deleted_by_hand(reads, actor, document, state)
    # After the snapshot is closed: a child process renders, and nothing in the database waits for
    # it.
    broken = await check_templates.check(document, runtime.renderer, actor.workspace_id)
    plan = await asyncio.to_thread(preparing.planned, actor, settled, broken, state)
    interrupted = await asyncio.to_thread(renames.interrupted, plan)
    if authors.disputed(plan) or interrupted:
        # Another snapshot: rare, and no reader is held while a large file is planned.
        async with store.reading(runtime) as reads:
            plan = await preparing.with_authors(reads, actor, plan, state)
            counts = await backlogs_of(reads, interrupted)
        plan = await asyncio.to_thread(renames.with_deliveries, plan, counts)
    plan = await asyncio.to_thread(preparing.judged, settled, plan, state)
    return ApplyOutcome(preparing.with_deleted(plan, deleted), state.revision)


async def _deleted_by_hand(
    reads: store.RowReader, actor: Actor, document: Document, state: SetState
) -> dict[str, Change]:
    """By slug, webhooks of the document that were deleted by hand since the last apply."""
    there = {live.slug for live in state.stored}
    if not state.number or document.webhooks.keys() <= there:
        return {}
    found = await find_deleted(reads, actor.workspace_id, [document.set_name])
    return {change.slug: change for _, change in found}


async def preview_unchanged(
    runtime: Runtime, actor: Actor, question: DigestRequest
) -> ApplyOutcome | None:
    """The plan of what was applied last, which changes nothing; None where `preview` is to compare.

    Raises Unavailable.
    """
    answer = await unchanged.planned(runtime, actor, question)
    return ApplyOutcome(*answer) if answer else None


async def apply_unchanged(
    runtime: Runtime, actor: Actor, question: DigestRequest
) -> ApplyOutcome | None:
    """The outcome of applying the same again; None where `apply` is to compare.

    Raises Unavailable.
    """
    try:
        answer = await unchanged.applied(runtime, actor, question)
    except store.LockNotObtained:
        return _locked(question.set_name)
    if answer is None:
        return None
    _log(actor, question.set_name, question.source, None)
    return ApplyOutcome(*answer)


async def apply(runtime: Runtime, actor: Actor, request: SyncRequest) -> ApplyOutcome:
    """Makes the set what the document says, or says what blocks it.

    Raises Refused: NOT_ALLOWED when a secret is not known, IDEMPOTENCY_CONFLICT when the key
    belongs to another content; Unavailable.
    """
    document = request.document
    if await asyncio.to_thread(document.has_unknown_secrets):
        raise Refused(
            Problem(
                Code.NOT_ALLOWED,
                "Secrets that are not known can be planned, never applied. Resolve every "
                "reference.",
                ("secrets",),
            )
        )
    wanted = free_later(await asyncio.to_thread(preparing.wanted_of, runtime, request))
    # Before the lock is taken, which nobody is to hold while a child process renders.
    broken = await check_templates.check(document, runtime.renderer, actor.workspace_id)
    applying = _Applying(runtime, actor, request, wanted, broken)
    set_name = document.set_name
    for _ in range(TRIES):
        try:
            return await applying.apply()
        except _Stopped as stopped:
            found = stopped.outcome
            await tell_failure(runtime, actor.workspace_id, set_name, found.blocked, found.problems)
            return found
        except store.LockNotObtained:
            return _locked(set_name)
        except IntegrityError:
            # Somebody made a webhook with one of the slugs meanwhile: plan again, with it.
            continue
    raise Unavailable("Webhooks with the same slugs are being made elsewhere at once. Try again.")


@dataclass(frozen=True, slots=True)
class _Facts:
    """The state that an apply is planned from, of one snapshot of the database. last: webhooks of
    the newest revision by slug, for an apply of a part; deleted: by hand, slugs by id.
    """

    dialect: str
    state: SetState
    settled: Settlement
    last: Mapping[str, Any]
    deleted: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class _Ready:
    """An apply that was planned and encoded from one state of its set. prepared: None where
    something blocks it.
    """

    state: SetState
    plan: Planned
    prepared: PreparedApply | None


@dataclass(frozen=True, slots=True)
class _Applying:
    runtime: Runtime
    actor: Actor
    request: SyncRequest
    wanted: list[WantedWebhook]
    broken: tuple[SyncProblem, ...]
    """Payload templates that do not render."""

    async def apply(self) -> ApplyOutcome:
        """One try. Raises _Stopped where nothing may be written, LockNotObtained."""
        async with store.reading(self.runtime) as reads:
            facts = await self._read(reads)
        # Before the lock. While it is held, on SQLite everybody who writes waits, and on
        # PostgreSQL whoever changes one of the webhooks or records its deliveries: for the 3 s of
        # CPU of 10,000 new ones before (2026-11). After the snapshot is closed: PostgreSQL ends a
        # transaction that is idle for 30 s, which a busy machine takes.
        ready = await self._prepare(facts)
        log.debug("sync prepared set=%s", self.request.document.set_name)
        async with self._locked() as work:
            state, prepared = ready.state, ready.prepared
            written = prepared.rows.present_ids if prepared else ()
            slugs = preparing.slugs_of(self.request.document)
            held = await hold(
                work,
                self.actor.workspace_id,
                self.request.document.set_name,
                slugs,
                state,
                written,
            )
            if held is not None:
                return await self._write(work, ready, held)
        # Something changed in between, which is rare: once more, with everything locked.
        log.debug("sync prepared again set=%s", self.request.document.set_name)
        async with self._locked() as work:
            facts = await self._read(work, is_locking=True)
            ready = await self._prepare(facts, work)
            return await self._write(work, ready, ready.state.rows)

    def _locked(self) -> AbstractAsyncContextManager[UnitOfWork]:
        request = self.request
        return store.locked(
            self.runtime.database,
            self.actor.workspace_id,
            request.document.set_name,
            request.options.lock_timeout,
        )

    async def _read(self, reads: store.RowReader, is_locking: bool = False) -> _Facts:
        request, document = self.request, self.request.document
        state = await store.read(
            reads,
            self.runtime.vault,
            self.actor.workspace_id,
            document.set_name,
            preparing.slugs_of(document),
            request.idempotency_key,
            preparing.check_of(self.runtime, request, self.wanted),
            is_locking,
        )
        settled = await preparing.settled(
            self.runtime, reads, self.actor, request, self.wanted, state
        )
        # Of a retry the revision that the first try made: onto it the part changes nothing.
        is_part = bool(request.options.only)
        last = await store.snapshot_of(reads, state.repeated or state.revision) if is_part else {}
        deleted = await unsettled(reads, self.actor.workspace_id, document.set_name)
        return _Facts(reads.dialect, state, settled, last, deleted)

    async def _prepare(self, facts: _Facts, work: UnitOfWork | None = None) -> _Ready:
        """work: the transaction that the facts were read in; None: it is over.

        Raises _Stopped for a retry of what was applied.
        """
        state, settled = facts.state, facts.settled
        request = settled.request
        content = await asyncio.to_thread(preparing.content, settled)
        if request.options.only:
            content = await asyncio.to_thread(preparing.part, request, facts.last, content)
        free_later(content.snapshot)
        # Before the plan, which would be empty by now, or somebody else's changes.
        if state.repeated is not None:
            raise _Stopped(self._repeated(state, state.repeated, content))
        plan = await asyncio.to_thread(preparing.planned, self.actor, settled, self.broken, state)
        if authors.disputed(plan):
            own = store.reading(self.runtime)
            async with nullcontext(work) if work else own as reads:
                plan = await preparing.with_authors(reads, self.actor, plan, state)
        plan = await asyncio.to_thread(preparing.judged, settled, plan, state)
        # Nothing changes between this look and the write: else it is looked again.
        if request.plan_digest not in (None, plan.digest):
            plan = replace(plan, blocked=(*plan.blocked, _STALE))
        if plan.blocked or plan.problems:
            return _Ready(state, plan, None)
        deleted = to_settle(facts.deleted, request.options)
        writing = Writing(self.runtime, self.actor, request, content, plan, state, deleted)
        return _Ready(state, plan, await asyncio.to_thread(writing.prepare, facts.dialect))

    async def _write(
        self, work: UnitOfWork, ready: _Ready, held: Mapping[UUID, Row]
    ) -> ApplyOutcome:
        """held: rows of the webhooks that are written. Raises _Stopped where none may be."""
        plan, state, prepared = ready.plan, ready.state, ready.prepared
        if prepared is None:
            raise _Stopped(ApplyOutcome(plan, state.revision))
        await prepared.write(work, self.runtime, self.actor.workspace_id, held)
        revision, set_name = prepared.revision, self.request.document.set_name
        # Only what was committed was applied.
        work.after_commit(lambda: _log(self.actor, set_name, self.request.source, revision))
        number = revision.number if revision else None
        return ApplyOutcome(replace(plan, revision=number), state.revision, revision)

    def _repeated(self, state: SetState, revision: SyncRevision, content: Content) -> ApplyOutcome:
        """The outcome of a retry whose first answer was lost: nothing is left to do."""
        restored = self.request.restored
        # A rollback's content has the secrets of now, which may be other ones since.
        is_same = (
            revision.restores == restored.number if restored else revision.digest == content.digest
        )
        if not is_same and self.request.plan_digest is not None:
            # A saved plan, of whose files only a secret can be another one.
            planned = planning.plan(self.request.document.set_name, state.number, (), ())
            return ApplyOutcome(replace(planned, blocked=(_STALE,)), state.revision)
        if not is_same:
            message = (
                f"This idempotency key belongs to revision {revision.number}, which had "
                "another content. Use a new key."
            )
            raise Refused(Problem(Code.IDEMPOTENCY_CONFLICT, message, ("idempotencyKey",)))
        empty = planning.plan(self.request.document.set_name, state.number, (), ())
        plan = replace(
            empty,
            unchanged=len(self.wanted),
            base_commit=state.revision.commit if state.revision else None,
            is_base_dirty=state.revision.is_dirty if state.revision else None,
            revision=revision.number,
            restores=restored.number if restored else None,
        )
        return ApplyOutcome(plan, state.revision, revision)


def _locked(set_name: str) -> ApplyOutcome:
    return ApplyOutcome(replace(planning.plan(set_name, 0, (), ()), blocked=(_LOCKED,)))


def _log(actor: Actor, set_name: str, source: Source, revision: SyncRevision | None) -> None:
    by = (set_name, actor.name, source.recorded_commit)
    if revision is None:
        log.info("sync without changes set=%s by=%s commit=%s", *by)
    else:
        counts = (revision.number, revision.created, revision.updated, revision.disabled)
        log.info(
            "sync applied set=%s by=%s commit=%s revision=%s created=%s updated=%s disabled=%s",
            *by,
            *counts,
        )
