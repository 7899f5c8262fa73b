"""Rollbacks: a revision of a set as the wish of an apply. Called by api/schema; applying plans and
applies what is made here, by the same rules as a file.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from hookline.access.actor import Actor
from hookline.db import bulk_rows
from hookline.db.connection import Row
from hookline.errors import Code, Problem, Refused
from hookline.form.check import check_given, check_slug
from hookline.form.kinds import Bounds, FieldProblem
from hookline.models import SyncRevision
from hookline.models.column_types import PackedListColumn, UuidColumn
from hookline.runtime import Runtime
from hookline.secrets.vault import Vault
from hookline.sync.apply.deleted import deleted_webhooks, stored_secrets
from hookline.sync.apply.store import RowReader, SetState
from hookline.sync.options import DEFAULT_OPTIONS, Options
from hookline.sync.plan.changes import Block, ChangeKind
from hookline.sync.plan.kept_secrets import NOTHING, settle, with_unknown, without_secrets
from hookline.sync.plan.webhooks import StoredWebhook, WantedWebhook
from hookline.sync.policy import NO_POLICY, remembered
from hookline.sync.read.document import Document, DocumentWebhook
from hookline.sync.read.file_fields import Move, lifecycle_of
from hookline.sync.read.problems import Position, SyncProblem
from hookline.sync.request import Restored, Source, SyncRequest
from hookline.webhooks.saving import bounds_of

# Of the workspace's set with this name.
READ_REVISION: Final = """
select r.*, s.revision_number as base from sync_set s join sync_revision r on r.set_id = s.id
where s.workspace_id = $1 and s.name = $2 and r.number = $3"""
# Those that moved something since, the newest first: each is undone before the one before it.
READ_MOVES: Final = """
select changes from sync_revision
where set_id = $1 and number > $2 and moved > 0 order by number desc"""
_NOWHERE: Final = Position()


@dataclass(frozen=True, slots=True)
class RollbackInput:
    """A rollback as it is asked for. plan_digest, idempotency_key, message: as of an apply."""

    set_name: str
    number: int
    options: Options = DEFAULT_OPTIONS
    plan_digest: str | None = None
    idempotency_key: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A rollback beside the present state. request: with places, policy and moves; warnings:
    secrets that stay or are left out, blocks: those that are lost.
    """

    request: SyncRequest
    wanted: list[WantedWebhook]
    blocks: tuple[Block, ...] = ()
    warnings: tuple[SyncProblem, ...] = ()


async def request_of(runtime: Runtime, actor: Actor, asked: RollbackInput) -> SyncRequest:
    """The revision as an apply takes it. What is not allowed any more, such as an environment that
    is gone, is among the problems of its `restored`.

    Raises Refused: NOT_FOUND; Unavailable.
    """
    rows, undone = list[Row](), list[tuple[str, str]]()
    # A text that names no set may be none that PostgreSQL takes.
    if not check_slug(asked.set_name):
        async with runtime.database.unit_of_work() as work:
            rows = await work.rows(READ_REVISION, actor.workspace_id, asked.set_name, asked.number)
            if rows:
                set_id = UuidColumn().to_python_value(rows[0]["set_id"])
                undone = await _moves_after(work, set_id, asked.number)
    if not rows:
        message = (
            f'The set "{asked.set_name}" has no revision {asked.number}. '
            "`hookline sync history` lists those that there are, in the API `syncRevisions`."
        )
        raise Refused(Problem(Code.NOT_FOUND, message, ("revision",)))
    return await asyncio.to_thread(_request, asked, rows[0], undone, bounds_of(runtime))


def _request(
    asked: RollbackInput, found: Row, undone: list[tuple[str, str]], bounds: Bounds
) -> SyncRequest:
    row: SyncRevision = bulk_rows.load(SyncRevision, found)
    document, problems = Document(asked.set_name), list[SyncProblem]()
    prints = dict[str, Mapping[str, Any]]()
    for slug, content in row.snapshot.items():
        form = {name: value for name, value in content.items() if name != "lifecycle"}
        values, wrong = check_given(with_unknown(form), bounds)
        problems += [_problem(slug, one) for one in wrong if not one.is_warning]
        lifecycle = lifecycle_of(content.get("lifecycle"))
        document.webhooks[slug] = DocumentWebhook(
            slug, without_secrets(values), _NOWHERE, lifecycle
        )
        prints[slug] = form
    if row.policy is not None:
        document.policy, _ = remembered(row.policy)
    has_policy = row.policy is not None
    restored = Restored(
        row.number, row.set_id, prints, has_policy, found["base"], undone, tuple(problems)
    )
    source = Source(
        commit=row.commit,
        branch=row.branch,
        author=row.author,
        repository=row.repository,
        is_dirty=row.is_dirty,
    )
    return SyncRequest(
        document,
        asked.options,
        source,
        asked.plan_digest,
        asked.idempotency_key,
        asked.message,
        restored,
    )


def _problem(slug: str, found: FieldProblem) -> SyncProblem:
    message = f"{slug}: {found.message.removesuffix('.')}"
    path = ("webhooks", slug, *found.field)
    return SyncProblem(found.yaml_code, message, _NOWHERE, path, found.hint)


def wanted_of(request: SyncRequest, restored: Restored) -> list[WantedWebhook]:
    """The revision's webhooks, not yet compared with the present ones."""
    return [
        WantedWebhook(
            item.slug, item.values, restored.prints[item.slug], _NOWHERE, None, item.lifecycle
        )
        for item in request.document.webhooks.values()
    ]


