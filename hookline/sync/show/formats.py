"""Problems and plans in the forms that programs take: JSON, annotations of GitHub and GitLab.
Called by the commands; markdown has the form of a comment.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from hookline.sync.plan import codec
from hookline.sync.plan.changes import Block, Change, Plan
from hookline.sync.read.problems import Position, SyncProblem
from hookline.sync.show import report
from hookline.sync.show.report import change_texts
from hookline.text import printable, printable_lines, without_commands

FORMAT_VERSION: Final = 1
"""Of the JSON: it rises when a part is taken out or means something else."""
MOST_ANNOTATIONS: Final = 50
"""GitHub shows ten of a step, and fifty of a job."""


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
    content: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "problems": [problem_json(problem) for problem in problems],
    }
    if plan is not None:
        content["plan"] = plan_json(plan)
    return json.dumps(content, indent=2, ensure_ascii=False)


def as_github(problems: Iterable[SyncProblem], plan: Plan | None) -> str:
    """Formats problems, blocks and changes as workflow commands, which GitHub shows beside the
    lines of the file; the plan follows as text.
    """
    lines = [_annotation(problem) for problem in problems]
    if plan is not None:
        lines += [_block_annotation(block) for block in plan.blocked]
        if plan.policy_changes:
            lines.append(f"::notice title=policy changed::{_data('; '.join(plan.policy_changes))}")
        lines += [
            _change_annotation(change, plan.wish) for change in plan.changes[:MOST_ANNOTATIONS]
        ]
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
    title = f"title=blocked {_property(block.code)}"
    return f"::error {_at(block.position)}{title}::{_data(lifted(block))}"


def _change_annotation(change: Change, wish: str) -> str:
    title = _property(f"{change.kind.lower()} {change.slug}")
    text = "\n".join(change_texts(change, wish)) or change.kind.lower()
    return f"::notice {_at(change.position)}title={title}::{_data(text)}"


def _at(place: Position | None) -> str:
    return f"file={_property(place.file)},line={place.line}," if place and place.file else ""


def lifted(block: Block) -> str:
    """A block with what lifts it."""
    return block.message + (f" (lift it with {block.flag})" if block.flag else "")


def as_gitlab(problems: Iterable[SyncProblem], plan: Plan | None) -> str:
    """Formats problems, blocks and changes as a report of code quality, which GitLab shows beside
    the lines of the file.
    """
    rows = list[dict[str, Any]]()
    for problem in problems:
        hint = f" ({problem.hint})" if problem.hint else ""
        severity = "major" if problem.is_error else "minor"
        _quality(rows, problem.code, problem.message + hint, severity, problem.position)
    if plan is not None:
        for block in plan.blocked:
            _quality(rows, f"blocked-{block.code}", lifted(block), "major", block.position)
        for text in plan.policy_changes:
            _quality(rows, "sync-policy", f"policy: {text}", "info", None)
        for change in plan.changes:
            what = "; ".join(change_texts(change, plan.wish))
            text = f"{change.slug}: {what or change.kind.lower()}"
            _quality(rows, f"sync-{change.kind.lower()}", text, "info", change.position)
    return json.dumps(rows, indent=2, ensure_ascii=False)


def _quality(
    rows: list[dict[str, Any]], check: str, text: str, severity: str, place: Position | None
) -> None:
    # A report names a file for everything; what has none is of the folder.
    path, line = (place.file, place.line) if place and place.file else (".", 1)
    # Without the line: what only moved in its file is the same to GitLab.
    unique = f"{check}\n{path}\n{text}\n{len(rows) if severity == 'major' else ''}"
    rows.append(
        {
            "description": printable(text),
            "check_name": check,
            "fingerprint": sha256(unique.encode("utf-8", "replace")).hexdigest(),
            "severity": severity,
            "location": {"path": path, "lines": {"begin": line}},
        }
    )


def _data(text: str) -> str:
    # As GitHub unescapes them: a line end in a text of the file could begin a command of its own.
    text = without_commands(printable_lines(text))
    return text.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    # Inside of properties these two separate, too.
    return _data(text).replace(":", "%3A").replace(",", "%2C")
