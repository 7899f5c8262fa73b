"""`hookline webhooks`: webhooks on a running server."""

from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, found, limit_option
from hookline.cli.lazy_group import lazy_group
from hookline.cli.nouns import PAGE_INFO, WEBHOOK
from hookline.cli.output import Node

STATUSES: Final = ("active", "inactive", "auto-disabled")
LIST: Final = f"""query Webhooks($filter: WebhookFilter, $first: Int, $after: String) {{
  webhooks(filter: $filter, first: $first, after: $after) {{
    nodes {{ {WEBHOOK.fields} }} {PAGE_INFO} }} }}"""
_SIGNING: Final = "signing { algorithm publicKey secrets { createdAt expiresAt } }"
GET_BY_ID: Final = f"query Webhook($name: ID!) {{ webhook(id: $name) {{ {WEBHOOK.fields} %s }} }}"
GET_BY_SLUG: Final = (
    f"query Webhook($name: String!) {{ webhookBySlug(slug: $name) {{ {WEBHOOK.fields} %s }} }}"
)

webhook_argument = click.argument("webhook", metavar="SLUG|ID")
webhook_option = click.option("--webhook", metavar="SLUG|ID", help="Those of this webhook.")


@lazy_group(
    create="hookline.cli.webhook_form:create",
    edit="hookline.cli.webhook_form:edit",
    enable="hookline.cli.webhook_changes:enable",
    disable="hookline.cli.webhook_changes:disable",
    delete="hookline.cli.webhook_changes:delete",
    test="hookline.cli.webhook_changes:test",
    rotate_secret="hookline.cli.webhook_changes:rotate_secret",
    stats="hookline.cli.webhook_stats:stats",
)
def webhooks() -> None:
    """Look at webhooks and change them."""


@webhooks.command("list")
@click.option("--search", help="A text in name, URL, slug, description or labels.")
@click.option("--status", type=click.Choice(STATUSES), multiple=True, help="Several are possible.")
@click.option("-e", "--environment", help="Those that get events of this environment.")
@click.option("--event", metavar="TYPE", help="Those that want events of this type.")
@click.option("--set", "set_name", help="Those that files of this set manage.")
@click.option("--failing", is_flag=True, help="Those whose latest attempt failed.")
@WEBHOOK.options
@limit_option
@asking("viewer")
def list_webhooks(
    server: RemoteServer,
    search: str | None,
    status: Sequence[str],
    environment: str | None,
    event: str | None,
    set_name: str | None,
    failing: bool,
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List webhooks."""
    wanted = {
        "search": search,
        "status": [one.upper().replace("-", "_") for one in status] or None,
        "environment": environment,
        "event": event,
        "set": set_name,
        "failing": failing or None,
    }
    WEBHOOK.print_list(server.nodes(LIST, "webhooks", limit, filter=wanted), output, columns)
    server.tell_of_more(limit)


@webhooks.command()
@webhook_argument
@WEBHOOK.options
@asking("viewer")
def get(server: RemoteServer, webhook: str, output: str, columns: Sequence[str] | None) -> None:
    """Show a webhook: what it gets, and how it is doing. JSON and YAML have all its fields."""
    from hookline.cli.form_fields import editable

    selected = " ".join([*editable().values(), _SIGNING])
    WEBHOOK.print_one(webhook_of(server, webhook, selected), output, columns)


def webhook_of(server: RemoteServer, name: str, more_fields: str = "") -> Node:
    """Returns a webhook by its id or its slug.

    Raises click.ClickException if there is none, ServerFault.
    """
    is_id = name.startswith("wh_")
    data = server.read((GET_BY_ID if is_id else GET_BY_SLUG) % more_fields, name=name)
    return found(data["webhook" if is_id else "webhookBySlug"], "webhook", name, "webhooks list")


def id_of_webhook(server: RemoteServer, name: str | None) -> str | None:
    """Returns the id of a webhook that an option names by its id or slug; None for none."""
    if name is None or name.startswith("wh_"):
        return name
    return str(webhook_of(server, name)["id"])
