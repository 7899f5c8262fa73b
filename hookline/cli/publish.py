"""`hookline publish`: publishes one event on a running server."""

import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from hookline.cli.terminal import echo
from hookline.text import printable

if TYPE_CHECKING:
    from hookline.settings.fields import Settings

# Asked only when an event goes to nobody.
WANTING = """query Wanting($type: String!, $environment: String!) {
  here: webhooks(filter: {event: $type, environment: $environment}, first: 100) { nodes { status } }
  anywhere: webhooks(filter: {event: $type}, first: 100) { nodes { environments } }
}"""
PUBLISH = """mutation Publish($input: EventPublishInput!) {
  eventPublish(input: $input) { event { id } duplicate deliveryCount userErrors { field message } }
}"""


_DATA_LIMIT_BYTES: Final = 16 * 1024 * 1024
"""A server takes no larger request."""


def _read_data(context: click.Context, parameter: click.Parameter, text: str) -> Any:
    """JSON from the argument, from a file (@name) or from standard input (-)."""
    import json

    try:
        if text == "-":
            text = _read(sys.stdin.buffer)
        elif text.startswith("@"):
            # Pipes too: `-d @<(jq …)`.
            with Path(text[1:]).open("rb") as file:
                text = _read(file)
        # Python's JSON takes NaN and Infinity, which no JSON can hold.
        return json.loads(text, parse_constant=_refuse_constant)
    except OSError as error:
        raise click.BadParameter(f"cannot read {error.filename}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise click.BadParameter("is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise click.BadParameter(
            f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    # After JSONDecodeError, which is a ValueError: constants, numbers of thousands of digits.
    # RecursionError: depth.
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"is not JSON that can be sent: {error}.") from None


def _read(file: BinaryIO) -> str:
    """The text of a file, which may have no end: a device, or a link to one."""
    content = file.read(_DATA_LIMIT_BYTES + 1)
    if len(content) > _DATA_LIMIT_BYTES:
        mebibytes = _DATA_LIMIT_BYTES // 1024 // 1024
        raise click.BadParameter(f"is longer than {mebibytes} MiB, the most that a server takes.")
    return content.decode("utf-8")


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number")


@click.command()
@click.argument("event_type", metavar="TYPE")
@click.option(
    "-d",
    "--data",
    required=True,
    callback=_read_data,
    metavar="JSON|@FILE|-",
    help="The event's data: JSON, a file, or standard input.",
)
@click.option(
    "-e", "--environment", help="Its environment. [default: the first of HOOKLINE_ENVIRONMENTS]"
)
@click.option("--key", help="Idempotency key: the same key within 24 hours publishes once.")
@click.option("--server", help="The server. [default: HOOKLINE_SERVER, else http://127.0.0.1:8000]")
def publish(
    event_type: str, data: Any, environment: str | None, key: str | None, server: str | None
) -> None:
    """Publish an event of TYPE (object.model.action) and print its id.

    The token is HOOKLINE_TOKEN, or the one that `hookline dev` keeps in var/token.
    """
    from hookline.cli.client import execute
    from hookline.settings.fields import read_settings

    settings = read_settings(server=server)
    given = {
        "type": event_type,
        "environment": environment or settings.environments[0],
        "data": data,
        "idempotencyKey": key,
    }
    event_id, count, sentence = execute(
        settings, PUBLISH, {"input": given}, _outcome, role="publisher"
    )
    echo(event_id)
    if count == 0:
        sentence += f" in {printable(given['environment'])}{_nearest_reason(settings, given)}"
    # On standard error: standard output holds the id alone, for scripts.
    echo(sentence, err=True)


def _nearest_reason(settings: "Settings", given: dict[str, Any]) -> str:
    """The reason why nobody gets the event; nothing for a token that may not read webhooks."""
    from hookline.cli.client import ServerFault, execute

    asked = {"type": given["type"], "environment": given["environment"]}
    # The event is published, whatever becomes of the question.
    with suppress(ServerFault):
        return f": {execute(settings, WANTING, asked, nearest_reason, role='publisher')}"
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
        raise click.ClickException("\n".join(_sentence(error) for error in payload["userErrors"]))
    count = payload["deliveryCount"]
    sentence = (
        "published before with this key"
        if payload["duplicate"]
        else f"goes to {count:d} webhook{'' if count == 1 else 's'}"
    )
    return (printable(payload["event"]["id"]), None if payload["duplicate"] else count, sentence)


def _sentence(error: dict[str, Any]) -> str:
    path = ".".join((error["field"] or [])[1:])
    message = error["message"]
    # `type: The type …` says it twice.
    names = [word.lower() for word in message.split()[:2]]
    is_named = not path or path.rpartition(".")[2].lower() in names
    return printable(message if is_named else f"{path}: {message}")
