"""Policy checks: reasons that keep a plan from being applied, each with the flag that lifts it.
Called by applying, for previews and applies alike. Pure.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from hookline.sync.options import Options
from hookline.sync.plan.changes import Block, Change, ChangeKind, changed_by
from hookline.sync.plan.webhooks import Planned
from hookline.sync.policy import DriftPolicy, Prune

_REMOVALS: Final = (ChangeKind.DISABLE, ChangeKind.DELETE)
_STRICTER: Final = ", by the policy of the file applied last, which is stricter than this one's"


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
        *(block for change in plan.changes for block in _about(change, plan, options)),
    )


def _about_the_set(plan: Planned, is_empty: bool, options: Options) -> Iterator[Block]:
    for slug, owner in plan.owned_elsewhere:
        yield Block(
            "owned-elsewhere",
            f'the set "{owner}" owns {slug}: choose another slug, or take it out of that set with '
            "prune: keep, and take it over with --adopt",
            slug,
        )
    if is_empty and not options.allow_empty:
        yield Block("empty-set", f"{plan.wish} has no webhooks", flag="--allow-empty")
    removals = [change for change in plan.changes if change.kind in _REMOVALS]
    most = plan.limits.max_removals
    if len(removals) > most:
        yield Block(
            "removals",
            f"{len(removals)} webhook{'s' if len(removals) > 1 else ''} would be {_removed(plan)}, "
            f"at most {most} may be" + (_STRICTER if "maxRemovals" in plan.limits.kept else ""),
            flag=f"--allow-removals {len(removals)}",
        )
    for change in removals:
        if change.slug in plan.protected:
            yield Block(
                "protected",
                f"{change.slug} {_left(plan)} and would be {_removed(plan)}, which the "
                "preventDestroy of its lifecycle forbids; give the webhook back to the file, "
                "apply it without preventDestroy, and take it out then",
                change.slug,
            )


def _left(plan: Planned) -> str:
    return f"is not in {plan.wish}" if plan.restores else "left the file"


def _removed(plan: Planned) -> str:
    return "deleted" if plan.limits.prune is Prune.DELETE else "disabled"


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


def _about(change: Change, plan: Planned, options: Options) -> Iterator[Block]:
    slug = change.slug
    if change.kind is ChangeKind.ADOPT and not options.adopt:
        yield Block("adopt", f"{slug} exists and no file manages it", slug, "--adopt")
    is_disputed = change.kind in (ChangeKind.DRIFT, ChangeKind.CONFLICT)
    if is_disputed and plan.limits.on_drift is DriftPolicy.BLOCK:
        fields = "; ".join(f"{item.field} {changed_by(item.author)}" for item in change.fields)
        yield Block(
            "drift",
            f"{slug}: {fields}" + (_STRICTER if "onDrift" in plan.limits.kept else ""),
            slug,
            "--on-drift overwrite or --on-drift keep",
        )
