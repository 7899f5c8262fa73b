"""`hookline audit`: who changed what on a running server."""

from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, limit_option, time_option
from hookline.cli.nouns import AUDIT_ENTRY, PAGE_INFO

LIST: Final = f"""query Audit($filter: AuditFilter, $first: Int, $after: String) {{
  auditEntries(filter: $filter, first: $first, after: $after) {{
    nodes {{ {AUDIT_ENTRY.fields} }} {PAGE_INFO} }} }}"""


@click.command()
@click.option("--subject", metavar="ID", help="Changes of this object.")
@click.option("--actor", help="Changes by this actor.")
@click.option("--action", multiple=True, help="Such as webhook.update. Several are possible.")
@time_option("--since", "Those since.")
@time_option("--until", "Those before.")
@AUDIT_ENTRY.options
@limit_option
@asking("editor")
def audit(
    server: RemoteServer,
    subject: str | None,
    actor: str | None,
    action: Sequence[str],
    since: str | None,
    until: str | None,
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List who changed what."""
    wanted = {
        "subjectId": subject,
        "actor": actor,
        "action": list(action) or None,
        "since": since,
        "until": until,
    }
    nodes = server.nodes(LIST, "auditEntries", limit, filter=wanted)
    AUDIT_ENTRY.print_list(nodes, output, columns)
    server.tell_of_more(limit)
