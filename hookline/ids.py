"""Keys: UUIDv7 inside, TypeIDs (`wh_01h…`) at every edge. Standard library only; never reads a
database.
"""

import os
import random
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, SafeUUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
# os.urandom lets go of the GIL: 7 instead of 0.3 us beside a busy thread (2026-11)
_random = random.Random()
# Bound once, as are the setters below: each publish makes four keys.
_bits, _nanoseconds, _bare = _random.getrandbits, time.time_ns, object.__new__
os.register_at_fork(after_in_child=_random.seed)  # forked workers must not repeat each other's keys
_30_BITS: Final = (1 << 30) - 1
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}

# UUID's own constructor takes half as long again as all the rest of a new key (2026-11).
_set_int, _set_is_safe = UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__
_UNKNOWN: Final = SafeUUID.unknown  # Python 3.11 finds a member by a property, as slow as the rest
_62_BITS: Final = (1 << 62) - 1
_VERSION_AND_VARIANT: Final = 7 << 76 | 2 << 62
_last_millis = _last_bits = 0

PREFIXES = frozenset("ws wh evt ety dlv att ntf job tok rev aud lrq".split())


class MalformedId(ValueError):
    """The text is no TypeID at all (an id of another kind is well formed)."""


def uuid7() -> UUID:
    """A new time-ordered key (RFC 9562, version 7): 48 bits of milliseconds, then 74 that are
    random in a millisecond's first key of this process and rise by random steps in its next ones
    (section 6.2, method 2): what a process makes later comes later in lists.
    """
    global _last_millis, _last_bits
    millis = _nanoseconds() // 1_000_000
    # Two threads may step from one key: 32 random bits keep theirs apart. 73 and not 74 at first:
    # room for the steps.
    bits = _last_bits + 1 + _bits(32) if millis == _last_millis else _bits(73)
    _last_millis, _last_bits = millis, bits
    key = _bare(UUID)
    _set_int(key, millis << 80 | bits >> 62 << 64 | bits & _62_BITS | _VERSION_AND_VARIANT)
    _set_is_safe(key, _UNKNOWN)
    return key


def first_of(moment: datetime) -> UUID:
    """The least key that `uuid7` can give at that time; before 1970 the least of all."""
    return UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def made_at(key: UUID) -> datetime:
    """The time at which a key was made, to the millisecond."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)


def encode(prefix: str, key: UUID) -> str:
    """The TypeID of a key: prefix, `_`, 26 characters of Crockford base32 (TypeID specification
    0.3).
    """
    # In parts of 30 bits: Python calculates with these fastest, and there are three ids per event.
    n, pair = key.int, _PAIRS
    a, b, c, d = n >> 90, n >> 60 & _30_BITS, n >> 30 & _30_BITS, n & _30_BITS
    return (
        f"{prefix}_{pair[a >> 30]}{pair[a >> 20 & 1023]}{pair[a >> 10 & 1023]}{pair[a & 1023]}"
        f"{pair[b >> 20]}{pair[b >> 10 & 1023]}{pair[b & 1023]}"
        f"{pair[c >> 20]}{pair[c >> 10 & 1023]}{pair[c & 1023]}"
        f"{pair[d >> 20]}{pair[d >> 10 & 1023]}{pair[d & 1023]}"
    )


def decode(text: str) -> tuple[str, UUID]:
    """Prefix and key of a TypeID.

    Raises MalformedId for anything that `encode` could not have written.
    """
    prefix, separator, digits = text.rpartition("_")
    if not separator or prefix not in PREFIXES or len(digits) != 26 or digits[0] > "7":
        raise MalformedId(text[:80])
    number = 0
    for digit in digits:
        value = _VALUES.get(digit)
        if value is None:
            raise MalformedId(text[:80])
        number = number << 5 | value
    return prefix, UUID(int=number)
