"""Policy checks: reasons that keep a plan from being applied, each with the flag that lifts it.
Called by applying, for previews and applies alike. Pure.
"""

from collections.abc import Iterator
from datetime import datetime

from hookline.sync.plan.changes import Block, Change, ChangeKind, changed_by
from hookline.sync.plan.planning import Planned
from hookline.sync.request import DriftPolicy, Options


def check(
    plan: Planned,
    is_empty: bool,
    options: Options,
    newest: datetime | None,
    committed_at: datetime | None,
) -> tuple[Block, ...]:
    """All that blocks the plan. is_empty: the file has no webhooks. newest: when the commit applied
    last was made; committed_at: this one.
    """
    return (
        *_about_the_set(plan, is_empty, options),
        *_about_the_commit(options, newest, committed_at),
        *(block for change in plan.changes for block in _about(change, options)),
    )


def _about_the_set(plan: Planned, is_empty: bool, options: Options) -> Iterator[Block]:
    for slug, owner in plan.owned_elsewhere:
        yield Block("owned-elsewhere", f'the set "{owner}" owns {slug}', slug)
    if is_empty and not options.allow_empty:
        yield Block("empty-set", "the file has no webhooks", flag="--allow-empty")
    removals = plan.count(ChangeKind.DISABLE)
    if removals > options.allow_removals:
        yield Block(
            "removals",
            f"{removals} webhooks would be disabled, at most {options.allow_removals} may be",
            flag=f"--allow-removals {removals}",
        )


def _about_the_commit(
    options: Options, newest: datetime | None, committed_at: datetime | None
) -> Iterator[Block]:
    """Blocks a commit that is older than the one applied last: a job that was late or repeated
    would undo what came after it.
    """
    # The same commit may come again: a job that is run once more.
    if newest and committed_at and committed_at < newest and not options.allow_older:
        yield Block(
            "older",
            f"a commit of {newest:%Y-%m-%d %H:%M} UTC was applied before, this one is older",
            flag="--allow-older",
        )


def _about(change: Change, options: Options) -> Iterator[Block]:
    slug = change.slug
    if change.kind is ChangeKind.ADOPT and not options.adopt:
        yield Block("adopt", f"{slug} exists and no file manages it", slug, "--adopt")
    is_disputed = change.kind in (ChangeKind.DRIFT, ChangeKind.CONFLICT)
    if is_disputed and options.on_drift is DriftPolicy.BLOCK:
        fields = "; ".join(f"{item.field} {changed_by(item.author)}" for item in change.fields)
        yield Block(
            "drift",
            f"{slug}: {fields}",
            slug,
            "--on-drift overwrite or --on-drift keep",
        )
