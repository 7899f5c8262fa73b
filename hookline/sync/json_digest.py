"""Digests of large JSON, piece by piece. Called for plans, contents and files. orjson keeps the
interpreter's lock until it is done, in a thread too: all of 10,000 webhooks in one call held up
every request for 0.1 s (2026-11).
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson


def json_digest(value: Any, levels: int) -> str:
    """Hex digits of the SHA-256 of the JSON with sorted keys and without blanks. levels: of lists
    and objects with texts as keys, from the outermost on, whose items are encoded one by one.

    Raises orjson.JSONEncodeError for what has no JSON.
    """
    digest = sha256()
    for piece in _pieces(value, levels):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any, levels: int) -> Iterator[bytes]:
    """The JSON in pieces, of which the innermost level of items has one each."""
    if not value or not levels or not isinstance(value, dict | list | tuple):
        yield orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return
    is_object = isinstance(value, dict)
    before = b"{" if is_object else b"["
    for item in sorted(value) if is_object else value:
        if is_object:
            before, item = before + orjson.dumps(item) + b":", value[item]
        if levels == 1 or not isinstance(item, dict | list | tuple):
            # Without a generator of its own: there are 100,000 of them in a digest of a file.
            yield before + orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
        else:
            yield before
            yield from _pieces(item, levels - 1)
        before = b","
    yield b"}" if is_object else b"]"
