"""`hookline sync`: webhooks kept in a YAML file. The work is done by hookline.sync and the server;
this file has options and exit codes.
"""

import gc
from typing import TYPE_CHECKING, Any

import click

from hookline.cli import sync_queries
from hookline.cli.dev import DEFAULT_FILE
from hookline.cli.sync_options import TARGET, options, output_option
from hookline.cli.terminal import echo

if TYPE_CHECKING:
    from hookline.cli.sync_session import CommandOptions
    from hookline.sync.options import Options

# The sentences of docs/sync.md, which a test compares.
EPILOG = """Exit codes: 0 done (a plan with changes too, and a blocked one without --check); 2 with
--check: there are changes; of drift: there is some; of export --check: the plan is not empty; 1 the
server failed, or the command itself; 3 the file has errors; 4 with --check and for apply: something
blocks the plan, and the message names the option that lifts it; 5 the plan is stale: something
changed since it was made; 6 another apply of the set holds the lock; 7 the server can't be reached,
or does not allow it; 64 wrong usage; 130 interrupted, or the question was answered with no."""
_FILE = click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    metavar="PATH",
    help="A file of the set, a folder with *.yaml and *.yml files, or - for standard input; may be "
    f"given several times. [default: {DEFAULT_FILE}]",
)
_FORMAT = click.option(
    "--format",
    "style",
    type=click.Choice(["human", "json", "markdown", "github", "gitlab"]),
    default="human",
    show_default=True,
    help="How it is told.",
)
_VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Show long values and lists whole.")
_LIFTING = (
    click.option(
        "--adopt", is_flag=True, help="Take over webhooks that exist and that no file manages."
    ),
    click.option(
        "--on-drift",
        type=click.Choice(["block", "overwrite", "keep"]),
        help="What to do with what was changed by hand. [default: the file's policy, else block]",
    ),
    click.option("--allow-empty", is_flag=True, help="Accept a file without webhooks."),
    click.option(
        "--allow-removals",
        type=click.IntRange(0),
        metavar="N",
        help="Accept up to N webhooks being taken out. [default: the file's policy, else 10]",
    ),
)
_OLDER = click.option(
    "--allow-older", is_flag=True, help="Accept a commit that is older than the one applied last."
)
_PARTS = (
    click.option(
        "--reenable",
        multiple=True,
        metavar="SLUG",
        help="Let a webhook go on that was turned off by itself; may be given several times.",
    ),
    click.option(
        "--only",
        multiple=True,
        metavar="SLUG",
        help="Plan, or apply, this webhook alone; may be given several times. The rest waits.",
    ),
    click.option(
        "--lock-timeout",
        metavar="DURATION",
        help="How long to wait for another apply of the set. [default: 30s]",
    ),
)
_ALLOWED = options(*_LIFTING, _OLDER, *_PARTS)
_ALLOWED_BACK = options(*_LIFTING, *_PARTS)


@click.group(epilog=EPILOG)
@click.pass_context
def sync(context: click.Context) -> None:
    """Keep webhooks in a YAML file: check it, see what it would change, apply it.

    The token is HOOKLINE_TOKEN (role sync), or the one that `hookline dev` keeps in var/token.
    """
    # A command ends soon and makes hardly any cycles: of 10,000 webhooks the collector took a
    # quarter of the CPU, and freed nothing (2026-11).
    gc.disable()
    context.call_on_close(gc.enable)


@sync.command()
@_FILE
@_FORMAT
@click.option(
    "--unresolved-secrets",
    is_flag=True,
    help="Don't look up what ${env:…} and ${file:…} stand for, and check no value with them.",
)
def validate(files: tuple[str, ...], style: str, unresolved_secrets: bool) -> int:
    """Check the file, without a server: all that is wrong with it, each with its place.

    Which environments exist is HOOKLINE_ENVIRONMENTS; which private addresses may be sent to is the
    server's business.
    """
    from hookline.cli import sync_validate

    return sync_validate.validate(files or (DEFAULT_FILE,), style, unresolved_secrets)


@sync.command()
@_FILE
@_FORMAT
@_VERBOSE
@TARGET
@_ALLOWED
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 2 when there are changes, 4 when something blocks them.",
)
@click.option(
    "--unresolved-secrets",
    is_flag=True,
    help="Plan without the secrets: they show as unknown. For a pull request's job.",
)
@output_option("Save the plan, for `hookline sync apply PATH`.")
def plan(
    files: tuple[str, ...],
    style: str,
    check: bool,
    unresolved_secrets: bool,
    output: str | None,
    **given: Any,
) -> int:
    """Show what applying the file would change. Writes nothing."""
    from hookline.cli import sync_session

    if output and unresolved_secrets:
        raise click.UsageError(
            "A plan without its secrets can't be applied: leave out -o or --unresolved-secrets."
        )
    return sync_session.plan(_asked(files, style, given), check, unresolved_secrets, output)


