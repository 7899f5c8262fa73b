"""Checks events before they are published: shape, size, key, time. Called by publishing, and by the
samples that a webhook is tried with. Pure.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hookline.deliveries.queue.base import NewEvent
from hookline.errors import Code, Problem, Refused
from hookline.form.event_names import type_fault
from hookline.ids import uuid7
from hookline.loop_time import Turn
from hookline.outbound.payloads import (
    canonical_fingerprint,
    check_data,
    dump,
    is_surely_longer,
    storable,
)

BATCH_LIMIT: Final = 1_000
BATCH_BYTES_LIMIT: Final = 8 * 1024 * 1024
KEY_LENGTH_LIMIT: Final = 255
_KEY: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_AT_ONCE_BYTES: Final = 262_144
"""JSON of data up to this length is checked on the loop, in at most 22 ms (2026-11)."""
_COUNTED_BYTES: Final = 32_768
"""Data that is surely longer is looked at in a thread before it is dumped."""
_DUMPED_BYTES: Final = 1_048_576
"""Data that is surely longer, as no setting allows, is not dumped; the rest takes 20 ms."""


@dataclass(frozen=True, slots=True)
class EventLimits:
    """Limits that the settings give for an event. max_bytes: of its data as JSON."""

    environments: Sequence[str]
    max_bytes: int


@dataclass(frozen=True, slots=True)
class PublishInput:
    """An event as a caller gives it. data: any JSON value. occurred_at: text is refused, since it
    is no time. may_be_long: False for data of a short request, whose length is not asked.
    """

    type: str
    environment: str
    data: Any
    idempotency_key: str | None = None
    occurred_at: datetime | str | None = None
    may_be_long: bool = True


async def check_events(
    inputs: Sequence[PublishInput], received_at: datetime, limits: EventLimits
) -> list[NewEvent]:
    """Returns the events to write, in the order of the inputs. Others run between them.

    Raises Refused with every problem of every input; a problem's field begins with the index of
    its input, as text.
    """
    if not inputs:
        raise Refused(Problem(Code.REQUIRED, "Give at least one event."))
    if len(inputs) > BATCH_LIMIT:
        # Without their number: the API hands over one event too many, however many there are.
        message = f"A batch takes at most {BATCH_LIMIT:,} events; this one has more. Split it."
        raise Refused(Problem(Code.TOO_MANY, message))
    events, problems, size, turn = [], list[Problem](), 0, Turn() if len(inputs) > 1 else None
    for index, given in enumerate(inputs):
        # A batch of 8 MiB takes up to 0.6 s.
        if turn and turn.is_over:
            await turn.pass_on()
        event, found = await check_event(given, received_at, limits)
        problems += [problem.under(str(index)) for problem in found]
        if event is not None:
            events.append(event)
            size += len(event.data)
    if size > BATCH_BYTES_LIMIT:
        mebibytes = BATCH_BYTES_LIMIT // 1024 // 1024
        message = f"The batch's data is larger than {mebibytes} MiB. Split it."
        problems.append(Problem(Code.TOO_LONG, message))
    if problems:
        raise Refused(problems)
    return events


async def check_event(
    given: PublishInput, received_at: datetime, limits: EventLimits
) -> tuple[NewEvent | None, list[Problem]]:
    """Returns the event to write, or all that is wrong with it."""
    # orjson keeps the interpreter's lock: 2,000,000 fractions take it 80 ms (3.13, 2026-11).
    if (
        given.may_be_long
        and is_surely_longer(given.data, _COUNTED_BYTES)
        and await asyncio.to_thread(is_surely_longer, given.data, _DUMPED_BYTES)
    ):
        return None, await asyncio.to_thread(_undumped_problems, given, limits)
    dumped = dump(given.data)
    # Of what can't be dumped a walk tells what is wrong: 0.6 s through as many values as a request
    # may have (2026-11). Most of it is Python's, which lets the loop run meanwhile.
    if dumped is None or len(dumped) > _AT_ONCE_BYTES:
        return await asyncio.to_thread(_checked, given, dumped, received_at, limits)
    return _checked(given, dumped, received_at, limits)


def _checked(
    given: PublishInput, dumped: bytes | None, received_at: datetime, limits: EventLimits
) -> tuple[NewEvent | None, list[Problem]]:
    """dumped: the data by `dump`."""
    problems = _head_problems(given, limits)
    data = _data(given.data, dumped, limits, problems)
    occurred_at = _occurred_at(given.occurred_at, received_at, problems)
    if problems or data is None:
        return None, problems
    key, fingerprint = given.idempotency_key, None
    if key is not None:
        # Only with a key: it costs a walk through the data, and nothing else asks for it.
        fingerprint = canonical_fingerprint(
            given.type, given.environment, occurred_at if given.occurred_at else None, given.data
        )
    return (
        NewEvent(uuid7(), given.type, given.environment, data, occurred_at, key, fingerprint),
        [],
    )


def _occurred_at(
    given: datetime | str | None, received_at: datetime, problems: list[Problem]
) -> datetime:
    """Returns the time in UTC, by default that of the receipt. Adds the problem of a wrong one."""
    if isinstance(given, str):
        message = "Write the time as in RFC 3339, with its offset: 2026-11-24T10:00:00Z."
        problems.append(Problem(Code.INVALID, message, ("occurredAt",)))
        return received_at
    try:
        return given.astimezone(UTC) if given else received_at
    # A time at the edge of year 1 or 9999, whose offset leads beyond it in UTC.
    except OverflowError:
        message = "The time must lie in the years 1 to 9999, in UTC."
        problems.append(Problem(Code.OUT_OF_RANGE, message, ("occurredAt",)))
        return received_at


def _head_problems(given: PublishInput, limits: EventLimits) -> list[Problem]:
    """Returns the problems of type, environment and key."""
    problems = []
    if fault := type_fault(given.type):
        problems.append(Problem(Code.INVALID, f"The type {fault}.", ("type",)))
    if given.environment not in limits.environments:
        message = f"Unknown environment. Known are: {', '.join(limits.environments)}."
        problems.append(Problem(Code.INVALID, message, ("environment",)))
    key = given.idempotency_key
    if key is not None and (len(key) > KEY_LENGTH_LIMIT or not _KEY.fullmatch(key)):
        message = (
            f"An idempotency key is 1 to {KEY_LENGTH_LIMIT} printable ASCII characters "
            "without blanks at its ends."
        )
        problems.append(Problem(Code.INVALID, message, ("idempotencyKey",)))
    return problems


def _undumped_problems(given: PublishInput, limits: EventLimits) -> list[Problem]:
    """Returns the problems of an event whose data is too long to be dumped."""
    found = _data_problems(given.data) or [_too_long(f"more than {_DUMPED_BYTES:,}", limits)]
    return [*_head_problems(given, limits), *found]


def _data_problems(data: Any) -> list[Problem]:
    return [Problem(Code.INVALID, message, ("data", *path)) for path, message in check_data(data)]


def _too_long(length: str, limits: EventLimits) -> Problem:
    message = f"The data is {length} bytes as JSON; at most {limits.max_bytes:,} are taken."
    return Problem(Code.TOO_LONG, message, ("data",))


def _data(
    given: Any, dumped: bytes | None, limits: EventLimits, problems: list[Problem]
) -> str | None:
    """Returns the JSON text to store. Adds the problems of data that can't be stored."""
    if dumped is not None and len(dumped) > limits.max_bytes:
        problems.append(_too_long(f"{len(dumped):,}", limits))
        return None
    encoded = storable(given, dumped)
    if encoded is None:
        problems += _data_problems(given)
    return encoded
