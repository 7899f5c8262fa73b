"""Plans for people: what would change or did, what blocks it. Called by the commands and by
`hookline dev`; formats has the other forms.

Everything here is masked already; texts of strangers lose what a terminal would obey.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hookline.sync.plan.changes import Block, Change, ChangeKind, FieldChange, Plan, changed_by
from hookline.sync.policy import USUAL, ApplyLimits
from hookline.sync.show.differences import difference, value_text
from hookline.sync.show.layout import PLAIN, Layout, Line, joined, wrapped
from hookline.sync.show.plan_lines import (
    MARKS,
    change_lines,
    changed_lines,
    consequence,
    laid_out,
    left_the_file,
    wanted_text,
)
from hookline.text import printable

_MOST_PATHS: Final = 20
_OF_A_NEW_ONE: Final = frozenset(["url", "events"])
"""Fields that a line about a new webhook shows."""


def planned(plan: Plan) -> str:
    """The plan line by line, and its sum."""
    return joined(planned_lines(plan, PLAIN))


def planned_lines(plan: Plan, layout: Layout) -> Iterator[Line]:
    """The same for a terminal."""
    layout = replace(layout, wish=plan.wish)
    back = f" back to revision {plan.restores}" if plan.restores else ""
    yield from wrapped(
        f'Plan for set "{plan.set_name}"{back} on {plan.server}   ({base_text(plan)})', layout
    )
    yield from laid_out(_options(plan), layout)
    for change in plan.changes:
        yield from change_lines(change, layout)
    for path in unknown_paths(plan, layout.is_whole):
        yield from wrapped(f"(unknown) {path}", layout, 2)
    yield from wrapped(f"Plan: {counts(plan)}.{_blocked(plan.blocked)}", layout)
    for line in uncompared(plan):
        yield from wrapped(line, layout)
    for line in reasons(plan.blocked):
        yield from wrapped(line.strip(), layout, 2, "red")


def base_text(plan: Plan) -> str:
    """`base revision 41, commit 9f2c1ab0c0ff, dirty`: the state that the plan starts from."""
    if not plan.base:
        return "never applied before"
    commit = f", commit {plan.base_commit[:12]}" if plan.base_commit else ""
    return f"base revision {plan.base}{commit}{', dirty' if plan.is_base_dirty else ''}"


def applied(plan: Plan) -> str:
    """The result of an apply."""
    if plan.revision is None:
        head = printable(
            f'Set "{plan.set_name}" on {plan.server}: nothing to change, {counts(plan)}.'
        )
        # Drift that was kept makes no revision, and is told all the same.
        return "\n".join([head, *_options(plan), *_lines(plan, is_applied=True)])
    head = printable(f'Applied set "{plan.set_name}" on {plan.server}')
    if plan.restores:
        head = printable(
            f'Brought set "{plan.set_name}" on {plan.server} back to revision {plan.restores}'
        )
    lines = [head, *_options(plan), *_lines(plan, is_applied=True)]
    return "\n".join([*lines, *_revision(plan, plan.revision)])


def _revision(plan: Plan, number: int) -> list[str]:
    if not plan.is_empty:
        return [f"Revision {number}: {counts(plan)}."]
    # Of the same key, whose first answer was lost: the answer has no changes any more.
    since = f" Revision {plan.base} was applied since." if plan.base > number else ""
    show = printable(f"hookline sync show {number} --set {plan.set_name}")
    return [f"Revision {number} was made by an earlier try of this apply: {show}.{since}"]


def applied_lines(plan: Plan, layout: Layout) -> Iterator[Line]:
    """The same for a terminal."""
    yield from laid_out(applied(plan).splitlines(), layout)


def uncompared(plan: Plan) -> list[str]:
    """Counts the secrets that were not compared, in a sentence."""
    match len(plan.unknown_secrets):
        case 0:
            return []
        case 1:
            return ["1 secret is unknown here and was not compared."]
        case count:
            return [f"{count:,} secrets are unknown here and were not compared."]


def unknown_paths(plan: Plan, is_whole: bool = False) -> list[str]:
    """Paths of the secrets that were not compared, the first of very many unless all are wanted."""
    most = len(plan.unknown_secrets) if is_whole else _MOST_PATHS
    paths = [printable(path) for path in plan.unknown_secrets[:most]]
    more = len(plan.unknown_secrets) - most
    return [*paths, f"… and {more:,} more"] if more > 0 else paths


def _options(plan: Plan) -> list[str]:
    flags = [printable(f"  with {' '.join(plan.options.flags)}")] if plan.options.flags else []
    policy = policy_text(plan.limits)
    lines = [*flags, *([f"  policy: {policy}"] if policy else [])]
    return [*lines, *(printable(f"  ~ policy: {change}") for change in plan.policy_changes)]


def policy_text(limits: ApplyLimits) -> str:
    """The parts of a policy that are not the default; empty for the default."""
    parts = [
        f"prune {limits.prune.lower()}" if limits.prune != USUAL.prune else "",
        f"onDrift {limits.on_drift.lower()}" if limits.on_drift != USUAL.on_drift else "",
        f"maxRemovals {limits.max_removals}" if limits.max_removals != USUAL.max_removals else "",
    ]
    kept = " and ".join(filter(None, (", ".join(limits.kept[:-1]), *limits.kept[-1:])))
    stricter = f"the file applied last is stricter in {kept}, and counts" if kept else ""
    return "; ".join(filter(None, (", ".join(filter(None, parts)), stricter)))


def counts(plan: Plan) -> str:
    """`1 create, 2 update, 212 unchanged`."""
    found = {kind: plan.count(kind) for kind in ChangeKind}
    return ", ".join(
        [
            *(f"{count} {kind.lower()}" for kind, count in found.items() if count),
            *(["policy changed"] if plan.policy_changes else []),
            f"{plan.unchanged} unchanged",
        ]
    )


def reasons(blocked: tuple[Block, ...]) -> list[str]:
    """Each block with what lifts it."""
    return [
        printable(
            f"  blocked[{block.code}] {block.message}"
            + (f"  (lift it with {block.flag})" if block.flag else "")
        )
        for block in blocked
    ]


def _blocked(blocked: tuple[Block, ...]) -> str:
    codes = sorted({block.code for block in blocked})
    return f"  Blocked: {len(blocked)} ({printable(', '.join(codes))})" if blocked else ""


def _lines(plan: Plan, is_applied: bool) -> Iterator[str]:
    changes = plan.changes
    # Columns as wide as their longest text, so that a plan reads as a table.
    slug_width = max((len(printable(change.slug)) for change in changes), default=0)
    places = {
        id(change): printable(f"{change.position.file}:{change.position.line}")
        if change.position and change.position.file
        else ""
        for change in changes
    }
    place_width = max(map(len, places.values()), default=0)
    for change in changes:
        fields = [
            item
            for item in change.fields
            if change.kind is not ChangeKind.CREATE or item.field in _OF_A_NEW_ONE
        ]
        text = "; ".join(
            filter(
                None, (*(field_text(change.kind, item, plan.wish) for item in fields), change.hint)
            )
        )
        if change.kind in (ChangeKind.DISABLE, ChangeKind.DELETE):
            text = left_the_file(change, is_applied)
        if what := consequence(change):
            text = f"{text}; {what}" if text else what
        label = (
            f"{change.kind.lower()}: {text}"
            if change.kind in (ChangeKind.DRIFT, ChangeKind.CONFLICT, ChangeKind.RELEASE)
            else text
        )
        slug, place = printable(change.slug), places[id(change)]
        cells = f"{slug:<{slug_width}}  {place:<{place_width}}  {printable(label)}"
        yield f"  {MARKS[change.kind]} {cells}".rstrip()


def change_texts(change: Change, wish: str) -> list[str]:
    """Effects of a change, in a sentence or one for each field."""
    if change.kind in (ChangeKind.DISABLE, ChangeKind.DELETE):
        texts = [left_the_file(change, is_applied=False)]
    else:
        texts = [field_text(change.kind, item, wish) for item in change.fields]
        texts += [change.hint] if change.hint else []
    what = consequence(change)
    return [*texts, what] if what else texts


def field_text(kind: ChangeKind, item: FieldChange, wish: str = "the file") -> str:
    """A field's part of a change: what it becomes, or for drift what it was changed to by hand, and
    the plan's wish.
    """
    if kind is ChangeKind.CREATE:
        return f"{item.field} {value_text(item.after)}"
    if kind in (ChangeKind.DRIFT, ChangeKind.CONFLICT):
        return f"{_disputed_text(kind, item)}; {wish} wants {wanted_text(item)}"
    if kind is ChangeKind.RELEASE:
        return f"{item.field} {value_text(item.live)}"
    if changed := changed_lines(kind, item):
        return f"{item.field}: {changed}"
    return f"{item.field} {difference(item.field, item.before, item.after, item.changed_secrets)}"


def _disputed_text(kind: ChangeKind, item: FieldChange) -> str:
    was = (
        f"is {value_text(item.live)}"
        if kind is ChangeKind.CONFLICT and item.before is None
        else difference(item.field, item.before, item.live, item.changed_secrets)
    )
    return f"{item.field} {was}, {changed_by(item.author)}"
