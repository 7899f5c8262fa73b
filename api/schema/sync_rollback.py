"""Rollbacks of sets over GraphQL: the plan of one, and the rollback. hookline.sync does the work as
for a file, with the payloads of one.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from api.schema.node import Info
from api.schema.sync import (
    SyncApplyPayload,
    SyncPlan,
    SyncPlanPayload,
    require_reading,
    revision_of,
)
from api.schema.sync_input import (
    SyncRollbackInput,
    SyncRollbackPlanInput,
    check_texts,
    options_of,
)
from api.schema.sync_plan import problems_of
from api.schema.user_error import user_errors
from hookline.access.actor import Actor
from hookline.errors import Problem, Refused
from hookline.large_work import large_work
from hookline.runtime import Runtime
from hookline.sync.apply import applying, restoring
from hookline.sync.apply.applying import ApplyOutcome
from hookline.sync.apply.restoring import RollbackInput
from hookline.sync.request import SyncRequest

Work = Callable[[Runtime, Actor, SyncRequest], Awaitable[ApplyOutcome]]


@strawberry.type
class SyncRollbackMutation:
    @strawberry.mutation(
        description="Returns the changes that bringing a set back to a revision would make, "
        "without making them. Secrets that were changed since stay as they are now (a warning "
        "secret-kept); those that are not stored any more block it. User errors: INVALID, "
        "OUT_OF_RANGE, NOT_FOUND. Requires the scope sync:plan, for every set or for this one "
        "(sync:plan:team-a), webhooks:read and deliveries:read."
    )
    async def sync_rollback_plan(
        self,
        info: Info,
        input: Annotated[
            SyncRollbackPlanInput, strawberry.argument(description="Revision to plan.")
        ],
    ) -> SyncPlanPayload | None:
        actor = require_reading(info, "sync:plan", input.set)
        options, wrong = options_of(input.options)
        asked = RollbackInput(input.set, input.revision, options)
        try:
            outcome = await _done(info, actor, asked, wrong, applying.preview)
        except Refused as refused:
            return SyncPlanPayload(plan=None, problems=[], user_errors=user_errors(refused))
        return SyncPlanPayload(
            plan=await SyncPlan.of(outcome, outcome.plan.warnings),
            problems=problems_of(outcome.problems),
            user_errors=[],
        )

    @strawberry.mutation(
        description="Brings a set back to a revision, in one transaction and by the policy checks "
        "of `syncApply`, as a new revision. Policy and lifecycles come back with it. The commit of "
        "the set stays: revert it in the repository too, or the next apply undoes the rollback. "
        "User errors: those of `syncRollbackPlan`, TOO_LONG, IDEMPOTENCY_CONFLICT. Requires the "
        "scope sync:apply, for every set or for this one (sync:apply:team-a), webhooks:read and "
        "deliveries:read."
    )
    async def sync_rollback(
        self,
        info: Info,
        input: Annotated[
            SyncRollbackInput, strawberry.argument(description="Revision to bring back.")
        ],
    ) -> SyncApplyPayload | None:
        actor = require_reading(info, "sync:apply", input.set)
        options, wrong = options_of(input.options)
        texts = {"idempotency_key": input.idempotency_key, "message": input.message}
        asked = RollbackInput(
            input.set,
            input.revision,
            options,
            input.plan_digest,
            input.idempotency_key,
            input.message,
        )
        try:
            outcome = await _done(info, actor, asked, [*wrong, *check_texts(texts)], applying.apply)
        except Refused as refused:
            return SyncApplyPayload(
                plan=None, revision=None, problems=[], user_errors=user_errors(refused)
            )
        return SyncApplyPayload(
            plan=await SyncPlan.of(outcome, outcome.plan.warnings),
            revision=revision_of(outcome.revision, input.set),
            problems=problems_of(outcome.problems),
            user_errors=[],
        )


async def _done(
    info: Info, actor: Actor, asked: RollbackInput, wrong: list[Problem], work: Work
) -> ApplyOutcome:
    """Raises Refused."""
    if wrong:
        raise Refused(wrong)
    runtime = info.context.runtime
    with large_work():
        return await work(runtime, actor, await restoring.request_of(runtime, actor, asked))
