"""Jobs: work that goes on after the answer, with its progress, and the mutation that begins one."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from api.auth import require
from api.execution.malformed import taken
from api.schema.enums import JobStatus, RetryScope
from api.schema.node import Actor, Info, Node, actor_of, first_of, key_of, node_id
from api.schema.types import Webhook, find_webhook
from api.schema.user_error import UserError, user_errors
from hookline.access import actor as actors
from hookline.deliveries import jobs
from hookline.deliveries.retry_counts import COUNTED, count_retry
from hookline.errors import Code, Problem, Refused
from hookline.form.event_names import type_fault
from hookline.models import Job as JobRow


@strawberry.type(description="An operation that runs in the background.")
class Job(Node):
    kind: str = strawberry.field(description="Kind of the operation, such as deliveries.retry.")
    status: JobStatus = strawberry.field(description="Status of the job.")
    total: int | None = strawberry.field(
        description="Number of deliveries to queue for sending. Null while it is unknown."
    )
    done: int = strawberry.field(description="Number of deliveries queued for sending so far.")
    error: str | None = strawberry.field(
        description="Reason for the failure, or null if the job did not fail."
    )
    created_at: datetime = strawberry.field(description="Time of creation.")
    finished_at: datetime | None = strawberry.field(
        description="Time at which the job ended, or null while it is running."
    )

    created_by: Actor = strawberry.field(description="Actor that started the job.")
    row: strawberry.Private[JobRow]

    @strawberry.field(
        description="Webhook whose deliveries the job sends, or null if it is gone or the job is "
        "about all webhooks. Requires the scope webhooks:read."
    )
    async def webhook(self, info: Info) -> Webhook | None:
        key = self.row.work["webhookId"]
        return await find_webhook(info, UUID(key)) if key else None

    @classmethod
    def of(cls, row: JobRow) -> "Job":
        return cls(
            id=node_id("job", row.id),
            kind=row.kind,
            status=JobStatus(row.status),
            total=row.total,
            done=row.done,
            error=row.error,
            created_at=row.created_at,
            finished_at=row.finished_at,
            created_by=actor_of(row.actor),
            row=row,
        )


@strawberry.input(description="Input of `deliveriesRetry`.")
class DeliveriesRetryInput:
    which: RetryScope = strawberry.field(
        description="Deliveries to send. Without `webhookId` FAILED alone."
    )
    since: datetime = strawberry.field(
        description="Start of the time range, inclusive: of the creation of failed "
        "deliveries, and of the receipt of missed events."
    )
    until: datetime | None = strawberry.field(
        default=None, description="End of the time range, exclusive. Defaults to now."
    )
    webhook_id: strawberry.ID | None = strawberry.field(
        default=None, description="ID of the webhook (wh_…). All webhooks by default."
    )
    environment: str | None = strawberry.field(
        default=None,
        description="Environment of the events, such as production. All by default.",
    )
    event_type: str | None = strawberry.field(
        default=None,
        description="Exact type of the event, such as order.order.created. All types by default.",
    )
    dry_run: bool | None = strawberry.field(
        default=False,
        description="True to count what would be sent, and to start no job.",
    )


@strawberry.type(description="Numbers of what `deliveriesRetry` would send.")
class RetryCounts:
    failed: int | None = strawberry.field(
        description=f"Number of failed deliveries, counted up to {COUNTED:,}: without those of "
        "tests and those whose event's data has expired. Null if only MISSED was asked for."
    )
    missed: int | None = strawberry.field(
        description="Number of missed events, of the newest 10,000 that were published while the "
        "webhook was off. Null if only FAILED was asked for."
    )
    webhooks: int | None = strawberry.field(
        description="Number of webhooks with such failed deliveries, of those that were counted. "
        "Null if only MISSED was asked for."
    )
    exact: bool = strawberry.field(description="False if there may be more.")


@strawberry.type(description="Result of a mutation that starts or cancels a job.")
class JobPayload:
    job: Job | None = strawberry.field(
        description="The job after the mutation. Null if there are user errors, or with an error "
        "FORBIDDEN after the change if the token lacks the scope deliveries:read."
    )
    counts: RetryCounts | None = strawberry.field(
        default=None,
        description="Numbers of what would be sent. Null unless `dryRun` was true and there are no "
        "user errors.",
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Errors in the input. Empty on success."
    )


@strawberry.type
class JobQuery:
    @strawberry.field(
        description="Returns a job by its ID, or null if there is none. Requires the scope "
        "deliveries:read."
    )
    async def job(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the job (job_…).")],
    ) -> Job | None:
        return await find_job(info, key_of("job", id))


@strawberry.type
class JobMutation:
    @strawberry.mutation(
        description="Starts a job that sends failed deliveries, of a webhook or of all, or missed "
        "events of a webhook: oldest first, within the rate and concurrency limits of each "
        "webhook. With `dryRun` it counts them instead, which requires the scope deliveries:read "
        "as well. User errors: NOT_FOUND, INVALID. Requires the scope deliveries:retry."
    )
    async def deliveries_retry(
        self,
        info: Info,
        input: Annotated[
            DeliveriesRetryInput, strawberry.argument(description="Deliveries to send.")
        ],
    ) -> JobPayload | None:
        actor = require(info, "deliveries:retry")
        problems = list[Problem]()
        since, until = taken(input.since, problems, "since"), taken(input.until, problems, "until")
        if input.event_type is not None and (fault := type_fault(input.event_type)):
            problems.append(Problem(Code.INVALID, f"eventType {fault}.", ("eventType",)))
        known = info.context.runtime.settings.environments
        if input.environment is not None and input.environment not in known:
            message = f"Unknown environment. Known are: {', '.join(known)}."
            problems.append(Problem(Code.INVALID, message, ("environment",)))
        asked = jobs.BulkRetry(
            key_of("wh", input.webhook_id) if input.webhook_id is not None else None,
            input.which,
            # before any end, where it is malformed: refused, and told of once
            since or datetime.min.replace(tzinfo=UTC),
            until or info.context.now,
            input.event_type or "",
            input.environment or "",
        )
        try:
            if input.dry_run:
                return JobPayload(job=None, counts=await _counts(info, actor, asked, problems))
            runtime = info.context.runtime
            row = await jobs.retry_deliveries(
                runtime.database, runtime.enqueuer, actor, *asked, found=problems
            )
        except Refused as refused:
            return JobPayload(job=None, user_errors=user_errors(refused))
        return JobPayload(job=Job.of(row))


async def _counts(
    info: Info, actor: actors.Actor, asked: jobs.BulkRetry, problems: list[Problem]
) -> RetryCounts:
    """Counts what a retry would send. problems: of the input so far.

    Raises Refused.
    """
    async with info.context.runtime.database.unit_of_work():
        webhook = await jobs.check_retry(actor, asked, problems)
    async with info.context.reading() as reader:
        search = asked.failed(actor.workspace_id)
        found = await count_retry(reader, search, webhook, asked.which)
    return RetryCounts(
        failed=found.failed, missed=found.missed, webhooks=found.webhooks, exact=found.is_exact
    )


async def find_job(info: Info, key: Any) -> Job | None:
    actor = require(info, "deliveries:read")
    row = await first_of(info, JobRow.filter(id=key, workspace_id=actor.workspace_id))
    return Job.of(row) if row else None
