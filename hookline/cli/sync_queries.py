"""Commands of `hookline sync` that need no file: options and exit codes. The work is done by
sync_records, which each imports when it runs.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from hookline.cli.sync_options import TARGET, F, options

if TYPE_CHECKING:
    from hookline.cli.sync_records import RecordOptions

_FORMAT = click.option(
    "--format",
    "style",
    type=click.Choice(["human", "json"]),
    default="human",
    show_default=True,
    help="How it is told.",
)


def _of_set(default: str) -> Callable[[F], F]:
    return click.option("--set", "set_name", metavar="NAME", help=f"The set. [default: {default}]")


_OF_ALL = options(_of_set("all sets"), _FORMAT, TARGET)
_OF_ONE = options(_of_set("the only one there is"), _FORMAT, TARGET)


@click.command()
@_OF_ALL
def status(**given: Any) -> int:
    """Show the sets: newest revision, commit, age, webhooks, drift and origin. Needs no file."""
    from hookline.cli import sync_records

    return sync_records.status(_asked(given))


@click.command()
@_OF_ALL
def drift(**given: Any) -> int:
    """Show what was changed by hand since the files were applied, by whom. Needs no file.

    Exits with 2 when there is drift.
    """
    from hookline.cli import sync_records

    return sync_records.drift(_asked(given))


@click.command()
@_OF_ONE
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many revisions are shown.",
)
def history(limit: int, **given: Any) -> int:
    """Show the revisions of a set, newest first: who applied what, when, from which commit."""
    from hookline.cli import sync_records

    return sync_records.history(_asked(given), limit)


@click.command()
@click.argument("revision", type=click.IntRange(1, 2**31 - 1), metavar="REVISION")
@_OF_ONE
def show(revision: int, **given: Any) -> int:
    """Show what a revision changed, field by field. `hookline sync history` lists the numbers."""
    from hookline.cli import sync_records

    return sync_records.show_revision(_asked(given), revision)


@click.command()
@_of_set("the only one there is; with --unmanaged: default")
@click.option(
    "--unmanaged",
    is_flag=True,
    help="The webhooks that no file manages, for the set of --set to take over with --adopt.",
)
@click.option(
    "--all",
    "is_all",
    is_flag=True,
    help="A file for each set and one of what no file manages, into the folder of -o.",
)
@click.option("-o", "--output", metavar="PATH", help="Write here. [default: standard output]")
@click.option(
    "--check",
    is_flag=True,
    help="Plan the file too, and exit with 2 unless its plan is empty.",
)
@TARGET
def export(unmanaged: bool, is_all: bool, output: str | None, check: bool, **given: Any) -> int:
    """Write the webhooks as a file whose plan is empty.

    Secrets become references to environment variables, which are listed on standard error.
    """
    from hookline.cli import sync_export

    if is_all and (unmanaged or given["set_name"]):
        raise click.UsageError("--all is of every set: leave out --set and --unmanaged.")
    if is_all and not output:
        raise click.UsageError("--all writes several files: name their folder with -o FOLDER.")
    asked = _asked({**given, "style": "human"})
    return sync_export.export(sync_export.ExportOptions(asked, unmanaged, is_all, output, check))


COMMANDS = (status, drift, history, show, export)
"""In the order of `hookline sync --help`."""


def _asked(given: dict[str, Any]) -> "RecordOptions":
    from hookline.cli.sync_records import RecordOptions

    return RecordOptions(given["style"], given["server"], given["local"], given["set_name"])
