"""What `hookline sync` does with a file, from reading it to the exit code. Called by
hookline.cli.sync alone.
"""

import asyncio
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import click

from hookline.cli import sync_plan_file
from hookline.cli.sync_target import ANY_ADDRESS, Answer, LocalTarget, ServerTarget, Target
from hookline.errors import HooklineError
from hookline.form.kinds import Bounds
from hookline.outbound.rendering import Renderer
from hookline.settings import Settings, read_settings
from hookline.sync.read import check_templates, file
from hookline.sync.read.document import Document
from hookline.sync.read.file import Reading
from hookline.sync.read.problems import SyncProblem
from hookline.sync.read.references import LocalSecrets, Secrets, UnresolvedSecrets
from hookline.sync.request import Options, find_source
from hookline.sync.show import excerpts, formats, report
from hookline.sync.show.report import PlanView

OK, FAILED, CHANGES, INVALID, BLOCKED, STALE, LOCKED, NOT_REACHED = range(8)


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line's options. server: None for the setting's."""

    files: list[str]
    style: str
    server: str | None
    is_local: bool
    allowed: Options

    def target(self, settings: Settings) -> Target:
        return LocalTarget(settings) if self.is_local else ServerTarget(settings)


def validate(files: list[str], style: str, is_unresolved: bool) -> int:
    """Tells all that is wrong with the file; its exit code."""
    settings = read_settings()
    found = _read(settings, files, Bounds(settings.environments, ANY_ADDRESS), is_unresolved)
    if found.document is not None and (broken := asyncio.run(_broken_templates(found.document))):
        _tell_problems(style, [*found.problems, *broken], found)
        return INVALID
    _tell_problems(style, found.problems, found)
    if style == "human" and found.document is not None:
        count = len(found.document.webhooks)
        click.echo(
            f"{files[0]} is valid: {count} webhook{'' if count == 1 else 's'} in set "
            f"{found.document.set_name}."
        )
    return OK if found.document is not None else INVALID


def plan(asked: Asked, is_check: bool, is_unresolved: bool, output: str | None) -> int:
    """Shows, and with an output saves, what an apply would do; its exit code."""
    settings = read_settings(server=asked.server)
    try:
        target = asked.target(settings)
        found = _read(settings, asked.files, target.bounds(), is_unresolved)
        if found.document is None:
            _tell_problems(asked.style, found.problems, found)
            return INVALID
        answer = target.plan(
            found.document,
            is_unresolved,
            asked.allowed,
            find_source(Path(asked.files[0]), os.environ),
        )
    except HooklineError as error:
        return _failed(error)
    view = _told(asked.style, found, answer)
    if view is None or answer.problems:
        return INVALID
    if output:
        try:
            sync_plan_file.save(Path(output), asked.files[0], view)
        except HooklineError as error:
            return _failed(error)
        click.echo(f"Saved to {output}. Apply it with: hookline sync apply {output}", err=True)
    if not is_check:
        return OK
    return BLOCKED if view.blocked else CHANGES if view.has_changes else OK


def apply(asked: Asked, saved: str | None, is_agreed: bool, message: str | None) -> int:
    """Applies the file, after asking where somebody can be asked; its exit code."""
    settings, agreed = read_settings(server=asked.server), None
    try:
        if saved:
            agreed = sync_plan_file.load(Path(saved))
            asked = replace(asked, files=[agreed.file])
            if not agreed.is_of_file():
                click.echo(
                    f"Stale: {agreed.file} is not the file that was planned. Plan again.", err=True
                )
                return STALE
        target = asked.target(settings)
        found = _read(settings, asked.files, target.bounds(), is_unresolved=False)
        if found.document is None:
            _tell_problems(asked.style, found.problems, found)
            return INVALID
        where_from = find_source(Path(asked.files[0]), os.environ)
        digest = agreed.digest if agreed else None
        if not agreed and not is_agreed and sys.stdin.isatty() and sys.stdout.isatty():
            proposed = target.plan(found.document, False, asked.allowed, where_from)
            view = _told("human", found, proposed)
            if view is None or proposed.problems or view.blocked:
                return _outcome(proposed)
            if view.has_changes and not click.confirm("Apply this?"):
                click.echo("Nothing was changed.")
                return OK
            digest = view.digest
        answer = target.apply(
            found.document, asked.allowed, where_from, digest, str(uuid4()), message
        )
    except HooklineError as error:
        return _failed(error)
    _told(asked.style, found, answer, is_applied=True)
    if agreed and answer.view and any(block.code == "stale" for block in answer.view.blocked):
        click.echo(sync_plan_file.what_changed(agreed, answer.view), err=True)
    return _outcome(answer)


def _read(settings: Settings, files: list[str], bounds: Bounds, is_unresolved: bool) -> Reading:
    secrets: Secrets = (
        UnresolvedSecrets()
        if is_unresolved
        else LocalSecrets(os.environ, settings.home, Path(files[0]).parent)
    )
    return file.read(files, bounds, secrets)


async def _broken_templates(document: Document) -> tuple[SyncProblem, ...]:
    renderer = Renderer()
    try:
        return await check_templates.check(document, renderer)
    finally:
        await renderer.close()


def _told(style: str, found: Reading, answer: Answer, is_applied: bool = False) -> PlanView | None:
    """Tells what the server said. With problems there is no plan to speak of."""
    view = answer.view
    warnings = list(view.warnings) if view else []
    problems = [*answer.problems, *warnings]
    if style != "human":
        _tell_formatted(style, problems, view)
        return view
    _tell_problems(style, problems, found)
    if view is not None and not answer.problems:
        is_done = is_applied and not view.blocked
        click.echo(report.applied(view) if is_done else report.plan(view))
    return view


def _tell_problems(style: str, problems: list[SyncProblem], found: Reading) -> None:
    if style != "human":
        _tell_formatted(style, problems, None)
    elif problems:
        click.echo(excerpts.shown(problems, found.lines, found.secret_positions), err=True)
        count = sum(problem.is_error for problem in problems)
        if count:
            click.echo(
                f"{count} error{'' if count == 1 else 's'}: nothing can be applied.", err=True
            )


def _tell_formatted(style: str, problems: list[SyncProblem], view: PlanView | None) -> None:
    tell = {"json": formats.as_json, "markdown": formats.as_markdown, "github": formats.as_github}[
        style
    ]
    if text := tell(problems, view):
        click.echo(text)


def _outcome(answer: Answer) -> int:
    if answer.problems or answer.view is None:
        return INVALID
    codes = {block.code for block in answer.view.blocked}
    if "stale" in codes:
        return STALE
    return LOCKED if "locked" in codes else BLOCKED if codes else OK


def _failed(error: HooklineError) -> int:
    click.echo(f"Error: {error.message}", err=True)
    return NOT_REACHED if error.code in ("CANNOT_REACH", "NOT_ALLOWED") else FAILED
