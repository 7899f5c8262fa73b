"""The event types that a workspace knows, as publishing asks for them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from hookline.errors import Code, Problem
from hookline.events.schemas import problems


@dataclass(frozen=True, slots=True)
class Catalogue:
    """strict: types whose data must meet a schema, with its JSON text; names: of all types; is_closed: others are refused."""

    strict: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    is_closed: bool = False

    def check(self, event_type: str, data: str) -> list[Problem]:
        """What keeps an event out. data: JSON text."""
        if self.is_closed and event_type not in self.names:
            message = f"This workspace takes known event types only, and {event_type} is none of them. eventTypeSave makes it known."
            return [Problem(Code.INVALID, message, ("type",))]
        schema = self.strict.get(event_type)
        if schema is None:
            return []
        return [Problem(Code.SCHEMA_MISMATCH, sentence, ("data", *path)) for path, sentence in problems(schema, orjson.loads(data))]
