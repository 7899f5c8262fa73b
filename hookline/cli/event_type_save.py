"""`hookline types save`: adds a type to the catalogue, or changes it."""

from typing import Any, Final

import click

from hookline.cli.asking import RemoteServer, asking
from hookline.cli.event_types import LIST
from hookline.cli.given_text import read_json
from hookline.cli.output import Node
from hookline.cli.terminal import echo
from hookline.text import printable

SAVE: Final = """mutation Save($input: EventTypeSaveInput!) {
  eventTypeSave(input: $input) { eventType { id } userErrors { field message } } }"""


@click.command()
@click.argument("name", metavar="TYPE")
@click.option("--description", help="What it means.")
@click.option(
    "--schema",
    callback=read_json,
    metavar="JSON|@FILE|-",
    help="JSON Schema of the events' data; null takes it away.",
)
@click.option(
    "--sample",
    callback=read_json,
    metavar="JSON|@FILE|-",
    help="Data for tests, `trigger` and templates.",
)
@click.option(
    "--strict/--lenient", default=None, help="Refuse events that the schema does not allow."
)
@click.option("--dry-run", is_flag=True, help="Check it and save nothing.")
@asking("editor")
def save(
    server: RemoteServer,
    name: str,
    description: str | None,
    schema: Any,
    sample: Any,
    strict: bool | None,
    dry_run: bool,
) -> None:
    """Add an event type to the catalogue, or change it: what is not given stays as it is."""
    parameters = click.get_current_context()
    given = {"description": description, "schema": schema, "sample": sample, "strict": strict}
    # A JSON null is given, too.
    wanted = {
        field: value
        for field, value in given.items()
        if parameters.get_parameter_source(field) is not click.core.ParameterSource.DEFAULT
    }
    stored = _stored(server, name)
    server.change(SAVE, "eventTypeSave", **{"name": name, **stored, **wanted, "dryRun": dry_run})
    done = "would be" if dry_run else "is"
    echo(f"{printable(name)} {done} {'changed' if stored else 'added'}.", err=True)


def _stored(server: RemoteServer, name: str) -> Node:
    """Returns the fields of the type in the catalogue; nothing if it is new."""
    named = server.nodes(LIST, "eventTypes", 100_000, search=name)
    node = next((one for one in named if one["name"] == name), {})
    return {field: node[field] for field in ("description", "schema", "sample", "strict") if node}
