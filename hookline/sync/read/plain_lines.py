"""Webhooks of a YAML file straight from its lines, where all of them are of the plainest form:
`key: value`, `- item`, and short lists and mappings in brackets. Called by plain_file. Whatever is
else, also of a single line, is left to the composer; a test compares the two. Never raises.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from hookline.form.webhook_fields import SECRET_FIELDS
from hookline.sync.read.nodes import plain_json

# Read in one way only, wherever they stand: no blank or sign of YAML's at the beginning, no comment
# or mapping inside.
# Possessive (`*+`): of two neighbours that take blanks, a long line that matches in the end nowhere
# would be tried in every way to share them out. Not so a group that may fail in its middle: Python
# up to 3.11.4 goes on behind what the failed turn took.
_KEY: Final = r"[A-Za-z0-9_][\w.-]{0,99}+"
_PLAIN: Final = r"[A-Za-z0-9/$_.+][^\s#:]*+(?:(?: ++|:)[^\s#:]++)*"
_QUOTED: Final = r"\"[^\"\\\n]*+\"|'[^'\n]*+'"
_WORD: Final = r"(?:[A-Za-z0-9_.$/][A-Za-z0-9_.$/*+@-]*+|\"[^\"\\\n]*+\")"
_LIST: Final = rf"\[ *+(?:{_WORD}(?: *+, *+{_WORD})*)? *+\]"
_MAP: Final = rf"\{{ *+(?:{_KEY}: ++{_WORD}(?: *+, *+{_KEY}: ++{_WORD})*)? *+\}}"
# Indent, dash, key, blanks, and the value by its form; last whatever is no such line.
_LINE: Final = re.compile(
    rf"( *+)(?:(-) |({_KEY}):)( *+)(?:(?<= )(?:({_PLAIN})|({_QUOTED})|({_LIST}|{_MAP})))?"
    r" *+(?:(?<= )#.*)?$| *+(?:#.*)?$|(.*)$",
    re.ASCII,
)
_WORDS: Final = re.compile(_WORD, re.ASCII)
_PAIRS: Final = re.compile(rf"({_KEY}): ++({_WORD})", re.ASCII)
_WEBHOOKS: Final = re.compile(r"^webhooks: *\n", re.MULTILINE)
# At the line's beginning: the next key of the file, or a mark of YAML's.
_BLOCK_END: Final = re.compile(r"^[^ \n#]", re.MULTILINE)
# Levels below `webhooks`: slug, field, and what a field holds.
_SLUG, _FIELD, _DEEPEST = 1, 2, 6
MOST_KNOWN: Final = 2_000
"""Lines of a file that are remembered: those that webhooks share are among the first."""


@dataclass(slots=True)
class PlainWebhook:
    """fields: as JSON, as `to_json` has them, shared between webhooks and not to be changed;
    places: `name:line:column` of each field's value; references: line and column of each text that
    may hold one.
    """

    line: int
    column: int
    fields: dict[str, Any] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    references: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PlainLines:
    """rest: the file without the lines of its webhooks, which are empty there; line: of the key
    `webhooks`; nodes: values as the composer counts them.
    """

    rest: str
    line: int
    webhooks: dict[str, PlainWebhook]
    nodes: int


class _NotPlain(Exception):
    """A line is one for the composer."""


# Any: JSON. No class: a third of the lines are like no other, and making one takes four times as
# long.
_Line: TypeAlias = tuple[int, type, str, int, Any, int, bool]
"""A line by itself: its indent, -1 of a blank one; type of the collection that it stands in; key;
column, value and nodes of its value, 0 nodes where that begins on the next line; True where it may
hold a reference.
"""
_BLANK: Final[_Line] = (-1, dict, "", 0, None, 0, False)


def read_lines(text: str) -> PlainLines | None:
    """The webhooks of a file's text, or None where any of its lines is not plain."""
    begin = _WEBHOOKS.search(text)
    if begin is None:
        return None
    next_key = _BLOCK_END.search(text, begin.end())
    end = next_key.start() if next_key else len(text)
    block = text[begin.end() : end]
    line = text.count("\n", 0, begin.start()) + 1
    reader = _LineReader(line)
    try:
        reader.take(block)
    except _NotPlain:
        return None
    if reader.pending is not None or not reader.webhooks:
        return None
    rest = text[: begin.end()] + "\n" * block.count("\n") + text[end:]
    return PlainLines(rest, line, reader.webhooks, reader.nodes)


