"""Rules of text: control characters in names, descriptions and reasons; texts of others as a
terminal or a log may have them; a URL as it may be shown, which messages use wherever they name a
server. Pure.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

# C0 and C1, which terminals and mail headers obey. Halves of surrogate pairs: UTF-8, and so
# PostgreSQL, has no bytes for them.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_LINES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

# Characters, control characters, spaces but the usual one, line ends; not assigned, private.
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
# The controls of the bidirectional algorithm (Unicode 16, UAX 9) and the marks of direction.
_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Letters and marks that show nothing: joiners, fillers of Hangul, vowels of Khmer, the blank of
# Braille, selectors of variants.
_HIDDEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)

# What makes a command of a line in the log of GitHub Actions (the second of others too: Azure
# Pipelines, TeamCity), which may set outputs or hide text.
_COLONS_AT_THE_START: Final = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_SIGNS: Final = re.compile(r"(##\w*)\[")

_SECRET_PARAMETER: Final = re.compile(
    "((?:^|&)[^=&]*(?:pass|token|secret|key)[^=&]*=)[^&]*", re.IGNORECASE
)


def is_one_line(text: str) -> bool:
    """Checks that the text has no control character and no half of a surrogate pair."""
    return not _CONTROL.search(text)


def is_visible(text: str) -> bool:
    """Checks that every character shows where it stands: none is invisible, a control character or
    one that changes the direction, and blanks are plain spaces.
    """
    return not _HIDDEN.search(text) and all(
        character == " " or unicodedata.category(character) not in _HIDDEN_CATEGORIES
        for character in text
    )


def changes_direction(text: str) -> bool:
    """True when the text holds controls that turn the direction of what is shown."""
    return _DIRECTION.search(text) is not None


def shows_nothing(text: str) -> bool:
    """True when no character of the text can be seen."""
    return not any(
        unicodedata.category(character) not in _HIDDEN_CATEGORIES and not _HIDDEN.match(character)
        for character in text
    )


def shown(text: str) -> str:
    """Somebody's text as part of a message: short, in quotes, without anything that a terminal
    obeys.
    """
    return f"'{printable(text[:60])}{'…' if len(text) > 60 else ''}'"


def look_of(text: str) -> str:
    """The text by which names that look alike are told to be one: without differences of case,
    width, composition and blanks.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def is_lines(text: str) -> bool:
    """Checks as `is_one_line`, with line feeds and tabs allowed."""
    return not _CONTROL_BUT_LINES.search(text)


def short_commit(commit: str) -> str:
    """A commit as a sentence names it, with the `-dirty` of one whose file was edited since."""
    head, mark, _ = commit.partition("-dirty")
    return head[:12] + mark


def printable(text: str) -> str:
    """The text on one line, with an escape such as `\\u001b` for everything that a terminal obeys
    or nobody sees. In JSON the escapes mean the same characters.
    """
    # The usual case, 40 times as fast.
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    # As JSON has it: of UTF-16, in two parts beyond the first 65,536.
    digits = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{digits[at : at + 4]}" for at in range(0, len(digits), 4))


def printable_lines(text: str) -> str:
    """The same with line feeds as they are."""
    # As above: of many lines hardly any needs an escape.
    if text.replace("\n", " ").isprintable():
        return text
    return "\n".join(map(printable, text.split("\n")))


def without_commands(text: str) -> str:
    """The text with an escape where a line would be a command to the program that keeps a CI job's
    log.
    """
    # Looked for first: it is a hundredth of the time of the patterns, which hardly any text needs.
    if "::" in text:
        text = _COLONS_AT_THE_START.sub(r"\1\\u003a", text)
    return _SIGNS.sub(r"\1\\u005b", text) if "##" in text else text


def mask_url(url: str) -> str:
    """The URL without its password, also where that stands in the query."""
    head, mark, query = url.partition("?")
    authority = urlsplit(head).netloc
    user, at, host = authority.rpartition("@")
    shown = user.partition(":")[0] + (":********" if ":" in user else "") + at + host
    return head.replace(authority, shown, 1) + mark + _SECRET_PARAMETER.sub(r"\1********", query)
