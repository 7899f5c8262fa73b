"""Policy checks: reasons that keep a plan from being applied, each with the flag that lifts it.
Called by applying, for previews and applies alike. Pure.
"""

from datetime import datetime
from typing import Final

from hookline.sync.plan.changes import Block, ChangeKind
from hookline.sync.plan.planning import Planned
from hookline.sync.request import DriftPolicy, Options

MOST_REMOVALS: Final = 10
"""A plan that removes more webhooks is probably a mistake."""


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
    blocks = [
        Block("owned-elsewhere", f'the set "{owner}" owns {slug}', slug)
        for slug, owner in plan.owned_elsewhere
    ]
    if is_empty and not options.allow_empty:
        blocks.append(Block("empty-set", "the file has no webhooks", flag="--allow-empty"))
    removals, allowed = (
        plan.count(ChangeKind.DISABLE),
        MOST_REMOVALS if options.allow_removals is None else options.allow_removals,
    )
    if removals > allowed:
        blocks.append(
            Block(
                "removals",
                f"{removals} webhooks would be disabled, at most {allowed} may be",
                flag=f"--allow-removals {removals}",
            )
        )
    if newest and committed_at and committed_at < newest and not options.allow_older:
        blocks.append(
            Block(
                "older",
                f"a commit of {newest:%Y-%m-%d %H:%M} UTC was applied before, this one is older",
                flag="--allow-older",
            )
        )
    for change in plan.changes:
        if change.kind is ChangeKind.ADOPT and not options.adopt:
            blocks.append(
                Block(
                    "adopt", f"{change.slug} exists and no file manages it", change.slug, "--adopt"
                )
            )
        if (
            change.kind in (ChangeKind.DRIFT, ChangeKind.CONFLICT)
            and options.on_drift is DriftPolicy.BLOCK
        ):
            fields = ", ".join(field.field for field in change.fields)
            blocks.append(
                Block(
                    "drift",
                    f"{change.slug}: {fields} {change.hint}",
                    change.slug,
                    "--on-drift overwrite or --on-drift keep",
                )
            )
    return tuple(blocks)
