"""`hookline publish`: publishes one event on a running server."""

from collections import Counter
from contextlib import suppress
from typing import Any

import click

from hookline.cli.asking import RemoteServer, asking, sentence_of
from hookline.cli.given_text import read_json
from hookline.cli.terminal import echo
from hookline.settings.environment import environments
from hookline.text import printable

# Asked only when an event goes to nobody.
WANTING = """query Wanting($type: String!, $environment: String!) {
  here: webhooks(filter: {event: $type, environment: $environment}, first: 100) { nodes { status } }
  anywhere: webhooks(filter: {event: $type}, first: 100) { nodes { environments } }
}"""
PUBLISH = """mutation Publish($input: EventPublishInput!) {
  eventPublish(input: $input) { event { id } duplicate deliveryCount userErrors { field message } }
}"""


@click.command()
@click.argument("event_type", metavar="TYPE")
@click.option(
    "-d",
    "--data",
    required=True,
    callback=read_json,
    metavar="JSON|@FILE|-",
    help="The event's data: JSON, a file, or standard input.",
)
@click.option(
    "-e", "--environment", help="Its environment. [default: the first of HOOKLINE_ENVIRONMENTS]"
)
@click.option("--key", help="Idempotency key: the same key within 24 hours publishes once.")
@asking("publisher")
def publish(
    server: RemoteServer, event_type: str, data: Any, environment: str | None, key: str | None
) -> None:
    """Publish an event of TYPE (object.model.action) and print its id."""
    from hookline.cli.client import execute

    given = {
        "type": event_type,
        "environment": environment or environments()[0],
        "data": data,
        "idempotencyKey": key,
    }
    event_id, count, sentence = execute(
        server.access, PUBLISH, {"input": given}, _outcome, role=server.role
    )
    echo(event_id)
    if count == 0:
        sentence += f" in {printable(given['environment'])}{_nearest_reason(server, given)}"
    # On standard error: standard output holds the id alone, for scripts.
    echo(sentence, err=True)


def _nearest_reason(server: RemoteServer, given: dict[str, Any]) -> str:
    """The reason why nobody gets the event; nothing for a token that may not read webhooks."""
    from hookline.cli.client import ServerFault, execute

    asked = {"type": given["type"], "environment": given["environment"]}
    # The event is published, whatever becomes of the question.
    with suppress(ServerFault):
        found = execute(server.access, WANTING, asked, nearest_reason, role=server.role)
        return f": {found}"
    return ""


def nearest_reason(content: dict[str, Any]) -> str:
    """The nearest reason that an answer to WANTING gives."""
    here = Counter(node["status"] for node in content["here"]["nodes"])
    if on := here.pop("ACTIVE", 0):
        return f"{_wanting(on)} this type here, and the filter of each is false for this event"
    if off := here.total():
        return f"{_wanting(off)} this type here, all of them off"
    nodes = content["anywhere"]["nodes"]
    environments = Counter(name for node in nodes for name in node["environments"])
    # The most wanted first, then by name, so that the same webhooks give the same sentence.
    found = sorted(environments.items(), key=lambda one: (-one[1], one[0]))[:3]
    there = ", ".join(f"{_wanting(count)} this type in {printable(name)}" for name, count in found)
    return there or "no webhook wants this type"


def _wanting(count: int) -> str:
    return "1 webhook wants" if count == 1 else f"{count:d} webhooks want"


def _outcome(content: dict[str, Any]) -> tuple[str, int | None, str]:
    """The event's id, the number of webhooks that get it (None for a repeat), and a sentence."""
    payload = content["eventPublish"]
    if payload["userErrors"]:
        raise click.ClickException("\n".join(map(sentence_of, payload["userErrors"])))
    count = payload["deliveryCount"]
    sentence = (
        "published before with this key"
        if payload["duplicate"]
        else f"goes to {count:d} webhook{'' if count == 1 else 's'}"
    )
    return (printable(payload["event"]["id"]), None if payload["duplicate"] else count, sentence)
