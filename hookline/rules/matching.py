"""Which webhooks want an event. Called by publishing for every event; pure.

Patterns are `object.model.action` with `*` for any one segment. Every pattern stands in one table under its exact text, so that an event
needs eight lookups (each segment itself or `*`), however many webhooks there are.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

import orjson

from hookline.rules.filters import CompiledFilter


class Matchable(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def is_live(self) -> bool: ...
    @property
    def environments(self) -> tuple[str, ...]: ...
    @property
    def events(self) -> tuple[str, ...]: ...
    @property
    def filter(self) -> CompiledFilter | None: ...


M = TypeVar("M", bound=Matchable)

_CACHED_TYPES = 10_000


class Matched(NamedTuple):
    ids: tuple[UUID, ...]
    filters: dict[UUID, CompiledFilter]
    """Of those that have one."""


class MatchIndex:
    """An immutable index over webhooks; a change of one makes a new index."""

    def __init__(self, webhooks: Iterable[Matchable]) -> None:
        self._wanted: dict[tuple[str, str], list[UUID]] = {}
        self._filters: dict[UUID, CompiledFilter] = {}
        self._cache: dict[tuple[str, str], Matched] = {}
        for webhook in webhooks:
            if webhook.is_live:
                for environment in webhook.environments:
                    for pattern in webhook.events:
                        self._wanted.setdefault((environment, pattern), []).append(webhook.id)
                if webhook.filter is not None:
                    self._filters[webhook.id] = webhook.filter

    def wanted_by(self, environment: str, event_type: str, data: str) -> Sequence[UUID]:
        """Ids of the webhooks that get this event: a pattern matches and the filter holds. data: JSON text, read when a filter asks."""
        matched = self.match(environment, event_type)
        if not matched.filters:
            return matched.ids
        value, filters = orjson.loads(data), matched.filters
        return [key for key in matched.ids if key not in filters or filters[key].matches(event_type, environment, value)]

    def match(self, environment: str, event_type: str) -> Matched:
        """The webhooks of which a pattern matches, each once."""
        found = self._cache.get((environment, event_type))
        if found is None:
            if len(self._cache) >= _CACHED_TYPES:
                self._cache.clear()
            found = self._cache[environment, event_type] = self._look_up(environment, event_type)
        return found

    def _look_up(self, environment: str, event_type: str) -> Matched:
        noun, model, action = event_type.split(".")
        patterns = [f"{o}.{m}.{a}" for o in (noun, "*") for m in (model, "*") for a in (action, "*")]
        ids = tuple(dict.fromkeys(key for pattern in patterns for key in self._wanted.get((environment, pattern), ())))
        return Matched(ids, {key: self._filters[key] for key in ids if key in self._filters} if self._filters else {})