@dataclass(frozen=True, slots=True)
class Past:
    """Fate of the revision's webhooks. undone: the moves to undo, the newest first; secrets: of
    those that were deleted, in clear by slug and path.
    """

    undone: Sequence[tuple[str, str]] = ()
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


async def past_of(
    reads: RowReader,
    vault: Vault,
    workspace_id: UUID,
    request: SyncRequest,
    restored: Restored,
    wanted: Sequence[WantedWebhook],
    state: SetState,
) -> Past:
    """Reads it: a statement if webhooks are gone, and one if the set was applied since the revision
    was read.
    """
    undone = restored.undone
    if state.number != restored.base:
        undone = await _moves_after(reads, restored.set_id, restored.number)
    there = {live.slug for live in state.stored}
    missing = {item.slug: item for item in wanted if item.slug not in there}
    # By the slug that it had last: one that was moved may have been deleted since.
    last = {slug: _moved_on(slug, undone) for slug in missing}
    gone = {slug: name for slug, name in last.items() if name not in there}
    names = sorted({*gone.values()})
    rows = await deleted_webhooks(reads, workspace_id, request.document.set_name, names)
    secrets = await asyncio.to_thread(
        lambda: {
            slug: stored_secrets(missing[slug], rows[name], vault)
            for slug, name in gone.items()
            if name in rows
        }
    )
    return Past(undone, secrets)


def _moved_on(slug: str, undone: Sequence[tuple[str, str]]) -> str:
    """The slug after all moves since. undone: the newest first."""
    for new, old in reversed(undone):
        if old == slug:
            slug = new
    return slug


async def _moves_after(reads: RowReader, set_id: UUID, number: int) -> list[tuple[str, str]]:
    rows = await reads.rows(READ_MOVES, set_id, number)
    return [
        (change["slug"], change["movedFrom"])
        for row in rows
        for change in PackedListColumn().to_python_value(row["changes"])
        if change["kind"] == ChangeKind.MOVE
    ]


def settled(
    request: SyncRequest,
    restored: Restored,
    wanted: Sequence[WantedWebhook],
    state: SetState,
    past: Past,
) -> Settlement:
    """Brings the revision and the present webhooks together."""
    live = {one.slug: one for one in state.stored}
    moves = _moves(past.undone, request.document, live, request.document.set_name)
    now = {move.target: live[move.source] for move in moves}
    options, document = request.options, replace(request.document, moves=tuple(moves))
    if not restored.has_policy:
        document.policy = state.policy or NO_POLICY
    found, blocks, warnings = list[WantedWebhook](), list[Block](), list[SyncProblem]()
    for item in wanted:
        there = now.get(item.slug, live.get(item.slug))
        one = settle(item, there, document.set_name, past.secrets.get(item.slug, NOTHING))
        found.append(replace(one.webhook, position=_place(there)))
        if options.only and item.slug not in options.only:
            continue
        warnings += [_kept(item.slug, path) for path in one.kept]
        if options.allow_lost_secrets:
            warnings += [_left_out(item.slug, path) for path in one.lost]
        else:
            blocks += [_lost(item.slug, path, restored.number) for path in one.lost]
    document.webhooks = {
        item.slug: replace(document.webhooks[item.slug], position=item.position) for item in found
    }
    return Settlement(replace(request, document=document), found, tuple(blocks), tuple(warnings))


def _moves(
    undone: Sequence[tuple[str, str]],
    document: Document,
    live: Mapping[str, StoredWebhook],
    set_name: str,
) -> list[Move]:
    """The moves that bring webhooks back to their slugs of then. One that would meet another
    webhook is left out: then both slugs are what the revision says, by themselves.
    """
    slugs = {slug: slug for slug, one in live.items() if one.set_name == set_name}
    for new, old in undone:
        for now, then in slugs.items():
            if then == new:
                slugs[now] = old
                break
    return [
        Move(now, then, _NOWHERE)
        for now, then in slugs.items()
        if now != then
        and now not in document.webhooks
        and then in document.webhooks
        and then not in live
    ]


def _place(live: StoredWebhook | None) -> Position:
    """The place in a file where the webhook was seen last; one that left it has none."""
    file, line, _ = live.position if live else (None, None, None)
    return Position(line, 1, file) if file and line else _NOWHERE


def _kept(slug: str, path: str) -> SyncProblem:
    return _warning(
        "secret-kept",
        "was changed since and stays as it is now, as revisions hold none",
        slug,
        path,
    )


def _left_out(slug: str, path: str) -> SyncProblem:
    return _warning("secret-lost", "is not stored any more and is left out", slug, path)


def _warning(code: str, what: str, slug: str, path: str) -> SyncProblem:
    name, _, part = path.partition(".")
    at = ("webhooks", slug, name, part) if part else ("webhooks", slug, name)
    # Whole by itself: there is no file whose line would name it.
    message = f"{slug}: the secret {path} {what}"
    return SyncProblem(code, message, _NOWHERE, at, severity="warning")


def _lost(slug: str, path: str, number: int) -> Block:
    message = (
        f"{slug}: the secret {path} of revision {number} is not stored any more, or not for this "
        "URL; apply the file of that commit, which has it"
    )
    return Block("secret-lost", message, slug, "--allow-lost-secrets, which leaves it out")
