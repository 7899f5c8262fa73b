"""Jobs of the workspace: their list, and cancelling one."""

from typing import Annotated

import strawberry

from api.auth import require
from api.schema.connections import Connection
from api.schema.enums import JobStatus
from api.schema.job import Job, JobPayload
from api.schema.listing import Listed, paged
from api.schema.node import Info, key_of
from api.schema.user_error import user_errors
from hookline.deliveries.job_cancelling import cancel_job
from hookline.errors import Refused
from hookline.models import Job as JobRow


@strawberry.input(
    description="Conditions on jobs. A job must meet all that are given; null and an empty list "
    "set no condition."
)
class JobFilter:
    status: list[JobStatus] | None = strawberry.field(
        default=None, description="Statuses, any of which matches."
    )


@strawberry.input(description="Input of `jobCancel`.")
class JobCancelInput:
    id: strawberry.ID = strawberry.field(description="ID of the job (job_…).")


@strawberry.type
class JobListQuery:
    @paged(
        Connection[Job] | None,
        description="Returns jobs, newest first. Requires the scope deliveries:read.",
    )
    async def jobs(
        self,
        info: Info,
        filter: Annotated[
            JobFilter | None,
            strawberry.argument(
                description="Conditions that the jobs must meet. All jobs by default."
            ),
        ] = None,
    ) -> Listed[JobRow]:
        actor = require(info, "deliveries:read")
        rows = JobRow.filter(workspace_id=actor.workspace_id)
        if filter and filter.status:
            rows = rows.filter(status__in=[int(status) for status in filter.status])
        return Listed(rows, Job.of)


@strawberry.type
class JobCancelMutation:
    @strawberry.mutation(
        description="Cancels a job. What it has queued for sending until then is sent; "
        "`deliveryCancel` cancels a delivery. User errors: NOT_FOUND; NOT_ALLOWED if the job has "
        "ended. Requires the scope deliveries:retry."
    )
    async def job_cancel(
        self,
        info: Info,
        input: Annotated[JobCancelInput, strawberry.argument(description="Job to cancel.")],
    ) -> JobPayload | None:
        actor, key = require(info, "deliveries:retry"), key_of("job", input.id)
        try:
            row = await cancel_job(info.context.runtime.database, actor, key)
        except Refused as refused:
            return JobPayload(job=None, user_errors=user_errors(refused))
        return JobPayload(job=Job.of(row))
