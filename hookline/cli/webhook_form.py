"""`hookline webhooks create` and `edit`: a webhook's fields as options."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from hookline.cli.asking import RemoteServer, asking
from hookline.cli.given_text import text_of
from hookline.cli.output import Node
from hookline.cli.terminal import echo
from hookline.cli.webhook_changes import forced, reason_option
from hookline.cli.webhooks import webhook_argument, webhook_of
from hookline.text import printable

CREATE: Final = """mutation Create($input: WebhookCreateInput!) {
  webhookCreate(input: $input) { webhook { id slug } notice userErrors { field message } } }"""
UPDATE: Final = """mutation Update($input: WebhookUpdateInput!) {
  webhookUpdate(input: $input) {
    webhook { id slug } notice userErrors { code field message } } }"""


def _fields(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, Any]:
    """Fields of `name=value`: text where the field is one, else JSON, else text."""
    found: dict[str, Any] = {}
    for one in given:
        name, sign, text = one.partition("=")
        if not sign or not name.isidentifier():
            raise click.BadParameter(f"{one!r} is not FIELD=VALUE.")
        try:
            text = text_of(text)
        except UnicodeDecodeError:
            raise click.BadParameter(f"{name} is not UTF-8.") from None
        found[name] = None if text == "null" else _value(name, text)
    return found


def _value(name: str, text: str) -> Any:
    # 0.05 s of CPU that --help would pay, too (2026-11).
    from hookline.cli.form_fields import is_text

    if is_text(name):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _pairs(sign: str, names: tuple[str, str]) -> Callable[..., list[dict[str, str]] | None]:
    """Reads options such as `key=value`, as objects with these two names."""

    def read(
        context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
    ) -> list[dict[str, str]] | None:
        found = []
        for one in given:
            key, mark, value = one.partition(sign)
            if not mark or not key.strip():
                raise click.BadParameter(f"{one!r} is not {parameter.make_metavar(context)}.")
            found.append(dict(zip(names, (key.strip(), value.strip()), strict=True)))
        return found or None

    return read


_OPTIONS: Final = (
    click.option("--name", help="Its name."),
    click.option("--url", help="Where its deliveries go."),
    click.option(
        "--event",
        "--events",
        "events",
        multiple=True,
        metavar="PATTERN",
        help="Such as 'order.*.created'.",
    ),
    click.option("-e", "--environment", "environments", multiple=True, help="Of its events."),
    click.option("--description", help="What it is for."),
    click.option(
        "--header",
        "headers",
        multiple=True,
        metavar="NAME: VALUE",
        callback=_pairs(":", ("name", "value")),
        help="A header of each request.",
    ),
    click.option(
        "--label",
        "labels",
        multiple=True,
        metavar="KEY=VALUE",
        callback=_pairs("=", ("key", "value")),
        help="A label.",
    ),
    click.option("--timeout", help="Such as 15s."),
    click.option(
        "-F",
        "--field",
        "fields",
        multiple=True,
        callback=_fields,
        metavar="FIELD=VALUE",
        help="Any field of docs/webhooks.md, JSON or text; @FILE and - are read; null takes it "
        "away.",
    ),
)


def _form(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.option("--slug", help="Its name in files and commands. [default: of its name]")
@_form
@asking("editor")
def create(server: RemoteServer, fields: dict[str, Any], **given: Any) -> None:
    """Create a webhook and print its id.

    What is given several times is a list: --event, -e, --header, --label.
    """
    wanted = {**_given(given), **fields}
    for name, option in (
        ("name", "--name"),
        ("url", "--url"),
        ("events", "--event"),
        ("environments", "-e"),
    ):
        if name not in wanted:
            raise click.UsageError(f"A webhook needs {option}.")
    made = server.change(CREATE, "webhookCreate", **wanted)
    echo(made["webhook"]["id"])
    echo(f"{made['webhook']['slug']} is created.", err=True)
    _tell(made)


@click.command()
@webhook_argument
@_form
@reason_option
@asking("editor")
def edit(
    server: RemoteServer, webhook: str, fields: dict[str, Any], reason: str | None, **given: Any
) -> None:
    """Change fields of a webhook: those that are given, or in an editor (EDITOR) when none is.

    A list is given as a whole: --event, -e, --header, --label replace what there was. What somebody
    else has saved meanwhile is not overwritten.
    """
    from hookline.cli.form_fields import editable

    selections = editable()
    stored = webhook_of(server, webhook, " ".join(selections.values()))
    changes = {**_given(given), **fields} or _edited({name: stored[name] for name in selections})
    if not changes:
        echo("Nothing is changed.", err=True)
        return
    done = server.change(
        UPDATE,
        "webhookUpdate",
        id=stored["id"],
        ifVersion=stored["version"],
        **changes,
        **forced(stored, reason),
    )
    echo(f"{stored['slug']}: changed {', '.join(map(printable, changes))}.", err=True)
    _tell(done)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were given, by their names in the API."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in options.items()
        if value is not None and value != ()
    }


def _edited(before: Node) -> dict[str, Any]:
    """The fields that somebody changed in an editor. before: those that they may change.

    Raises click.ClickException, click.UsageError.
    """
    import sys

    if not sys.stdin.isatty():
        raise click.UsageError("Say what to change, such as --url or -F timeout=5s.")
    text = click.edit(json.dumps(before, indent=2, ensure_ascii=False), extension=".json")
    if text is None:
        return {}
    try:
        after = json.loads(text)
        return {name: value for name, value in after.items() if value != before.get(name)}
    except (ValueError, RecursionError, AttributeError) as error:
        raise click.ClickException(f"What was saved is no JSON object: {error}.") from None


def _tell(payload: Node) -> None:
    if payload["notice"]:
        echo(printable(payload["notice"]), err=True)
