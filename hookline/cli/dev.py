"""`hookline dev`: everything in one process on this machine, made on the first run."""

from typing import TYPE_CHECKING

import click

from hookline.cli.terminal import echo

if TYPE_CHECKING:
    from pathlib import Path
    from socket import socket

    from hookline.settings.fields import Settings

DEFAULT_FILE = "config/webhooks.yaml"


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one. [default: HOOKLINE_PORT, else 8000]",
)
@click.option(
    "-f",
    "--file",
    "path",
    default=DEFAULT_FILE,
    show_default=True,
    help="The webhooks to apply and to follow.",
)
def dev(port: int | None, path: str) -> None:
    """Run everything on this machine, to try it or to develop with it.

    That is: database, API, worker, console and a receiver.

    Makes what it needs in var/ (HOOKLINE_HOME), applies the webhooks file and follows it, sends to
    loopback addresses too, and answers for
    127.0.0.1, localhost and [::1] only. Ctrl-C ends it; a second one at once.
    """
    from pathlib import Path

    from hookline import logs
    from hookline.cli.lock import process_lock
    from hookline.cli.server import listen, run
    from hookline.serving import descriptors
    from hookline.settings.fields import read_settings

    # A second for what is under way: whoever presses Ctrl-C is waiting.
    settings = read_settings(port=port, shutdown_seconds=1)
    logs.configure("debug" if settings.log_level == "debug" else "warning", settings.log_format)
    descriptors.raise_limit()
    # The lock first: two servers on one SQLite file must never both begin to write.
    with process_lock(settings), listen(settings) as listener:
        run(lambda: _dev(settings, listener, Path(path)))
    echo("Stopped. Nothing is lost: what was not delivered goes on at the next start.")


async def _dev(settings: "Settings", listener: "socket", path: "Path") -> None:
    from functools import partial

    from hookline.cli import dev_attempts, dev_following, dev_home
    from hookline.cli.dev_link import DevLink
    from hookline.cli.dev_welcome import used, welcome
    from hookline.cli.server import running, serve, url_of
    from hookline.db.migrate import migrate

    # Under the lock, and before the token, which is a row.
    await migrate(settings)
    url = url_of(listener)
    # Links in mails work without a setting, when a mail server is tried on this machine.
    settings = settings.model_copy(update={"public_url": settings.public_url or url})
    page_url = f"{url}/" if settings.console else f"{url}/graphql"
    link = DevLink(page_url, *await dev_home.token(settings), lambda url: echo(used(url)))
    companions = (
        link.serving,
        partial(dev_following.following, path, url),
        dev_attempts.printing_attempts,
    )
    async with running(
        settings,
        has_worker=True,
        addresses=dev_home.addresses(settings),
        redeem=link.redeem,
        has_echo=True,
        hosts=dev_home.HOSTS,
        companions=companions,
    ) as app:
        await serve(
            app,
            listener,
            settings,
            lambda: echo(welcome(settings, url, link.url, path)),
        )
