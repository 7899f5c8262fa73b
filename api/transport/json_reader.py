"""Turns for JSON that takes long to read: others have the loop between its pieces. The HTTP view
and the sockets call it for bodies and messages. docs/decisions/json-in-pieces.md.
"""

import asyncio
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Final

from api.transport.json_pieces import JsonLimits, PiecewiseReading
from api.transport.requests import decode_json, has_surrogates, no_json
from hookline.errors import Unavailable
from hookline.large_work import short_turns
from hookline.turns import Turns

# So that looking for commas and brackets holds nobody up.
_COUNTED_BYTES: Final = 2_097_152


class JsonReader:
    """Reads JSON texts of clients. Long ones take turns: four at a time, one of each caller."""

    def __init__(self, limits: JsonLimits | None = None) -> None:
        self._limits = limits or JsonLimits()
        self._waiting_bytes = Counter[Hashable]()
        # Callers whose texts take long share two places, so that others always find another one.
        self._turns = Turns(4, 1, slow_limit=2, slow_seconds=0.5)

    async def read(self, text: bytes, caller: Hashable) -> Any:
        """The value of a JSON text, as `decode_json` has it.

        Raises RequestRefused for what is no JSON in UTF-8, is nested too deep or has a number that
        no double can hold; TooMuchJson for what is beyond a limit; Unavailable.
        """
        if self.reads_at_once(text):
            return decode_json(text)
        with self._waiting(caller, len(text)):
            async with self._turns.place(caller):
                try:
                    with short_turns():
                        return await self._read_in_pieces(text)
                except (ValueError, RecursionError):
                    raise no_json() from None

    @contextmanager
    def _waiting(self, caller: Hashable, count: int) -> Iterator[None]:
        """Counts the bytes of a text that waits or is read: the connection that it came by has
        given them up, and so its bound of them.

        Raises Unavailable.
        """
        limit, own = self._limits.waiting_bytes, self._waiting_bytes[caller]
        # As with answers: who has some here leaves half of the room to others.
        if self._waiting_bytes.total() + count > (limit // 2 if own else limit):
            raise Unavailable(
                f"Long requests of {own:,} bytes of yours wait to be read; for all callers this "
                f"server has {limit:,} bytes (HOOKLINE_MAX_HELD_BYTES), for one token half of "
                "that. Send one after another."
            )
        self._waiting_bytes[caller] += count
        try:
            yield
        finally:
            self._waiting_bytes[caller] -= count
            if not self._waiting_bytes[caller]:
                del self._waiting_bytes[caller]

    def reads_at_once(self, text: bytes) -> bool:
        """True for a text that needs no turn: it is short, or of few values and read quickly."""
        length = len(text)
        return length <= self._limits.at_once_bytes or (
            length <= _COUNTED_BYTES
            and length - len(text.translate(None, b",[{")) <= self._limits.at_once_values
            # 24,000 objects and one of them take 0.13 s at once.
            and not has_surrogates(text)
        )

    async def _read_in_pieces(self, text: bytes) -> Any:
        reading = PiecewiseReading(text, self._limits)
        until = perf_counter() + self._limits.burst_seconds
        while not reading.is_done:
            reading.go_on()
            if perf_counter() > until:
                await asyncio.sleep(0)
                until = perf_counter() + self._limits.burst_seconds
        return reading.value
