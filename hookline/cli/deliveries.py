"""`hookline deliveries`: deliveries of events to webhooks on a running server."""

from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, found, limit_option, time_option
from hookline.cli.lazy_group import lazy_group
from hookline.cli.nouns import ATTEMPT, DELIVERY, PAGE_INFO
from hookline.cli.terminal import echo
from hookline.cli.webhooks import id_of_webhook, webhook_option

STATUSES: Final = ("pending", "held", "in-progress", "succeeded", "failed", "cancelled")
LIST: Final = f"""query Deliveries($filter: DeliveryFilter, $first: Int, $after: String) {{
  deliveries(filter: $filter, first: $first, after: $after) {{
    nodes {{ {DELIVERY.fields} }} {PAGE_INFO} }} }}"""
GET: Final = f"""query Delivery($id: ID!) {{ node(id: $id) {{ ... on Delivery {{ {DELIVERY.fields}
  attempts(first: 100) {{ nodes {{ {ATTEMPT.fields} }} }} }} }} }}"""


@lazy_group(
    retry="hookline.cli.delivery_changes:retry", cancel="hookline.cli.delivery_changes:cancel"
)
def deliveries() -> None:
    """Look at deliveries, send them again, cancel them."""


@deliveries.command("list")
@webhook_option
@click.option("--event", "event_id", metavar="ID", help="Those of this event.")
@click.option("--status", type=click.Choice(STATUSES), multiple=True, help="Several are possible.")
@click.option("--type", "event_type", help="Those of events of this type.")
@click.option("-e", "--environment", help="Those of events of this environment.")
@time_option("--since", "Those created since.")
@time_option("--until", "Those created before.")
@DELIVERY.options
@limit_option
@asking("viewer")
def list_deliveries(
    server: RemoteServer,
    webhook: str | None,
    event_id: str | None,
    status: Sequence[str],
    event_type: str | None,
    environment: str | None,
    since: str | None,
    until: str | None,
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List deliveries."""
    wanted = {
        "webhookId": id_of_webhook(server, webhook),
        "eventId": event_id,
        "status": [one.upper().replace("-", "_") for one in status] or None,
        "eventType": event_type,
        "environment": environment,
        "since": since,
        "until": until,
    }
    DELIVERY.print_list(server.nodes(LIST, "deliveries", limit, filter=wanted), output, columns)
    server.tell_of_more(limit)


@deliveries.command()
@click.argument("delivery_id", metavar="ID")
@DELIVERY.options
@asking("viewer")
def get(server: RemoteServer, delivery_id: str, output: str, columns: Sequence[str] | None) -> None:
    """Show a delivery with its attempts."""
    data = server.read(GET, id=delivery_id)
    node = found(data["node"] or None, "delivery", delivery_id, "deliveries list")
    node["attempts"] = node["attempts"]["nodes"]
    DELIVERY.print_one(node, output, columns)
    if output == "table" and node["attempts"] and not columns:
        echo("")
        names = ("number", "time", "outcome", "result", "duration", "cause", "id")
        ATTEMPT.print_list(node["attempts"], output, names)
