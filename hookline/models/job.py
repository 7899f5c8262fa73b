"""Work that outlasts a request. Its progress is in the row, so that it goes on after a restart."""

from enum import IntEnum

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import JsonColumn, TimeColumn, UuidColumn


class JobStatus(IntEnum):
    PENDING = 0
    RUNNING = 1
    SUCCEEDED = 2
    FAILED = 3
    CANCELLED = 4


class Job(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    kind = fields.TextField()
    status = fields.SmallIntField(default=0)
    work = JsonColumn()
    """The parameters of its kind."""
    position = JsonColumn(null=True)
    """Its progress."""
    total = fields.IntField(null=True)
    done = fields.IntField(default=0)
    error = fields.TextField(null=True)
    actor = JsonColumn()
    run_at = TimeColumn()
    """The time of its next step. A worker moves it on first, which leases the job: a worker that
    dies lets another one go on then.
    """
    created_at = TimeColumn()
    finished_at = TimeColumn(null=True)

    class Meta:
        table = "job"
