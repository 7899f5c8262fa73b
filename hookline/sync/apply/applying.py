"""A file's wish against the database. Called by api/schema/sync and `hookline dev`.

`preview` says what an apply would do; `apply` locks the set, reads again, plans again, refuses what
a policy check forbids, writes, and adds a revision (none for equal content).
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from tortoise.exceptions import IntegrityError

from hookline.access.actor import Actor
from hookline.db.connection import UnitOfWork
from hookline.errors import Code, Problem, Refused, Unavailable
from hookline.large_work import free_later
from hookline.models import SyncRevision
from hookline.runtime import Runtime
from hookline.sync.apply import restoring, store, unchanged
from hookline.sync.apply.authors import authors_of
from hookline.sync.apply.backlogs import backlogs_of
from hookline.sync.apply.content import Content, content_of, part_of
from hookline.sync.apply.restoring import Settlement
from hookline.sync.apply.store import SetState
from hookline.sync.apply.telling import tell_failure
from hookline.sync.apply.unchanged import DigestRequest
from hookline.sync.apply.writing import Writing
from hookline.sync.plan import authors, planning, policy, renames
from hookline.sync.plan.changes import Block
from hookline.sync.plan.webhooks import Planned, WantedWebhook
from hookline.sync.policy import Rules
from hookline.sync.read import check_templates
from hookline.sync.read.document import Document
from hookline.sync.read.problems import Position, SyncProblem
from hookline.sync.request import Source, SyncRequest
from hookline.webhooks.columns import fingerprinted

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
    wanted = free_later(await asyncio.to_thread(_wanted, runtime, request))
    async with store.reading(runtime) as reads:
        state = await store.read(
            reads, runtime.vault, actor.workspace_id, document.set_name, _slugs(document)
        )
        settled = await _settled(runtime, reads, actor, request, wanted, state)
    # After the snapshot is closed: a child process renders, and nothing in the database waits for
    # it.
    broken = await check_templates.check(document, runtime.renderer, actor.workspace_id)
    plan = await asyncio.to_thread(_planned, actor, settled, broken, state)
    interrupted = await asyncio.to_thread(renames.interrupted, plan)
    if authors.disputed(plan) or interrupted:
        # Another snapshot: rare, and no reader is held while a large file is planned.
        async with store.reading(runtime) as reads:
            plan = await _with_authors(reads, actor, plan, state)
            counts = await backlogs_of(reads, interrupted)
        plan = await asyncio.to_thread(renames.with_deliveries, plan, counts)
    return ApplyOutcome(_judged(settled, plan, state), state.revision)


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
    wanted = free_later(await asyncio.to_thread(_wanted, runtime, request))
    # Before the lock is taken, which nobody is to hold while a child process renders.
    broken = await check_templates.check(document, runtime.renderer, actor.workspace_id)
    applying = _Applying(runtime, actor, request, wanted, broken)
    set_name, patience = document.set_name, request.options.lock_timeout
    for _ in range(TRIES):
        try:
            async with store.locked(
                runtime.database, actor.workspace_id, set_name, patience
            ) as work:
                return await applying.run(work)
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
class _Applying:
    runtime: Runtime
    actor: Actor
    request: SyncRequest
    wanted: list[WantedWebhook]
    broken: tuple[SyncProblem, ...]
    """Payload templates that do not render."""

    async def run(self, work: UnitOfWork) -> ApplyOutcome:
        """One try. Raises _Stopped where nothing may be written."""
        request, document = self.request, self.request.document
        state = await store.read(
            work,
            self.runtime.vault,
            self.actor.workspace_id,
            document.set_name,
            _slugs(document),
            request.idempotency_key,
            is_locking=True,
        )
        settled = await _settled(self.runtime, work, self.actor, request, self.wanted, state)
        request = settled.request
        content = await asyncio.to_thread(_content, settled)
        free_later(content.snapshot)
        if request.options.only:
            # Of a retry the revision that the first try made: onto it the part changes nothing.
            last = await store.snapshot_of(work, state.repeated or state.revision)
            content = await asyncio.to_thread(_part, request, last, content)
        # Before the plan, which would be empty by now, or somebody else's changes.
        if state.repeated is not None:
            raise _Stopped(self._repeated(state, state.repeated, content))
        plan = await asyncio.to_thread(_planned, self.actor, settled, self.broken, state)
        plan = _judged(settled, await _with_authors(work, self.actor, plan, state), state)
        # Compared under the lock, so nothing changes between the look and the write.
        if request.plan_digest not in (None, plan.digest):
            plan = replace(plan, blocked=(*plan.blocked, _STALE))
        if plan.blocked or plan.problems:
            raise _Stopped(ApplyOutcome(plan, state.revision))
        writing = Writing(self.runtime, self.actor, request, content, plan, state)
        revision = await writing.write(work)
        # Only what was committed was applied.
        set_name = document.set_name
        work.after_commit(lambda: _log(self.actor, set_name, request.source, revision))
        number = revision.number if revision else None
        return ApplyOutcome(replace(plan, revision=number), state.revision, revision)

    def _repeated(self, state: SetState, revision: SyncRevision, content: Content) -> ApplyOutcome:
        """The outcome of a retry whose first answer was lost: nothing is left to do."""
        if revision.digest != content.digest:
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
            restores=self.request.restored.number if self.request.restored else None,
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


def _content(settled: Settlement) -> Content:
    return content_of(
        {item.slug: {**item.prints, **item.lifecycle.content} for item in settled.wanted}
    )


def _part(request: SyncRequest, last: Mapping[str, Any], whole: Content) -> Content:
    """Content of the set after an apply of a part. last: snapshot of the revision before."""
    only = request.options.only
    moved = [move.source for move in request.document.moves if move.target in only]
    return part_of(last, whole, only, moved)


async def _settled(
    runtime: Runtime,
    reads: store.RowReader,
    actor: Actor,
    request: SyncRequest,
    wanted: list[WantedWebhook],
    state: SetState,
) -> Settlement:
    """The wish beside the present state: a file's as it is."""
    if (restored := request.restored) is None:
        return Settlement(request, wanted)
    past = await restoring.past_of(
        reads, runtime.vault, actor.workspace_id, request, restored, wanted, state
    )
    return await asyncio.to_thread(restoring.settled, request, restored, wanted, state, past)


