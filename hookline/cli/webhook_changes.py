"""`hookline webhooks`: enable, disable, delete, test, rotate-secret."""

from typing import Any, Final

import click

from hookline.cli.asking import RemoteServer, asking, confirm, yes_option
from hookline.cli.given_text import read_json
from hookline.cli.nouns import ATTEMPT
from hookline.cli.output import Node
from hookline.cli.terminal import echo
from hookline.cli.webhooks import webhook_argument, webhook_of
from hookline.text import printable

SET_ACTIVE: Final = """mutation SetActive($input: WebhookSetActiveInput!) {
  webhookSetActive(input: $input) { notice userErrors { code field message } } }"""
DELETE: Final = """mutation Delete($input: WebhookDeleteInput!) {
  webhookDelete(input: $input) { userErrors { code field message } } }"""
TEST: Final = f"""mutation Test($input: WebhookTestInput!) {{ webhookTest(input: $input) {{
  delivery {{ id }} attempt {{ {ATTEMPT.fields} }} userErrors {{ field message }} }} }}"""
ROTATE: Final = """mutation Rotate($input: WebhookSecretRotateInput!) {
  webhookSecretRotate(input: $input) { secret userErrors { field message } } }"""

reason_option = click.option(
    "--reason",
    help="Change what a file manages, too, for this reason; the token needs webhooks:force.",
)


def forced(webhook: Node, reason: str | None) -> dict[str, Any]:
    """Fields of an input that change a webhook against its file, where there is one."""
    return {"force": True, "reason": reason} if reason and webhook["managedBy"] else {}


@click.command()
@webhook_argument
@click.option("--deliver-missed", is_flag=True, help="Deliver what was published while it was off.")
@reason_option
@asking("editor")
def enable(server: RemoteServer, webhook: str, deliver_missed: bool, reason: str | None) -> None:
    """Turn a webhook on; its open deliveries go on."""
    _switch(server, webhook, reason, active=True, deliverMissed=deliver_missed)


@click.command()
@webhook_argument
@reason_option
@asking("editor")
def disable(server: RemoteServer, webhook: str, reason: str | None) -> None:
    """Turn a webhook off: its open deliveries are held, and what it misses is remembered."""
    _switch(server, webhook, reason, active=False)


def _switch(server: RemoteServer, name: str, reason: str | None, **given: bool) -> None:
    stored = webhook_of(server, name)
    done = server.change(
        SET_ACTIVE, "webhookSetActive", id=stored["id"], **given, **forced(stored, reason)
    )
    echo(f"{stored['slug']} is {'on' if given['active'] else 'off'}.", err=True)
    if done["notice"]:
        echo(printable(done["notice"]), err=True)


@click.command()
@webhook_argument
@reason_option
@yes_option
@asking("editor")
def delete(server: RemoteServer, webhook: str, reason: str | None, yes: bool) -> None:
    """Delete a webhook. Its open deliveries are cancelled; its log is kept for the usual time."""
    stored = webhook_of(server, webhook)
    count = stored["health"]["backlog"]
    confirm(f"Delete {stored['slug']} and cancel its {count} open deliveries?", yes)
    server.change(DELETE, "webhookDelete", id=stored["id"], **forced(stored, reason))
    echo(f"{stored['slug']} is deleted.", err=True)


@click.command()
@webhook_argument
@click.option("--event", "event_id", metavar="ID", help="Send this event of the log.")
@click.option("--type", "event_type", help="The sample of this type. [default: of its patterns]")
@click.option(
    "-d", "--data", callback=read_json, metavar="JSON|@FILE|-", help="Data instead of a sample."
)
@ATTEMPT.options
@asking("editor")
def test(
    server: RemoteServer,
    webhook: str,
    event_id: str | None,
    event_type: str | None,
    data: Any,
    output: str,
    columns: list[str] | None,
) -> None:
    """Send a test event to a webhook and show the attempt. Ends with 1 unless it succeeded."""
    wanted = {"eventId": event_id, "type": event_type, "data": data}
    given = {name: value for name, value in wanted.items() if value is not None}
    stored = webhook_of(server, webhook)
    done = server.change(TEST, "webhookTest", id=stored["id"], **given)
    if done["attempt"] is None:
        raise click.ClickException(
            "The attempt has not ended yet: `hookline deliveries get "
            f"{printable(done['delivery']['id'])}` shows it later."
        )
    ATTEMPT.print_one(done["attempt"], output, columns)
    if done["attempt"]["outcome"] != "SUCCEEDED":
        raise click.exceptions.Exit(1)


@click.command()
@webhook_argument
@click.option(
    "--overlap",
    default="1d",
    show_default=True,
    help="How long the old secret signs beside the new one: 0s to 7d.",
)
@click.option("--secret", help="A secret of your own, such as whsec_…. [default: a new one]")
@asking("editor")
def rotate_secret(server: RemoteServer, webhook: str, overlap: str, secret: str | None) -> None:
    """Give a webhook a new signing secret, and print it where the token may see secrets."""
    stored = webhook_of(server, webhook)
    done = server.change(
        ROTATE, "webhookSecretRotate", id=stored["id"], overlap=overlap, secret=secret
    )
    if done["secret"]:
        echo(done["secret"])
    echo(
        f"{stored['slug']} has a new secret; the old one signs beside it for {printable(overlap)}.",
        err=True,
    )
