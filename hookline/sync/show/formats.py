"""Problems and plans in the forms that programs and reviews take: JSON, Markdown, GitHub's
annotations. Called by the commands.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from hookline.sync.plan.planning import Change
from hookline.sync.plan.policy import Block
from hookline.sync.read.problems import SyncProblem
from hookline.sync.show import report
from hookline.sync.show.excerpts import headline
from hookline.sync.show.report import PlanView


def problem_json(problem: SyncProblem) -> dict[str, Any]:
    place = problem.position
    where = {
        "file": place.file or None,
        "line": place.line if place.file else None,
        "column": place.column if place.file else None,
    }
    path = ".".join(problem.path) or None
    return {
        **where,
        "code": problem.code,
        "severity": problem.severity,
        "path": path,
        "message": problem.message,
        "hint": problem.hint,
    }


def plan_json(view: PlanView) -> dict[str, Any]:
    """What `--format json` and a saved plan hold; nothing secret."""
    return {
        "set": view.set_name,
        "server": view.where,
        "base": view.base,
        "digest": view.digest,
        "changes": [_change_json(change) for change in view.changes],
        "unchanged": view.unchanged,
        "blocked": [
            {"code": block.code, "message": block.message, "slug": block.slug, "flag": block.flag}
            for block in view.blocked
        ],
        "revision": view.revision,
    }


def _change_json(change: Change) -> dict[str, Any]:
    fields = [
        {
            "field": item.field,
            "before": item.before,
            "after": item.after,
            "live": item.live,
            "secret": item.is_secret,
        }
        for item in change.fields
    ]
    place = change.position if change.position and change.position.file else None
    where = {"file": place and place.file, "line": place and place.line}
    return {
        "kind": str(change.kind),
        "slug": change.slug,
        **where,
        "hint": change.hint,
        "fields": fields,
    }


def as_json(problems: Iterable[SyncProblem], view: PlanView | None) -> str:
    told: dict[str, Any] = {"problems": [problem_json(problem) for problem in problems]}
    if view is not None:
        told["plan"] = plan_json(view)
    return json.dumps(told, indent=2, ensure_ascii=False)


def as_markdown(problems: Iterable[SyncProblem], view: PlanView | None) -> str:
    """For a comment below a pull request."""
    lines = [
        f"- `{_quiet(headline(problem))}`" + (f" ({_quiet(problem.hint)})" if problem.hint else "")
        for problem in problems
    ]
    if view is not None:
        lines += _markdown(view)
    return "\n".join(lines) or "No problems."


def _markdown(view: PlanView) -> Iterator[str]:
    yield (
        f"**{'Revision ' + str(view.revision) if view.revision else 'Plan'} for set "
        f"`{_quiet(view.set_name)}`**: {report.counts(view)}"
    )
    if view.changes:
        yield "\n| | webhook | change |\n|---|---|---|"
    for change in view.changes:
        fields = "; ".join(
            filter(
                None,
                (*(report.field_text(change.kind, item) for item in change.fields), change.hint),
            )
        )
        yield f"| {change.kind.lower()} | `{change.slug}` | {_cell(fields)} |"
    for block in view.blocked:
        yield f"\n**blocked** `{block.code}`: {_cell(block.message)}" + (
            f" (lift it with `{block.flag}`)" if block.flag else ""
        )


def as_github(problems: Iterable[SyncProblem], view: PlanView | None) -> str:
    """Workflow commands, which GitHub shows beside the lines of the file; the plan
    follows as text.
    """
    lines = [_annotation(problem) for problem in problems]
    if view is not None:
        lines += [_block_annotation(block) for block in view.blocked]
        lines.append(report.applied(view) if view.revision else report.plan(view))
    return "\n".join(lines)


def _annotation(problem: SyncProblem) -> str:
    place, hint = problem.position, f" ({problem.hint})" if problem.hint else ""
    at = f"file={_property(place.file)},line={place.line},col={place.column}," if place.file else ""
    return f"::{problem.severity} {at}title={problem.code}::{_data(problem.message + hint)}"


def _block_annotation(block: Block) -> str:
    return f"::error title=blocked {block.code}::{_data(block.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _quiet(text: str) -> str:
    return report.printable(text).replace("`", "'")


def _cell(text: str) -> str:
    return report.printable(text).replace("|", "\\|").replace("<", "&lt;").replace("@", "@\u200b")
