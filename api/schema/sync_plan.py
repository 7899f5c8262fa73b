"""A plan as its client sees it: changes, blocks, problems. Made from hookline.sync's own; never
shows a secret.
"""

from collections.abc import Iterable
from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from api.schema.enums import SyncChangeKind, SyncDriftPolicy, SyncPrune
from api.schema.node import node_id
from hookline.sync.plan import codec
from hookline.sync.plan.changes import Block, Change, FieldChange
from hookline.sync.policy import ApplyLimits
from hookline.sync.read.problems import SyncProblem as Problem


@strawberry.type(description="The planned change of a field. Secrets are masked.")
class SyncFieldChange:
    field: str = strawberry.field(
        description="Name of the field, as in `WebhookCreateInput`, or status."
    )
    before: JSON | None = strawberry.field(
        description="Value before the change. For DRIFT, CONFLICT and RELEASE, the value that "
        "was applied last."
    )
    after: JSON | None = strawberry.field(
        description="Value in the file, or the default if the field is no longer in it. For "
        "RELEASE, the present value."
    )
    live: JSON | None = strawberry.field(description="Present value.")
    secret: bool = strawberry.field(
        description="True if the values contain a secret. It is masked."
    )
    changed_secrets: list[str] = strawberry.field(
        description="Paths of the secrets that differ, such as headers.X-Api-Key. Masked, they "
        "look alike."
    )
    changed_by: str | None = strawberry.field(
        description='Originator of the present value, such as token "support", for DRIFT and '
        "CONFLICT. Null otherwise, or if it is not recorded."
    )
    changed_at: datetime | None = strawberry.field(
        description="Time at which the present value was set, or null if `changedBy` is null."
    )
    reason: str | None = strawberry.field(
        description="Reason given for the present value, or null if none was given."
    )

    @classmethod
    def of(cls, item: FieldChange) -> "SyncFieldChange":
        author = item.author
        return cls(
            field=item.field,
            before=item.before,
            after=item.after,
            live=item.live,
            secret=item.is_secret,
            changed_secrets=list(item.changed_secrets),
            changed_by=author.name if author else None,
            changed_at=author.at if author else None,
            reason=author.reason if author else None,
        )


@strawberry.type(description="The planned change of a webhook.")
class SyncChange:
    kind: SyncChangeKind = strawberry.field(description="Kind of the change.")
    slug: str = strawberry.field(description="Slug of the webhook.")
    version: int | None = strawberry.field(
        description="Version of the webhook that the plan was made of, or null for a new one."
    )
    moved_from: str | None = strawberry.field(
        description="Slug before the change, for MOVE. Null otherwise."
    )
    open_deliveries: int | None = strawberry.field(
        description="Number of open deliveries of a webhook that is moved, deactivated, deleted or "
        "sent to another URL, as `syncPlan` counts them, up to 10,000. Null for other changes, in "
        "the plan of an apply, and where a plan has more than 200 of these."
    )
    webhook_id: strawberry.ID | None = strawberry.field(
        description="ID of the webhook (wh_…), or null for a new one."
    )
    fields: list[SyncFieldChange] = strawberry.field(description="Fields that the change concerns.")
    file: str | None = strawberry.field(
        description="Name of the file, or null if positions were not sent."
    )
    line: int | None = strawberry.field(
        description="Line of the webhook in the file, or null if positions were not sent."
    )
    hint: str | None = strawberry.field(
        description="Explanation of the change, or null if it needs none."
    )

    @classmethod
    def of(cls, change: Change) -> "SyncChange":
        place = change.position if change.position and change.position.file else None
        return cls(
            kind=change.kind,
            slug=change.slug,
            version=change.version,
            moved_from=change.moved_from,
            open_deliveries=change.open_deliveries,
            webhook_id=node_id("wh", change.webhook_id) if change.webhook_id else None,
            fields=[SyncFieldChange.of(item) for item in change.fields],
            file=place.file if place else None,
            line=place.line if place else None,
            hint=change.hint,
        )


@strawberry.type(
    description="The policy that a plan is made by: the stricter of the file's and of the one "
    "applied last, unless the options say otherwise."
)
class SyncPolicy:
    prune: SyncPrune = strawberry.field(
        description="Policy for webhooks that are no longer in the file."
    )
    on_drift: SyncDriftPolicy = strawberry.field(
        description="Policy for fields that were changed by hand."
    )
    max_removals: int = strawberry.field(
        description="Maximum number of webhooks that may be deactivated or deleted."
    )
    stricter: list[str] = strawberry.field(
        description="Parts of the file's policy that do not count yet, since the one applied last "
        "is stricter: prune, onDrift or maxRemovals."
    )

    @classmethod
    def of(cls, limits: ApplyLimits) -> "SyncPolicy":
        return cls(
            prune=limits.prune,
            on_drift=limits.on_drift,
            max_removals=limits.max_removals,
            stricter=list(limits.kept),
        )


@strawberry.type(description="A policy check that prevents an apply.")
class SyncBlock:
    code: str = strawberry.field(
        description="Code of the policy check: removals, protected, empty-set, drift, adopt, "
        "owned-elsewhere, older, reenable, only, secret-lost, stale or locked."
    )
    message: str = strawberry.field(description="Explanation of the block.")
    slug: str | None = strawberry.field(
        description="Slug of the webhook, or null if the block concerns the whole set."
    )
    flag: str | None = strawberry.field(
        description="Option of the command `hookline sync apply` that lifts the block, or "
        "null if none does."
    )
    file: str | None = strawberry.field(
        description="Name of the file with the webhook, or null if it is not in the files."
    )
    line: int | None = strawberry.field(
        description="Line of the webhook in the file, or null if `file` is null."
    )

    @classmethod
    def of(cls, block: Block) -> "SyncBlock":
        return cls(**codec.encode_block(block))


@strawberry.type(description="An error or warning about a webhooks file.")
class SyncProblem:
    code: str = strawberry.field(description="Stable code of the problem, such as bad-url.")
    message: str = strawberry.field(description="Explanation of the problem.")
    severity: str = strawberry.field(description="Severity of the problem: error or warning.")
    path: list[str] | None = strawberry.field(
        description="Path of the value in the document, or null if the problem concerns the "
        "whole file."
    )
    file: str | None = strawberry.field(
        description="Name of the file, or null if positions were not sent."
    )
    line: int | None = strawberry.field(
        description="Line in the file, from 1, or null if positions were not sent."
    )
    column: int | None = strawberry.field(
        description="Column in the line in code points, from 1, or null if positions were not sent."
    )
    hint: str | None = strawberry.field(
        description="Suggestion for a correction, or null if there is none."
    )

    @classmethod
    def of(cls, problem: Problem) -> "SyncProblem":
        return cls(**codec.encode_problem(problem))


def problems_of(found: Iterable[Problem]) -> list[SyncProblem]:
    return [SyncProblem.of(problem) for problem in found]
