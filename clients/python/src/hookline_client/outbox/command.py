"""`hookline outbox`, and `hookline-outbox` where the server is not installed: relay, table, status,
retry. Imports what is heavy when a command runs. Exit codes: 0 done, 1 failed, 64 wrong usage.
"""

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from hookline_client.outbox.database import Outbox

_DATABASE = click.option(
    "--database",
    metavar="URL",
    envvar="HOOKLINE_OUTBOX_DATABASE",
    required=True,
    help="The application's database: sqlite:///path or postgresql://…. [HOOKLINE_OUTBOX_DATABASE]",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def outbox() -> None:
    """Publish the events that an application wrote into its outbox.

    The application writes them with hookline_client.outbox in its own transactions; a relay
    publishes those that were committed.
    """


@outbox.command()
@_DATABASE
@click.option("--server", metavar="URL", help="The server. [HOOKLINE_SERVER]")
@click.option("--once", is_flag=True, help="End when nothing waits; fail if the server does.")
@click.option(
    "--batch", type=click.IntRange(1, 1_000), default=100, help="Events at once. [default: 100]"
)
@click.option(
    "--poll", type=click.FloatRange(0.01), default=1.0, help="Seconds between looks. [default: 1]"
)
@click.option(
    "--keep-sent",
    type=click.FloatRange(0),
    default=86_400.0,
    help="Seconds for which published events are kept. [default: 86400]",
)
def relay(
    database: str, server: str | None, once: bool, batch: int, poll: float, keep_sent: float
) -> None:
    """Publish what is committed, until SIGTERM or Ctrl-C.

    The token is HOOKLINE_TOKEN. Any number may run at once. What happens is told on standard
    error.
    """
    import logging

    from hookline_client.client import Client
    from hookline_client.outbox.loop import relay_all, relay_forever
    from hookline_client.outbox.relay import RelayOptions
    from hookline_client.retries import NO_RETRIES

    # Once more comes from the loop, which gives the events back before it waits.
    client = _told(Client, server, retries=NO_RETRIES)
    level = logging.INFO
    logging.basicConfig(
        stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    options = RelayOptions(batch, keep_sent)
    with client:
        if once:
            _told(relay_all, database, client, options)
        else:
            _told(relay_forever, database, client, options, poll)


@outbox.command()
@click.argument("dialect", metavar="postgresql|sqlite", type=click.Choice(["postgresql", "sqlite"]))
def table(dialect: str) -> None:
    """Print the statements that make the table, for a migration of the application."""
    from hookline_client.outbox.table import create_table

    click.echo(create_table(dialect), nl=False)


@outbox.command()
@_DATABASE
def status(database: str) -> None:
    """Print how many events wait and for how long, and those that were set aside."""
    from time import time

    found = _open(database)
    count, oldest = _told(found.waiting)
    age = f", the oldest for {max(0, time() - oldest):.0f} s" if oldest else ""
    click.echo(f"waiting: {count}{age}")
    aside = _told(found.list_set_aside, 100)
    click.echo(f"set aside: {len(aside)}{' or more' if len(aside) == 100 else ''}")
    for row in aside:
        click.echo(f"  {row.id} {row.type} {row.idempotency_key}: {row.error}")


@outbox.command()
@_DATABASE
@click.argument("ids", metavar="ID…", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All events that were set aside.")
def retry(database: str, ids: tuple[int, ...], every: bool) -> None:
    """Let events that were set aside be published again, by the ids that `status` prints."""
    if bool(ids) == every:
        raise click.UsageError("Give ids, or --all.")
    found = _open(database)
    click.echo(f"put back: {_told(found.put_back, ids)}")


def main() -> None:
    """Runs `hookline-outbox`."""
    try:
        outbox.main(prog_name="hookline-outbox", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(64)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


def _open(database: str) -> "Outbox":
    from hookline_client.outbox.database import Outbox

    found: Outbox = _told(Outbox, database)
    return found


def _told(function: Any, *arguments: Any, **named: Any) -> Any:  # Any: whatever it takes and gives
    """Calls it; an expected failure becomes a sentence."""
    from hookline_client.errors import HooklineError
    from hookline_client.outbox.database import DatabaseAway, OutboxError

    try:
        return function(*arguments, **named)
    except (OutboxError, DatabaseAway, HooklineError) as error:
        raise click.ClickException(str(error)) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
