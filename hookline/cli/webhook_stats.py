"""`hookline webhooks stats`: attempts of a webhook over time."""

from collections.abc import Sequence
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, time_option
from hookline.cli.output import Noun, TableColumn, at, milliseconds
from hookline.cli.terminal import echo
from hookline.cli.webhooks import webhook_argument, webhook_of

_STATS: Final = "stats(since: %s, step: %s) { start attempts failures p50Ms p95Ms p99Ms }"
BUCKET: Final = Noun(
    "attempts",
    "",
    {
        "start": TableColumn(at("start"), lambda text: str(text)[:16].replace("T", " ")),
        "attempts": TableColumn(at("attempts")),
        "failures": TableColumn(at("failures")),
        "p50": TableColumn(at("p50Ms"), milliseconds),
        "p95": TableColumn(at("p95Ms"), milliseconds),
        "p99": TableColumn(at("p99Ms"), milliseconds),
    },
    ("start", "attempts", "failures", "p50", "p95", "p99"),
)


@click.command()
@webhook_argument
@time_option("--since", "Those since. [default: 24h]", default="24h")
@click.option(
    "--step", type=click.Choice(["minute", "hour", "day"]), default="hour", show_default=True
)
@BUCKET.options
@asking("viewer")
def stats(
    server: RemoteServer,
    webhook: str,
    since: str,
    step: str,
    output: str,
    columns: Sequence[str] | None,
) -> None:
    """Show a webhook's attempts, failures and durations over time, and the failure rate."""
    # A time of our own making, so that no other text comes into the document.
    stored = webhook_of(server, webhook, _STATS % (f'"{since}"', step.upper()))
    buckets = stored["stats"]
    # The id of a step is its start.
    BUCKET.print_list(({"id": one["start"], **one} for one in buckets), output, columns)
    attempts = sum(one["attempts"] for one in buckets)
    failures = sum(one["failures"] for one in buckets)
    rate = f"{failures / attempts:.1%} failed" if attempts else "none to count"
    echo(
        f"{attempts:,} attempt{'' if attempts == 1 else 's'}, {failures:,} "
        f"failure{'' if failures == 1 else 's'}: {rate}. Times are UTC.",
        err=True,
    )