@sync.command()
@click.argument("saved", required=False, metavar="[PLAN]")
@_FILE
@_FORMAT
@_VERBOSE
@TARGET
@_ALLOWED
@click.option(
    "-y", "--yes", is_flag=True, help="Don't ask. Without a terminal nothing is asked anyway."
)
@click.option("-m", "--message", help="Why; kept with the revision.")
def apply(
    saved: str | None,
    files: tuple[str, ...],
    style: str,
    yes: bool,
    message: str | None,
    **given: Any,
) -> int:
    """Make the webhooks what the file says: all of it in one transaction, or nothing.

    PLAN is what `hookline sync plan -o` saved: then exactly that is applied, with the options that
    it was planned with, or nothing (exit code 5 says what has changed meanwhile). -f names the
    files where they stand elsewhere than they were planned.
    """
    from hookline.cli import sync_session

    asked = _asked(files, style, given)
    if not saved:
        return sync_session.apply(asked, yes, message)
    if asked.allowed.flags:
        raise click.UsageError(
            "A saved plan keeps the options that it was planned with: leave out "
            f"{', '.join(asked.allowed.flags)}, or plan again."
        )
    return sync_session.apply_saved(asked, saved, files, message)


@sync.command()
@click.argument("revision", type=click.IntRange(1, 2**31 - 1), metavar="REVISION")
@click.option("--set", "set_name", metavar="NAME", help="The set. [default: the only one there is]")
@_FORMAT
@_VERBOSE
@TARGET
@_ALLOWED_BACK
@click.option(
    "--allow-lost-secrets",
    is_flag=True,
    help="Leave out secrets of the revision that are not stored any more.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan alone. Writes nothing.")
@click.option(
    "--check",
    is_flag=True,
    help="With --dry-run: exit with 2 when there are changes, 4 when something blocks them.",
)
@click.option(
    "-y", "--yes", is_flag=True, help="Don't ask. Without a terminal nothing is asked anyway."
)
@click.option("-m", "--message", help="Why; kept with the revision.")
def rollback(
    revision: int,
    set_name: str | None,
    style: str,
    dry_run: bool,
    check: bool,
    yes: bool,
    message: str | None,
    **given: Any,
) -> int:
    """Bring a set back to an earlier revision, by the rules of an apply. Needs no file.

    `hookline sync history` lists the numbers. It makes a new revision. Secrets that were changed
    since stay as they are now, as revisions hold none. Revert the commit in the repository too, or
    the next apply undoes the rollback.
    """
    from hookline.cli import sync_rollback

    if check and not dry_run:
        raise click.UsageError("--check goes with --dry-run.")
    asked = _asked((), style, given)
    rollback = sync_rollback.Rollback(revision, set_name, asked, message)
    return sync_rollback.plan(rollback, check) if dry_run else sync_rollback.apply(rollback, yes)


@sync.command()
def schema() -> None:
    """Print the JSON Schema of the file, for editors."""
    import json

    from hookline.sync.read.json_schema import make

    echo(json.dumps(make(), indent=2, ensure_ascii=False))


for _command in sync_queries.COMMANDS:
    sync.add_command(_command)


def _asked(files: tuple[str, ...], style: str, given: dict[str, Any]) -> "CommandOptions":
    from hookline.cli.server_choice import ServerChoice
    from hookline.cli.sync_session import CommandOptions

    allowed, is_whole = options_of(given), given["verbose"]
    place = ServerChoice.of(given)
    return CommandOptions(files or (DEFAULT_FILE,), style, place, allowed, is_whole)


def options_of(given: dict[str, Any]) -> "Options":
    """The options of a plan or an apply. given: values of the command line by their names.

    Raises click.UsageError.
    """
    from datetime import timedelta

    from hookline.form.durations import parse_duration
    from hookline.sync.options import Options
    from hookline.sync.policy import DriftPolicy

    try:
        patience = (
            parse_duration(given["lock_timeout"])
            if given["lock_timeout"]
            else timedelta(seconds=30)
        )
    except ValueError:
        raise click.UsageError(
            "--lock-timeout must be a duration such as 500ms, 30s or 5m."
        ) from None
    return Options(
        adopt=given["adopt"],
        on_drift=DriftPolicy[given["on_drift"].upper()] if given["on_drift"] else None,
        allow_empty=given["allow_empty"],
        allow_removals=given["allow_removals"],
        allow_older=given.get("allow_older", False),
        allow_lost_secrets=given.get("allow_lost_secrets", False),
        lock_timeout=patience,
        reenable=frozenset(given["reenable"]),
        only=frozenset(given["only"]),
    )
