"""Values of webhook fields that mean the same though they differ: for verbs and the sync, which
take such a change for none. Pure.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson


def means_same(name: str, one: Any, other: Any) -> bool:
    """True when two canonical values of a field mean the same, as `folded` says."""
    return one is other or is_identical(folded(name, one), folded(name, other))


def is_identical(one: Any, other: Any) -> bool:
    """True when both are the same JSON, whatever the order of its keys. To Python `true` and 1 are
    equal: a filter that changes from one to the other selects other events.
    """
    return _json(one) == _json(other)


FOLDED_FIELDS: Final = frozenset(("headers", "secretHeader", "notificationEmails", "filter"))
"""Fields of which `folded` gives anything but the value itself."""


def folded(name: str, value: Any) -> Any:
    """The field's value without what makes no difference: the order of headers and the case of
    their names, the order of mail addresses and the case of their domains, the order of a filter's
    `in` and `nin` lists, 1 and 1.0 in it.
    """
    if name == "headers":
        return {header["name"].lower(): header["value"] for header in value or ()}
    if name == "secretHeader" and value:
        return {**value, "name": value["name"].lower()}
    if name == "notificationEmails":
        return sorted(map(folded_address, value or ()))
    return _folded_filter(value) if name == "filter" else value


def folded_address(address: str) -> str:
    """An address without the difference that the case of its domain makes: none."""
    # Only a domain is the same in any case; what stands before the @ is the receiver's to read.
    local, at, domain = address.rpartition("@")
    return local + at + domain.lower()


def _folded_filter(value: Any) -> Any:
    """A filter, or a part of it. Its groups keep their order: a plan shows where one changed."""
    if isinstance(value, list):
        return [_folded_filter(item) for item in value]
    if not isinstance(value, Mapping):
        return _number(value)
    return {
        key: _as_set(item)
        if key in ("in", "nin") and isinstance(item, list)
        else _folded_filter(item)
        for key, item in value.items()
    }


def _as_set(items: list[Any]) -> list[Any]:
    # By their JSON, since numbers and texts have no order between them. 1 and 1.0 are one number.
    by_text = {_json(_number(item)): item for item in items}
    return [_number(item) for _, item in sorted(by_text.items())]


def _number(item: Any) -> Any:
    return int(item) if isinstance(item, float) and item.is_integer() else item


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
