"""Webhooks files over GraphQL: plan and apply, and the revisions that come of it. hookline.sync
does the work, the long parts off the loop.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.auth import require
from api.schema.node import Actor, Info, Node, actor_of, node_id
from api.schema.sync_input import (
    SyncApplyInput,
    SyncFileInput,
    SyncPlanInput,
    check_texts,
    options_of,
    secrets_of,
    source_of,
)
from api.schema.sync_plan import SyncBlock, SyncChange, SyncProblem, problems_of
from api.schema.user_error import UserError, user_errors
from hookline.access import actor as actors
from hookline.db.connection import faults_as_unavailable
from hookline.errors import Code, Problem, Refused
from hookline.models import SyncRevision as RevisionRow
from hookline.models import SyncSet as SetRow
from hookline.sync.apply import applying
from hookline.sync.apply.applying import Outcome
from hookline.sync.read import received
from hookline.sync.read.document import Document
from hookline.sync.read.problems import SyncProblem as FileProblem
from hookline.sync.request import Request
from hookline.webhooks.saving import bounds_of


@strawberry.type(description="One apply of a set that changed something.")
class SyncRevision(Node):
    set: str = strawberry.field(description="The set.")
    number: int = strawberry.field(description="Its number within the set, from 1.")
    commit: str | None = strawberry.field(description="The commit that was applied.")
    branch: str | None = strawberry.field(description="Its branch.")
    author: str | None = strawberry.field(description="Who wrote it.")
    message: str | None = strawberry.field(description="What whoever applied it said.")
    run_url: str | None = strawberry.field(description="The page of the CI run.")
    repository: str | None = strawberry.field(description="Where the commit is kept.")
    dirty: bool | None = strawberry.field(description="Whether the file differed from the commit.")
    actor: Actor = strawberry.field(description="Who applied it.")
    created: int = strawberry.field(description="How many webhooks it made.")
    updated: int = strawberry.field(description="How many it changed.")
    disabled: int = strawberry.field(
        description="How many it turned off, since they were no longer in the file."
    )
    applied_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: RevisionRow, set_name: str) -> "SyncRevision":
        return cls(
            id=node_id("rev", row.id),
            set=set_name,
            number=row.number,
            commit=row.commit,
            branch=row.branch,
            author=row.author,
            message=row.message,
            run_url=row.run_url,
            repository=row.repository,
            dirty=row.is_dirty,
            actor=actor_of(row.actor),
            created=row.created,
            updated=row.updated,
            disabled=row.disabled,
            applied_at=row.applied_at,
        )


@strawberry.type(description="What an apply would do, or did.")
class SyncPlan:
    digest: str = strawberry.field(
        description="What this plan is recognised by: syncApply takes it as planDigest."
    )
    set: str = strawberry.field(description="The set.")
    base: SyncRevision | None = strawberry.field(
        description="The newest revision before; null when there is none."
    )
    changes: list[SyncChange] = strawberry.field(
        description="The changes: what is in the file, then what no longer is, each by slug."
    )
    unchanged: int = strawberry.field(description="How many webhooks of the file stay as they are.")
    blocked: list[SyncBlock] = strawberry.field(
        description="What keeps it from being applied; empty when nothing does."
    )
    warnings: list[SyncProblem] = strawberry.field(
        description="What looks odd in the file and is no error."
    )

    @classmethod
    def of(cls, outcome: Outcome, warnings: Iterable[FileProblem]) -> "SyncPlan":
        plan = outcome.plan
        return cls(
            digest=plan.digest,
            set=plan.set_name,
            base=_revision(outcome.base, plan.set_name),
            changes=[SyncChange.of(change) for change in plan.changes],
            unchanged=plan.unchanged,
            blocked=[SyncBlock.of(block) for block in plan.blocked],
            warnings=problems_of(warnings),
        )


@strawberry.type(description="A plan, or why there is none.")
class SyncPlanPayload:
    plan: SyncPlan | None = strawberry.field(
        description="The plan; null when the file has errors or the input was refused."
    )
    problems: list[SyncProblem] = strawberry.field(description="All that is wrong with the file.")
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the rest of the input."
    )


@strawberry.type(
    description="What came of an apply. Nothing was changed when anything is blocked, wrong or "
    "refused."
)
class SyncApplyPayload:
    plan: SyncPlan | None = strawberry.field(
        description="What was done, or what is blocked; null when the file has errors or the "
        "input was refused."
    )
    revision: SyncRevision | None = strawberry.field(
        description="The revision that it made; null when nothing changed."
    )
    problems: list[SyncProblem] = strawberry.field(description="All that is wrong with the file.")
    user_errors: list[UserError] = strawberry.field(
        description="All that is wrong with the rest of the input."
    )


@strawberry.type
class SyncMutation:
    @strawberry.mutation(
        description="Says what applying a webhooks file would do. It writes nothing. Needs the "
        "scope sync:plan."
    )
    async def sync_plan(
        self,
        info: Info,
        input: Annotated[SyncPlanInput, strawberry.argument(description="The file.")],
    ) -> SyncPlanPayload | None:
        actor = require(info, "sync:plan")
        options, wrong_options = options_of(input.options)
        source, wrong_source = source_of(input.source)
        try:
            document, found = await _document(
                info, input, [*wrong_options, *wrong_source], bool(input.unresolved_secrets)
            )
        except Refused as refused:
            return SyncPlanPayload(plan=None, problems=[], user_errors=user_errors(refused))
        if document is None:
            return SyncPlanPayload(plan=None, problems=problems_of(found), user_errors=[])
        outcome = await applying.preview(
            info.context.runtime, actor.workspace_id, Request(document, options, source)
        )
        return SyncPlanPayload(
            plan=SyncPlan.of(outcome, found), problems=problems_of(outcome.problems), user_errors=[]
        )

    @strawberry.mutation(
        description="Makes a set what a webhooks file says: all of it in one transaction, or "
        "nothing. Needs the scope sync:apply."
    )
    async def sync_apply(
        self,
        info: Info,
        input: Annotated[SyncApplyInput, strawberry.argument(description="The file.")],
    ) -> SyncApplyPayload | None:
        actor = require(info, "sync:apply")
        try:
            document, found, outcome = await _apply(info, actor, input)
        except Refused as refused:
            return SyncApplyPayload(
                plan=None, revision=None, problems=[], user_errors=user_errors(refused)
            )
        if document is None or outcome is None:
            return SyncApplyPayload(
                plan=None, revision=None, problems=problems_of(found), user_errors=[]
            )
        revision = _revision(outcome.revision, document.set_name)
        return SyncApplyPayload(
            plan=SyncPlan.of(outcome, found),
            revision=revision,
            problems=problems_of(outcome.problems),
            user_errors=[],
        )


async def find_revision(info: Info, key: Any) -> SyncRevision | None:
    actor = require(info, "webhooks:read")
    with faults_as_unavailable():
        row = await RevisionRow.filter(id=key, workspace_id=actor.workspace_id).first()
        owner = row and await SetRow.filter(id=row.set_id).first()
    return _revision(row, owner.name) if owner else None


def _revision(row: RevisionRow | None, set_name: str) -> SyncRevision | None:
    return SyncRevision.of(row, set_name) if row else None


async def _apply(
    info: Info, actor: actors.Actor, input: SyncApplyInput
) -> tuple[Document | None, list[FileProblem], Outcome | None]:
    """The document with its warnings and what came of it; or no document, and what is wrong with
    it.

    Raises Refused.
    """
    options, wrong_options = options_of(input.options)
    source, wrong_source = source_of(input.source)
    wrong_texts = check_texts({"idempotency_key": input.idempotency_key, "message": input.message})
    document, found = await _document(info, input, [*wrong_options, *wrong_source, *wrong_texts])
    if document is None:
        return None, found, None
    request = Request(
        document, options, source, input.plan_digest, input.idempotency_key, input.message
    )
    return document, found, await applying.apply(info.context.runtime, actor, request)


async def _document(
    info: Info,
    input: SyncFileInput,
    wrong: list[Problem],
    may_be_unknown: bool = False,
) -> tuple[Document | None, list[FileProblem]]:
    """The document and its warnings, or none and all that is wrong with it. wrong: what is wrong
    with the rest of the input.

    Raises Refused with that, or for a document of another set.
    """
    runtime = info.context.runtime
    bounds = bounds_of(runtime)
    document, problems = await asyncio.to_thread(
        received.decode,
        input.document,
        input.positions,
        secrets_of(input.secrets),
        bounds,
        may_be_unknown,
    )
    has_errors = problems.has_errors()
    if not has_errors and document.set_name != input.set:
        wrong = [
            *wrong,
            Problem(
                Code.INVALID,
                f'The document is of the set "{document.set_name}". Ask for that set, or mend the '
                "file.",
                ("set",),
            ),
        ]
    if wrong:
        raise Refused(wrong)
    return None if has_errors else document, problems.in_order()
