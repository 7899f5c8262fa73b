"""`hookline jobs`: bulk retries on a running server, with their progress."""

from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, found, limit_option
from hookline.cli.nouns import JOB, PAGE_INFO

STATUSES: Final = ("pending", "running", "succeeded", "failed", "cancelled")
LIST: Final = f"""query Jobs($filter: JobFilter, $first: Int, $after: String) {{
  jobs(filter: $filter, first: $first, after: $after) {{
    nodes {{ {JOB.fields} }} {PAGE_INFO} }} }}"""
GET: Final = f"query Job($id: ID!) {{ job(id: $id) {{ {JOB.fields} }} }}"
CANCEL: Final = """mutation Cancel($input: JobCancelInput!) {
  jobCancel(input: $input) { userErrors { field message } } }"""


@click.group()
def jobs() -> None:
    """Look at jobs, which send many deliveries again, and cancel them."""


@jobs.command("list")
@click.option("--status", type=click.Choice(STATUSES), multiple=True, help="Several are possible.")
@JOB.options
@limit_option
@asking("viewer")
def list_jobs(
    server: RemoteServer,
    status: Sequence[str],
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List jobs with their progress."""
    wanted = {"status": [one.upper() for one in status] or None}
    JOB.print_list(server.nodes(LIST, "jobs", limit, filter=wanted), output, columns)
    server.tell_of_more(limit)


@jobs.command()
@click.argument("job_id", metavar="ID")
@JOB.options
@asking("viewer")
def get(server: RemoteServer, job_id: str, output: str, columns: Sequence[str] | None) -> None:
    """Show a job with its progress."""
    job = found(server.read(GET, id=job_id)["job"], "job", job_id, "jobs list")
    JOB.print_one(job, output, columns)


@jobs.command()
@click.argument("ids", nargs=-1, metavar="ID…", required=True)
@asking("editor")
def cancel(server: RemoteServer, ids: Sequence[str]) -> None:
    """Cancel jobs. What they have queued until then is sent."""
    server.change_each(CANCEL, "jobCancel", ids, "is cancelled")
