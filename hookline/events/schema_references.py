"""References of a JSON Schema, which lead to parts of the schema itself and nowhere else. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

_SHOWN: Final = 300
# By these a reference could lead out of the schema, or back into itself, past the check of $ref.
_REFUSED: Final = ("$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor", "id")

# Letters that mean themselves to every reader of a reference. jsonschema-rs 0.61 decodes percent
# signs, so "%61" was one part here and another one there: what was weighed was not what ran.
_REFERENCE: Final = re.compile(r"#(?:/(?:[A-Za-z0-9._$:@-]|~[01])*)+")
# No list is longer, and int() refuses a text of thousands of digits.
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")

Found = tuple[tuple[str, ...], str]
"""A path (keys and indexes as text) and a sentence."""


def outward(node: object, at: tuple[str, ...], root: object) -> Iterator[Found]:
    """Yields the references that are refused. at: the path of the node in the root."""
    if isinstance(node, Mapping):
        for key, inner in node.items():
            if key in _REFUSED and isinstance(inner, str):
                yield (*at, key), "is not supported: references go to #/… within the schema"
            elif key == "$ref" and (not isinstance(inner, str) or resolve(root, inner) is None):
                yield (
                    (*at, key),
                    "must be a reference to a part of this schema, such as #/$defs/item, of "
                    "letters, digits and . _ $ : @ -",
                )
            else:
                yield from outward(inner, (*at, key), root)
    elif isinstance(node, list):
        for place, inner in enumerate(node):
            yield from outward(inner, (*at, str(place)), root)


def resolve(root: object, reference: str) -> object | None:
    """Returns the part that a reference leads to; None if there is none."""
    if not _REFERENCE.fullmatch(reference):
        return None
    node = root
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping) and key in node:
            node = node[key]
        elif isinstance(node, list) and _INDEX.fullmatch(key) and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return node


def short(text: str) -> str:
    """Returns as much of a text as a message may repeat."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
