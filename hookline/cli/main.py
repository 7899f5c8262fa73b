"""`hookline`: finds the command, turns failures into sentences and exit codes.

Imports nothing heavy: each command brings its own.
"""

import os
import sys
from collections.abc import Callable
from io import StringIO

import click

from hookline import __version__
from hookline.cli.exit_codes import FAILED, INTERRUPTED, NOT_REACHED, WRONG_USAGE
from hookline.cli.lazy_group import LazyGroup
from hookline.cli.summaries import SUMMARIES
from hookline.cli.terminal import echo
from hookline.errors import HooklineError, Misconfigured

# By name, so that --help of one command does not import all of them: 0.1 s of CPU instead of 1.3
# (docs/performance.md).
COMMANDS = {
    "dev": "hookline.cli.dev:dev",
    "serve": "hookline.cli.serve:serve",
    "worker": "hookline.cli.worker:worker",
    "migrate": "hookline.cli.migrate:migrate",
    "token": "hookline.cli.token:token",
    "tokens": "hookline.cli.tokens:tokens",
    "keys": "hookline.cli.keys:keys",
    "login": "hookline.cli.login:login",
    "profiles": "hookline.cli.login:profiles",
    "publish": "hookline.cli.publish:publish",
    "trigger": "hookline.cli.trigger:trigger",
    "listen": "hookline.cli.listen:listen",
    "outbox": "hookline.cli.outbox:outbox",
    "webhooks": "hookline.cli.webhooks:webhooks",
    "events": "hookline.cli.events:events",
    "deliveries": "hookline.cli.deliveries:deliveries",
    "logs": "hookline.cli.logs:logs",
    "notifications": "hookline.cli.notifications:notifications",
    "types": "hookline.cli.event_types:types",
    "audit": "hookline.cli.audit:audit",
    "jobs": "hookline.cli.jobs:jobs",
    "api": "hookline.cli.api:api",
    "verify": "hookline.cli.verify:verify",
    "open": "hookline.cli.opening:open_page",
    "sync": "hookline.cli.sync:sync",
    "init": "hookline.cli.init:init",
    "settings": "hookline.cli.settings:settings",
    "doctor": "hookline.cli.doctor:doctor",
    "schema": "hookline.cli.schema:schema",
    "completion": "hookline.cli.completion:completion",
}
"""Command → where it is. In the order of `hookline --help`."""


@click.group(
    cls=LazyGroup,
    places=COMMANDS,
    summaries=SUMMARIES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, prog_name="hookline", message="%(prog)s %(version)s")
def cli() -> None:
    """Hookline sends your events to webhooks: signed, retried, logged, watched live.

    Start with `hookline dev`. Every setting is an environment variable HOOKLINE_…: `hookline
    settings` lists them.
    """


def main(arguments: list[str] | None = None) -> None:
    """Runs one command line and leaves with its exit code."""
    make_files_private()
    # Not click's own mode, which ends with its own codes and shows other errors as tracebacks.
    sys.exit(exit_code_of(lambda: cli.main(arguments, prog_name="hookline", standalone_mode=False)))


def make_files_private() -> None:
    """Makes every file of this process, and of those that it starts, its owner's alone: databases,
    keys, plans and mails, in a folder that others may read too.
    """
    os.umask(0o077)


def exit_code_of(command: Callable[[], object]) -> int:
    """Runs it; what goes wrong is told on standard error. Its result is the code, if it is a
    number.
    """
    try:
        result = command()
        # Here, where a closed pipe is caught; at the interpreter's end it would be a traceback.
        sys.stdout.flush()
    except click.UsageError as error:
        _print_of_click(error)
        return WRONG_USAGE
    except click.ClickException as error:
        _print_of_click(error)
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except HooklineError as error:
        _print_error(error.message)
        return NOT_REACHED if error.code in ("CANNOT_REACH", "NOT_ALLOWED") else FAILED
    # `hookline settings | head`: whoever read has enough.
    except BrokenPipeError:
        # The interpreter flushes once more at its end, and would complain about the same pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    # The last line of defence: a sentence, and the traceback for who asks for it.
    except Exception as error:  # noqa: BLE001
        _print_unexpected(error)
        return FAILED
    return result if isinstance(result, int) else 0


def _print_of_click(error: click.ClickException) -> None:
    # Not to the terminal itself: the message repeats arguments, which a wildcard may have made of
    # names of files.
    text = StringIO()
    error.show(text)
    # Choices that are missing are listed behind tabulators, which would be shown as an escape.
    echo(text.getvalue().expandtabs(2), err=True, nl=False)


def _print_error(message: str) -> None:
    echo(f"Error: {message}", err=True)


def _print_unexpected(error: Exception) -> None:
    _print_details(error)
    _print_error(
        f"unexpected {type(error).__name__}. Run it again with HOOKLINE_LOG_LEVEL=debug to see "
        "where it came from, and please report it."
    )


def _print_details(error: Exception) -> None:
    """Prints the traceback for who asks for it, without the settings' secrets: an exception's text
    may hold a URL as it was given.
    """
    # 0.3 s of CPU for pydantic-settings: only a command that fails unexpectedly pays it here.
    from traceback import format_exception

    from hookline.settings.fields import read_settings
    from hookline.settings.listing import without_secrets

    try:
        settings = read_settings()
    except Misconfigured:
        return
    if settings.log_level == "debug":
        echo(without_secrets("".join(format_exception(error)), settings), err=True, nl=False)
