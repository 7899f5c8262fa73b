"""Values of JSON as the fields of a webhook take them where nothing is wrong with them. Called by
fast_path. Whatever is out of the ordinary raises Unusual, and is for the tree.
"""

from typing import Any, Final, TypeVar

from hookline.form.placeholders import is_harmless, unready
from hookline.outbound.addresses import HEADER_VALUE_BYTES_LIMIT
from hookline.sync.read.nodes import MAX_DEPTH, is_number

T = TypeVar("T")
# Written with more digits, a number comes back as another text.
_LARGEST_WHOLE: Final = 10**15


class Unusual(Exception):
    """The webhook is one for the tree."""


# Any, here and below: JSON.
def of_type(wanted: type[T], value: Any) -> T:
    """The value, of exactly the wanted type."""
    # By type: True is an int for isinstance.
    if type(value) is not wanted:
        raise Unusual
    return value


def text_of(value: Any) -> str:
    """The text that a value of a text field stands for: unquoted numbers and words are as typed."""
    if type(value) is str:
        if not is_harmless(value) and ("${" in value or unready(value)):
            raise Unusual
        return value
    if type(value) is bool:
        return "true" if value else "false"
    return str(of_type(int, value))


def text_without_references(value: Any) -> str:
    """The value, a text."""
    text = of_type(str, value)
    if "${" in text:
        raise Unusual
    return text


def event_of(parts: dict[str, Any]) -> str:
    """The text of an event's type that is given by its parts."""
    if len(parts) != 3:
        raise Unusual
    return ".".join(text_of(parts[name]) for name in ("object", "model", "action"))


def is_header_value(text: str) -> bool:
    """True for a text that can be seen at once to be the value of a header."""
    # Blanks at its ends are refused, and a mask may begin so.
    return (
        len(text) <= HEADER_VALUE_BYTES_LIMIT
        and is_harmless(text)
        and text[:1] not in (" ", "(", "*")
        and text[-1:] != " "
    )


def filter_of(value: Any, depth: int = 0) -> Any:
    """A filter, or a part of it, as `decoding` reads it."""
    if depth > MAX_DEPTH:
        raise Unusual
    if type(value) is dict:
        return {key: filter_of(item, depth + 1) for key, item in value.items()}
    if type(value) is list:
        return [filter_of(item, depth + 1) for item in value]
    if type(value) is str:
        return text_of(value)
    is_spelled_the_same = (
        value is None
        or type(value) is bool
        or (type(value) is int and abs(value) < _LARGEST_WHOLE)
        or (type(value) is float and is_number(str(value)))
    )
    if not is_spelled_the_same:
        raise Unusual
    return value
