"""Prices of regular expressions in a JSON Schema, as upper bounds by their text: for each character
that one looks at, and for its compilation. jsonschema-rs runs them in linear time, but one whose
automaton is not small is worked out anew for each character: 9 µs for `[ab]*a[ab]{500}c`. Pure.
"""

import re
from functools import lru_cache
from itertools import takewhile
from math import ceil, log2
from typing import Final, NamedTuple

# A state of the automaton is a set of active places. 256 sets fit into the engine's cache (and so
# do 4,000; 16,000 don't: 5 ns for each character become 500).
_SMALL_BITS: Final = 8
# In units of 3.3 ns. Measured with jsonschema-rs 0.61 on 2026-11-28: at most 0.6 µs and 19 ns for
# each place.
_SMALL: Final = 2
_LARGE: Final = 200
_PLACE: Final = 6
# Microseconds: of any pattern, an ASCII character or class, one that takes nearly all characters,
# a class of Unicode's.
_PATTERN_MICROS: Final = 60
_PLACE_MICROS: Final = 1
_WIDE_MICROS: Final = 8
_UNICODE_MICROS: Final = 500
# Beyond, a number says no more, and log2 and sums stay cheap.
_ENDLESS: Final = 10**9
# The engine itself refuses 250.
_GROUPS_LIMIT: Final = 100

_ESCAPE: Final = re.compile(r"\\(?:[pPxu]\{[^}]*\}|[pP].|x..|u....|U.{8}|.)", re.DOTALL)
_UNICODE: Final = re.compile(r"\\[pP]")
_WIDE: Final = re.compile(r"\\[DSW]")
_REPEAT: Final = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}|[*+?]")
_GROUP: Final = re.compile(r"\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:))?")
_FLAGS: Final = re.compile(r"\(\?[a-zA-Z-]+\)")


class PatternPrice(NamedTuple):
    """character: units for each character of a text. micros: microseconds to compile it, and to
    work out its automaton if that is small.
    """

    character: int
    micros: int


@lru_cache(5_000)
def pattern_price(pattern: str) -> PatternPrice:
    """Returns the price of one pattern, valid or not.

    Example: `pattern_price("^[A-Z]{2}$").character == 2`
    """
    pieces, has_choice = _Reader(pattern).sequence(0)
    places = min(_ENDLESS, sum(piece.places for piece in pieces))
    micros = _PATTERN_MICROS + min(_ENDLESS, sum(piece.micros for piece in pieces))
    # Without the start only, a match may begin at each character.
    is_anchored = pattern.startswith("^") and not has_choice
    bits = _bits(pieces) if is_anchored else places
    if bits > _SMALL_BITS:
        return PatternPrice(_LARGE + _PLACE * places, micros)
    return PatternPrice(_SMALL, micros + int(2**bits))


class _Piece(NamedTuple):
    """A character, class, group or assertion with its repeats. places: characters of the pattern
    with repeats written out. is_fixed: as long in every match. is_single: of one character or
    class.
    """

    places: int
    micros: int
    is_fixed: bool
    is_single: bool


def _bits(pieces: list[_Piece]) -> int:
    """The binary logarithm of the automaton's states, of a pattern that begins at the start only.

    One place is active as long as nothing varies. In a run of one character that varies it is one
    of the run's. Behind that, any of the places may be.
    """
    fixed = sum(1 for _ in takewhile(lambda piece: piece.is_fixed, pieces))
    rest = pieces[fixed:]
    if not rest:
        return 0
    if rest[0].is_single:
        run = ceil(log2(rest[0].places + 1))
        return run + sum(piece.places for piece in rest[1:])
    return sum(piece.places for piece in rest)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._text, self._at = pattern, 0

    def sequence(self, groups: int) -> tuple[list[_Piece], bool]:
        """Reads to the end of a group. Returns its pieces, those of all alternatives, and whether
        there are several.
        """
        pieces, has_choice = [], False
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == ")":
                self._at += 1
                break
            if character == "|":
                self._at += 1
                has_choice = True
            else:
                pieces.append(self._repeated(self._piece(groups)))
        return pieces, has_choice

    def _piece(self, groups: int) -> _Piece:
        character = self._text[self._at]
        if flags := _FLAGS.match(self._text, self._at):
            self._at = flags.end()
            # The mode x takes blanks out of a pattern, also of {5 }, which is no repeat here.
            return _Piece(_ENDLESS if "x" in flags[0] else 0, 0, False, False)
        if character == "(":
            return self._group(groups)
        if character == "[":
            return self._class()
        if escape := _ESCAPE.match(self._text, self._at):
            self._at = escape.end()
            return _single(escape[0])
        self._at += 1
        return _Piece(0, 0, True, False) if character in "^$" else _single(character)

    def _group(self, groups: int) -> _Piece:
        opening = _GROUP.match(self._text, self._at)
        assert opening is not None
        self._at = opening.end()
        if groups > _GROUPS_LIMIT or "x" in opening[0].partition(":")[0].partition("<")[0]:
            self._at = len(self._text)
            return _Piece(_ENDLESS, 0, False, False)
        pieces, _ = self.sequence(groups + 1)
        places = min(_ENDLESS, sum(piece.places for piece in pieces))
        micros = min(_ENDLESS, sum(piece.micros for piece in pieces))
        return _Piece(places, micros, False, False)

    def _class(self) -> _Piece:
        begin, depth = self._at, 0
        while self._at < len(self._text):
            if escape := _ESCAPE.match(self._text, self._at):
                self._at = escape.end()
                continue
            depth += {"[": 1, "]": -1}.get(self._text[self._at], 0)
            self._at += 1
            if not depth:
                break
        return _single(self._text[begin : self._at])

    def _repeated(self, piece: _Piece) -> _Piece:
        while repeat := _REPEAT.match(self._text, self._at):
            self._at = repeat.end()
            low, comma, high = repeat.groups(default="")
            # More digits are refused by the engine, and by int() too.
            times = max(1, *(int(number[:9] or 0) for number in (low, high))) + bool(comma)
            is_fixed = piece.is_fixed and bool(low) and (not comma or low == high)
            piece = _Piece(
                min(_ENDLESS, piece.places * times),
                min(_ENDLESS, piece.micros * times),
                is_fixed,
                piece.is_single,
            )
        return piece


def _single(text: str) -> _Piece:
    """A character, an escape or a class."""
    if text in (r"\b", r"\B"):
        # An assertion looks at what is beside it: two states for each.
        return _Piece(1, _WIDE_MICROS, True, False)
    if _UNICODE.search(text):
        micros = _UNICODE_MICROS
    elif text == "." or _WIDE.search(text) or text.startswith("[^"):
        micros = _WIDE_MICROS
    else:
        micros = _PLACE_MICROS
    return _Piece(1, micros, True, True)
