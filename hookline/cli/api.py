"""`hookline api`: executes a GraphQL document and prints the answer."""

import json
from importlib import import_module
from typing import Any

import click

from hookline.cli.asking import RemoteServer, asking, sentence_of
from hookline.cli.given_text import read_text, text_of
from hookline.cli.terminal import echo
from hookline.text import printable


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


def _document(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    return None if given is None else read_text(context, parameter, given)


@click.command()
@click.argument("document", metavar="QUERY|@FILE|-", required=False, callback=_document)
@click.option(
    "-F",
    "--field",
    "variables",
    multiple=True,
    callback=_variables,
    metavar="NAME=VALUE",
    help="A variable of the document: JSON, or text; @FILE and - are read. Several are possible.",
)
@click.option(
    "--describe",
    "described",
    is_flag=False,
    flag_value="",
    metavar="[NAME]",
    help="Print what can be asked of this server: all operations, or one, or a type, with what it "
    "takes and gives.",
)
@asking("viewer")
def api(
    server: RemoteServer, document: str | None, variables: dict[str, Any], described: str | None
) -> None:
    """Execute a GraphQL document, a query or a mutation, and print the answer as JSON.

    Errors, and user errors that the document asks for, are told on standard error too, and end the
    command with 1.
    """
    if described is not None:
        _describe(server, described)
        return
    if document is None:
        raise click.UsageError(
            "Give a document, such as '{ viewer { name } }'; --describe prints what can be asked."
        )
    _execute(server, document, variables)


def _describe(server: RemoteServer, name: str) -> None:
    # By its name: the core does not import the API.
    describing = import_module("api.describing")
    answer = server.read(describing.QUESTION)
    if not name:
        echo(describing.overview(answer))
        echo("One of them whole: hookline api --describe NAME", err=True)
        return
    try:
        echo(describing.described(answer, name))
    except describing.Unknown as unknown:
        raise click.ClickException(f"{printable(name)}: {unknown}") from None


def _execute(server: RemoteServer, document: str, variables: dict[str, Any]) -> None:
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
