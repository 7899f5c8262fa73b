"""Steps from a file's wish and the state of its set to a plan and what blocks it. Called by
applying, for plans and applies alike. It writes nothing.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from hookline.access.actor import Actor
from hookline.large_work import free_later
from hookline.runtime import Runtime
from hookline.sync.apply import restoring, store
from hookline.sync.apply.authors import authors_of
from hookline.sync.apply.content import Content, content_of, part_of
from hookline.sync.apply.restoring import Settlement
from hookline.sync.apply.settled_webhooks import SettledCheck
from hookline.sync.apply.store import SetState
from hookline.sync.plan import authors, planning, policy
from hookline.sync.plan.changes import Block, Change, ChangeKind
from hookline.sync.plan.webhooks import Planned, WantedWebhook
from hookline.sync.policy import Rules
from hookline.sync.read.document import Document
from hookline.sync.read.problems import SyncProblem
from hookline.sync.request import SyncRequest
from hookline.webhooks.columns import fingerprinted


def content(settled: Settlement) -> Content:
    return content_of(
        {
            item.slug: {**item.prints, **lifecycle}
            if (lifecycle := item.lifecycle.content)
            else item.prints
            for item in settled.wanted
        }
    )


def part(request: SyncRequest, last: Mapping[str, Any], whole: Content) -> Content:
    """Content of the set after an apply of a part. last: snapshot of the revision before."""
    only = request.options.only
    moved = [move.source for move in request.document.moves if move.target in only]
    return part_of(last, whole, only, moved)


async def settled(
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


def wanted_of(runtime: Runtime, request: SyncRequest) -> list[WantedWebhook]:
    document = request.document
    if request.restored is not None:
        return restoring.wanted_of(request, request.restored)
    # Thousands of webhooks may have one secret.
    fingerprint = cache(runtime.vault.fingerprint)
    return [
        WantedWebhook(
            item.slug,
            item.values,
            fingerprinted(item.values, fingerprint),
            item.position,
            document.positions,
            item.lifecycle,
        )
        for item in document.webhooks.values()
    ]


def check_of(
    runtime: Runtime, request: SyncRequest, wanted: list[WantedWebhook]
) -> SettledCheck | None:
    """Tells which webhooks need no comparison; None of a rollback, which compares all."""
    return None if request.restored else SettledCheck(request, wanted, runtime.vault)


def slugs_of(document: Document) -> list[str]:
    """Slugs of webhooks that the plan may touch, whoever owns them."""
    return [*document.webhooks, *(move.source for move in document.moves)]


async def with_authors(
    reads: store.RowReader, actor: Actor, plan: Planned, state: SetState
) -> Planned:
    found = await authors_of(reads, actor.workspace_id, authors.disputed(plan))
    return authors.with_authors(plan, found, state.stored)


def planned(
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
        # Nobody stands behind files that the server follows: who may commit need not know what
        # people have set by hand.
        may_read_secrets=actor.may("secrets:read") and request.source.followed_path is None,
        rules=Rules(request.document.policy, state.policy, state.protected),
        moves=request.document.moves,
        restores=restored.number if restored else None,
    )
    free_later(plan.changes)
    free_later(plan.writes)
    refused = restored.problems if restored else ()
    return replace(plan, problems=(*plan.problems, *broken, *refused), warnings=settled.warnings)


def with_deleted(plan: Planned, deleted: Mapping[str, Change]) -> Planned:
    """The plan, whose new webhooks say who has deleted them. deleted: by slug, as drift."""
    if not deleted:
        return plan
    changes = (
        replace(change, hint="; ".join(filter(None, (deleted[change.slug].hint, change.hint))))
        if change.kind is ChangeKind.CREATE and change.slug in deleted
        else change
        for change in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def _placed(block: Block, document: Document) -> Block:
    item = document.webhooks.get(block.slug or "")
    return replace(block, position=item.position) if item else block


def judged(settled: Settlement, plan: Planned, state: SetState) -> Planned:
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
    moved = {move.source: move.target for move in request.document.moves} if options.only else {}
    unknown += [
        Block("only", f"{slug} becomes {moved[slug]} in {plan.wish}; name {moved[slug]}", slug)
        for slug in sorted(options.only & there & moved.keys() - wanted.keys())
        if moved[slug] not in options.only
    ]
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
