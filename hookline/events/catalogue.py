"""Checks an event against the event types of its workspace. Called by publishing. Pure."""

from hookline.deliveries.registry import Catalogue
from hookline.errors import Code, Problem
from hookline.events.schemas import problems


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
