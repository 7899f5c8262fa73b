"""Mail addresses in a text as people paste it: separated by commas or semicolons, with the names of
their owners or without. Called by the kind of fields that hold them. Pure.

Must let nothing through that could write a header of a mail: bare addresses alone are kept.
"""

import re
from typing import Final, NamedTuple

_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Narrower than RFC 5321, without quotes, address literals and encoded words (RFC 2047): nothing
# here can end a header of a mail, or stand for another address in it.
_ADDRESS: Final = re.compile(
    rf"(?!.*=\?)[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@{_LABEL}(?:\.{_LABEL})+"
)
# A name in quotes may hold separators and angle brackets; a backslash keeps the character behind it
# (RFC 5322, 3.2.4). Each alternative begins with another character, so that no text makes it slow.
_PIECE: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^"<>,;])+')
_SEPARATORS: Final = re.compile(r"[,;\s]+")
_NAMED: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"<>])*<([^<>]*)>\s*')
_SHOWN: Final = 60


class Piece(NamedTuple):
    """A piece of the text. address: None if it is none; fault says why, then."""

    text: str
    address: str | None
    fault: str = ""


def split_addresses(text: str) -> list[Piece]:
    """Returns the pieces of a text, in its order; stray separators are skipped.

    Example: `"Doe, Jane" <j+ops@x.test>; ops@x.test` has j+ops@x.test and ops@x.test
    """
    found, at = list[Piece](), 0
    while at < len(text):
        if separators := _SEPARATORS.match(text, at):
            at = separators.end()
            continue
        piece = _PIECE.match(text, at)
        end = piece.end() if piece else at
        # What ends elsewhere than at a separator has half of a pair there: nothing is clear behind.
        if end < len(text) and text[end] not in ",;":
            return [*found, Piece(text[at:], None, _unclosed(text[end]))]
        found.append(_piece(text[at:end].strip()))
        at = end
    return found


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def shown(text: str) -> str:
    """A piece for a sentence, in one line."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _piece(text: str) -> Piece:
    named = _NAMED.fullmatch(text)
    address = named[1].strip() if named else text
    if is_address(address):
        return Piece(text, address)
    if "@" in text and re.search(r"\s", address):
        return Piece(text, None, "put a comma between two addresses, and <> around one with a name")
    return Piece(text, None, "write it as ops@example.com or Jane Doe <jane@example.com>")


def _unclosed(character: str) -> str:
    return (
        "its quotation mark has no second one"
        if character == '"'
        else "its angle bracket has no other one"
    )
