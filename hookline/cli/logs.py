"""`hookline logs`: attempts as they end, and one of them with its request and its response."""

from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, found
from hookline.cli.lazy_group import lazy_group
from hookline.cli.nouns import ATTEMPT
from hookline.cli.output import Node
from hookline.cli.terminal import echo

GET: Final = f"""query Attempt($id: ID!) {{ node(id: $id) {{ ... on Attempt {{ {ATTEMPT.fields}
  requestUrl requestHeaders {{ name value }} requestBody responseHeaders {{ name value }}
  responseBody responseBodyBase64 responseTruncated }} }} }}"""


@lazy_group(tail="hookline.cli.logs_tail:tail")
def logs() -> None:
    """Look at attempts: as they end, or one of them."""


@logs.command()
@click.argument("attempt_id", metavar="ATTEMPT")
@click.option(
    "--curl", is_flag=True, help="Print a command that sends the same request, and nothing else."
)
@ATTEMPT.options
@asking("viewer")
def show(
    server: RemoteServer, attempt_id: str, curl: bool, output: str, columns: list[str] | None
) -> None:
    """Show an attempt (att_…) with its request and its response, as they went over the wire.

    Values of secret headers are not kept, and so not shown.
    """
    data = server.read(GET, id=attempt_id)
    node = found(data["node"] or None, "attempt", attempt_id, "logs tail")
    if curl:
        _print_curl(node)
        return
    ATTEMPT.print_one(node, output, columns)
    if output == "table" and not columns:
        _print_message(f"POST {node['requestUrl']}", node["requestHeaders"], node["requestBody"])
        if node["responseHeaders"] is not None or node["statusCode"] is not None:
            body = node["responseBody"]
            if body is None and node["responseBodyBase64"] is not None:
                body = f"{node['responseBodyBase64']} (base64: it is no text)"
            _print_message(str(node["statusCode"]), node["responseHeaders"], body)
            if node["responseTruncated"]:
                echo("… (cut: 16 KiB are kept)")


def _print_message(first: str, headers: list[Node] | None, body: str | None) -> None:
    echo(f"\n{first}")
    for header in headers or ():
        value = "(secret)" if header["value"] is None else header["value"]
        echo(f"{header['name']}: {value}")
    echo(f"\n{body}" if body is not None else "\n(no body is kept)")


def _print_curl(node: Node) -> None:
    """Prints the command; what it lacks is told on standard error.

    Raises click.ClickException if the request is not kept.
    """
    if node["requestHeaders"] is None or node["requestBody"] is None:
        raise click.ClickException(
            "The request is not kept: it was never made, or its data has expired."
        )
    from hookline.cli.curl import curl_command

    kept = [(one["name"], one["value"]) for one in node["requestHeaders"]]
    shown = [(name, value) for name, value in kept if value is not None]
    hidden = [name for name, value in kept if value is None]
    echo(curl_command(node["requestUrl"], shown, node["requestBody"]))
    for name in hidden:
        echo(f"note: {name} is secret and left out: add -H '{name}: …'.", err=True)
    echo(
        "note: its signature is of the time of the attempt: a receiver that checks refuses it 5 "
        "minutes later. `hookline deliveries retry` sends it signed anew.",
        err=True,
    )