@dataclass(slots=True)
class _LineReader:
    """line: the one that was read last. open: indent and values of each collection that is not
    known to have ended; pending: a key whose value begins on the next line, with its indent.
    """

    line: int
    webhooks: dict[str, PlainWebhook] = field(default_factory=dict)
    nodes: int = 0
    open: list[tuple[int, Any]] = field(default_factory=list)
    pending: tuple[int, str] | None = None
    webhook: PlainWebhook = field(default_factory=lambda: PlainWebhook(0, 0))
    known: dict[str, _Line] = field(default_factory=dict)

    # A turn for each of 200,000 lines: kept flat.
    def take(self, block: str) -> None:
        """Reads all lines of the webhooks. Raises _NotPlain."""
        known, opened, seen = self.known, self.open, 0
        for text in block.split("\n"):
            self.line += 1
            indent, kind, key, column, value, nodes, may_refer = known.get(text) or self._of(text)
            if indent < 0:
                continue
            if self.pending is not None:
                self._begin(indent, kind)
            elif not opened:
                self._open(indent, {})
            around, values = opened[-1]
            if around != indent or type(values) is not kind:
                values = self._values(indent, kind)
            if may_refer:
                self._refer(key, column)
            seen += nodes
            if kind is list:
                values.append(value)
            elif not nodes:
                self._take_key(values, key, indent)
            elif key in values or len(opened) == _SLUG:
                raise _NotPlain
            else:
                seen += 1
                values[key] = value
                if len(opened) == _FIELD:
                    self.webhook.places.append(f"{key}:{self.line}:{column}")
        self.nodes += seen

    def _of(self, text: str) -> _Line:
        """The line, remembered: most lines of a webhook are those of others, too."""
        line = _line_of(text)
        if len(self.known) < MOST_KNOWN:
            self.known[text] = line
        return line

    def _refer(self, key: str, column: int) -> None:
        """Notes a text with a reference. One of a field that holds no secret is for the composer,
        and seen here, in the first webhook that has one, costs nothing.
        """
        is_inside = len(self.open) > _FIELD
        name = self.webhook.places[-1].partition(":")[0] if is_inside else key
        if name not in SECRET_FIELDS:
            raise _NotPlain
        self.webhook.references.append((self.line, column))

    def _take_key(self, values: dict[str, Any], key: str, indent: int) -> None:
        """Notes a key whose value is on the lines that follow."""
        if key in values:
            raise _NotPlain
        self.nodes += 1
        self.pending = (indent, key)
        if len(self.open) == _SLUG:
            self.webhook = self.webhooks[key] = PlainWebhook(self.line, indent + 1)

    def _begin(self, indent: int, kind: type) -> None:
        """Opens the value of the pending key at its first line."""
        assert self.pending is not None
        around, key = self.pending
        # A list may stand as far out as the key that it is of.
        if indent < around or (indent == around and kind is dict):
            raise _NotPlain
        while self.open[-1][0] > around:
            self.open.pop()
        level, values = len(self.open), self.open[-1][1]
        if level >= _DEEPEST or (level == _SLUG and kind is list):
            raise _NotPlain
        value: Any = self.webhook.fields if level == _SLUG else kind()
        values[key] = value
        if level == _FIELD:
            self.webhook.places.append(f"{key}:{self.line}:{indent + 1}")
        self.pending = None
        self._open(indent, value)

    def _open(self, indent: int, values: Any) -> None:
        if indent == 0:
            raise _NotPlain
        self.nodes += 1
        self.open.append((indent, values))

    def _values(self, indent: int, kind: type) -> Any:
        """The collection that a line of this indent belongs to."""
        opened = self.open
        while opened and opened[-1][0] > indent:
            opened.pop()
        # A list that stands as far out as its key ends with the next key.
        if kind is dict and len(opened) > 1 and opened[-2][0] == indent:
            opened.pop()
        if not opened or opened[-1][0] != indent or type(opened[-1][1]) is not kind:
            raise _NotPlain
        return opened[-1][1]


def _line_of(text: str) -> _Line:
    """A line by its form. Raises _NotPlain."""
    found = _LINE.match(text)
    assert found is not None
    blanks, dash, key, gap, plain, quoted, flow, other = found.groups("")
    if other:
        raise _NotPlain
    if not key and not dash:
        return _BLANK
    indent, kind = len(blanks), list if dash else dict
    column = indent + len(key or dash) + 2 + len(gap)
    if plain:
        return indent, kind, key, column, plain_json(plain), 1, "${" in plain
    if quoted:
        return indent, kind, key, column, quoted[1:-1], 1, "${" in quoted
    if flow:
        return indent, kind, key, column, *_flow(flow), False
    if dash:
        raise _NotPlain
    return indent, kind, key, column, None, 0, False


def _flow(flow: str) -> tuple[Any, int]:
    """A list or a mapping in brackets, and its nodes."""
    if "${" in flow:
        raise _NotPlain
    if flow[0] == "[":
        items = [_word(text) for text in _WORDS.findall(flow)]
        return items, len(items) + 1
    pairs = _PAIRS.findall(flow)
    values = {key: _word(text) for key, text in pairs}
    if len(values) < len(pairs):
        raise _NotPlain
    return values, 2 * len(pairs) + 1


def _word(text: str) -> object:
    return text[1:-1] if text[0] == '"' else plain_json(text)
