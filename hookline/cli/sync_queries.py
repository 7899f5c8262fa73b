"""Commands of `hookline sync` that need no file: options and exit codes. The work is done by
sync_records, which each imports when it runs.
"""

from typing import TYPE_CHECKING, Any

import click

from hookline.cli.sync_options import TARGET, options

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


def _of_set(default: str) -> Any:
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


COMMANDS = (status, drift, history, show)
"""In the order of `hookline sync --help`."""


def _asked(given: dict[str, Any]) -> "RecordOptions":
    from hookline.cli.sync_records import RecordOptions

    return RecordOptions(given["style"], given["server"], given["local"], given["set_name"])
