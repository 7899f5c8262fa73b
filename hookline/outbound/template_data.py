"""An event's data as templates see it: what is looked up is looked up in the data, and nothing of
Python can be named, called or changed. Pure.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson

HOSTILE: Final = "\\\"'\n{{ 7 }}</script>, ]}"
"""Text that ends whatever is not escaped."""
_DEPTH: Final = 8


class _Sealed:
    """An object without attributes but Python's own, which minijinja gives to no template.

    minijinja-py looks a name up by `__getitem__`, and in the attributes where that fails
    (minijinja-py/src/typeconv.rs, get_value). To know whether an object is a mapping it looks up
    `__class__` and then `items`: only then `items` is there.
    """

    _was_class_asked = False

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            _Sealed._was_class_asked = True
            return type(self)
        is_kind_asked, _Sealed._was_class_asked = _Sealed._was_class_asked, False
        if name[:2] == "__" or (is_kind_asked and name == "items" and isinstance(self, dict)):
            return super().__getattribute__(name)
        raise AttributeError(name)

    def __str__(self) -> str:
        return orjson.dumps(self, default=str).decode()

    __repr__ = __str__


class JsonObject(_Sealed, dict[str, Any]):
    """Its names are data, nothing else."""


class JsonArray(_Sealed, list[Any]):
    """Its elements are data, nothing else."""


class Anything(_Sealed):
    """Stands for data of any form: has every name, several levels deep, and one element."""

    def __init__(self, depth: int = _DEPTH) -> None:
        object.__setattr__(self, "__depth__", depth)

    def __getitem__(self, name: object) -> "Anything":
        depth: int = object.__getattribute__(self, "__depth__")
        if depth == 0:
            raise KeyError(name)
        return Anything(depth - 1)

    def __iter__(self) -> Iterator["Anything"]:
        yield Anything(object.__getattribute__(self, "__depth__") - 1)

    def __str__(self) -> str:
        return HOSTILE


def as_data(value: Any) -> Any:
    """JSON values as they are given to templates. Up to as many levels as orjson reads."""
    kind = type(value)
    if kind is dict:
        return JsonObject({name: as_data(each) for name, each in value.items()})
    return JsonArray([as_data(each) for each in value]) if kind is list else value
