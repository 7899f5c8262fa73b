"""Sets of webhooks that YAML files own, the revisions that were applied, what else happened to a
set, and the folders that servers follow.
"""

from tortoise import fields
from tortoise.models import Model

from hookline.models.column_types import (
    JsonColumn,
    PackedJsonColumn,
    PackedListColumn,
    TimeColumn,
    UuidColumn,
)


class SyncSet(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    name = fields.CharField(63)
    revision_number = fields.IntField(default=0)
    """The newest revision's number; 0 before the first."""
    commit = fields.TextField(null=True)
    committed_at = TimeColumn(null=True)
    """The time of that commit, as the apply gave it: an older one is refused."""
    policy = JsonColumn(null=True)
    """Policy and protected slugs of the last apply: the next one keeps the stricter."""
    source = JsonColumn(null=True)
    """Origin of what was applied last (hookline.sync.apply.origin)."""
    last_applied_at = TimeColumn(null=True)
    receipt = fields.TextField(null=True)
    """Keyed digest of what was applied last, as it was sent, and of the server's limits then; null
    where the same may mean something else by now (hookline.sync.apply.unchanged).
    """
    receipt_webhooks = fields.IntField(null=True)
    """The set's webhooks after that apply, and below the sum of their versions."""
    receipt_versions = fields.BigIntField(null=True)

    class Meta:
        table = "sync_set"


class SyncRevision(Model):
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    set_id = UuidColumn()
    number = fields.IntField()
    digest = fields.TextField()
    """Digest of the wanted state with secrets as fingerprints: equal content, equal digest."""
    snapshot = PackedJsonColumn()
    """Canonical webhooks by slug; secrets as `{"fingerprint": …}`, `lifecycle` where given."""
    policy = JsonColumn(null=True)
    """Policy and protected slugs of this apply, as the set remembers them: a rollback restores
    them.
    """
    restores = fields.IntField(null=True)
    """Number of the revision that a rollback brought back."""
    changes = PackedListColumn()
    commit = fields.TextField(null=True)
    branch = fields.TextField(null=True)
    author = fields.TextField(null=True)
    message = fields.TextField(null=True)
    run_url = fields.TextField(null=True)
    repository = fields.TextField(null=True)
    is_dirty = fields.BooleanField(null=True)
    """True when the file differed from the commit."""
    actor = JsonColumn()
    created = fields.IntField()
    updated = fields.IntField()
    moved = fields.IntField(default=0)
    disabled = fields.IntField()
    deleted = fields.IntField(default=0)
    idempotency_key = fields.TextField(null=True)
    applied_at = TimeColumn()

    class Meta:
        table = "sync_revision"


class SyncEvent(Model):
    # Beside the revisions; what is not known is null. A docstring would be a part of the migration.
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    kind = fields.SmallIntField()
    """`ActivityKind`: SYNC_BLOCKED and those behind it."""
    set_name = fields.TextField(null=True)
    """Null for a source that could not be read so far that its set is known."""
    slug = fields.TextField(null=True)
    code = fields.TextField(null=True)
    """Of the block or the problem."""
    message = fields.TextField()
    """A sentence without anything secret."""
    file = fields.TextField(null=True)
    line = fields.IntField(null=True)
    created_at = TimeColumn()

    class Meta:
        table = "sync_event"


class SyncSource(Model):
    # A file or folder that servers follow, one row however many do.
    id = UuidColumn(primary_key=True)
    workspace_id = UuidColumn()
    path = fields.TextField()
    leader = UuidColumn(null=True)
    """The process that looks at it, until `leased_until`: others take over then."""
    leased_until = TimeColumn()
    interval_seconds = fields.FloatField()
    set_name = fields.TextField(null=True)
    """Null until the files could be read."""
    commit = fields.TextField(null=True)
    problem = JsonColumn(null=True)
    """The first problem or block, as `codec.encode_problem` has it; null while all is well."""
    degraded_at = TimeColumn(null=True)
    checked_at = TimeColumn(null=True)
    applied_at = TimeColumn(null=True)
    """The last time at which a changed content was applied, or found to be what there is."""
    drift_count = fields.IntField(default=0)

    class Meta:
        table = "sync_source"
