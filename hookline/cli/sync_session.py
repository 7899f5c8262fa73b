"""`hookline sync plan` and `apply`: read the file, ask a terminal for consent, print the
answer; each gives its exit code.
"""

import os
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import click

from hookline.cli.exit_codes import (
    BLOCKED,
    CHANGES,
    INTERRUPTED,
    INVALID,
    LOCKED,
    OK,
    STALE,
)
from hookline.cli.progress import progress
from hookline.cli.server_choice import ServerChoice
from hookline.cli.sync_target import SyncAnswer, SyncTarget, target_at
from hookline.cli.sync_validate import print_formatted, print_problems, read_files
from hookline.cli.terminal import echo, echo_lines, line_width
from hookline.errors import HooklineError
from hookline.form.kinds import Bounds
from hookline.settings import environment
from hookline.sync.checkout import find_source
from hookline.sync.options import Options
from hookline.sync.plan import saved
from hookline.sync.plan.changes import Plan
from hookline.sync.plan.saved import SavedPlan
from hookline.sync.read.collecting import STANDARD_INPUT, Collected, collect
from hookline.sync.read.file import Reading
from hookline.sync.read.problems import in_order
from hookline.sync.request import Source, SyncRequest
from hookline.sync.show import report
from hookline.sync.show.layout import Layout
from hookline.text import printable, short_commit


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """The command line's options. files: as `-f` names them."""

    files: tuple[str, ...]
    style: str
    place: ServerChoice
    allowed: Options
    is_whole: bool = False
    """Long values and lists are shown whole."""


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a command, and who plans and applies them."""

    collected: Collected
    target: SyncTarget
    bounds: Bounds
    is_unresolved: bool

    def read(self) -> Reading:
        """Reads the files as far as they are not checked where they are sent to."""
        return self._read(self._names() if self.target.checks_files else frozenset())

    def reread(self, found: Reading, answer: SyncAnswer) -> Reading:
        """The files with those checked here in which the answer finds something: a problem that is
        found here has the place of each item, and names it as the file does.
        """
        files = {one.position.file for one in answer.told}
        # A warning about the plan as a whole is about no file.
        if not self.target.checks_files or not (answer.problems or any(files)):
            return found
        are_placed = all(one.position.file for one in answer.problems)
        again = self._read(self._names() - files if are_placed else frozenset())
        # A file with a secret may be gone by now: after an apply that is no failure of it.
        return again if answer.problems or again.document else found

    def _names(self) -> frozenset[str]:
        return frozenset(file.name for file in self.collected.files)

    def _read(self, checked_later: frozenset[str]) -> Reading:
        home = environment.home()
        with progress("Reading the files"):
            return read_files(self.collected, self.bounds, home, self.is_unresolved, checked_later)


def plan(asked: CommandOptions, is_check: bool, is_unresolved: bool, output: str | None) -> int:
    """Shows, and with an output saves, what an apply would do; its exit code.

    Raises HooklineError.
    """
    target = target_at(asked.place)
    collected = collect(asked.files)
    files = _Files(collected, target, target.bounds(), is_unresolved)
    found = files.read()
    if found.document is None:
        print_problems(asked.style, found.problems, found)
        return INVALID
    source = _source(collected)
    with progress("Planning"):
        answer = target.plan(SyncRequest(found.document, asked.allowed, source), is_unresolved)
    found = files.reread(found, answer)
    plan = _print_plan(asked, found, answer, source)
    if output and plan is not None and not answer.problems:
        _save(output, asked, collected, plan)
    return exit_code_of(answer, is_check)


def exit_code_of(answer: SyncAnswer, is_check: bool) -> int:
    """The exit code of a plan."""
    if answer.problems or answer.plan is None:
        return INVALID
    if not is_check:
        return OK
    return BLOCKED if answer.plan.blocked else OK if answer.plan.is_empty else CHANGES


def _save(output: str, asked: CommandOptions, collected: Collected, plan: Plan) -> None:
    """Raises HooklineError."""
    if any(warning.code == "secrets-unknown" for warning in plan.warnings):
        # Every apply of it would be stale: by then the secrets are known.
        raise HooklineError(
            "NOT_ALLOWED",
            "The plan is not saved: one without its secrets can't be applied, and this token lacks "
            "the scope sync:apply. Plan with a token of the role sync.",
        )
    saved.save(Path(output), asked.files, collected.digests or {}, plan)
    if plan.blocked:
        with_what = "with what lifts the block, " if any(b.flag for b in plan.blocked) else ""
        echo(f"Saved to {output}. It is blocked: plan again {with_what}to apply it.", err=True)
        return
    # To the same place as it was planned for, in words that a shell takes as they are.
    command = shlex.join(["hookline", "sync", "apply", output, *asked.place.words()])
    echo(f"Saved to {output}. Apply it with: {command}", err=True)


def apply(asked: CommandOptions, is_agreed: bool, message: str | None) -> int:
    """Applies the file; its exit code.

    Raises HooklineError.
    """
    # Both ends: a pipeline without a terminal never waits for an answer that nobody gives.
    may_ask = not is_agreed and sys.stdin.isatty() and sys.stdout.isatty()
    return _apply(asked, message, collect(asked.files), None, may_ask)


def apply_saved(
    asked: CommandOptions, path: str, files: tuple[str, ...], message: str | None
) -> int:
    """Applies exactly a saved plan; its exit code. files: where the webhooks files stand now; none
    for where they were planned.

    Raises HooklineError.
    """
    agreed = saved.load(Path(path))
    asked = replace(asked, files=files or agreed.files, allowed=_options(asked, agreed))
    for name in asked.files:
        if not _exists(name):
            raise HooklineError(
                "FAILED",
                f"The file of this plan, {printable(name)}, is not here. Name it with -f.",
            )
    collected = collect(asked.files)
    # Byte for byte and before the server is asked: what was reviewed is what is sent.
    differs = saved.what_differs(agreed, collected.digests) if collected.digests else None
    if differs:
        echo(differs, err=True)
        return STALE
    return _apply(asked, message, collected, agreed, False)


def _options(asked: CommandOptions, agreed: SavedPlan) -> Options:
    # Patience is no part of what was agreed to: this run's.
    return replace(agreed.plan.options, lock_timeout=asked.allowed.lock_timeout)


def _apply(
    asked: CommandOptions,
    message: str | None,
    collected: Collected,
    agreed: SavedPlan | None,
    may_ask: bool,
) -> int:
    """may_ask: a person sits at the terminal; then what they saw is what is applied."""
    target = target_at(asked.place)
    files = _Files(collected, target, target.bounds(), is_unresolved=False)
    found = files.read()
    if found.document is None:
        print_problems(asked.style, found.problems, found)
        return INVALID
    source = _source(collected)
    if source.recorded_commit and source.is_dirty:
        commit = short_commit(source.recorded_commit)
        verb = "is" if len(asked.files) == 1 else "are"
        _warn(f"warning: {_named(asked.files)} {verb} not as committed; recorded as {commit}")
    if asked.allowed.only:
        _warn("warning: --only: the rest of the files waits, and the commit of the set stays")
    request = SyncRequest(found.document, asked.allowed, source, message=message)
    digest = agreed.plan.digest if agreed else None
    if may_ask:
        with progress("Planning"):
            proposed = target.plan(request, is_unresolved=False)
        found = files.reread(found, proposed)
        plan = _print_plan(replace(asked, style="human"), found, proposed, source)
        if plan is None or proposed.problems or plan.blocked:
            return outcome_of(proposed)
        if not plan.is_empty and not click.confirm("Apply this?"):
            echo("Nothing was changed.")
            return INTERRUPTED
        # What was shown is what is applied, or nothing.
        digest = plan.digest
    # the key is made before the first try: asking again after a lost answer gives the same revision
    key = agreed.key if agreed else str(uuid4())
    with progress("Applying"):
        answer = target.apply(replace(request, plan_digest=digest, idempotency_key=key))
    found = files.reread(found, answer)
    _print_plan(asked, found, answer, source, is_applied=True)
    return _outcome_of_saved(agreed, answer) if agreed else outcome_of(answer)


def _outcome_of_saved(agreed: SavedPlan, answer: SyncAnswer) -> int:
    plan = answer.plan
    if plan and any(block.code == "stale" for block in plan.blocked):
        echo(saved.what_changed(agreed.plan, plan), err=True)
    # It was applied before, and is not the last word any more.
    if plan and plan.base > (plan.revision or plan.base):
        return STALE
    return outcome_of(answer)


def _print_plan(
    asked: CommandOptions,
    found: Reading,
    answer: SyncAnswer,
    source: Source,
    is_applied: bool = False,
) -> Plan | None:
    """Prints the answer; gives its plan. With problems there is no plan to speak of."""
    style = asked.style
    plan = answer.plan and replace(
        answer.plan, options=asked.allowed, commit=source.recorded_commit
    )
    # A server tells again of what the reading found, with the place of the field alone.
    known = {(one.path, one.code) for one in found.problems}
    more = [one for one in answer.told if (one.path, one.code) not in known]
    problems = in_order([*found.problems, *more])
    if style != "human":
        print_formatted(style, problems, plan, found.set_name)
        return plan
    print_problems(style, problems, found)
    if plan is not None and not answer.problems:
        is_done = is_applied and not plan.blocked
        layout = Layout(line_width(), asked.is_whole)
        lines = report.applied_lines if is_done else report.planned_lines
        echo_lines(lines(plan, layout))
    return plan


def outcome_of(answer: SyncAnswer) -> int:
    """The exit code of an apply."""
    if answer.problems or answer.plan is None:
        return INVALID
    codes = {block.code for block in answer.plan.blocked}
    if "stale" in codes:
        return STALE
    return LOCKED if "locked" in codes else BLOCKED if codes else OK


def _source(collected: Collected) -> Source:
    paths = [file.path for file in collected.files if file.path]
    source = find_source(paths, os.environ, _warn, collected.folders)
    # Standard input is in no commit.
    return replace(source, is_dirty=True) if len(paths) < len(collected.files) else source


def _exists(name: str) -> bool:
    # A NUL, which a saved plan may hold, is in no name.
    return name == STANDARD_INPUT or ("\0" not in name and Path(name).exists())


def _named(files: tuple[str, ...]) -> str:
    return printable(files[0]) if len(files) == 1 else "the files"


def _warn(sentence: str) -> None:
    echo(sentence, err=True)
