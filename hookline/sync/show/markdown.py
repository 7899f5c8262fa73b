"""Problems and plans as Markdown, for a comment below a pull request. Called by the commands. What
is in it are texts of others, in the name of who posts it: none makes a link, a picture or a tag.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hookline.sync.plan.changes import Change, Plan
from hookline.sync.read.problems import SyncProblem
from hookline.sync.show import report
from hookline.sync.show.excerpts import headline
from hookline.sync.show.plan_lines import diff_lines
from hookline.sync.show.report import change_texts
from hookline.text import printable, short_commit

MARKER: Final = "<!-- hookline-sync"
# GitHub takes 65,536 characters of a comment, GitLab a million.
_MOST_CHARACTERS: Final = 48_000
"""Of the changes with their diffs."""
_MOST_OTHERS: Final = 6_000
"""Of the problems, and of what blocks."""
_MARKUP: Final = re.compile(r"[\\`*_\[\]!|~#]")
_LINK_BY_ITSELF: Final = re.compile(r":(?=//)|\bwww(?=\.)|\b(?:mailto|xmpp):|@", re.IGNORECASE)
_TICKS: Final = re.compile("`+")


def as_markdown(
    problems: Iterable[SyncProblem], plan: Plan | None, set_name: str | None = None
) -> str:
    """The comment, of a length that GitHub takes. set_name: of files without a plan, where it is
    known.
    """
    told = [
        f"- `{_quiet(headline(problem))}`" + (f" ({_cell(problem.hint)})" if problem.hint else "")
        for problem in problems
    ]
    lines = _within(told, _MOST_OTHERS, "- … and {} more problems: the job's log has them")
    if plan is not None:
        lines += _plan(plan)
    # By its first line a job finds its comment again, and edits it instead of adding another.
    name = plan.set_name if plan else set_name
    marker = f"{MARKER} {name} -->" if name else f"{MARKER} -->"
    return "\n".join([marker, *(lines or ["No problems."])])


def _within(lines: Sequence[str], most: int, rest: str) -> list[str]:
    """The lines of at most that many characters. rest: the line that counts the others."""
    found, left = list[str](), most
    for line in lines:
        left -= len(line) + 1
        if left < 0:
            return [*found, rest.format(f"{len(lines) - len(found):,}")]
        found.append(line)
    return found


def _plan(plan: Plan) -> Iterator[str]:
    back = f" back to revision {plan.restores}" if plan.restores else ""
    yield (
        f"**{'Revision ' + str(plan.revision) if plan.revision else 'Plan'} for set "
        f"`{_quiet(plan.set_name)}`{back}** on `{_quiet(plan.server)}` "
        f"({_cell(report.base_text(plan))}): {report.counts(plan)}"
    )
    commit = f"commit `{_quiet(short_commit(plan.commit))}`, " if plan.commit else ""
    yield f"\n{commit}digest `{_quiet(plan.digest)}`"
    if plan.options.flags:
        yield f"\nwith `{_quiet(' '.join(plan.options.flags))}`"
    if policy := report.policy_text(plan.limits):
        yield f"\npolicy: {_cell(policy)}"
    if plan.policy_changes:
        yield "\n**policy changed:** " + "; ".join(map(_cell, plan.policy_changes))
    yield from _changes(plan)
    if plan.unknown_secrets:
        paths = ", ".join(f"`{_quiet(path)}`" for path in report.unknown_paths(plan))
        yield f"\n**(unknown)** {paths}: {report.uncompared(plan)[0]}"
    blocked = [
        f"\n**blocked** `{_quiet(block.code)}`: {_cell(block.message)}"
        # It may be one option or another.
        + (f" (lift it with {_flags(block.flag)})" if block.flag else "")
        for block in plan.blocked
    ]
    yield from _within(blocked, _MOST_OTHERS, "\n… and {} more that block it")


def _flags(flag: str) -> str:
    return " or ".join(f"`{_quiet(one)}`" for one in flag.split(" or "))


def _changes(plan: Plan) -> list[str]:
    """A table, and below it the lines that differ of templates and filters."""
    rows, diffs = list[str](), list[str]()
    for change in plan.changes:
        fields = "<br>".join(map(_cell, change_texts(change, plan.wish)))
        rows.append(f"| {change.kind.lower()} | `{_quiet(change.slug)}` | {fields} |")
        diffs += _diffs(change)
    if not rows:
        return []
    rest = "| … | | and {} more: `hookline sync plan` shows them |"
    table = _within(rows, _MOST_CHARACTERS, rest)
    left = _MOST_CHARACTERS - sum(len(row) + 1 for row in table)
    return [
        "\n| | webhook | change |\n|---|---|---|",
        *table,
        *_within(diffs, left, "\n… and {} more"),
    ]


def _diffs(change: Change) -> Iterator[str]:
    for item in change.fields:
        if lines := diff_lines(change.kind, item):
            text = "\n".join(printable(line) for line in lines)
            # Longer than any in the text, which could end it else.
            fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(text)), default=0))
            yield f"\n`{_quiet(change.slug)}` {item.field}:\n\n{fence}diff\n{text}\n{fence}"


def _quiet(text: str) -> str:
    # Nothing ends the code span early.
    return printable(text).replace("`", "'")


def _cell(text: str) -> str:
    """A text of others outside of a code span, as it is: no cell ends early, and it makes no tag,
    picture, link or emphasis. A comment's reader sees who wrote the comment, not who wrote this.
    """
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    text = _MARKUP.sub(r"\\\g<0>", text)
    # GitHub makes links of bare addresses and calls people by @name, whatever is escaped: the
    # zero-width space keeps it from either.
    return _LINK_BY_ITSELF.sub(r"\g<0>&#8203;", text)
