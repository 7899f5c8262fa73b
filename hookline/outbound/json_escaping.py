"""Values in JSON text that a template makes: each is written as its place asks for, a whole JSON
value outside of quotes, escaped text inside of them. Pure. The text holds a mark for each value
until the end, so no value is ever read as JSON, whatever the template does with it.
"""

import json
import re
import secrets
from collections.abc import Callable
from typing import Any, Final

import orjson
from minijinja import Markup

# Noncharacters: no text needs them. Digits, since filters change the case of letters. The number in
# the middle is guessed by nobody who writes data.
_START, _END = "\ufdd0", "\ufdd1"
_OWN: Final = f"{secrets.randbelow(10**16):016}"
_MARK: Final = re.compile(f"{_START}{_OWN}([0-9]+){_END}")
_CUT: Final = re.compile(f"{_START}{_OWN[:3]}|{_OWN[-3:]}[0-9]+{_END}")
_TOKEN: Final = re.compile(rf'"|\\[^{_START}]|{_MARK.pattern}', re.DOTALL)
_CHANGED: Final = (
    "Text of a block is cut or changed where a placeholder stands in it. Change the value in its "
    "placeholder instead."
)


class EscapingError(Exception):
    """A value can't be written where it stands. The text says why and what to do."""


class Marks:
    """The values of one text that is being made."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def clear(self) -> None:
        self._values.clear()

    def mark(self, value: Any) -> Markup:
        """Text that stands for the value. The text of a block (of a macro, or captured by `set`) is
        no value: it passes as it is, with the marks in it.
        """
        if isinstance(value, Markup):
            return value
        self._values.append(value)
        return Markup(f"{_START}{_OWN}{len(self._values) - 1}{_END}")

    def filled(self, text: str, limit: int) -> str:
        """The text with all values in their places.

        Raises EscapingError, also when it would be much longer than `limit` characters.
        """
        parts, size, start, end, is_quoted = list[str](), 0, 0, 0, False
        for found in _TOKEN.finditer(text):
            if found[0] == '"':
                is_quoted = not is_quoted
            elif found[1] is not None:
                # It would escape the value's first character. A pair of them ends a token here.
                if text[found.start() - 1 : found.start()] == "\\" and end != found.start():
                    raise EscapingError(
                        "A backslash stands right before a placeholder. Take it out."
                    )
                value = self._value(found[1])
                parts += (
                    text[start : found.start()],
                    self._inside(value) if is_quoted else self._whole(value),
                )
                size += len(parts[-2]) + len(parts[-1])
                start = found.end()
                if size > limit:
                    raise EscapingError(f"The template makes more than {limit:,} characters.")
            end = found.end()
        if text.count(_START) != len(parts) // 2:
            raise EscapingError(_CHANGED)
        return "".join(parts) + text[start:]

    def _value(self, number: str) -> Any:
        try:
            return self._values[int(number)]
        except (IndexError, ValueError):
            raise EscapingError(_CHANGED) from None

    def _whole(self, value: Any) -> str:
        """A JSON value."""
        text = _dumps(value)
        if _START in text:
            # A block's text that became a value: the marks in it stand inside of quotes. Each is
            # older than the value, so this ends.
            text = _MARK.sub(lambda found: self._inside(self._value(found[1])), text)
            if _CUT.search(text):
                raise EscapingError(_CHANGED)
        return text

    def _inside(self, value: Any) -> str:
        """The inner part of a JSON string: a text, nothing for null, JSON for anything else."""
        if value is None:
            return ""
        text = self._whole(value)
        return text[1:-1] if isinstance(value, str) else _dumps(text)[1:-1]


def as_it_is(value: Any, *_: Any, **__: Any) -> Any:
    """The filters safe, tojson and escape: the place decides how a value is written."""
    return value


# minijinja's own would put values into a block's text, and leave it the text of a block.


def replace(value: Any, old: Any, new: Any) -> str:
    return _text("replace", value).replace(_text("replace", old), _text("replace", new))


def join(values: Any, joiner: Any = "") -> str:
    return _text("join", joiner).join(_text("join", value) for value in values or ())


def printf(value: Any, *values: Any, **named: Any) -> str:
    """The filter format: `%s` and the like, by place or by name."""
    for each in (*values, *named.values()):
        _text("format", each)
    try:
        return _text("format", value) % (named or values)
    except (ValueError, TypeError, KeyError) as error:
        raise EscapingError(f"The filter format fails: {error}.") from None


def _text(name: str, value: Any) -> str:
    if isinstance(value, Markup):
        raise EscapingError(
            f"The filter {name} can't change the text of a block. Use it in the placeholders there."
        )
    return "" if value is None else value if isinstance(value, str) else _dumps(value)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "safe": as_it_is,
    "tojson": as_it_is,
    "escape": as_it_is,
    "e": as_it_is,
    "replace": replace,
    "join": join,
    "format": printf,
}
"""Those that JSON has instead of minijinja's own."""


def _dumps(value: Any) -> str:
    """Compact JSON.

    Raises EscapingError for what JSON has no form for.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    # An integer that a template made, of more than 64 bits.
    except orjson.JSONEncodeError:
        pass
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise EscapingError(f"A placeholder's value can't be written as JSON: {error}.") from None
