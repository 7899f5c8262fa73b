"""Commands of `hookline sync` that need no webhooks file: options and exit codes. The work is done
by sync_records, sync_export and sync_import, which each imports when it runs.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from hookline.cli.sync_options import TARGET, F, options, output_option

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
    "-n",
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
@output_option("Write here. [default: standard output]")
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


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--from",
    "product",
    type=click.Choice(["hasura", "webhookx", "svix"]),
    required=True,
    help="The product that the files come from.",
)
@click.option(
    "--set", "set_name", default="default", show_default=True, metavar="NAME", help="The set."
)
@click.option(
    "--environment",
    "environments",
    multiple=True,
    metavar="NAME",
    help="An environment whose events are sent; may be given several times. [default: the last of "
    "HOOKLINE_ENVIRONMENTS]",
)
@output_option("Write here. [default: standard output]")
def import_(
    files: tuple[str, ...],
    product: str,
    set_name: str,
    environments: tuple[str, ...],
    output: str | None,
) -> int:
    """Write the webhooks of another product as a webhooks file. Asks no server.

    FILE is metadata of Hasura (a folder or a file), the configuration that `webhookx admin dump`
    writes, or a list of endpoints of Svix; a folder or - works too. What has no counterpart is told
    on standard error, each with its place. Secrets become references to environment variables.
    Exits with 3 when a webhook can't be written.
    """
    from hookline.cli import sync_import
    from hookline.form.check import check_slug

    if problems := check_slug(set_name):
        raise click.UsageError(problems[0].message.replace("slug", "--set", 1))
    options = sync_import.ImportOptions(product, files, set_name, environments, output)
    return sync_import.run(options)


COMMANDS = (status, drift, history, show, export, import_)
"""In the order of `hookline sync --help`."""


def _asked(given: dict[str, Any]) -> "RecordOptions":
    from hookline.cli.server_choice import ServerChoice
    from hookline.cli.sync_records import RecordOptions

    return RecordOptions(given["style"], ServerChoice.of(given), given["set_name"])
