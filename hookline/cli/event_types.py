"""`hookline types`: the catalogue of event types on a running server."""

from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, found, limit_option
from hookline.cli.lazy_group import lazy_group
from hookline.cli.nouns import EVENT_TYPE, PAGE_INFO
from hookline.cli.output import Node

LIST: Final = f"""query Types($search: String, $first: Int, $after: String) {{
  eventTypes(search: $search, first: $first, after: $after) {{
    nodes {{ {EVENT_TYPE.fields} }} {PAGE_INFO} }} }}"""


@lazy_group(save="hookline.cli.event_type_save:save")
def types() -> None:
    """Look at the catalogue of event types, and change it."""


@types.command("list")
@click.option("--search", help="A text in the name.")
@EVENT_TYPE.options
@limit_option
@asking("viewer")
def list_types(
    server: RemoteServer,
    search: str | None,
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List event types."""
    EVENT_TYPE.print_list(server.nodes(LIST, "eventTypes", limit, search=search), output, columns)
    server.tell_of_more(limit)


@types.command()
@click.argument("name", metavar="TYPE")
@EVENT_TYPE.options
@asking("viewer")
def get(server: RemoteServer, name: str, output: str, columns: Sequence[str] | None) -> None:
    """Show an event type: its JSON Schema and a sample."""
    EVENT_TYPE.print_one(type_of(server, name), output, columns)


def type_of(server: RemoteServer, name: str) -> Node:
    """Returns an event type of the catalogue by its name.

    Raises click.ClickException if there is none, ServerFault.
    """
    named = server.nodes(LIST, "eventTypes", 100_000, search=name)
    node = next((one for one in named if one["name"] == name), None)
    return found(node, "event type", name, "types list")
