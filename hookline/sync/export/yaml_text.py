"""Values as YAML that our loader, editors and other readers take for the same, whatever they hold:
docs/decisions/yaml-writer.md says why no library writes it. Called by export and import. Pure.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hookline.sync.read.file_text import hidden_character
from hookline.sync.read.nodes import is_number
from hookline.sync.read.references import escaped

# Without quotes only what every reader of YAML takes for text: no sign that means something at the
# start, no ": " or " #" inside, no word of YAML 1.1, nothing that looks like a number or a time.
_PLAIN: Final = re.compile(
    r"[A-Za-z/][A-Za-z0-9 _./@+*:?=&%~$(){};'-]*[A-Za-z0-9_./@+*?=&%~$(){};'-]"
)
_MEASURE: Final = re.compile("[0-9]{1,12}(?:ms|s|m|h|d)|[1-9][0-9]{0,6}/[sm]")
_WORDS: Final = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])


class NotWritable(Exception):
    """A value that no webhooks file can hold. Its text ends a sentence."""


def lines(value: Any, indent: int = 0) -> Iterator[str]:
    """The lines of a mapping or list, in the order that it has."""
    space = " " * indent
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{space}{text(str(key))}:", item, indent)
        return
    for item in value:
        if _is_filled(item):
            first, *rest = lines(item, indent + 2)
            yield f"{space}- {first.lstrip()}"
            yield from rest
        else:
            yield from _entry(f"{space}-", item, indent)


def _entry(head: str, item: Any, indent: int) -> Iterator[str]:
    if _is_filled(item):
        yield head
        yield from lines(item, indent + 2)
    elif isinstance(item, str) and _may_be_block(item):
        yield f"{head} |{'' if item.endswith(chr(10)) else '-'}"
        inner = " " * (indent + 2)
        for line in item.removesuffix("\n").split("\n"):
            yield f"{inner}{line}" if line else ""
    else:
        yield f"{head} {_scalar(item)}"


def _is_filled(item: Any) -> bool:
    return isinstance(item, Mapping | list | tuple) and bool(item)


def _may_be_block(item: str) -> bool:
    """True for a text of several lines that stands as it is, line by line."""
    if "\n" not in item.removesuffix("\n") or "\r" in item or hidden_character(item):
        return False
    # The first line says how far the block is indented; blank lines at its end would be lost.
    return not item.startswith((" ", "\t", "\n")) and not item.endswith("\n\n")


def _scalar(item: Any) -> str:
    match item:
        case None:
            return "null"
        case bool():
            return "true" if item else "false"
        case int() | float():
            return _number(item)
        case Mapping():
            return "{}"
        case Sequence() if not isinstance(item, str):
            return "[]"
    return text(str(item))


def _number(item: float) -> str:
    shown = json.dumps(item)
    if not is_number(shown):
        raise NotWritable(f"holds the number {shown}, which has too many digits for a file")
    return shown


def text(value: str) -> str:
    """The text on one line, in double quotes unless every reader takes it for text without them."""
    is_plain = _MEASURE.fullmatch(value) or (
        _PLAIN.fullmatch(value) and value.lower() not in _WORDS and ": " not in value
    )
    return value if is_plain else _quoted(value)


def _quoted(value: str) -> str:
    # JSON's escapes are YAML's. What a file may not hold as it is, is escaped besides.
    quoted = json.dumps(value, ensure_ascii=False)
    if hidden_character(quoted) is None:
        return quoted
    return "".join(f"\\u{ord(one):04x}" if hidden_character(one) else one for one in quoted)


def literal(value: Any) -> Any:
    """The value with each text so that nothing in it is taken for a reference."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    return [literal(item) for item in value] if isinstance(value, list | tuple) else value
