"""Which webhooks want an event. Called by publishing for every event; pure.

Patterns are `object.model.action` with `*` for any one segment. Every pattern stands in one table under its exact text, so that an event
needs eight lookups (each segment itself or `*`), however many webhooks there are.
"""

from collections.abc import Iterable
from typing import Protocol, TypeVar
from uuid import UUID


class Matchable(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def is_live(self) -> bool: ...
    @property
    def environments(self) -> tuple[str, ...]: ...
    @property
    def events(self) -> tuple[str, ...]: ...


M = TypeVar("M", bound=Matchable)

_CACHED_TYPES = 10_000


class MatchIndex:
    """An immutable index over webhooks; a change of one makes a new index."""

    def __init__(self, webhooks: Iterable[Matchable]) -> None:
        self._wanted: dict[tuple[str, str], list[UUID]] = {}
        self._cache: dict[tuple[str, str], tuple[UUID, ...]] = {}
        for webhook in webhooks:
            if webhook.is_live:
                for environment in webhook.environments:
                    for pattern in webhook.events:
                        self._wanted.setdefault((environment, pattern), []).append(webhook.id)

    def match(self, environment: str, event_type: str) -> tuple[UUID, ...]:
        """Ids of the webhooks that get this event, each once."""
        found = self._cache.get((environment, event_type))
        if found is None:
            if len(self._cache) >= _CACHED_TYPES:
                self._cache.clear()
            found = self._cache[environment, event_type] = self._look_up(environment, event_type)
        return found

    def _look_up(self, environment: str, event_type: str) -> tuple[UUID, ...]:
        noun, model, action = event_type.split(".")
        patterns = [f"{o}.{m}.{a}" for o in (noun, "*") for m in (model, "*") for a in (action, "*")]
        return tuple(dict.fromkeys(key for pattern in patterns for key in self._wanted.get((environment, pattern), ())))
