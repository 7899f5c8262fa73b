"""A plan as its client sees it: changes, blocks, problems. Made from hookline.sync's own; never
shows a secret.
"""

from collections.abc import Iterable

import strawberry
from strawberry.scalars import JSON

from api.schema.enums import SyncChangeKind
from api.schema.node import node_id
from hookline.sync.plan import codec
from hookline.sync.plan.changes import Block, Change
from hookline.sync.read.problems import SyncProblem as Problem


@strawberry.type(description="A field's part in a change. Secrets are masked.")
class SyncFieldChange:
    field: str = strawberry.field(description="The field's name, as in inputs.")
    before: JSON | None = strawberry.field(
        description="What it was: the last applied value where somebody has changed it since."
    )
    after: JSON | None = strawberry.field(description="What the file wants, or the default.")
    live: JSON | None = strawberry.field(description="What it is now.")
    secret: bool = strawberry.field(description="Whether a secret is in it, which is not shown.")


@strawberry.type(description="What a plan wants to do with one webhook.")
class SyncChange:
    kind: SyncChangeKind = strawberry.field(description="The kind of change.")
    slug: str = strawberry.field(description="The webhook's short name.")
    webhook_id: strawberry.ID | None = strawberry.field(
        description="The webhook; null for a new one."
    )
    fields: list[SyncFieldChange] = strawberry.field(description="The fields that it is about.")
    file: str | None = strawberry.field(description="The file.")
    line: int | None = strawberry.field(description="The line of the webhook's slug.")
    hint: str | None = strawberry.field(description="Why, for people.")

    @classmethod
    def of(cls, change: Change) -> "SyncChange":
        content = codec.encode_change(change)
        content["kind"] = change.kind
        content["fields"] = [SyncFieldChange(**item) for item in content["fields"]]
        key = node_id("wh", change.webhook_id) if change.webhook_id else None
        return cls(webhook_id=key, **content)


@strawberry.type(description="What keeps a plan from being applied.")
class SyncBlock:
    code: str = strawberry.field(
        description="removals, empty-set, drift, adopt, owned-elsewhere, older, reenable, stale "
        "or locked."
    )
    message: str = strawberry.field(description="What it is, for people.")
    slug: str | None = strawberry.field(description="The webhook that it is about, if it is one.")
    flag: str | None = strawberry.field(
        description="The option of the command that lifts it, if one does."
    )

    @classmethod
    def of(cls, block: Block) -> "SyncBlock":
        return cls(**codec.encode_block(block))


@strawberry.type(description="Something wrong with a webhooks file.")
class SyncProblem:
    code: str = strawberry.field(description="A stable code, such as bad-url.")
    message: str = strawberry.field(description="What is wrong, for people.")
    severity: str = strawberry.field(description="error or warning.")
    path: list[str] | None = strawberry.field(description="Where in the document.")
    file: str | None = strawberry.field(description="The file.")
    line: int | None = strawberry.field(description="The line, from 1.")
    column: int | None = strawberry.field(description="The column in code points, from 1.")
    hint: str | None = strawberry.field(description="What would help.")

    @classmethod
    def of(cls, problem: Problem) -> "SyncProblem":
        return cls(**codec.encode_problem(problem))


def problems_of(found: Iterable[Problem]) -> list[SyncProblem]:
    return [SyncProblem.of(problem) for problem in found]
