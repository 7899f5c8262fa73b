"""Events as a caller gives them, and as the server takes them. Called by the clients and the
outbox. Pure, but for the keys, which are random.
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from hookline_client.problems import Problem

_PART = "[a-z0-9][a-z0-9_-]{0,63}"
_TYPE = re.compile(rf"{_PART}\.{_PART}\.{_PART}")
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class Event:
    """An event to publish. type: object.model.action. data: any JSON value. environment: by default
    the client's. idempotency_key: makes repeats safe for 24 hours; by default a random one.
    occurred_at: aware; by default the server takes the time of receipt.

    Example: `Event("order.order.create", {"total": 7})`
    """

    type: str
    data: Any
    environment: str | None = None
    idempotency_key: str | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """Result for one event. is_duplicate: the key was used before, also by a try of this very call
    whose answer was lost. delivery_count: webhooks that get the event. skipped_count: those whose
    filter would look at more data than it may. Both are 0 for a duplicate.
    """

    event_id: str
    is_duplicate: bool
    delivery_count: int
    skipped_count: int


def completed(event: Event, environment: str | None) -> Event:
    """Returns the event with an environment and a key, which it keeps in every try."""
    return replace(
        event,
        environment=event.environment or environment,
        idempotency_key=uuid4().hex if event.idempotency_key is None else event.idempotency_key,
    )


def problems_of(event: Event, index: int) -> list[Problem]:
    """Returns what the server would refuse in any installation. It knows more: environments, the
    catalogue of types, sizes.
    """
    found = list[Problem]()
    if not _TYPE.fullmatch(event.type):
        message = (
            "The type must be object.model.action; each part has 1 to 64 lower-case letters, "
            "digits, - and _, and begins with a letter or digit."
        )
        found.append(Problem(message, index=index, field=("type",)))
    if not event.environment:
        message = "Name the environment, of the event or of the client."
        found.append(Problem(message, "REQUIRED", index, ("environment",)))
    if event.idempotency_key is not None and not _KEY.fullmatch(event.idempotency_key):
        message = (
            "An idempotency key is 1 to 255 printable ASCII characters without blanks at its ends."
        )
        found.append(Problem(message, index=index, field=("idempotencyKey",)))
    if event.occurred_at and event.occurred_at.utcoffset() is None:
        message = "The time has no zone: give an aware one, such as datetime.now(UTC)."
        found.append(Problem(message, index=index, field=("occurredAt",)))
    return found


def json_of(value: Any) -> str:
    """Returns the shortest JSON text, in UTF-8.

    Raises ValueError for what is no JSON: NaN, dates, circles, half characters.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        text.encode()
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return text


def encoded(event: Event, data: str) -> str:
    """Returns the event as an input of the API, around the text of its data."""
    fields = {
        "type": event.type,
        "environment": event.environment,
        "idempotencyKey": event.idempotency_key,
        "occurredAt": event.occurred_at.isoformat() if event.occurred_at else None,
    }
    head = json_of({name: value for name, value in fields.items() if value is not None})
    return f'{head[:-1]},"data":{data}}}'
