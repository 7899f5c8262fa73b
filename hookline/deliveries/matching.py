"""Matches events with webhooks, for every event that is published. Pure. Patterns are
`object.model.action` with `*` for any one segment. Every pattern stands in one table under its
exact text, so that an event needs eight lookups (each segment itself or `*`), however many webhooks
there are.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

import orjson

from hookline.form.filter_work import AskedEvent, TooMuchWork
from hookline.form.filters import CompiledFilter
from hookline.loop_time import Turn


class Matchable(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def is_on(self) -> bool: ...
    @property
    def environments(self) -> tuple[str, ...]: ...
    @property
    def events(self) -> tuple[str, ...]: ...
    @property
    def filter(self) -> CompiledFilter | None: ...


M = TypeVar("M", bound=Matchable)

# Names of types come from publishers: neither many of them nor many webhooks for each may fill
# memory.
_CACHED_TYPES = 10_000
_CACHED_IDS = 1_000_000
"""8 MB."""

_Want = tuple[str, str]  # environment, pattern
_Table = dict[_Want, list[UUID]]


class Matched(NamedTuple):
    """ids: not to be changed."""

    ids: Sequence[UUID]
    filters: dict[UUID, CompiledFilter]
    """The filters of those that have one."""


class Wanted(NamedTuple):
    """ids: of the webhooks that get an event; not to be changed. over_limit: of those whose filter
    would have cost too much to ask, which do not get it.
    """

    ids: Sequence[UUID]
    over_limit: Sequence[UUID] = ()


class MatchIndex:
    """An immutable index over webhooks; a change of some makes a new index, which shares with the
    old one what is the same in both.
    """

    def __init__(self, webhooks: Iterable[Matchable]) -> None:
        # those with one pattern, and those with several, of which an event may match more than one
        self._tables: tuple[_Table, _Table] = ({}, {})
        self._filters: dict[UUID, CompiledFilter] = {}
        self._cache: dict[tuple[str, str], Matched] = {}
        self._cached_ids = 0
        for webhook in webhooks:
            table = self._tables[len(webhook.events) > 1]
            for want in _wants(webhook):
                table.setdefault(want, []).append(webhook.id)
            if webhook.is_on and webhook.filter is not None:
                self._filters[webhook.id] = webhook.filter

    def changed(self, before: Sequence[Matchable], after: Iterable[Matchable]) -> "MatchIndex":
        """The index with these webhooks as they are, instead of as they were."""
        made, added, gone = MatchIndex(()), MatchIndex(after), {webhook.id for webhook in before}
        touched = {want for webhook in before for want in _wants(webhook)}.union(*added._tables)
        made._tables = (self._tables[0].copy(), self._tables[1].copy())
        for table, new in zip(made._tables, added._tables, strict=True):
            for want in touched:
                ids = [key for key in table.pop(want, ()) if key not in gone] + new.get(want, [])
                if ids:
                    table[want] = ids
        made._filters = {
            key: found for key, found in self._filters.items() if key not in gone
        } | added._filters
        # Without a wildcard only the very type that was touched is another one now.
        has_wildcards = any("*" in pattern for _, pattern in touched)
        # A copy: in a thread, while events are matched.
        for key, found in self._cache.copy().items():
            if key not in touched and not (
                has_wildcards and any(want in touched for want in _asked(*key))
            ):
                made._cache[key] = found
        made._cached_ids = self._cached_ids
        return made

    async def wanted_by(self, environment: str, event_type: str, data: str, turn: Turn) -> Wanted:
        """The webhooks that get this event: a pattern matches and the filter holds. data: JSON
        text, read when a filter asks.
        """
        matched = self.match(environment, event_type)
        filters = matched.filters
        # The data is parsed only when a filter asks for it.
        if not filters:
            return Wanted(matched.ids)
        event = AskedEvent(event_type, environment, orjson.loads(data))
        ids, over_limit = list[UUID](), list[UUID]()
        for key in matched.ids:
            if (found := filters.get(key)) is not None:
                # One filter is bounded, thousands of them are not: others run in between.
                if turn.is_over:
                    await turn.pass_on()
                try:
                    if not found.matches(event):
                        continue
                except TooMuchWork:
                    over_limit.append(key)
                    continue
            ids.append(key)
        return Wanted(ids, over_limit)

    def match(self, environment: str, event_type: str) -> Matched:
        """The webhooks of which a pattern matches, each once."""
        found = self._cache.get((environment, event_type))
        if found is None:
            found = self._look_up(environment, event_type)
            self._cached_ids += len(found.ids)
            if len(self._cache) >= _CACHED_TYPES or self._cached_ids > _CACHED_IDS:
                # All at once: types that are in use are looked up again, 4 to 60 us each
                # (docs/performance.md).
                self._cache.clear()
                self._cached_ids = len(found.ids)
            self._cache[environment, event_type] = found
        return found

    def _look_up(self, environment: str, event_type: str) -> Matched:
        asked = _asked(environment, event_type)
        ones, several = ([table[want] for want in asked if want in table] for table in self._tables)
        if len(several) > 1:
            # each once: a webhook's id is one object in all lists, and asking that for its hash
            # takes three times as long
            found = list(chain.from_iterable(several))
            several = [list(dict(zip(map(id, found), found, strict=True)).values())]
        lists = [*ones, *several]
        ids = lists[0] if len(lists) == 1 else list(chain.from_iterable(lists))
        return Matched(
            ids,
            {key: self._filters[key] for key in ids if key in self._filters}
            if self._filters
            else {},
        )


def _wants(webhook: Matchable) -> list[_Want]:
    return (
        [
            (environment, pattern)
            for environment in webhook.environments
            for pattern in webhook.events
        ]
        if webhook.is_on
        else []
    )


def _asked(environment: str, event_type: str) -> list[_Want]:
    """All that a webhook can want so that this type matches."""
    noun, model, action = event_type.split(".")
    return [
        (environment, f"{o}.{m}.{a}")
        for o in (noun, "*")
        for m in (model, "*")
        for a in (action, "*")
    ]
