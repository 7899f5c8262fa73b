"""`hookline deliveries`: retry, of some or of all that failed, and cancel."""

import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import click

from hookline.cli.asking import RemoteServer, asking, confirm, time_option, yes_option
from hookline.cli.jobs import GET
from hookline.cli.nouns import JOB
from hookline.cli.output import Node
from hookline.cli.terminal import echo
from hookline.cli.webhooks import webhook_of
from hookline.text import printable

RETRY: Final = """mutation Retry($input: DeliveryRetryInput!) {
  deliveryRetry(input: $input) { userErrors { field message } } }"""
CANCEL: Final = """mutation Cancel($input: DeliveryCancelInput!) {
  deliveryCancel(input: $input) { userErrors { field message } } }"""
RETRY_MANY: Final = f"""mutation RetryMany($input: DeliveriesRetryInput!) {{
  deliveriesRetry(input: $input) {{ job {{ {JOB.fields} }} counts {{ failed missed webhooks exact }}
    userErrors {{ field message }} }} }}"""
_LOOK_EVERY_SECONDS: Final = 0.25


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--failed", is_flag=True, help="All that failed since --since.")
@click.option("--missed", is_flag=True, help="All that was published while the webhook was off.")
@click.option("--webhook", metavar="SLUG|ID", help="Those of this webhook. [default: all]")
@click.option("-e", "--environment", help="Those of events of this environment.")
@time_option("--since", "Those since.")
@time_option("--until", "Those before. [default: now]")
@click.option("--type", "event_type", help="Those of events of this type.")
@yes_option
@click.option("--no-wait", is_flag=True, help="Start the job, print its id, and end.")
@asking("editor")
def retry(
    server: RemoteServer,
    ids: Sequence[str],
    failed: bool,
    missed: bool,
    webhook: str | None,
    environment: str | None,
    since: str | None,
    until: str | None,
    event_type: str | None,
    yes: bool,
    no_wait: bool,
) -> None:
    """Send deliveries again: those with these IDs, or with --failed all that failed.

    Many are counted first, then asked about, and sent by one job, whose id is printed and whose
    progress is shown. The job goes on when this command is interrupted. --missed is of one webhook.
    """
    if ids:
        if failed or missed:
            raise click.UsageError("Give either IDs, or --failed and --missed.")
        server.change_each(RETRY, "deliveryRetry", ids, "will be sent again")
        return
    if not (failed or missed) or since is None:
        raise click.UsageError(
            "Give IDs, or --failed (or --missed) with --since, such as: hookline "
            "deliveries retry --failed --since 2h"
        )
    if missed and webhook is None:
        raise click.UsageError("--missed needs --webhook: missed events are sent for one webhook.")
    wanted = {
        "which": "ALL" if failed and missed else "FAILED" if failed else "MISSED",
        "since": since,
        "until": until,
        "environment": environment,
        "eventType": event_type,
    }
    _retry_many(server, webhook_of(server, webhook) if webhook else None, wanted, yes, no_wait)


@click.command()
@click.argument("ids", nargs=-1, metavar="ID…", required=True)
@asking("editor")
def cancel(server: RemoteServer, ids: Sequence[str]) -> None:
    """Cancel open deliveries: no further attempt is made."""
    server.change_each(CANCEL, "deliveryCancel", ids, "is cancelled")


def _retry_many(
    server: RemoteServer, webhook: Node | None, wanted: Node, yes: bool, no_wait: bool
) -> None:
    """Counts, asks, and begins the job. webhook: None for all."""
    wanted = {"webhookId": webhook and webhook["id"], **wanted}
    counts = server.change(RETRY_MANY, "deliveriesRetry", **wanted, dryRun=True)["counts"]
    if not (counts["failed"] or counts["missed"]):
        echo("There is nothing to send.", err=True)
        return
    target = f"to {webhook['slug']} ({webhook['url']})" if webhook else _of_webhooks(counts)
    confirm(f"Send {_counted(counts)} {target}?", yes)
    job = server.change(RETRY_MANY, "deliveriesRetry", **wanted)["job"]
    echo(job["id"])
    if not no_wait:
        _follow(server, job)


def _counted(counts: Node) -> str:
    """`37 failed deliveries and 2 missed events`, with `at least` where there may be more."""
    parts = []
    for name, one, many in (
        ("failed", "failed delivery", "failed deliveries"),
        ("missed", "missed event", "missed events"),
    ):
        if count := counts[name]:
            parts.append(f"{count} {one if count == 1 else many}")
    return ("" if counts["exact"] else "at least ") + " and ".join(parts)


def _of_webhooks(counts: Node) -> str:
    count = counts["webhooks"]
    return f"of {count} webhook{'' if count == 1 else 's'}"


def _follow(server: RemoteServer, job: Node) -> None:
    """Shows a job's progress until it has ended.

    Raises click.ClickException if it failed or was cancelled.
    """
    try:
        job = _progress(server, job)
    except KeyboardInterrupt:
        echo(f"\nThe job goes on: `hookline jobs get {job['id']}` shows it.", err=True)
        raise
    if job["status"] != "SUCCEEDED":
        reason = printable(f": {job['error']}" if job["error"] else "")
        raise click.ClickException(f"The job {job['status'].lower()}{reason}.")
    echo(f"{job['done']} are queued for sending.", err=True)


def _progress(server: RemoteServer, job: Node) -> Node:
    # click's own draws nothing but its label where there is no terminal.
    bar: Any = None
    while job["status"] in ("PENDING", "RUNNING"):
        time.sleep(_LOOK_EVERY_SECONDS)
        job = server.read(GET, id=job["id"])["job"] or job
        if bar is None and job["total"] is not None and sys.stderr.isatty():
            bar = click.progressbar(length=job["total"], label="Queuing", file=sys.stderr)
            bar.render_progress()
        if bar is not None:
            bar.update(job["done"] - bar.pos)
    if bar is not None:
        bar.render_finish()
    return job
