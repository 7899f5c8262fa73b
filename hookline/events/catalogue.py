"""Checks an event against the event types of its workspace. Called by publishing. No I/O."""

import asyncio
from collections.abc import Iterable

from hookline.deliveries.registry import Catalogue
from hookline.errors import Code, Problem
from hookline.events.schemas import is_prepared, prepare, problems


async def prepare_schemas(catalogue: Catalogue, event_types: Iterable[str]) -> None:
    """Prepares the schemas of these types off the loop, once in a process: the first event of a
    type held it for 80 ms (2026-11-28).
    """
    for event_type in event_types:
        schema = catalogue.strict.get(event_type)
        if schema is not None and not is_prepared(schema):
            await asyncio.to_thread(prepare, schema)


def check(catalogue: Catalogue, event_type: str, data: str) -> list[Problem]:
    """Returns the problems that keep an event out. data: JSON text."""
    if catalogue.is_closed and event_type not in catalogue.names:
        message = (
            f"This workspace takes known event types only, and {event_type} is none of "
            "them. eventTypeSave makes it known."
        )
        return [Problem(Code.INVALID, message, ("type",))]
    schema = catalogue.strict.get(event_type)
    if schema is None:
        return []
    return [
        Problem(Code.SCHEMA_MISMATCH, sentence, ("data", *path))
        for path, sentence in problems(schema, data)
    ]
