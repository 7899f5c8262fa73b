"""`hookline sync rollback`: asks the API for the plan and for the rollback, and a terminal for
consent; each gives its exit code.
"""

import sys
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

import click

from hookline.cli.exit_codes import INTERRUPTED
from hookline.cli.progress import progress
from hookline.cli.sync_asking import Asker, asking
from hookline.cli.sync_records import only_set
from hookline.cli.sync_session import CommandOptions, exit_code_of, outcome_of
from hookline.cli.sync_target import PAYLOAD, WORK_SECONDS, SyncAnswer, answer_of, applied
from hookline.cli.sync_validate import print_formatted
from hookline.cli.terminal import echo, echo_lines, line_width
from hookline.form.durations import format_duration
from hookline.sync.plan import codec
from hookline.sync.show import report
from hookline.sync.show.layout import Layout
from hookline.text import printable

_PLAN: Final = (
    "mutation RollbackPlan($input: SyncRollbackPlanInput!) { syncRollbackPlan(input: $input) "
    f"{{ {PAYLOAD} }} }}"
)
_APPLY: Final = (
    "mutation Rollback($input: SyncRollbackInput!) { syncRollback(input: $input) { revision "
    f"{{ number }} {PAYLOAD} }} }}"
)
_IN_GIT: Final = (
    "The repository still says otherwise: revert the commit there too, or the next apply undoes "
    "this."
)


@dataclass(frozen=True, slots=True)
class Rollback:
    """The command line. set_name: None for the only set there is."""

    number: int
    set_name: str | None
    asked: CommandOptions
    message: str | None

    def input(self, set_name: str) -> dict[str, Any]:
        options = self.asked.allowed
        return {
            "set": set_name,
            "revision": self.number,
            "options": {
                **codec.encode_options(options),
                "lockTimeout": format_duration(options.lock_timeout),
            },
        }


def plan(rollback: Rollback, is_check: bool) -> int:
    """Shows what the rollback would do; its exit code.

    Raises HooklineError.
    """
    asked = rollback.asked
    with asking(asked.place, "sync") as asker:
        answer = _planned(asker, rollback.input(only_set(asker, rollback.set_name)))
    _print(asked, answer, is_applied=False)
    return exit_code_of(answer, is_check)


def apply(rollback: Rollback, is_agreed: bool) -> int:
    """Brings the revision back; its exit code.

    Raises HooklineError.
    """
    asked = rollback.asked
    # Both ends: a pipeline without a terminal never waits for an answer that nobody gives.
    may_ask = not is_agreed and sys.stdin.isatty() and sys.stdout.isatty()
    with asking(asked.place, "sync") as asker:
        return _apply(asker, rollback, may_ask)


def _apply(asker: Asker, rollback: Rollback, may_ask: bool) -> int:
    asked, given = rollback.asked, rollback.input(only_set(asker, rollback.set_name))
    digest = None
    if may_ask:
        proposed = _planned(asker, given)
        _print(replace(asked, style="human"), proposed, is_applied=False)
        if proposed.plan is None or proposed.problems or proposed.plan.blocked:
            return outcome_of(proposed)
        if not proposed.plan.is_empty and not click.confirm("Apply this?"):
            echo("Nothing was changed.")
            return INTERRUPTED
        # What was shown is what is applied, or nothing.
        digest = proposed.plan.digest
    more = {"planDigest": digest, "idempotencyKey": str(uuid4()), "message": rollback.message}
    answer = _applied(asker, {**given, **more}, asked.allowed.lock_timeout.total_seconds())
    _print(asked, answer, is_applied=True)
    if answer.plan and answer.plan.revision:
        echo(_IN_GIT, err=True)
    return outcome_of(answer)


def _planned(asker: Asker, given: dict[str, Any]) -> SyncAnswer:
    with progress("Planning"):
        return asker.ask(
            _PLAN,
            {"input": given},
            lambda content: answer_of(content["syncRollbackPlan"], asker.server),
            WORK_SECONDS,
        )


def _applied(asker: Asker, given: dict[str, Any], patience_seconds: float) -> SyncAnswer:
    """The key in the input makes it safe to ask again when the answer was lost."""

    def ask() -> SyncAnswer:
        return asker.ask(
            _APPLY,
            {"input": given},
            lambda content: answer_of(content["syncRollback"], asker.server),
            patience_seconds + WORK_SECONDS,
        )

    with progress("Applying"):
        return applied(ask)


def _print(asked: CommandOptions, answer: SyncAnswer, is_applied: bool) -> None:
    """Prints the answer. With problems there is no plan to speak of."""
    plan = answer.plan and replace(answer.plan, options=asked.allowed)
    problems = [*answer.problems, *(plan.warnings if plan else ())]
    if asked.style != "human":
        print_formatted(asked.style, problems, plan)
        return
    for problem in problems:
        # Without a file its message names the webhook.
        echo(printable(f"{problem.severity}[{problem.code}] {problem.message}"), err=True)
    if plan is not None and not answer.problems:
        is_done = is_applied and not plan.blocked
        lines = report.applied_lines if is_done else report.planned_lines
        echo_lines(lines(plan, Layout(line_width(), asked.is_whole)))
