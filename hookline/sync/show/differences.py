"""Differences of two values of a field in a few words, so that before and after never look alike.
Called by report. Values are masked already.
"""

import json
import unicodedata
from collections.abc import Collection, Iterator
from itertools import zip_longest
from typing import Any, Final

from hookline.form.equality import folded_address
from hookline.sync.plan.comparing import MASK, UNKNOWN
from hookline.text import printable

LONGEST_VALUE: Final = 60
# Before the first difference of two long values: enough to find it again.
_CONTEXT: Final = 15
_MOST_PARTS: Final = 8


def difference(field: str, before: Any, after: Any, changed_secrets: Collection[str] = ()) -> str:
    """Parts that differ: `X-A 1 → 2, + X-B 3`, `+ order.*.create`, `15s → 20s`. changed_secrets:
    their paths, since masked they look alike.
    """
    *parts, last = difference_parts(field, before, after, changed_secrets)
    is_more = last.startswith("… and ")
    return ", ".join([*parts, last]) if not is_more else f"{', '.join(parts)} {last}"


def difference_parts(
    field: str,
    before: Any,
    after: Any,
    changed_secrets: Collection[str] = (),
    is_whole: bool = False,
) -> list[str]:
    """The same part by part, at least one. is_whole: all of them, and long values as they are."""
    if field in changed_secrets:
        return [f"{MASK} changed"]
    if _is_plain_list(before) and _is_plain_list(after):
        parts = _of_sets(field, before, after) or [_of_values(before, after, is_whole)]
    else:
        old, new = _unwrapped(before), _unwrapped(after)
        if is_whole and not isinstance(old, dict | list) and not isinstance(new, dict | list):
            return [_of_values(old, new, is_whole)]
        parts = [*_parts(field, old, new, changed_secrets)]
    if is_whole:
        return parts or [""]
    parts = [_short(part) for part in parts] if _is_plain_list(after) else parts
    more = len(parts) - _MOST_PARTS
    return [*parts[:_MOST_PARTS], *([f"… and {more} more"] if more > 0 else [])] or [""]


def value_text(value: Any) -> str:
    """A canonical value in a few words."""
    return _short(whole_text(value))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def whole_text(value: Any) -> str:
    """A canonical value as it is."""
    # First what most are: of 10,000 new webhooks 280,000.
    if type(value) is str:
        return value
    if type(value) is list:
        return f"[{', '.join([item if type(item) is str else whole_text(item) for item in value])}]"
    if type(value) is dict:
        return _mapping_text(value)
    if value is None:
        return "none"
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


def _mapping_text(value: dict[str, Any]) -> str:
    """A header, a label, a retry schedule, or any other mapping by its keys."""
    if (name := value.get("name", value.get("key"))) is not None:
        item = value.get("value")
        return f"{name}: {item if type(item) is str else whole_text(item)}"
    if value.keys() == {"schedule"}:
        return whole_text(value["schedule"])
    return ", ".join(f"{key} {whole_text(item)}" for key, item in value.items())


def _unwrapped(value: Any) -> Any:
    """Pairs of headers and labels as a mapping, a retry schedule as its list."""
    if isinstance(value, dict) and value.keys() == {"schedule"}:
        return value["schedule"]
    if isinstance(value, list) and value and all(map(_is_pair, value)):
        return {str(item.get("name", item.get("key"))): item["value"] for item in value}
    return value


def _is_pair(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() in ({"name", "value"}, {"key", "value"})


def _parts(path: str, before: Any, after: Any, changed_secrets: Collection[str]) -> Iterator[str]:
    """The leaves that differ, each with its way from the field."""
    if path in changed_secrets:
        yield f"{MASK} changed"
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _of_mappings(path, before, after, changed_secrets)
    elif isinstance(before, list) and isinstance(after, list) and not _is_plain_list(after):
        yield from _of_lists(path, before, after, changed_secrets)
    # Of no value to pairs: an empty list has none of which it could be seen.
    elif before in ([], None) and isinstance(after, dict) and after:
        yield from (f"+ {key} {value_text(item)}" for key, item in after.items())
    # Not by ==, for which true is 1.
    elif _json(before) != _json(after):
        yield value_text(after) if after == UNKNOWN else _of_values(before, after)


def _of_mappings(
    path: str, before: dict[str, Any], after: dict[str, Any], changed_secrets: Collection[str]
) -> Iterator[str]:
    # A header's name is the same in any case.
    fold = str.lower if path == "headers" else str
    old = {fold(key): item for key, item in before.items()}
    new = {fold(key) for key in after}
    for key, item in after.items():
        if fold(key) not in old:
            yield f"+ {key} {value_text(item)}"
        else:
            inside = _parts(f"{path}.{key}", old[fold(key)], item, changed_secrets)
            yield from (f"{key} {part}" for part in inside)
    yield from (f"- {key}" for key in before if fold(key) not in new)


def _of_lists(
    path: str, before: list[Any], after: list[Any], changed_secrets: Collection[str]
) -> Iterator[str]:
    gone = object()
    for number, (one, other) in enumerate(zip_longest(before, after, fillvalue=gone), 1):
        if one is gone:
            yield f"+ {number}: {value_text(other)}"
        elif other is gone:
            yield f"- {number}: {value_text(one)}"
        else:
            yield from (f"{number}: {part}" for part in _parts(path, one, other, changed_secrets))


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _of_sets(field: str, before: list[str], after: list[str]) -> list[str]:
    fold = folded_address if field == "notificationEmails" else str
    old, new = set(map(fold, before)), set(map(fold, after))
    parts = [f"+ {item}" for item in after if fold(item) not in old]
    parts += [f"- {item}" for item in before if fold(item) not in new]
    return parts


def _of_values(before: Any, after: Any, is_whole: bool = False) -> str:
    """`before → after`, of long values the piece where they begin to differ."""
    one, other = whole_text(before), whole_text(after)
    if _look(one) == _look(other):
        # 1 and "1", blanks at an end, an accent that is a character of its own.
        one, other = _json(before), _json(after)
    if is_whole or max(len(one), len(other)) <= LONGEST_VALUE:
        return f"{one} → {other}"
    pairs = enumerate(zip_longest(one, other))
    first = next((place for place, (a, b) in pairs if a != b), 0)
    begin = max(0, first - _CONTEXT)
    return f"{_piece(one, begin)} → {_piece(other, begin)}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _look(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(printable(text).split()))


def _piece(text: str, begin: int) -> str:
    end = begin + LONGEST_VALUE
    return ("…" if begin else "") + text[begin:end] + ("…" if end < len(text) else "")
