"""`hookline listen`: a temporary webhook whose deliveries come to a program on this machine, behind
whatever router it stands.
"""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from hookline.cli.asking import RemoteServer, asking
from hookline.cli.terminal import echo
from hookline.text import mask_url, printable

if TYPE_CHECKING:
    from hookline.cli.listen_keys import KeyLines
    from hookline.cli.listen_output import ListenOutput

OUTPUTS: Final = ("interactive", "compact", "json")
_NAME_LIMIT: Final = 100
_EVENTS: Final = ("*.*.*",)


def _target(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """The URL of a port or of what was typed of a URL."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        if len(text) > 5 or not 0 < int(text) < 65_536:
            raise click.BadParameter(f"{text[:20]} is no port: there are 1 to 65535.")
        return f"http://localhost:{int(text)}/"
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname)
        # Raises for a port that is none.
        is_right = is_right and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or not url.isprintable() or " " in url:
        raise click.BadParameter(
            f"{printable(text)!r} is neither a port such as 3000 nor a URL such as "
            "http://localhost:3000/hooks."
        )
    return url


def _condition(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise click.BadParameter(
            'is no JSON. A condition is such as \'{"data.total": {"gte": 100}}\'.'
        ) from None


@click.command()
@click.argument("target", metavar="PORT|URL", required=False, callback=_target)
@click.option(
    "--events",
    "--event",
    multiple=True,
    default=_EVENTS,
    metavar="PATTERN",
    show_default=True,
    help="Types of events, such as 'order.*.*'. Several are possible.",
)
@click.option(
    "-e",
    "--environment",
    "environments",
    multiple=True,
    help="Of its events. Several are possible. [default: all of the server]",
)
@click.option(
    "--filter", "condition", metavar="JSON", callback=_condition, help="A condition on the event."
)
@click.option("--timeout", help="For an answer of the program, such as 60s. [default: 15s]")
@click.option("--name", help="Name of the webhook. [default: of this machine]")
@click.option(
    "-o",
    "--output",
    type=click.Choice(OUTPUTS),
    help="Lines with keys to press, lines alone, or JSON. [default: interactive at a terminal, "
    "else compact]",
)
@click.option("--skip-verify", is_flag=True, help="Take any certificate of an https:// URL.")
@click.option("--print-secret", is_flag=True, help="Print the signing secret alone.")
@asking("editor")
def listen(
    server: RemoteServer,
    target: str | None,
    events: Sequence[str],
    environments: Sequence[str],
    condition: Any,
    timeout: str | None,
    name: str | None,
    output: str | None,
    skip_verify: bool,
    print_secret: bool,
) -> None:
    """Receive events at a port or a URL of this machine, for as long as the command runs.

    A temporary webhook is made on the server; this command takes its requests, sends them to the
    program, and gives the answers back, which the server logs as attempts. Requests are signed with
    a secret that stays the same on this machine. Without a retry: what failed is sent again by r.
    The webhook is gone with the command, at the latest half a minute later.
    """
    from hookline.cli.listener_secret import machine_secret

    secret = machine_secret()
    if print_secret:
        echo(secret)
        return
    if target is None:
        raise click.UsageError("Say where to: a port such as 3000, or a URL.")
    form = {
        "name": (name or _machine_name())[:_NAME_LIMIT],
        "events": list(events),
        "environments": list(environments),
        "filter": condition,
        "signingSecret": secret,
        "timeout": timeout,
    }
    _run(server, target, {key: value for key, value in form.items() if value}, output, skip_verify)


def _machine_name() -> str:
    import socket

    return f"listen on {printable(socket.gethostname())}"


def _run(
    server: RemoteServer, url: str, form: dict[str, Any], output: str | None, skip_verify: bool
) -> None:
    """Raises click.Abort when it was interrupted, ServerFault."""
    import asyncio

    from hookline.cli.listen_output import ArrowLines, JsonLines

    has_keys = _has_keys()
    if output == "interactive" and not has_keys:
        raise click.UsageError("There is no terminal for keys: take -o compact or -o json.")
    keys = None
    if output in (None, "interactive") and has_keys:
        from hookline.cli.listen_keys import KeyLines

        keys = KeyLines(server.access.server)
    shown = keys or (JsonLines() if output == "json" else ArrowLines())
    try:
        asyncio.run(_listen(server, url, form, shown, keys, skip_verify))
    except asyncio.CancelledError:
        raise click.Abort from None


def _has_keys() -> bool:
    """True at a terminal that listens to this command and can move its cursor."""
    import os

    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        return False
    try:
        # In the background it would be stopped for asking.
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    # No shell controls the terminal.
    except OSError:
        return True


async def _listen(
    server: RemoteServer,
    url: str,
    form: dict[str, Any],
    output: "ListenOutput",
    keys: "KeyLines | None",
    skip_verify: bool,
) -> None:
    import asyncio
    import signal
    from functools import partial

    from hookline.cli.listen_forwarding import Forwarder
    from hookline.cli.listen_server import ListenerServer
    from hookline.cli.listen_session import Session
    from hookline.cli.listener_secret import secret_path

    task = asyncio.current_task()
    assert task is not None
    # As Ctrl-C, which asyncio itself takes: the webhook is taken away first.
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    async with (
        ListenerServer(server.access, server.role) as listening,
        Forwarder(url, is_verified=not skip_verify) as forwarder,
    ):
        if not form.get("environments"):
            form["environments"] = await listening.environments()
        session = Session(listening, forwarder, output, form)
        output.tell(
            f"Events {', '.join(form['events'])} of {', '.join(form['environments'])} go to "
            f"{mask_url(url)} as they happen. Ctrl-C ends it, and takes the webhook away.\n"
            f"Signing secret of this machine: {form['signingSecret']} (kept in {secret_path()})"
        )
        if keys is None:
            await session.run()
            return
        try:
            await session.run(partial(keys.obey, session.resend))
        finally:
            keys.close()
