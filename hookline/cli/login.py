"""`hookline login` and `hookline profiles`: servers with a token each, for all commands."""

import json
import sys
from typing import TYPE_CHECKING

import click

from hookline.cli.output import Node
from hookline.cli.profiles import (
    DEFAULT_NAME,
    Profile,
    profiles_path,
    read_profiles,
    write_profiles,
)
from hookline.cli.tables import lines_of_table
from hookline.cli.terminal import echo
from hookline.text import printable

if TYPE_CHECKING:
    from hookline.cli.connection import ServerAccess

VIEWER = "{ viewer { name role scopes expiresAt workspace { name } } }"
_TOKEN_LIMIT = 1024


@click.command()
@click.argument("url")
@click.option(
    "--profile",
    "name",
    default=DEFAULT_NAME,
    show_default=True,
    metavar="NAME",
    help="The profile to keep it as.",
)
def login(url: str, name: str) -> None:
    """Keep the token for the server at URL, for all commands that follow.

    Asks for the token at the terminal, else reads it from standard input, and tries it. Profiles
    are a file that only you may read; `hookline profiles` shows where, and which there are. The
    latest one is used, or what --profile or HOOKLINE_PROFILE names. HOOKLINE_SERVER and
    HOOKLINE_TOKEN win over all of them.
    """
    from hookline.cli.connection import BearerToken, ServerAccess, checked_server
    from hookline.settings import environment

    server = checked_server(url, "URL")
    token = _read_token(server)
    access = ServerAccess(
        server, BearerToken(token), environment.home(), environment.variable("CA_FILE") or ""
    )
    viewer = _viewer(access)
    write_profiles(read_profiles().with_profile(Profile(name, server, token)))
    echo(f"Logged in to {server} as {_named(viewer)}: profile {printable(name)}.", err=True)
    for variable in ("SERVER", "TOKEN"):
        if environment.variable(variable):
            echo(f"note: HOOKLINE_{variable} is set, and wins over it.", err=True)


@click.group(invoke_without_command=True)
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table")
@click.pass_context
def profiles(context: click.Context, output: str) -> None:
    """List the profiles of `hookline login`; use another one, or remove one."""
    if context.invoked_subcommand:
        return
    kept = read_profiles()
    listed = [
        {"name": name, "server": one.server, "current": name == kept.current}
        for name, one in sorted(kept.by_name.items())
    ]
    if output == "json":
        echo(json.dumps(listed, indent=2, ensure_ascii=False))
    elif listed:
        rows = [
            [str(one["name"]), str(one["server"]), "yes" if one["current"] else ""]
            for one in listed
        ]
        for line in lines_of_table(["NAME", "SERVER", "CURRENT"], rows):
            echo(*line)
    else:
        echo("No profiles. Make one: hookline login URL", err=True)
    echo(f"They are kept in {profiles_path()}.", err=True)


@profiles.command()
@click.argument("name")
def use(name: str) -> None:
    """Make a profile the one that is used where none is named."""
    kept = read_profiles()
    write_profiles(kept.with_profile(kept.named(name)))


@profiles.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget a profile and its token. The token itself stays valid: `hookline token revoke`."""
    kept = read_profiles()
    kept.named(name)
    write_profiles(kept.without(name))


def _read_token(server: str) -> str:
    """The token that a person types, unseen, or that standard input has."""
    if sys.stdin.isatty():
        text: str = click.prompt(f"Token for {printable(server)}", hide_input=True, err=True)
    else:
        text = sys.stdin.read(_TOKEN_LIMIT)
    token = text.strip()
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise click.UsageError(
            "There is no token on standard input: `hookline token create NAME --role ROLE` prints "
            "one, which looks like hl_…."
        )
    return token


def _viewer(access: "ServerAccess") -> Node:
    from hookline.cli.client import execute

    def read(data: Node) -> Node:
        found: Node = data["viewer"]
        return found

    return execute(access, VIEWER, {}, read, role="viewer")


def _named(viewer: Node) -> str:
    rights = viewer["role"].lower() if viewer["role"] else ", ".join(viewer["scopes"])
    return printable(f"{viewer['name']} ({rights})")
