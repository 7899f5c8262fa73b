"""Ends a job before it is done. Called by the API. What the job has queued until then stays queued:
each of its steps was committed for itself.
"""

from uuid import UUID

from hookline import clock
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.db.connection import Database
from hookline.errors import Code, Problem, Refused
from hookline.models import Job, JobStatus


async def cancel_job(database: Database, actor: Actor, job_id: UUID) -> Job:
    """Cancels an open job. A step that is under way is finished first, and is the last one.

    Raises Refused: NOT_FOUND; NOT_ALLOWED for one that has ended.
    """
    async with database.unit_of_work():
        # Locked, as each step of it is: neither can undo what the other one writes.
        job = (
            await Job.filter(id=job_id, workspace_id=actor.workspace_id).select_for_update().first()
        )
        if job is None:
            raise Refused(Problem(Code.NOT_FOUND, "There is no such job.", ("id",)))
        if job.status >= JobStatus.SUCCEEDED:
            ended = JobStatus(job.status).name
            message = f"This job has ended ({ended}); there is nothing to cancel."
            raise Refused(Problem(Code.NOT_ALLOWED, message, ("id",)))
        job.status, job.finished_at = JobStatus.CANCELLED, clock.now()
        await job.save(update_fields=["status", "finished_at"])
        await audit.record(actor.workspace_id, actor.stored, "job.cancel", ("job", job.id))
    return job