def _wanted(runtime: Runtime, request: SyncRequest) -> list[WantedWebhook]:
    document = request.document
    if request.restored is not None:
        return restoring.wanted_of(request, request.restored)
    return [
        WantedWebhook(
            item.slug,
            item.values,
            fingerprinted(item.values, runtime.vault),
            item.position,
            _url_position(document, item.slug),
            item.lifecycle,
        )
        for item in document.webhooks.values()
    ]


def _slugs(document: Document) -> list[str]:
    """Slugs of webhooks that the plan may touch, whoever owns them."""
    return [*document.webhooks, *(move.source for move in document.moves)]


async def _with_authors(
    reads: store.RowReader, actor: Actor, plan: Planned, state: SetState
) -> Planned:
    found = await authors_of(reads, actor.workspace_id, authors.disputed(plan))
    return authors.with_authors(plan, found, state.stored)


def _url_position(document: Document, slug: str) -> Position | None:
    found = document.positions.get(f"webhooks.{slug}.url")
    return Position(found[1], found[2], found[0]) if found else None


def _planned(
    actor: Actor, settled: Settlement, broken: tuple[SyncProblem, ...], state: SetState
) -> Planned:
    """The plan, without what blocks it."""
    request, restored = settled.request, settled.request.restored
    plan = planning.plan(
        request.document.set_name,
        state.number,
        settled.wanted,
        state.stored,
        request.options,
        may_read_secrets=actor.may("secrets:read"),
        rules=Rules(request.document.policy, state.policy, state.protected),
        moves=request.document.moves,
        restores=restored.number if restored else None,
    )
    free_later(plan.changes)
    free_later(plan.writes)
    refused = restored.problems if restored else ()
    return replace(plan, problems=(*plan.problems, *broken, *refused), warnings=settled.warnings)


def _placed(block: Block, document: Document) -> Block:
    item = document.webhooks.get(block.slug or "")
    return replace(block, position=item.position) if item else block


def _judged(settled: Settlement, plan: Planned, state: SetState) -> Planned:
    """The plan with what blocks it."""
    request = settled.request
    options, wanted = request.options, request.document.webhooks
    blocks = policy.check(
        plan, not wanted, options, state.committed_at, request.source.committed_at
    )
    # A slug that was written wrong would do nothing, in silence.
    strangers = sorted(options.reenable - wanted.keys())
    unknown = [
        Block(
            "reenable",
            f"{slug} is to be re-enabled and is not in {plan.wish}; check how it is written",
            slug,
        )
        for slug in strangers
    ]
    there = wanted.keys() | {live.slug for live in state.stored}
    unknown += [
        Block(
            "only",
            f"{slug} is neither in {plan.wish} nor in the set; check how it is written",
            slug,
        )
        for slug in sorted(options.only - there)
    ]
    return replace(
        plan,
        blocked=tuple(
            _placed(block, request.document) for block in (*blocks, *unknown, *settled.blocks)
        ),
        base_commit=state.revision.commit if state.revision else None,
        is_base_dirty=state.revision.is_dirty if state.revision else None,
    )
