"""Jobs: work that goes on after the answer, with its progress, and the mutation that begins one."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.auth import require
from api.schema.enums import JobStatus, RetryWhich
from api.schema.node import Info, Node, is_storable, key_of, node_id
from api.schema.user_error import UserError, user_errors
from hookline.db.connection import faults_as_unavailable
from hookline.deliveries import jobs
from hookline.errors import Code, Problem, Refused
from hookline.models import Job as JobRow


@strawberry.type(description="Work that goes on after the answer.")
class Job(Node):
    kind: str = strawberry.field(description="What it does, such as deliveries.retry.")
    status: JobStatus = strawberry.field(description="How far it has come.")
    total: int | None = strawberry.field(
        description="How many there are; null while that is not known."
    )
    done: int = strawberry.field(description="How many are done.")
    error: str | None = strawberry.field(description="Why it could not go on.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

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
        )


@strawberry.input(
    description="Deliveries of a webhook to send again, oldest first, under its limits."
)
class DeliveriesRetryInput:
    webhook_id: strawberry.ID = strawberry.field(description="The webhook.")
    which: RetryWhich = strawberry.field(description="Which ones.")
    since: datetime = strawberry.field(description="Made, or published, at this time or later.")
    until: datetime | None = strawberry.field(
        default=None, description="And before this time; left out: now."
    )
    event_type: str | None = strawberry.field(
        default=None, description="Only of exactly this type."
    )


@strawberry.type(description="What came of asking for a job.")
class JobPayload:
    job: Job | None = strawberry.field(description="The job.")
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong; empty when it was begun."
    )


@strawberry.type
class JobQuery:
    @strawberry.field(
        description="The job with this id; null when there is none. Needs the scope "
        "deliveries:read."
    )
    async def job(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id, job_….")],
    ) -> Job | None:
        return await find_job(info, key_of("job", id))


@strawberry.type
class JobMutation:
    @strawberry.mutation(
        description="Sends again what failed, or what was missed while the webhook was off, in "
        "the background. Needs the scope deliveries:retry."
    )
    async def deliveries_retry(
        self,
        info: Info,
        input: Annotated[
            DeliveriesRetryInput, strawberry.argument(description="Which deliveries.")
        ],
    ) -> JobPayload | None:
        actor = require(info, "deliveries:retry")
        try:
            if not is_storable(input.event_type or ""):
                raise Refused(Problem(Code.INVALID, "There is no such type.", ("eventType",)))
            key = key_of("wh", input.webhook_id)
            row = await jobs.retry_deliveries(
                info.context.runtime.database,
                info.context.runtime.enqueuer,
                actor,
                key,
                input.which,
                input.since,
                input.until,
                input.event_type,
            )
        except Refused as refused:
            return JobPayload(job=None, user_errors=user_errors(refused))
        return JobPayload(job=Job.of(row), user_errors=[])


async def find_job(info: Info, key: Any) -> Job | None:
    actor = require(info, "deliveries:read")
    with faults_as_unavailable():
        row = await JobRow.filter(id=key, workspace_id=actor.workspace_id).first()
    return Job.of(row) if row else None
