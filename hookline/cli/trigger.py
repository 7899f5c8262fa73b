"""`hookline trigger`: publishes the catalogue's sample of an event type, with changes."""

import json
from copy import deepcopy
from typing import Any, Final

import click

from hookline.cli.asking import RemoteServer, asking, sentence_of
from hookline.cli.terminal import echo
from hookline.settings.environment import environments
from hookline.text import printable

PUBLISH: Final = """mutation Trigger($input: EventPublishBatchInput!) {
  eventPublishBatch(input: $input) {
    results { event { id } deliveryCount } userErrors { field message } } }"""
_MOST: Final = 1_000
"""Events of one request; the most that the API takes."""

Override = tuple[str, list[str], Any]
"""As it was written, the names on its way within the data, and the value."""


def _overrides(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> list[Override]:
    return [_override(one) for one in given]


def _override(given: str) -> Override:
    path, sign, text = given.partition("=")
    first, *names = path.split(".")
    if not sign or first != "data" or not all(names):
        raise click.BadParameter(
            f"{printable(given)!r} is not data.NAME=VALUE, such as data.total=7."
        )
    try:
        return path, names, json.loads(text)
    # Text needs no quotes, as shells take them away.
    except (ValueError, RecursionError):
        return path, names, text


@click.command()
@click.argument("event_type", metavar="TYPE")
@click.option(
    "--override",
    "overrides",
    multiple=True,
    callback=_overrides,
    metavar="data.NAME=VALUE",
    help="Another value at this path of the sample: JSON, or text. Several are possible.",
)
@click.option(
    "--count", type=click.IntRange(1, _MOST), default=1, show_default=True, help="So many events."
)
@click.option(
    "-e", "--environment", help="Their environment. [default: the first of HOOKLINE_ENVIRONMENTS]"
)
@asking("editor")
def trigger(
    server: RemoteServer,
    event_type: str,
    overrides: list[Override],
    count: int,
    environment: str | None,
) -> None:
    """Publish the catalogue's sample of TYPE, and print the event's id.

    The path of an override goes through objects by name and through lists by number, and may end in
    a name that is new: --override data.total=7 --override data.items.0.sku=A1.
    """
    data = deepcopy(_sample(server, event_type))
    for override in overrides:
        data = overridden(data, override)
    event = {
        "type": event_type,
        "environment": environment or environments()[0],
        "data": data,
    }
    # Not `change`: the field of an error begins with the number of an event, and all are the same.
    payload = server.read(PUBLISH, input={"events": [event] * count})["eventPublishBatch"]
    if errors := payload["userErrors"]:
        raise click.ClickException(
            "\n".join(dict.fromkeys(sentence_of(_of_one(error)) for error in errors))
        )
    for result in payload["results"]:
        echo(result["event"]["id"])
    webhooks = payload["results"][0]["deliveryCount"]
    echo(
        f"{'goes' if count == 1 else f'{count} events go'} to {webhooks} "
        f"webhook{'' if webhooks == 1 else 's'} in {printable(event['environment'])}",
        err=True,
    )


def _sample(server: RemoteServer, event_type: str) -> Any:
    from hookline.cli.event_types import type_of

    sample = type_of(server, event_type)["sample"]
    if sample is None:
        name = printable(event_type)
        raise click.ClickException(
            f"{name} has no sample in the catalogue: give it one with `hookline types save {name} "
            f"--sample JSON`, or publish data of your own with `hookline publish {name} -d JSON`."
        )
    return sample


def _of_one(error: dict[str, Any]) -> dict[str, Any]:
    """The error with a field as that of `eventPublish`: input, then the part of the event."""
    return {**error, "field": ["input", *(error["field"] or [])[3:]]}


def overridden(data: Any, override: Override) -> Any:
    """Returns the data with another value at a path; objects and lists are changed in place.

    Raises click.UsageError with the part of the path that leads nowhere.
    """
    path, names, value = override
    if not names:
        return value
    at, here = "data", data
    for name in names[:-1]:
        here = here[_key(here, name, at, path)]
        at += f".{name}"
    key = _key(here, names[-1], at, path, may_be_new=True)
    if isinstance(here, list) and key == len(here):
        here.append(value)
    else:
        here[key] = value
    return data


def _key(here: Any, name: str, at: str, path: str, *, may_be_new: bool = False) -> str | int:
    if isinstance(here, dict):
        if name in here or may_be_new:
            return name
        there = ", ".join(map(printable, here)) or "nothing"
        reason = f"{printable(at)} has no {printable(name)} (it has: {there})"
    elif isinstance(here, list):
        last = len(here) - (not may_be_new)
        # Longer numbers are beyond every list, and slow to read.
        if name.isascii() and name.isdigit() and len(name) < 7 and int(name) <= last:
            return int(name)
        upto = f"0 to {last}" if last >= 0 else "none: it is empty"
        reason = f"{printable(at)} is a list, whose places are {upto}, not {printable(name)!r}"
    else:
        reason = f"{printable(at)} is {json.dumps(here)[:40]}, and has no {printable(name)}"
    raise click.UsageError(f"--override {printable(path)}: {reason}.")
