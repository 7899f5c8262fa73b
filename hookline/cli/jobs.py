"""`hookline jobs`: bulk retries on a running server, with their progress."""

from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, limit_option
from hookline.cli.nouns import JOB, PAGE_INFO

STATUSES: Final = ("pending", "running", "succeeded", "failed", "cancelled")
LIST: Final = f"""query Jobs($filter: JobFilter, $first: Int, $after: String) {{
  jobs(filter: $filter, first: $first, after: $after) {{
    nodes {{ {JOB.fields} }} {PAGE_INFO} }} }}"""


@click.command()
@click.option("--status", type=click.Choice(STATUSES), multiple=True, help="Several are possible.")
@JOB.options
@limit_option
@asking("viewer")
def jobs(
    server: RemoteServer,
    status: Sequence[str],
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List jobs: what was sent again in bulk, and how far it is."""
    wanted = {"status": [one.upper() for one in status] or None}
    JOB.print_list(server.nodes(LIST, "jobs", limit, filter=wanted), output, columns)
    server.tell_of_more(limit)
