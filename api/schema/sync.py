"""Webhooks files over GraphQL: plan and apply. hookline.sync does the work, the long parts off the
loop.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Final
from uuid import UUID

import orjson
import strawberry
from strawberry.scalars import JSON

from api.auth import require, require_for_set
from api.schema.node import Info
from api.schema.reading import READING
from api.schema.sync_input import (
    SyncApplyInput,
    SyncFileInput,
    SyncPlanInput,
    check_document,
    check_texts,
    options_of,
    secrets_of,
    source_of,
)
from api.schema.sync_plan import SyncBlock, SyncChange, SyncPolicy, SyncProblem, problems_of
from api.schema.sync_revision import SyncRevision
from api.schema.user_error import UserError, user_errors
from hookline.access import actor as actors
from hookline.access.scopes import covers
from hookline.errors import Code, Problem, Refused
from hookline.form.check import check_slug
from hookline.large_work import free_later, large_work
from hookline.models import SyncRevision as RevisionRow
from hookline.sync.apply import applying
from hookline.sync.apply.applying import ApplyOutcome
from hookline.sync.apply.telling import tell_failure
from hookline.sync.apply.unchanged import DigestRequest
from hookline.sync.plan import codec
from hookline.sync.plan.changes import Change
from hookline.sync.read import received
from hookline.sync.read.content_digest import content_digest
from hookline.sync.read.document import Document
from hookline.sync.read.problems import Position
from hookline.sync.read.problems import SyncProblem as FileProblem
from hookline.sync.request import SyncRequest
from hookline.webhooks.saving import bounds_of

Secrets = dict[tuple[str, ...], str]
"""By their path in the document."""

_NOT_COMPARED: Final = FileProblem(
    "secrets-unknown",
    "secrets were not compared with the stored ones, as this token lacks the scope sync:apply, "
    "which the role sync has",
    Position(),
    severity="warning",
)


@strawberry.type(description="The changes that an apply would make, or has made.")
class SyncPlan:
    digest: str = strawberry.field(
        description="Digest that identifies the plan. Pass it to `syncApply` as `planDigest` "
        "to apply exactly this plan."
    )
    set: str = strawberry.field(description="Name of the set, the webhooks that one file owns.")
    base: SyncRevision | None = strawberry.field(
        description="Newest revision of the set before the apply, or null if there is none."
    )
    restores: int | None = strawberry.field(
        description="Number of the revision that a rollback brings back. Null for a file's plan."
    )
    changes_text: strawberry.Private[bytes]
    webhook_ids: strawberry.Private[tuple[UUID | None, ...]]
    unchanged: int = strawberry.field(
        description="Number of webhooks in the file that do not change."
    )
    policy: SyncPolicy = strawberry.field(description="Policy that the plan is made by.")
    policy_changes: list[str] = strawberry.field(
        description="Changes of the policy, of `preventDestroy` and of `ignoreChanges` since the "
        "last apply, in words. Applying them alone makes a revision, too."
    )
    blocked: list[SyncBlock] = strawberry.field(
        description="Policy checks that prevent the apply. Empty if the plan can be applied."
    )
    unknown_secrets: list[str] = strawberry.field(
        description="Paths of the secrets in the file that were not given and so not compared, "
        "such as order-sync.secretHeader.value."
    )
    warnings: list[SyncProblem] = strawberry.field(
        description="Warnings about the file. They do not prevent the apply."
    )

    @classmethod
    async def of(cls, outcome: ApplyOutcome, warnings: Iterable[FileProblem]) -> "SyncPlan":
        plan = outcome.plan
        # Off the loop. As text alone: the changes of 10,000 new webhooks are 170,000 objects, and
        # those that live on are looked through by the collector at once.
        text, webhook_ids = await asyncio.to_thread(_encoded, plan.changes)
        return cls(
            digest=plan.digest,
            set=plan.set_name,
            base=revision_of(outcome.base, plan.set_name),
            restores=plan.restores,
            changes_text=text,
            webhook_ids=webhook_ids,
            unchanged=plan.unchanged,
            policy=SyncPolicy.of(plan.limits),
            policy_changes=list(plan.policy_changes),
            blocked=[SyncBlock.of(block) for block in plan.blocked],
            unknown_secrets=list(plan.unknown_secrets),
            warnings=problems_of(warnings),
        )

    @strawberry.field(
        description="Changes by slug: first the webhooks in the file, then those that are no "
        "longer in it."
    )
    def changes(self) -> list[SyncChange]:
        made = map(codec.decode_change, orjson.loads(self.changes_text))
        return [
            SyncChange.of(replace(change, webhook_id=key))
            for change, key in zip(made, self.webhook_ids, strict=True)
        ]

    @strawberry.field(
        description="Same as `changes`, as one JSON value: names and values of `SyncChange` but "
        "for `webhookId`, and without what is null, false or empty in `fields`. A new webhook has "
        "`values` by field and `secretFields`, the names of those that hold a secret, in place "
        "of `fields`. For files of thousands of webhooks, at a fraction of the time."
    )
    def changes_json(self) -> JSON:
        return JSON(self.changes_text)


def _encoded(changes: tuple[Change, ...]) -> tuple[bytes, tuple[UUID | None, ...]]:
    # One by one, so that others have their turns between them.
    parts = [orjson.dumps(codec.short_change(change)) for change in changes]
    return b"[%b]" % b",".join(parts), tuple(change.webhook_id for change in changes)


@strawberry.type(description="Result of `syncPlan`.")
class SyncPlanPayload:
    plan: SyncPlan | None = strawberry.field(
        description="The plan. Null if the file is invalid or there are user errors."
    )
    problems: list[SyncProblem] = strawberry.field(
        description="Errors in the file. They prevent an apply."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input other than the file. Empty on success."
    )


@strawberry.type(
    description="Result of `syncApply`. Nothing was changed if the plan is blocked or "
    "there are problems or user errors."
)
class SyncApplyPayload:
    plan: SyncPlan | None = strawberry.field(
        description="The plan that was applied or is blocked. Null if the file is invalid or "
        "there are user errors."
    )
    revision: SyncRevision | None = strawberry.field(
        description="Revision of this apply, or of the first apply with the same idempotency "
        "key. Null if nothing was changed."
    )
    problems: list[SyncProblem] = strawberry.field(
        description="Errors in the file. They prevent an apply."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors in the input other than the file. Empty on success."
    )


@strawberry.type
class SyncMutation:
    @strawberry.mutation(
        description="Returns the changes that applying a webhooks file would make, without "
        "making them. User errors: INVALID, REQUIRED, TOO_LONG, OUT_OF_RANGE. "
        "Secrets stay unknown unless the token also has the scope sync:apply. "
        "Requires the scope sync:plan, for every set or for this one (sync:plan:team-a), "
        "webhooks:read and deliveries:read."
    )
    async def sync_plan(
        self,
        info: Info,
        input: Annotated[
            SyncPlanInput,
            strawberry.argument(description="File to compare with the present webhooks."),
        ],
    ) -> SyncPlanPayload | None:
        actor = require_reading(info, "sync:plan", input.set)
        # Around all of it: what is left at the end is the answer, and the collector, which looks
        # through all that was made meanwhile, finds no document (0.3 s, 2026-11).
        with large_work():
            return await _plan_payload(info, actor, input)

    @strawberry.mutation(
        description="Applies a webhooks file: makes all changes to its set in one "
        "transaction, or none. User errors: those of `syncPlan`, NOT_ALLOWED if a "
        "secret is missing, IDEMPOTENCY_CONFLICT. Requires the scope sync:apply, for every set "
        "or for this one (sync:apply:team-a), webhooks:read and deliveries:read."
    )
    async def sync_apply(
        self,
        info: Info,
        input: Annotated[SyncApplyInput, strawberry.argument(description="File to apply.")],
    ) -> SyncApplyPayload | None:
        actor = require_reading(info, "sync:apply", input.set)
        with large_work():
            return await _apply_payload(info, actor, input)


def require_reading(info: Info, scope: str, set_name: str) -> actors.Actor:
    """The actor that asks, if it has the scope for the set and may read what plan and problems tell
    of webhooks and their health.

    Raises Forbidden.
    """
    actor = require_for_set(info, scope, set_name)
    for needed in READING["SyncPlan"]:
        require(info, needed)
    return actor


def revision_of(row: RevisionRow | None, set_name: str) -> SyncRevision | None:
    return SyncRevision.of(row, set_name) if row else None


async def _plan_payload(info: Info, actor: actors.Actor, input: SyncPlanInput) -> SyncPlanPayload:
    try:
        found, outcome = await _plan(info, actor, input)
    except Refused as refused:
        return SyncPlanPayload(plan=None, problems=[], user_errors=user_errors(refused))
    if outcome is None:
        return SyncPlanPayload(plan=None, problems=problems_of(found), user_errors=[])
    return SyncPlanPayload(
        plan=await SyncPlan.of(outcome, found),
        problems=problems_of(outcome.problems),
        user_errors=[],
    )


async def _apply_payload(
    info: Info, actor: actors.Actor, input: SyncApplyInput
) -> SyncApplyPayload:
    try:
        found, outcome = await _apply(info, actor, input)
    except Refused as refused:
        return SyncApplyPayload(
            plan=None, revision=None, problems=[], user_errors=user_errors(refused)
        )
    if outcome is None:
        return SyncApplyPayload(
            plan=None, revision=None, problems=problems_of(found), user_errors=[]
        )
    return SyncApplyPayload(
        plan=await SyncPlan.of(outcome, found),
        revision=revision_of(outcome.revision, input.set),
        problems=problems_of(outcome.problems),
        user_errors=[],
    )


async def _plan(
    info: Info, actor: actors.Actor, input: SyncPlanInput
) -> tuple[list[FileProblem], ApplyOutcome | None]:
    """Plans the file. Returns its warnings and the outcome; or its problems and none.

    Raises Refused.
    """
    options, wrong_options = options_of(input.options)
    source, wrong_source = source_of(input.source)
    wrong = [*wrong_options, *wrong_source]
    may_compare = covers(actor.scopes, f"sync:apply:{input.set}")
    secrets = await _secrets_of(input) if may_compare else {}
    # A digest says of a guessed secret whether it is right, as a plan does.
    may_ask = may_compare and not input.unresolved_secrets
    has_asked = input.document is not None and input.content_digest is not None
    may_ask = may_ask and not wrong and not has_asked
    digest = await _digest_of(input, secrets) if may_ask else None
    if digest is not None:
        question = DigestRequest(input.set, digest, options, source)
        if outcome := await applying.preview_unchanged(info.context.runtime, actor, question):
            return [], outcome
    if may_compare:
        may_be_unknown = bool(input.unresolved_secrets)
        document, found = await _document(info, input, wrong, secrets, may_be_unknown)
    else:
        document, found = await _document_without_secrets(info, input, wrong)
    if document is None:
        return found, None
    request = SyncRequest(document, options, source)
    return found, await applying.preview(info.context.runtime, actor, request)


async def _apply(
    info: Info, actor: actors.Actor, input: SyncApplyInput
) -> tuple[list[FileProblem], ApplyOutcome | None]:
    """Applies the file. Returns what `_plan` does.

    Raises Refused.
    """
    runtime = info.context.runtime
    options, wrong_options = options_of(input.options)
    source, wrong_source = source_of(input.source)
    wrong_texts = check_texts({"idempotency_key": input.idempotency_key, "message": input.message})
    wrong = [*wrong_options, *wrong_source, *wrong_texts]
    secrets = await _secrets_of(input)
    digest = await _digest_of(input, secrets) if not wrong else None
    agreed, key = input.plan_digest, input.idempotency_key
    # A text that names no set may be none that PostgreSQL takes.
    if digest is not None and not check_slug(input.set):
        question = DigestRequest(input.set, digest, options, source, agreed, key)
        if outcome := await applying.apply_unchanged(runtime, actor, question):
            return [], outcome
    document, found = await _document(info, input, wrong, secrets)
    if document is None:
        errors = [problem for problem in found if problem.is_error]
        if not check_slug(input.set):
            await tell_failure(runtime, actor.workspace_id, input.set, (), errors)
        return found, None
    request = SyncRequest(
        document, options, source, agreed, key, input.message, None, digest, bool(found)
    )
    return found, await applying.apply(runtime, actor, request)


async def _secrets_of(input: SyncFileInput) -> Secrets:
    # Off the loop: 20 ms of 10,000 webhooks with one each.
    return free_later(await asyncio.to_thread(secrets_of, input))


async def _digest_of(input: SyncFileInput, secrets: Secrets) -> str | None:
    """Returns the digest of the document, or the given one of an input without a document."""
    if input.document is None:
        return input.content_digest
    # Off the loop: 40 ms of 10,000 webhooks.
    return await asyncio.to_thread(content_digest, input.document, input.positions, secrets)


async def _document_without_secrets(
    info: Info, input: SyncPlanInput, wrong: list[Problem]
) -> tuple[Document | None, list[FileProblem]]:
    """Decodes the file for the plan of a token that could not apply its secrets, which stay
    unknown: a plan that compares them says whether a guess is right (110 a second, 2026-11).
    """
    document, found = await _document(info, input, wrong, {}, may_be_unknown=True)
    has_unknown = document.has_unknown_secrets if document else bool
    hidden = [_NOT_COMPARED] if await asyncio.to_thread(has_unknown) else []
    return document, [*found, *hidden]


async def _document(
    info: Info,
    input: SyncFileInput,
    wrong: list[Problem],
    secrets: Secrets,
    may_be_unknown: bool = False,
) -> tuple[Document | None, list[FileProblem]]:
    """Decodes the file. Returns the document and its warnings, or none and all its problems. wrong:
    problems of the rest of the input; secrets: those to use of it.

    Raises Refused with that, or for a document of another set.
    """
    runtime = info.context.runtime
    bounds = bounds_of(runtime)
    if lacking := check_document(input):
        raise Refused([*wrong, *lacking])
    # off the loop: a document of thousands of webhooks would hold up every other request
    document, problems = await asyncio.to_thread(
        received.decode,
        input.document,
        input.positions,
        secrets,
        bounds,
        may_be_unknown,
    )
    free_later(document.webhooks)
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
