"""`hookline notifications`: what a running server told people about."""

from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, limit_option, time_option
from hookline.cli.nouns import NOTIFICATION, PAGE_INFO
from hookline.cli.webhooks import id_of_webhook, webhook_option

KINDS: Final = ("auto-disabled", "failing", "recovered", "delivery-failed", "sync-failed", "test")
LIST: Final = f"""query Notifications($filter: NotificationFilter, $first: Int, $after: String) {{
  notifications(filter: $filter, first: $first, after: $after) {{
    nodes {{ {NOTIFICATION.fields} }} {PAGE_INFO} }} }}"""


@click.group()
def notifications() -> None:
    """Look at notifications and who got them by mail."""


@notifications.command("list")
@webhook_option
@click.option("--kind", type=click.Choice(KINDS), multiple=True, help="Several are possible.")
@click.option("--set", "set_name", help="Those about this set.")
@time_option("--since", "Those since.")
@time_option("--until", "Those before.")
@NOTIFICATION.options
@limit_option
@asking("viewer")
def list_notifications(
    server: RemoteServer,
    webhook: str | None,
    kind: Sequence[str],
    set_name: str | None,
    since: str | None,
    until: str | None,
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List notifications."""
    wanted = {
        "webhookId": id_of_webhook(server, webhook),
        "kind": [one.upper().replace("-", "_") for one in kind] or None,
        "set": set_name,
        "since": since,
        "until": until,
    }
    nodes = server.nodes(LIST, "notifications", limit, filter=wanted)
    NOTIFICATION.print_list(nodes, output, columns)
    server.tell_of_more(limit)
