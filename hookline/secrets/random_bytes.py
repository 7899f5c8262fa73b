"""Random bytes of the operating system, a few at a time for thousands of secrets."""

import os
from typing import Final

_PIECE_BYTES: Final = 4_096


class RandomBytes:
    """As `os.urandom`, which is called for 4 KiB at a time. For one thread, and not over a fork:
    two that share it could be given the same bytes.

    A call of the system gives the interpreter up and takes it back before any thread that waits for
    it has woken up, and that one begins to wait anew: with three calls for each of 10,000 new
    webhooks all others stood still for 0.5 s (2026-12-01).
    """

    __slots__ = ("_at", "_piece")

    def __init__(self) -> None:
        self._piece, self._at = b"", 0

    def __call__(self, size: int, /) -> bytes:
        """So many bytes, each of them given once."""
        if self._at + size > len(self._piece):
            self._piece, self._at = os.urandom(max(size, _PIECE_BYTES)), 0
        self._at += size
        return self._piece[self._at - size : self._at]
