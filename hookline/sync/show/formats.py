"""Problems and plans in the forms that programs and reviews take: JSON, Markdown, GitHub's
annotations. Called by the commands.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from hookline.sync.plan import codec
from hookline.sync.plan.changes import Block, Plan
from hookline.sync.read.problems import SyncProblem
from hookline.sync.show import report
from hookline.sync.show.excerpts import headline
from hookline.text import printable, printable_lines, without_commands

_MARKUP: Final = re.compile(r"[\\`*_\[\]!|~#]")
_LINK_BY_ITSELF: Final = re.compile(r":(?=//)|\bwww(?=\.)|\b(?:mailto|xmpp):|@", re.IGNORECASE)


def problem_json(problem: SyncProblem) -> dict[str, Any]:
    return {**codec.encode_problem(problem), "path": ".".join(problem.path) or None}


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan flat: numbers of revisions, and its warnings left to the problems."""
    base = {
        "base": plan.base,
        "baseCommit": plan.base_commit,
        "baseDirty": plan.is_base_dirty,
        "revision": plan.revision,
    }
    content = {**codec.encode(plan), **base}
    del content["warnings"]
    return content


def as_json(problems: Iterable[SyncProblem], plan: Plan | None) -> str:
    content: dict[str, Any] = {"problems": [problem_json(problem) for problem in problems]}
    if plan is not None:
        content["plan"] = plan_json(plan)
    return json.dumps(content, indent=2, ensure_ascii=False)


def as_markdown(problems: Iterable[SyncProblem], plan: Plan | None) -> str:
    """Formats problems and plan as Markdown, for a comment below a pull request."""
    lines = [
        f"- `{_quiet(headline(problem))}`" + (f" ({_cell(problem.hint)})" if problem.hint else "")
        for problem in problems
    ]
    if plan is not None:
        lines += _markdown(plan)
    return "\n".join(lines) or "No problems."


def _markdown(plan: Plan) -> Iterator[str]:
    yield (
        f"**{'Revision ' + str(plan.revision) if plan.revision else 'Plan'} for set "
        f"`{_quiet(plan.set_name)}`** on `{_quiet(plan.server)}` "
        f"({_cell(report.base_text(plan))}): {report.counts(plan)}"
    )
    if plan.options.flags:
        yield f"\nwith `{_quiet(' '.join(plan.options.flags))}`"
    if policy := report.policy_text(plan.limits):
        yield f"\npolicy: {_cell(policy)}"
    if plan.changes:
        yield "\n| | webhook | change |\n|---|---|---|"
    for change in plan.changes:
        fields = "; ".join(
            filter(
                None,
                (*(report.field_text(change.kind, item) for item in change.fields), change.hint),
            )
        )
        yield f"| {change.kind.lower()} | `{_quiet(change.slug)}` | {_cell(fields)} |"
    if plan.unknown_secrets:
        paths = ", ".join(f"`{_quiet(path)}`" for path in report.unknown_paths(plan))
        yield f"\n**(unknown)** {paths}: {report.uncompared(plan)[0]}"
    for block in plan.blocked:
        yield f"\n**blocked** `{_quiet(block.code)}`: {_cell(block.message)}" + (
            f" (lift it with `{_quiet(block.flag)}`)" if block.flag else ""
        )


def as_github(problems: Iterable[SyncProblem], plan: Plan | None) -> str:
    """Formats problems and blocks as workflow commands, which GitHub shows beside the lines of the
    file; the plan follows as text.
    """
    lines = [_annotation(problem) for problem in problems]
    if plan is not None:
        lines += [_block_annotation(block) for block in plan.blocked]
        text = report.applied(plan) if plan.revision else report.planned(plan)
        lines.append(without_commands(text))
    return "\n".join(lines)


def _annotation(problem: SyncProblem) -> str:
    place, hint = problem.position, f" ({problem.hint})" if problem.hint else ""
    at = f"file={_property(place.file)},line={place.line},col={place.column}," if place.file else ""
    return (
        f"::{problem.severity} {at}title={_property(problem.code)}::{_data(problem.message + hint)}"
    )


def _block_annotation(block: Block) -> str:
    return f"::error title=blocked {_property(block.code)}::{_data(block.message)}"


def _data(text: str) -> str:
    # As GitHub unescapes them: a line end in a text of the file could begin a command of its own.
    text = without_commands(printable_lines(text))
    return text.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    # Inside of properties these two separate, too.
    return _data(text).replace(":", "%3A").replace(",", "%2C")


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
