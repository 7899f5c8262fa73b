"""Checks an event against the event types of its workspace. Called by publishing. No I/O."""

import asyncio

from hookline.deliveries.registry import Catalogue
from hookline.errors import Code, Problem
from hookline.events.schemas import LOOP_WORK, problems, work


async def check(catalogue: Catalogue, event_type: str, data: str) -> list[Problem]:
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
    # What may take longer than a turn of the loop runs beside it.
    if work(schema, data) > LOOP_WORK:
        found = await asyncio.to_thread(problems, schema, data)
    else:
        found = problems(schema, data)
    return [Problem(Code.SCHEMA_MISMATCH, sentence, ("data", *path)) for path, sentence in found]
