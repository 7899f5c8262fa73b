"""Publishing as steps without a network: a generator that asks for a request or a wait and is sent
the answer. Both clients drive the same steps; nothing here does I/O.
"""

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hookline_client.answers import Failure, Outcome, results_of
from hookline_client.errors import HooklineError, Refused, Unavailable
from hookline_client.events import Event, Published, completed, encoded, json_of, problems_of
from hookline_client.problems import Problem
from hookline_client.retries import Retries

BATCH_LIMIT = 1_000
BATCH_BYTES_LIMIT = 8 * 1024 * 1024
"""Limits of the server: events of a batch, and bytes of their data together."""
PUBLISH = (
    "mutation Publish($input: EventPublishBatchInput!) { eventPublishBatch(input: $input) { "
    "results { event { id } duplicate deliveryCount skippedCount } "
    "userErrors { field message code } } }"
)


@dataclass(frozen=True, slots=True)
class Send:
    """Wish for a request to the server."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Wish for a pause before the next request."""

    seconds: float


@dataclass(frozen=True, slots=True)
class _Part:
    """Events that go into one request. first: index of the first one among all that were given."""

    first: int
    events: Sequence[Event]
    inputs: Sequence[str]


# What is sent into it: the outcome of a Send, None for a Wait.
Steps = Generator[Send | Wait, Outcome | None, list[Published]]


def publishing(given: Iterable[Event], environment: str | None, retries: Retries) -> Steps:
    """Publishes events in parts that the server takes, one after the other; results in the order of
    the events. Each part is published whole or not at all.

    Raises HooklineError, with what was published and what remains.
    """
    events = [completed(event, environment) for event in given]
    published = list[Published]()
    try:
        for part in _parts(events):
            published += yield from _publish_part(part, retries)
    except HooklineError as error:
        error.published, error.remaining = tuple(published), tuple(events[len(published) :])
        raise
    return published


def _parts(events: Sequence[Event]) -> Iterator[_Part]:
    """Splits by the limits of the server. Nothing is yielded before every event was checked."""
    data = _checked(events)
    start = size = 0
    for index, text in enumerate(data):
        bytes_here = len(text.encode())
        if index > start and (
            index - start == BATCH_LIMIT or size + bytes_here > BATCH_BYTES_LIMIT
        ):
            yield _part(events, data, start, index)
            start, size = index, 0
        size += bytes_here
    if data:
        yield _part(events, data, start, len(data))


def _part(events: Sequence[Event], data: Sequence[str], start: int, end: int) -> _Part:
    chosen = events[start:end]
    return _Part(start, chosen, list(map(encoded, chosen, data[start:end])))


def _checked(events: Sequence[Event]) -> list[str]:
    """Returns the data of each event as JSON.

    Raises Refused with all that is wrong.
    """
    data, problems = list[str](), list[Problem]()
    for index, event in enumerate(events):
        problems += problems_of(event, index)
        try:
            data.append(json_of(event.data))
        except ValueError as error:
            problems.append(Problem(f"The data is no JSON: {error}.", "INVALID", index, ("data",)))
    if problems:
        raise Refused(problems)
    return data


def _publish_part(
    part: _Part, retries: Retries
) -> Generator[Send | Wait, Outcome | None, list[Published]]:
    body = _body(part)
    until = time.monotonic() + retries.deadline_seconds
    tries = 0
    while True:
        outcome = yield Send(body)
        assert outcome is not None
        tries += 1
        found = results_of(outcome, part.first, len(part.events))
        if isinstance(found, list):
            return found
        if not isinstance(found, Failure):
            raise found
        wait = retries.wait_seconds(tries, found.retry_after_seconds)
        if tries >= retries.tries or time.monotonic() + wait > until:
            times = "once" if tries == 1 else f"{tries} times"
            raise Unavailable(
                f"{found.message} Tried {times}.", found.code, tries, found.retry_after_seconds
            ) from found.cause
        yield Wait(wait)


def _body(part: _Part) -> bytes:
    query = json_of(PUBLISH)
    inputs = ",".join(part.inputs)
    return f'{{"query":{query},"variables":{{"input":{{"events":[{inputs}]}}}}}}'.encode()
