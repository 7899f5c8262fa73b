"""YAML of an answer's data, for `-o yaml`. Written by hand, as the library has one home, the loader
of webhooks files; a test reads it back with the library.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

# Anything else is written as JSON writes it, which YAML reads as the same text.
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@-]+)*")
_WORDS: Final = frozenset("y n yes no true false on off null".split())


def yaml_lines(data: object) -> Iterator[str]:
    """Gives the lines of a document."""
    if _is_scalar(data):
        yield _scalar(data)
    else:
        yield from _block(data)


def _block(data: Any) -> Iterator[str]:
    entries = (
        ((f"{_scalar(key)}:", "  ", value) for key, value in data.items())
        if isinstance(data, dict)
        else (("-", "  ", value) for value in data)
    )
    for mark, indent, value in entries:
        if _is_scalar(value):
            yield f"{mark} {_scalar(value)}"
        elif mark == "-":
            first, *more = _block(value)
            yield f"- {first}"
            yield from (indent + line for line in more)
        else:
            yield mark
            yield from (indent + line for line in _block(value))


def _is_scalar(data: object) -> bool:
    """True of all that stands on the line of its name: empty objects and lists, too."""
    return not isinstance(data, dict | list) or not data


def _scalar(data: object) -> str:
    if isinstance(data, str) and _PLAIN.fullmatch(data) and data.lower() not in _WORDS:
        return data
    return json.dumps(data, ensure_ascii=False)
