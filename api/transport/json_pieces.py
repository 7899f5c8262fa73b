"""JSON that takes long to read, read in pieces. Called by json_reader. It must never read a value
itself: `requests` reads each piece, so that a text means the same whatever its size.
docs/decisions/json-in-pieces.md.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from api.execution.errors import BAD_USER_INPUT, RequestRefused
from api.transport.requests import decode_piece

VALUES_LIMIT: Final = 2_000_000
"""Values of one text, an empty list or object counted twice."""
CONTAINERS_LIMIT: Final = 500_000
"""Lists and objects of one text: to free so many, which has no pieces, takes up to 40 ms, and they
are up to 0.1 GB (2026-11-28). A file of 10,000 webhooks with ten fields and a secret each, 15 MiB
with its positions, has 240,000 of them and 870,000 values.
"""
DEPTH_LIMIT: Final = 1_024
"""Levels that orjson 3.13 reads in one text; here they are counted over all pieces."""
AT_ONCE_BYTES: Final = 65_536
"""Texts up to this length are read at once, whatever is in them: 22,000 empty lists, 4 ms."""
AT_ONCE_VALUES: Final = 50_000
"""Commas and brackets of a longer text that is read at once as well: it takes 10 ms, and half as
long as in pieces.
"""
SCALAR_LIMIT_BYTES: Final = 4_194_304
"""Of a single text or number, which is read in one piece: 20 ms. An event's data of 1 MiB, the most
that settings allow, has up to 3 MiB where all its characters are escaped (é is two bytes, \\u00e9
six).
"""
_PIECE_BYTES: Final = 8_192

# All up to a comma or a bracket that is in no string. At the end of a window whatever is left: the
# two quotes that are put there end a string that goes on behind it, and are one where none does.
# So the end always matches at once, and no way back is tried; it would take the length squared. A
# group that may fail in its middle is not possessive: Python up to 3.11.4 goes on behind what the
# failed turn took.
_TOKENS: Final = re.compile(
    rb'(?:[^\[\]{},"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*(?:[\[\]{},]|"?\Z)', re.DOTALL
)
# All up to a string that does not end. Asked once: a search would try each of the escaped quotes
# inside of it, 0.13 s for a window of them.
_WHOLE_STRINGS: Final = re.compile(rb'(?:[^"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*', re.DOTALL)
_KEY: Final = re.compile(rb'[ \t\n\r]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\n\r]*+:', re.DOTALL)
_BLANKS: Final = b" \t\n\r"
_BLANK: Final = re.compile(rb"[ \t\n\r]*+")
_COMMA, _OPENINGS, _CLOSINGS, _END = ord(","), b"[{", b"]}", 0
_NO_TOKENS: Final = bytes(sorted({*range(256)} - {*b",[]{}"}))


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """Of one text. at_once_bytes: any that is no longer is read at once; at_once_values: one of up
    to 2 MiB too, with so many commas and brackets. waiting_bytes: of all texts that wait.
    """

    values: int = VALUES_LIMIT
    containers: int = CONTAINERS_LIMIT
    scalar_bytes: int = SCALAR_LIMIT_BYTES
    at_once_bytes: int = AT_ONCE_BYTES
    at_once_values: int = AT_ONCE_VALUES
    piece_bytes: int = _PIECE_BYTES
    # A list takes a dozen rounds of the loop and may find a burst in each: with bursts of 5 ms it
    # took 90 ms beside a file of 10,000 webhooks (2026-11).
    burst_seconds: float = 0.001
    waiting_bytes: int = 268_435_456


class TooMuchJson(RequestRefused):
    """A text is valid as far as it was read, and holds more than one may."""

    def __init__(self, message: str) -> None:
        super().__init__(BAD_USER_INPUT, message)


class _Container:
    """A list or an object whose end is not read yet. is_data: it is in what is called data."""

    __slots__ = ("ends_with", "is_data", "is_empty", "items", "needs_comma")

    def __init__(self, bracket: bytes, is_data: bool) -> None:
        self.items: Any = [] if bracket == b"[" else {}
        self.ends_with = b"]" if bracket == b"[" else b"}"
        self.is_data = is_data
        self.is_empty = True
        """Nothing of it was read yet, no comma either: it may end."""
        self.needs_comma = False
        """The last that was read of it is an item that was open itself."""

    def add(self, piece: bytes, is_end: bool) -> None:
        """Reads whole items or members, which a comma follows, or the end.

        Raises ValueError, also for a piece that was cut elsewhere: its brackets or quotes are not
        in pairs then. So nothing is believed of the search for the cut.
        """
        rest, is_first = piece.strip(_BLANKS), self.is_empty
        if self.needs_comma:
            if not rest:
                self.needs_comma = False
                return
            if not rest.startswith(b","):
                raise ValueError("no comma")
            rest, is_first = rest[1:], False
        if rest or not (is_end and is_first):
            whole = b"[%b]" if self.ends_with == b"]" else b"{%b}"
            items = decode_piece(whole % rest, self.is_data)
            # Two commas, or one before the end.
            if not items:
                raise ValueError("no item")
            (self.items.extend if self.ends_with == b"]" else self.items.update)(items)
        self.needs_comma = self.is_empty = False

    def open(self, head: bytes) -> "_Container":
        """Begins an item at its bracket. head: all since the comma before it, its name too.

        Raises ValueError.
        """
        if self.needs_comma:
            raise ValueError("no comma")
        before, bracket = head[:-1], head[-1:]
        self.is_empty, self.needs_comma = False, True
        if self.ends_with == b"]":
            if before.strip(_BLANKS):
                raise ValueError("no item")
            child = _Container(bracket, self.is_data)
            self.items.append(child.items)
            return child
        key = _KEY.match(before)
        if key is None or before[key.end() :].strip(_BLANKS):
            raise ValueError("no member")
        [name] = decode_piece(b"[%b]" % key[1], self.is_data)
        child = _Container(bracket, self.is_data or name == "data")
        self.items[name] = child.items
        return child


class PiecewiseReading:
    """A text on its way: windows of it, one after another. What is whole in a window is read as one
    piece for each list or object, cut at its last comma or its end; what goes on behind the window
    is opened, or left to the next window where half of this one was read. So the work is linear in
    the text.
    """

    def __init__(self, text: bytes, limits: "JsonLimits") -> None:
        self._text, self._limits = text, limits
        self._open: list[_Container] = []
        self._values = self._containers = 1
        self._at = self._seen = 0
        """Places of the first byte that is not read, and not looked at: behind it while a text is
        longer than a window.
        """
        self._is_in_string = False
        """At the place up to which the text was looked at."""
        self.is_done = False
        self.value: Any = self._begin()

    def _begin(self) -> Any:
        begin = _BLANK.match(self._text)
        assert begin is not None
        bracket = self._text[begin.end() : begin.end() + 1]
        if bracket not in (b"[", b"{"):
            self._check_length(len(self._text))
            self.is_done = True
            return decode_piece(self._text)
        self._open.append(_Container(bracket, is_data=False))
        self._at = self._seen = begin.end() + 1
        return self._open[0].items

    def go_on(self) -> None:
        """Reads what is whole in the next window.

        Raises ValueError, RecursionError, TooMuchJson.
        """
        begin, at = self._seen, self._at
        window = self._text[begin : begin + self._limits.piece_bytes]
        # The window must not end inside of an escape.
        if (len(window) - len(window.rstrip(b"\\"))) % 2:
            window = window[:-1]
        if not window:
            raise ValueError("no end")
        if begin == at and self._take_whole(window):
            return
        if self._is_in_string:
            window, begin = b'"' + window, begin - 1
        self._take_each(_TOKENS.findall(window + b'""'), begin)
        if self._at > at:
            self._seen, self._is_in_string = self._at, False
            return
        self._seen = begin + len(window)
        whole = _WHOLE_STRINGS.match(window)
        self._is_in_string = whole is not None and whole.end() < len(window)
        self._check_length(self._seen - self._at)

    def _take_whole(self, window: bytes) -> bool:
        """Reads the innermost list or object up to its last comma in the window as one piece. What
        goes on there is for the next window. False: nothing was read.
        """
        # Of the same length. A window begins outside of strings, and escapes are in them alone.
        masked = window.replace(b"\\\\", b"--").replace(b'\\"', b"--")
        parts = masked.split(b'"')
        kinds = b"".join(parts[::2]).translate(None, _NO_TOKENS)
        depth = _number_of(kinds, _OPENINGS) - _number_of(kinds, _CLOSINGS)
        if depth < 0 or len(self._open) + _number_of(kinds, _OPENINGS) > DEPTH_LIMIT:
            return False
        if (behind := _behind_last_comma(parts, depth, len(window) // 2)) is None:
            return False
        count, tokens = behind
        end = self._at + len(window) - count
        try:
            self._open[-1].add(self._text[self._at : end - 1], is_end=False)
        except ValueError:
            # It has ended in between and another one begun, or this is no JSON: found out then.
            return False
        self._at = self._seen = end
        taken = kinds[: len(kinds) - tokens]
        self._count(len(taken), _number_of(taken, _OPENINGS), _number_of(taken, _CLOSINGS))
        return True

    def _take_each(self, tokens: list[bytes], at: int) -> None:
        """Reads what is whole in each list and object of the window. Where that is less than half
        of it for the innermost one, those that go on behind the window are opened.
        """
        begin, count, begins, ends = self._at, 0, 0, 0
        # Of the list or object that is open before the window, and of each that is opened in it:
        # where what was not read of it begins, and where its last comma ends.
        starts, cuts = [self._at], [self._at]
        counted = (0, 0, 0)
        for token in tokens:
            at += len(token)
            count += 1
            kind = token[-1] if token else _END
            if kind == _COMMA:
                cuts[-1] = at
            elif kind in _OPENINGS:
                begins += 1
                starts.append(at)
                cuts.append(at)
                if len(starts) + len(self._open) > DEPTH_LIMIT + 1:
                    raise ValueError("too deep")
            elif kind in _CLOSINGS:
                ends += 1
                if len(starts) > 1:
                    starts.pop()
                    cuts.pop()
                    continue
                self._close(starts[0], at)
                if not self._open:
                    break
                starts[0] = cuts[0] = at
            if cuts[0] == at:
                counted = (count, begins, ends)
        if self._open and cuts[0] - begin > self._limits.piece_bytes // 2:
            # The rest begins the next window: where it is opened here, nothing there is whole.
            self._count(*counted)
            self._leave(starts[:1], cuts[:1])
            return
        self._count(count, begins, ends)
        if self._open:
            self._leave(starts, cuts)

    def _close(self, start: int, end: int) -> None:
        """Ends the innermost list or object at its closing bracket, which stands before end."""
        closed = self._open.pop()
        if self._text[end - 1 : end] != closed.ends_with:
            raise ValueError("another bracket")
        closed.add(self._text[start : end - 1], is_end=True)
        self._at = end
        if not self._open:
            self.is_done = True
            if self._text[end:].strip(_BLANKS):
                raise ValueError("more behind it")

    def _leave(self, starts: list[int], cuts: list[int]) -> None:
        """Reads up to the last comma of each list and object that goes on, outermost first."""
        for level, (start, cut) in enumerate(zip(starts, cuts, strict=True)):
            holder = self._open[-1]
            if level:
                holder = holder.open(self._text[self._at : start])
                self._open.append(holder)
            if cut > start:
                holder.add(self._text[start : cut - 1], is_end=False)
            self._at = cut

    def _count(self, tokens: int, begins: int, ends: int) -> None:
        """Raises TooMuchJson."""
        limits = self._limits
        self._values += tokens - ends
        self._containers += begins
        if self._containers > limits.containers:
            raise _too_much(f"{limits.containers:,} lists and objects")
        if self._values > limits.values:
            raise _too_much(f"{limits.values:,} values (an empty list or object counts as two)")

    def _check_length(self, length: int) -> None:
        """Raises TooMuchJson."""
        if length > self._limits.scalar_bytes:
            mebibytes = self._limits.scalar_bytes // 1_048_576
            raise TooMuchJson(
                f"The JSON has a text or a number of more than {mebibytes} MiB, or as many blanks "
                "in a row: send it shorter.",
            )


def _behind_last_comma(parts: list[bytes], depth: int, most: int) -> tuple[int, int] | None:
    """The bytes and the tokens behind the last comma that is in no deeper list or object; None for
    more bytes than most. parts: between quotes, every other one in a string; depth: at their end.
    """
    # From the end: 8 MB of a webhooks file take 0.18 s of CPU, and 0.42 by a look at each token
    # (2026-11-30).
    count = tokens = 0
    for number in range(len(parts) - 1, -1, -1):
        part = parts[number]
        for place in range(len(part) - 1, -1, -1) if number % 2 == 0 else ():
            kind = part[place]
            if kind == _COMMA and not depth:
                return count + len(part) - place - 1, tokens
            depth += (kind in _CLOSINGS) - (kind in _OPENINGS)
            tokens += kind not in _NO_TOKENS
        count += len(part) + 1
        if count > most:
            break
    return None


def _number_of(kinds: bytes, wanted: bytes) -> int:
    return kinds.count(wanted[:1]) + kinds.count(wanted[1:])


def _too_much(what: str) -> TooMuchJson:
    return TooMuchJson(
        f"The JSON holds more than {what}, the most that one request may hold. Split it into "
        "several requests.",
    )
