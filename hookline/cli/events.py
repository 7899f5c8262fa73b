"""`hookline events`: events on a running server."""

import json
from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, found, limit_option, time_option
from hookline.cli.lazy_group import lazy_group
from hookline.cli.nouns import EVENT, PAGE_INFO
from hookline.cli.output import Noun, TableColumn, at, yes_or_no
from hookline.cli.terminal import echo

LIST: Final = f"""query Events($filter: EventFilter, $first: Int, $after: String) {{
  events(filter: $filter, first: $first, after: $after) {{
    nodes {{ {EVENT.fields} }} {PAGE_INFO} }} }}"""
GET: Final = f"""query Event($id: ID!) {{
  node(id: $id) {{ ... on Event {{ {EVENT.fields} data }} }} }}"""
WHY: Final = f"""query Why($id: ID!, $first: Int, $after: String) {{
  node(id: $id) {{ ... on Event {{ matches(first: $first, after: $after) {{
    nodes {{ webhook {{ id slug }} matches reasons delivery {{ id status }} }}
    {PAGE_INFO} }} }} }} }}"""
MATCH: Final = Noun(
    "webhooks",
    "",
    {
        "webhook": TableColumn(at("webhook.slug")),
        "gets-it": TableColumn(at("matches"), yes_or_no),
        "delivery": TableColumn(at("delivery.id")),
        "reasons": TableColumn(at("reasons"), " ".join),
    },
    ("webhook", "gets-it", "delivery", "reasons"),
)


@lazy_group(publish="hookline.cli.publish:publish")
def events() -> None:
    """Look at events, and publish them."""


@events.command("list")
@click.option("--type", "event_type", help="This type, or a pattern such as 'order.*.created'.")
@click.option("-e", "--environment", help="Those of this environment.")
@time_option("--since", "Those received since.")
@time_option("--until", "Those received before.")
@EVENT.options
@limit_option
@asking("viewer")
def list_events(
    server: RemoteServer,
    event_type: str | None,
    environment: str | None,
    since: str | None,
    until: str | None,
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List events."""
    wanted = {
        "pattern" if event_type and "*" in event_type else "type": event_type,
        "environment": environment,
        "since": since,
        "until": until,
    }
    EVENT.print_list(server.nodes(LIST, "events", limit, filter=wanted), output, columns)
    server.tell_of_more(limit)


@events.command()
@click.argument("event_id", metavar="ID")
@click.option(
    "--why", is_flag=True, help="Which webhooks get it, and for each other one why it does not."
)
@EVENT.options
@asking("viewer")
def get(
    server: RemoteServer, event_id: str, why: bool, output: str, columns: Sequence[str] | None
) -> None:
    """Show an event with its data."""
    node = found(server.read(GET, id=event_id)["node"] or None, "event", event_id, "events list")
    if not why:
        EVENT.print_one(node, output, columns)
        if output == "table" and not columns:
            echo("\n" + json.dumps(node["data"], indent=2, ensure_ascii=False))
        return
    matches = server.nodes(WHY, "node.matches", 100_000, id=event_id)
    # The id of a match is its webhook's.
    MATCH.print_list(({"id": one["webhook"]["id"], **one} for one in matches), output, None)
