"""A webhook's filter, asked for every event that its patterns match. Pure.

`{"data.total": {"gte": 100}, "any": [{…}, {…}]}`: all entries must hold. A value that is missing or
of another type makes every operator false; docs/filters.md has each with examples, which are tried.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import orjson

from hookline.form.filter_work import WORK_LIMIT, AskedEvent, Json, TooMuchWork, frozen
from hookline.outbound.payloads import check_data, has_more_values, is_surely_longer

Test = Callable[[AskedEvent], bool]
Found = tuple[tuple[str, ...], str]
"""The path in the filter, and a sentence."""

# A filter costs what its size allows, for every event: a bound on each way to grow, no loops but
# `contains`, whose work is counted (docs/decisions/filter-language.md).
DEPTH_LIMIT: Final = 8
CONDITIONS_LIMIT: Final = 100
SIZE_LIMIT: Final = 16_384
ITEMS_LIMIT: Final = 100
PATH_LENGTH: Final = 255
PATH_SEGMENTS: Final = 32
# All at once helps people; a hostile filter must not make an answer many times its size.
TOO_MUCH: Final = (
    "The filter would look at more of this event's data than it may "
    f"({WORK_LIMIT:,} elements of lists, or 32 characters of text each), so the event is not "
    "delivered. Ask `contains` of shorter lists and texts, or fewer times."
)
_PROBLEMS_LIMIT = 20
_SHOWN = 60
_GROUPS = ("any", "all", "not")
_ROOTS = ("type", "environment", "data")
# None is a value of JSON.
_MISSING: Final = object()


def _kind(value: Json) -> type:
    """The JSON type: integers and floats are one, booleans none of them."""
    # By type: bool is a subclass of int, and true must not equal 1.
    kind = type(value)
    return float if kind is int else kind


def _equal(one: Json, other: Json) -> bool:
    # Written out, as Python's == finds True equal to 1, also inside of lists and objects.
    if _kind(one) is not _kind(other):
        return False
    if type(one) is dict:
        return one.keys() == other.keys() and all(
            _equal(item, other[key]) for key, item in one.items()
        )
    if type(one) is list:
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _is_same_kind(value: Json, wanted: Json) -> bool:
    return value is not _MISSING and _kind(value) is _kind(wanted)


def _differs(value: Json, wanted: Json) -> bool:
    """True when the value is there, can be compared, and is another one. Null is no value here: a
    publisher that has none sends null or leaves the key out, and both are to mean the same.
    """
    if value is _MISSING or value is None:
        return False
    return wanted is None or (_kind(value) is _kind(wanted) and not _equal(value, wanted))


# All cost at most what the operand's size allows: values of different lengths are unequal at once.
_COMPARISONS: Final[Mapping[str, Callable[[Json, Json], bool]]] = {
    "eq": _equal,
    "ne": _differs,
    "gt": lambda value, wanted: _is_same_kind(value, wanted) and value > wanted,
    "gte": lambda value, wanted: _is_same_kind(value, wanted) and value >= wanted,
    "lt": lambda value, wanted: _is_same_kind(value, wanted) and value < wanted,
    "lte": lambda value, wanted: _is_same_kind(value, wanted) and value <= wanted,
    "in": lambda value, wanted: any(_equal(value, item) for item in wanted),
    "nin": lambda value, wanted: (
        any(_differs(value, item) for item in wanted)
        and not any(_equal(value, item) for item in wanted)
    ),
    "exists": lambda value, wanted: (value is not _MISSING) is wanted,
    "startsWith": lambda value, wanted: type(value) is str and value.startswith(wanted),
    "endsWith": lambda value, wanted: type(value) is str and value.endswith(wanted),
}
OPERATORS: Final = (*_COMPARISONS, "contains")


class CompiledFilter:
    """A filter that `check_filter` has let pass, ready to ask. Immutable."""

    def __init__(self, conditions: Mapping[str, Json]) -> None:
        self._conditions = conditions
        self._tests = _tests(conditions)

    def matches(self, event: AskedEvent) -> bool:
        """True when every condition holds. About 1 µs for two conditions (2026-11).

        Raises TooMuchWork: the filter as a whole then counts as not met. A single condition that
        counted as false could make what stands in `not` true.
        """
        event.begin()
        # A generator costs half as much again.
        for test in self._tests:  # noqa: SIM110
            if not test(event):
                return False
        return True

    def reasons(self, event: AskedEvent) -> list[str]:
        """Reasons for which an event does not match, a sentence for each entry that does not hold;
        none when it matches.
        """
        try:
            if self.matches(event):
                return []
            return list(_reasons(self._conditions, event))
        except TooMuchWork:
            return [TOO_MUCH]


def compile_filter(value: Mapping[str, Json]) -> CompiledFilter:
    return CompiledFilter(value)


def check_filter(value: object) -> list[Found]:
    """Everything that is wrong with a filter, at most 20: the path inside it and what would be
    right. Bounded, however deep or large it is.
    """
    if not isinstance(value, Mapping):
        return [((), 'must be an object such as {"data.total": {"gte": 100}}')]
    # What can't be dumped has a size, too: the walk below takes 0.6 s for the largest request, and
    # 0.1 s for its longest texts.
    if has_more_values(value, SIZE_LIMIT) or is_surely_longer(value, 4 * SIZE_LIMIT):
        return [((), f"must be at most {SIZE_LIMIT:,} bytes as JSON")]
    # First of all, by the rules of an event's data: depth, numbers and surrogates are bounded
    # before anything recurses into the filter.
    if data_problems := [
        (path, f"is refused: {sentence[0].lower()}{sentence[1:].rstrip('.')}")
        for path, sentence in check_data(value)
    ]:
        return data_problems
    try:
        size = len(orjson.dumps(value))
    except TypeError:
        return [((), "must be JSON")]
    if size > SIZE_LIMIT:
        return [((), f"must be at most {SIZE_LIMIT:,} bytes as JSON; it has {size:,}")]
    found = list[Found]()
    # A generator, so that the search ends with the last one that is told.
    for problem in _problems(value, (), 1):
        found.append(problem)
        if len(found) == _PROBLEMS_LIMIT:
            break
    # Only a filter of the right form can be counted.
    if not found and _count(value) > CONDITIONS_LIMIT:
        return [((), f"must have at most {CONDITIONS_LIMIT} conditions")]
    return found


def _problems(value: object, at: tuple[str, ...], depth: int) -> Iterator[Found]:
    if not isinstance(value, Mapping):
        yield at, 'must be an object such as {"data.total": {"gte": 100}}'
    elif not value:
        yield at, "must have a condition; for every event leave the filter out"
    elif depth > DEPTH_LIMIT:
        yield at, f"must not be nested deeper than {DEPTH_LIMIT} levels"
    else:
        for key, inner in value.items():
            yield from (
                _group_problems(key, inner, (*at, key), depth)
                if key in _GROUPS
                else _entry_problems(key, inner, (*at, key))
            )


def _group_problems(key: str, inner: object, at: tuple[str, ...], depth: int) -> Iterator[Found]:
    if key == "not" and isinstance(inner, Mapping):
        yield from _problems(inner, at, depth + 1)
    elif not isinstance(inner, list | tuple) or not 1 <= len(inner) <= ITEMS_LIMIT:
        yield at, f"must be a list of 1 to {ITEMS_LIMIT} conditions"
    else:
        for place, item in enumerate(inner):
            yield from _problems(item, (*at, str(place)), depth + 1)


def _entry_problems(path: str, wanted: object, at: tuple[str, ...]) -> Iterator[Found]:
    segments = path.split(".")
    if segments[0] not in _ROOTS or (segments[0] != "data" and len(segments) > 1) or "" in segments:
        yield at, "must be type, environment or a path such as data.total, or any, all, not"
    elif len(path) > PATH_LENGTH or len(segments) > PATH_SEGMENTS:
        yield at, f"must be a path of at most {PATH_LENGTH} characters and {PATH_SEGMENTS} segments"
    elif not isinstance(wanted, Mapping):
        yield at, 'must be an object with operators; for equality write {"eq": …}'
    elif not wanted:
        yield at, f"must have an operator: {', '.join(OPERATORS)}"
    else:
        for name, operand in wanted.items():
            if problem := _operand_problem(name, operand):
                yield (*at, name), problem


def _operand_problem(name: str, operand: object) -> str | None:
    match name:
        case "gt" | "gte" | "lt" | "lte":
            is_right = isinstance(operand, int | float | str) and not isinstance(operand, bool)
            return None if is_right else "must be a number or text"
        case "in" | "nin":
            is_right = isinstance(operand, list | tuple) and 1 <= len(operand) <= ITEMS_LIMIT
            return None if is_right else f"must be a list of 1 to {ITEMS_LIMIT} values"
        case "exists":
            return None if isinstance(operand, bool) else "must be true or false"
        case "startsWith" | "endsWith":
            return None if isinstance(operand, str) else "must be text"
        case "eq" | "ne" | "contains":
            return None
    return f"is not an operator; known are {', '.join(OPERATORS)}"


def _count(value: Mapping[str, Json]) -> int:
    count = 0
    for key, inner in value.items():
        inside = (inner if isinstance(inner, list | tuple) else [inner]) if key in _GROUPS else ()
        count += sum(map(_count, inside)) if key in _GROUPS else len(inner)
    return count


def _tests(conditions: Mapping[str, Json]) -> tuple[Test, ...]:
    return tuple(
        test
        for key, inner in conditions.items()
        for test in ((_group(key, inner),) if key in _GROUPS else _entry(key, inner))
    )


def _group(key: str, inner: Json) -> Test:
    filters = [_tests(item) for item in ([inner] if isinstance(inner, Mapping) else inner)]
    if key == "any":
        return lambda event: any(all(test(event) for test in tests) for tests in filters)
    # All of all is one flat list: no call for each of its members.
    flat = [test for tests in filters for test in tests]
    if key == "all":
        return lambda event: all(test(event) for test in flat)
    return lambda event: not all(test(event) for test in flat)


def _entry(path: str, wanted: Mapping[str, Json]) -> Iterator[Test]:
    find = _finder(path)
    for name, operand in wanted.items():
        yield _condition(find, name, operand)


def _condition(find: Callable[[AskedEvent], Json], name: str, operand: Json) -> Test:
    if name == "contains":
        wanted = frozen(operand)
        return lambda event: event.contains(find(event), wanted)
    holds = _COMPARISONS[name]
    return lambda event: holds(find(event), operand)


def _finder(path: str) -> Callable[[AskedEvent], Json]:
    root, *segments = path.split(".")
    if root != "data":
        place = _ROOTS.index(root)
        return lambda event: event.values[place]

    def find(event: AskedEvent) -> Json:
        value = event.data
        for segment in segments:
            if type(value) is dict:
                value = value.get(segment, _MISSING)
            # Fewer than ten digits: no list is longer, and int() of a long key takes its time.
            elif (
                type(value) is list
                and segment.isdecimal()
                and len(segment) < 10
                and int(segment) < len(value)
            ):
                value = value[int(segment)]
            else:
                return _MISSING
        return value

    return find


def _reasons(conditions: Mapping[str, Json], event: AskedEvent) -> Iterator[str]:
    """A sentence for each entry that does not hold."""
    for key, inner in conditions.items():
        if key in _GROUPS:
            if not _group(key, inner)(event):
                yield _group_reason(key, inner, event)
            continue
        find = _finder(key)
        for name, operand in inner.items():
            if not _condition(find, name, operand)(event):
                yield f"{_found(key, find(event))}; wanted: {name} {_shown(operand)}."


def _group_reason(key: str, inner: Json, event: AskedEvent) -> str:
    filters = [inner] if isinstance(inner, Mapping) else inner
    if key == "not":
        held = "; ".join(held for item in filters for held in _held(item, event))
        return f"All of what stands in `not` holds, and must not: {held}."
    inside = " ".join(reason for item in filters for reason in _reasons(item, event))
    return (
        f"{'None' if key == 'any' else 'Not all'} of the conditions in `{key}` "
        f"{'holds' if key == 'any' else 'hold'}: {inside}"
    )


def _held(conditions: Mapping[str, Json], event: AskedEvent) -> Iterator[str]:
    """The value behind each entry, all of which hold."""
    for key, inner in conditions.items():
        if key not in _GROUPS:
            value = _found(key, _finder(key)(event))
            yield from (f"{value} ({name} {_shown(operand)})" for name, operand in inner.items())
            continue
        filters = [inner] if isinstance(inner, Mapping) else inner
        if key == "not":
            # What does not hold in there, as it should.
            inside = [
                f"`not` with {reason.removesuffix('.')}"
                for item in filters
                for reason in _reasons(item, event)
            ]
        else:
            holding = [item for item in filters if all(test(event) for test in _tests(item))]
            inside = [held for item in holding for held in _held(item, event)]
        yield from inside


def _found(path: str, value: Json) -> str:
    return f"{path} is missing" if value is _MISSING else f"{path} is {_shown(value)}"


def _shown(value: Json) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
