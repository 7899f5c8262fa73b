"""`hookline publish`: publishes one event on a running server."""

import sys
from pathlib import Path
from typing import Any

import click

from hookline.cli.terminal import echo
from hookline.text import printable

PUBLISH = """mutation Publish($input: EventPublishInput!) {
  eventPublish(input: $input) { event { id } duplicate deliveryCount userErrors { field message } }
}"""


def _read_data(context: click.Context, parameter: click.Parameter, text: str) -> Any:
    """JSON from the argument, from a file (@name) or from standard input (-)."""
    import json

    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text("utf-8")
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
    event_id, sentence = execute(settings, PUBLISH, {"input": given}, _outcome)
    echo(event_id)
    # On standard error: standard output holds the id alone, for scripts.
    echo(sentence, err=True)


def _outcome(content: dict[str, Any]) -> tuple[str, str]:
    """The event's id and a sentence."""
    payload = content["eventPublish"]
    if payload["userErrors"]:
        raise click.ClickException("\n".join(_sentence(error) for error in payload["userErrors"]))
    count = payload["deliveryCount"]
    sentence = (
        "published before with this key"
        if payload["duplicate"]
        else f"goes to {count:d} webhook{'' if count == 1 else 's'}"
    )
    return printable(payload["event"]["id"]), sentence


def _sentence(error: dict[str, Any]) -> str:
    path = ".".join((error["field"] or [])[1:])
    return printable(f"{path}: {error['message']}" if path else error["message"])
