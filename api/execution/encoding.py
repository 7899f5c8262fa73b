"""JSON of large answers, made in pieces. orjson holds the loop until it is done, in a thread too,
since it keeps the interpreter's lock: 32 MiB of small objects take it 0.2 s (2026-11).
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import orjson

from hookline.clock import monotonic

LARGE_BYTES: Final = 65_536
"""From here on an answer is encoded, sent and counted as a large one: below it takes 0.1 ms, and
the system takes it over at once.
"""
_PIECE_BYTES: Final = 65_536
_LONG_TEXT: Final = 4_096
"""Characters of a text that is encoded by itself."""
_BURST_SECONDS: Final = 0.005


async def encode(value: Any) -> list[bytes]:
    """The JSON of an answer, in pieces; others have the loop between them.

    Raises TypeError: a part of it is nothing that JSON can hold.
    """
    pieces, piece, burst_ends = list[bytes](), bytearray(), monotonic() + _BURST_SECONDS
    for part in _parts(value):
        piece += part
        if len(piece) >= _PIECE_BYTES:
            pieces.append(bytes(piece))
            piece.clear()
        if monotonic() > burst_ends:
            await asyncio.sleep(0)
            burst_ends = monotonic() + _BURST_SECONDS
    pieces.append(bytes(piece))
    return pieces


def _parts(value: Any) -> Iterator[bytes]:
    if type(value) is dict and any(map(_is_long, value.values())):
        between = b"{"
        for name, item in value.items():
            yield between + orjson.dumps(name) + b":"
            yield from _parts(item)
            between = b","
        yield b"}"
    elif type(value) is list and any(map(_is_long, value)):
        between = b"["
        for item in value:
            yield between
            yield from _parts(item)
            between = b","
        yield b"]"
    else:
        yield orjson.dumps(value)


def _is_long(value: Any) -> bool:
    """True for what is encoded by itself. An object without such values is short: it has as many
    fields as its document.
    """
    kind = type(value)
    return (
        kind is dict
        or kind is list
        or kind is orjson.Fragment
        or (kind is str and len(value) > _LONG_TEXT)
    )
