"""Sets, revisions and drift as lines for people. Called by the commands that need no file.

Everything here is masked already; texts of strangers lose what a terminal would obey.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from hookline.sync.plan.changes import Change, ChangeKind, FieldChange, changed_by
from hookline.sync.plan.records import (
    OriginRecord,
    RecordedChange,
    RevisionRecord,
    SetRecord,
    SourceRecord,
)
from hookline.sync.show.differences import difference, value_text
from hookline.sync.show.excerpts import headline
from hookline.sync.show.plan_lines import MARKS, changed_lines, diff_lines
from hookline.text import printable, short_commit

_DISPUTED: Final = (ChangeKind.DRIFT, ChangeKind.CONFLICT)
_SECONDS: Final = (("d", 86_400), ("h", 3_600), ("min", 60))


def sets_lines(sets: Sequence[SetRecord], server: str, now: datetime) -> list[str]:
    """Each set in three lines: revision, webhooks, origin."""
    if not sets:
        return [printable(f"No set was applied to {server} yet.")]
    width = max(len(printable(one.name)) for one in sets)
    lines = [printable(f"Sets on {server}:")]
    for one in sets:
        first, *rest = _set_lines(one, now)
        lines.append(f"  {printable(one.name):<{width}}  {first}")
        lines += [f"  {'':<{width}}  {line}" for line in rest]
    return lines


def _set_lines(one: SetRecord, now: datetime) -> Iterator[str]:
    revision = "no revision yet"
    if one.revision:
        back = f" (back to {one.revision.restores})" if one.revision.restores else ""
        revision = f"revision {one.revision.number}{back}"
    commit = f"commit {short_commit(one.commit)}" if one.commit else "no commit given"
    at = f"applied {age(one.applied_at, now)}" if one.applied_at else "never applied"
    yield printable(f"{revision}, {commit}, {at}")
    drift = "no drift"
    if one.drift_count:
        drift = f"{one.drift_count:,} with drift: hookline sync drift --set {one.name}"
    yield printable(f"{counted(one.webhook_count, 'webhook')}, {drift}")
    if one.origin:
        yield printable(origin(one.origin))


def source_lines(sources: Sequence[SourceRecord], now: datetime) -> list[str]:
    """Each followed path with how it stands, and what is wrong with its files at its place."""
    lines = ["Followed by servers:"] if sources else []
    for one in sources:
        looked = f"looked at {age(one.checked_at, now)}" if one.checked_at else "not looked at yet"
        of_set = f", set {one.set_name}" if one.set_name else ""
        lines.append(printable(f"  {one.path}  every {one.interval}, {looked}{of_set}"))
        if not one.is_followed:
            lines.append("    ! no server follows it any more; it leaves this list after 7 days")
        if one.problem is not None and one.degraded_at is not None:
            since = f"not applied since {age(one.degraded_at, now)}: the last good state stays"
            lines += [f"    ! {since}", printable(f"      {headline(one.problem)}")]
            if one.problem.hint:
                lines.append(printable(f"      hint: {one.problem.hint}"))
        elif one.applied_at is not None:
            commit = f", commit {short_commit(one.commit)}" if one.commit else ""
            lines.append(printable(f"    applied {age(one.applied_at, now)}{commit}"))
    return lines


def origin(source: OriginRecord) -> str:
    """`from config of github.com/acme/shop, branch main, by Ann, applied by token "ci"`."""
    places = " of ".join(filter(None, (source.path, source.repository)))
    parts = [
        f"from {places}" if places else "",
        f"branch {source.branch}" if source.branch else "",
        f"by {source.author}" if source.author else "",
        "pulled by the server" if source.is_followed else f"applied by {source.actor}",
    ]
    return ", ".join(filter(None, parts))


def history_lines(revisions: Sequence[RevisionRecord], set_name: str, server: str) -> list[str]:
    """Each revision in a line, and its message in another."""
    if not revisions:
        return [printable(f'Set "{set_name}" on {server} has no revision yet.')]
    lines = [printable(f'Revisions of set "{set_name}" on {server}, newest first:')]
    width = max(len(str(one.number)) for one in revisions)
    for one in revisions:
        commit = commit_text(one) or "no commit"
        back = f"back to {one.restores}, " if one.restores else ""
        parts = (
            f"{one.applied_at:%Y-%m-%d %H:%M} UTC  {commit}  {back}{effects(one)}",
            f"by {one.actor}{f', author {one.author}' if one.author else ''}",
        )
        lines.append(printable(f"  {one.number:>{width}}  {'  '.join(parts)}"))
        if one.message:
            lines.append(printable(f"  {'':>{width}}  {one.message}"))
    return lines


def commit_text(revision: RevisionRecord) -> str | None:
    if revision.commit is None:
        return None
    return short_commit(revision.commit) + ("-dirty" if revision.is_dirty else "")


def effects(revision: RevisionRecord) -> str:
    """`1 created, 2 updated, policy`."""
    found = {
        "created": revision.created,
        "updated": revision.updated,
        "moved": revision.moved,
        "disabled": revision.disabled,
        "deleted": revision.deleted,
    }
    told = [f"{count:,} {verb}" for verb, count in found.items() if count]
    return ", ".join([*told, *(["policy"] if revision.policy_changes else [])]) or "no webhook"


def revision_lines(
    revision: RevisionRecord,
    changes: Sequence[RecordedChange],
    set_name: str,
    server: str,
    now: datetime,
) -> list[str]:
    """A revision whole: its origin, then a line for each field of each change."""
    facts = {
        "applied": f"{revision.applied_at:%Y-%m-%d %H:%M} UTC ({age(revision.applied_at, now)}) "
        f"by {revision.actor}",
        "restores": f"revision {revision.restores}" if revision.restores else None,
        "commit": commit_text(revision),
        "author": revision.author,
        "branch": revision.branch,
        "repository": revision.repository,
        "run": revision.run_url,
        "message": revision.message,
        "changed": effects(revision),
    }
    lines = [printable(f'Revision {revision.number} of set "{set_name}" on {server}')]
    lines += [printable(f"  {name:<10}  {text}") for name, text in facts.items() if text]
    lines += [printable(f"  ~ policy: {change}") for change in revision.policy_changes]
    for change in changes:
        mark = MARKS[change.kind]
        moved = f" from {change.moved_from}" if change.moved_from else ""
        lines.append(printable(f"  {mark} {change.slug}  ({change.kind.lower()}{moved})"))
        for item in change.fields:
            lines.append(printable(f"      {_recorded_text(change, item)}"))
            if changed_lines(change.kind, item):
                diff = diff_lines(change.kind, item)
                lines += [printable(f"        {line}") for line in diff]
    return lines


def _recorded_text(change: RecordedChange, item: FieldChange) -> str:
    kind = change.kind
    if kind in _DISPUTED:
        by_hand = difference(item.field, item.before, item.live, item.changed_secrets)
        what = "was kept" if change.is_kept else f"was set to {value_text(item.after)}"
        return f"{item.field} {by_hand} by hand, {what}"
    if kind is ChangeKind.CREATE:
        return f"{item.field} {value_text(item.after)}"
    if kind is ChangeKind.RELEASE:
        return f"{item.field} left the file and stayed {value_text(item.after)}"
    if changed := changed_lines(kind, item):
        return f"{item.field}: {changed}"
    return f"{item.field} {difference(item.field, item.before, item.after, item.changed_secrets)}"


def drift_lines(drift: Iterable[tuple[str, Sequence[Change]]], server: str) -> list[str]:
    """The drift of each set that has some, field by field. drift: by the set's name."""
    found = [(name, changes) for name, changes in drift if changes]
    if not found:
        return [printable(f"No drift on {server}.")]
    lines = [printable(f"Drift on {server}:")]
    for name, changes in found:
        lines.append(printable(f'  set "{name}": {counted(len(changes), "webhook")}'))
        for change in changes:
            place = change.position
            at = f"  {place.file}:{place.line}" if place and place.file else ""
            hint = f"  ({change.hint})" if change.hint else ""
            lines.append(printable(f"    ! {change.slug}{at}{hint}"))
            lines += [printable(f"        {_drift_text(item)}") for item in change.fields]
    return lines


def _drift_text(item: FieldChange) -> str:
    what = difference(item.field, item.before, item.live, item.changed_secrets)
    return f"{item.field} {what}, {changed_by(item.author)}"


def counted(count: int, noun: str) -> str:
    """`1 webhook`, `2 webhooks`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def age(at: datetime, now: datetime) -> str:
    """`3 min ago`, the largest unit alone. A clock that is behind makes no negative one."""
    seconds = (now - at).total_seconds()
    for unit, length in _SECONDS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"
