"""`hookline verify`: checks a received request as its receiver must, and says which piece is wrong.
Asks no server.
"""

from datetime import UTC, datetime, timedelta

import click

from hookline.cli.given_text import bytes_of, read_text
from hookline.cli.output import yes_or_no
from hookline.cli.tables import Cell, lines_of_table
from hookline.cli.terminal import Colored, echo
from hookline.text import printable


def _headers(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Headers by their names in lower case; those of a file stand on lines of their own."""
    found: dict[str, str] = {}
    for line in (
        line for one in given for line in read_text(context, parameter, one).splitlines() if line
    ):
        name, sign, value = line.partition(":")
        if not sign or not name.strip():
            raise click.BadParameter(f"{printable(line[:60])!r} is not NAME: VALUE.")
        found[name.strip().lower()] = value.strip()
    return found


def _tolerance(context: click.Context, parameter: click.Parameter, given: str) -> timedelta:
    from hookline.form.durations import parse_duration

    try:
        return parse_duration(given)
    except ValueError:
        raise click.BadParameter(
            f"{printable(given)!r} is no duration such as 30s, 5m or 2d."
        ) from None


def _body(context: click.Context, parameter: click.Parameter, given: str) -> bytes:
    return bytes_of(given)


@click.command()
@click.option(
    "--secret",
    required=True,
    callback=read_text,
    metavar="SECRET|@FILE|-",
    help="The webhook's secret, whsec_…, or its public key, whpk_….",
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    callback=_headers,
    metavar="NAME: VALUE|@FILE",
    help="A header of the request; a file has one a line. webhook-id, webhook-timestamp and "
    "webhook-signature are needed.",
)
@click.option(
    "--body",
    required=True,
    callback=_body,
    metavar="TEXT|@FILE|-",
    help="Its body, byte for byte as it came.",
)
@click.option(
    "--tolerance",
    callback=_tolerance,
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="How far its time may be from now, before and after.",
)
def verify(secret: str, headers: dict[str, str], body: bytes, tolerance: timedelta) -> None:
    """Check the signature of a request that a webhook received (Standard Webhooks).

    Says of each piece whether it is right, and what is wrong with it. Ends with 1 unless all are.
    """
    from hookline.outbound.verification import examine

    # The line break that an editor or `echo` leaves at the end of a file of one line.
    secret = secret.removesuffix("\n").removesuffix("\r")
    findings = examine(secret, headers, body, tolerance, datetime.now(UTC))
    rows: list[list[Cell]] = [
        [
            finding.piece,
            Colored(yes_or_no(finding.is_right), "green" if finding.is_right else "red"),
            finding.text,
        ]
        for finding in findings
    ]
    for line in lines_of_table(["PIECE", "RIGHT", "WHY"], rows):
        echo(*line)
    wrong = [finding.piece for finding in findings if not finding.is_right]
    if wrong:
        raise click.ClickException(f"It is not verified: see {', '.join(wrong)}.")
    echo("It is verified.", err=True)
