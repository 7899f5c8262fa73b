"""An event as filters ask for it, and the work that one filter may cost. Made once per event and
shared by all filters that are asked about it; pure. What a filter finds never depends on others.
"""

from typing import Any, Final

# What JSON decodes to.
Json = Any

WORK_LIMIT: Final = 300_000
"""Elements of lists, or 32 characters of text each, that one filter may have looked at for one
event; about 20 ms at most (2026-11-28).
"""
_TEXT_PER_UNIT: Final = 32
# Lists and objects inside of a list are walked through in Python, plain values are not.
_NODE_UNITS: Final = 4
_TRUE: Final = object()
_FALSE: Final = object()


class TooMuchWork(Exception):
    """The filter would cost more than its limit for this event."""


class AskedEvent:
    """type, environment, data: of the event."""

    __slots__ = ("_found", "_left", "_paid", "data", "values")

    def __init__(self, event_type: str, environment: str, data: Json) -> None:
        self.values, self.data = (event_type, environment), data
        self._left = WORK_LIMIT
        # By the list's identity: two paths may lead to one list (data.0 and data.00), which the
        # event keeps alive.
        self._found: dict[tuple[int, bool], tuple[set[Json], int]] = {}
        self._paid: set[tuple[int, bool]] = set()

    def begin(self) -> None:
        """Begins a filter: it may spend the whole limit, and pays for sets that others made, so
        that its answer is the same whoever was asked before.
        """
        self._left = WORK_LIMIT
        self._paid.clear()

    @property
    def spent(self) -> int:
        """The work of the filter that was asked last."""
        return WORK_LIMIT - self._left

    def contains(self, value: Json, wanted: Json) -> bool:
        """True when a list has an element equal to the wanted one, or a text has this part.
        wanted: as `frozen` makes it. Raises TooMuchWork.
        """
        if type(value) is list:
            return wanted in self._elements(value, type(wanted) in (tuple, frozenset))
        if type(value) is str and type(wanted) is str:
            self._pay(len(value) // _TEXT_PER_UNIT)
            return wanted in value
        return False

    def _elements(self, value: list[Json], are_boxes: bool) -> set[Json]:
        key = (id(value), are_boxes)
        if key in self._found:
            elements, units = self._found[key]
            if key not in self._paid:
                self._pay(units)
        elif are_boxes:
            before = self._left
            self._pay(len(value))
            elements = {self._frozen(item) for item in value if type(item) in (list, dict)}
            self._found[key] = elements, before - self._left
        else:
            self._pay(len(value))
            elements = _plain(value)
            self._found[key] = elements, len(value)
        self._paid.add(key)
        return elements

    def _pay(self, units: int) -> None:
        self._left -= units
        if self._left < 0:
            raise TooMuchWork

    def _frozen(self, value: Json) -> Json:
        if type(value) in (list, dict):
            self._pay(_NODE_UNITS * (1 + len(value)))
        return _freeze(value, self._frozen)


def frozen(value: Json) -> Json:
    """A value that is hashable, and equal to another one exactly when both are the same JSON: 1 is
    1.0, and neither is true, whatever lists and objects they are in.
    """
    return _freeze(value, frozen)


def _freeze(value: Json, inner: Any) -> Json:
    kind = type(value)
    # Python finds True equal to 1, and hashes them alike.
    if kind is bool:
        return _TRUE if value else _FALSE
    if kind is list or kind is tuple:
        return tuple([inner(item) for item in value])
    if kind is dict:
        return frozenset([(key, inner(item)) for key, item in value.items()])
    return value


def _plain(value: list[Json]) -> set[Json]:
    kinds = set(map(type, value))
    if kinds.isdisjoint((bool, list, dict)):
        return set(value)
    return {
        item if type(item) is not bool else _TRUE if item else _FALSE
        for item in value
        if type(item) not in (list, dict)
    }
