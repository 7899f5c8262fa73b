"""`hookline api`: executes a GraphQL document and prints the answer."""

import json
from typing import Any

import click

from hookline.cli.asking import RemoteServer, asking, sentence_of
from hookline.cli.given_text import read_text, text_of
from hookline.cli.terminal import echo


def _variables(
    context: click.Context, parameter: click.Parameter, fields: tuple[str, ...]
) -> dict[str, Any]:
    """Variables of `name=value`: JSON where it is JSON, else text. `@file` is read."""
    found: dict[str, Any] = {}
    for field in fields:
        name, sign, text = field.partition("=")
        if not sign or not name.isidentifier():
            raise click.BadParameter(f"{field!r} is not NAME=VALUE.")
        try:
            text = text_of(text)
            found[name] = json.loads(text)
        except UnicodeDecodeError:
            raise click.BadParameter(f"{name} is not UTF-8.") from None
        except (ValueError, RecursionError):
            found[name] = text
    return found


@click.command()
@click.argument("document", metavar="QUERY|@FILE|-", callback=read_text)
@click.option(
    "-F",
    "--field",
    "variables",
    multiple=True,
    callback=_variables,
    metavar="NAME=VALUE",
    help="A variable of the document: JSON, or text; @FILE and - are read. Several are possible.",
)
@asking("viewer")
def api(server: RemoteServer, document: str, variables: dict[str, Any]) -> None:
    """Execute a GraphQL document, a query or a mutation, and print the answer as JSON.

    `hookline schema` prints what can be asked. Errors, and user errors that the document asks for,
    are told on standard error too, and end the command with 1.
    """
    from hookline.cli.client import answer_of

    data, refusals = answer_of(server.access, document, variables, role=server.role)
    if data is not None:
        echo(json.dumps({"data": data}, indent=2, ensure_ascii=False))
    if refusals:
        raise refusals.fault()
    if errors := _user_errors(data or {}):
        raise click.ClickException("\n".join(errors))


def _user_errors(data: dict[str, Any]) -> list[str]:
    """Returns the sentences of `userErrors`, if the document asked for them."""
    payloads = [value for value in data.values() if isinstance(value, dict)]
    return [
        sentence_of(error)
        for payload in payloads
        for error in payload.get("userErrors") or ()
        if isinstance(error, dict) and "message" in error
    ]
