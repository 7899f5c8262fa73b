"""Ends TLS handshakes whose key exchange would hold the event loop: finite-field Diffie-Hellman in
TLS 1.3, up to `ffdhe8192`, 0.28 s in one piece. Called for each handshake by the ssl module.
"""

import ssl
from hashlib import sha256
from typing import Any, Final

_HANDSHAKE_RECORD: Final = 22
_RECORD_TYPES: Final = range(20, 25)
_SERVER_HELLO: Final = 2
_RETRY_RANDOM: Final = sha256(b"HelloRetryRequest").digest()
"""Marks a ServerHello as a HelloRetryRequest (RFC 8446, 4.1.3)."""
_KEY_SHARE: Final = (51).to_bytes(2, "big")
_FINITE_FIELDS: Final = {256: 2048, 257: 3072, 258: 4096, 259: 6144, 260: 8192}
"""Bits by the group's number (RFC 7919, 2)."""
# An honest first message is one record of 100 to 2,000 bytes. Bounded, since it is read again with
# each piece that comes.
_RECORDS_LIMIT: Final = 16
_BYTES_LIMIT: Final = 32_768


class FiniteFieldChosen(ssl.SSLError):
    """The server insists on finite-field Diffie-Hellman, or splinters its first message."""


class _CheckedObject(ssl.SSLObject):
    """Gives OpenSSL what the server sends once its first message is whole and was looked at.

    A client sends a key share for a curve. A server that wants another group asks for it in its
    first message, by a HelloRetryRequest (RFC 8446, 4.1.4), and OpenSSL computes that share at
    once. Python below 3.15 can't leave groups out of what a context offers.
    """

    incoming: ssl.MemoryBIO | None = None
    """None: the first message has passed."""
    _held = b""

    def do_handshake(self) -> None:
        """Raises FiniteFieldChosen beside what SSLObject raises."""
        if self.incoming is not None:
            self._held += self.incoming.read()
            self._pass_on(self.incoming)
        super().do_handshake()

    def _pass_on(self, incoming: ssl.MemoryBIO) -> None:
        size = _before_handshake(self._held)
        incoming.write(self._held[:size])
        self._held = self._held[size:]
        message = _first_message(self._held)
        if message is None:
            return
        if bits := _FINITE_FIELDS.get(_group_asked_for(message)):
            raise FiniteFieldChosen(0, f"ffdhe{bits}")
        incoming.write(self._held)
        self.incoming, self._held = None, b""


class CheckedContext(ssl.SSLContext):
    """A client's context whose handshakes end with FiniteFieldChosen rather than computing one.
    Holds for connections of asyncio (`wrap_bio`), where a handshake would hold others up.
    """

    sslobject_class = _CheckedObject

    def wrap_bio(self, incoming: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        """As of SSLContext."""
        made = super().wrap_bio(incoming, *args, **options)
        assert isinstance(made, _CheckedObject)
        made.incoming = incoming
        return made


def _before_handshake(records: bytes) -> int:
    """Length of the alerts and the like in front of the first handshake record; of everything if
    it is no TLS.
    """
    at = 0
    while len(records) > at and records[at] != _HANDSHAKE_RECORD:
        if records[at] not in _RECORD_TYPES:
            return len(records)
        end = _end_of_record(records, at)
        if end > len(records):
            break
        at = end
    return at


def _first_message(records: bytes) -> bytes | None:
    """The server's first handshake message, perhaps with more behind it; None while it is not
    whole. Raises FiniteFieldChosen beyond the limits.
    """
    text, at = b"", 0
    for _ in range(_RECORDS_LIMIT):
        if len(records) < at + 5:
            break
        end = _end_of_record(records, at)
        if records[at] == _HANDSHAKE_RECORD:
            text += records[at + 5 : end]
        if len(text) >= 4 and len(text) >= 4 + int.from_bytes(text[1:4], "big"):
            return text
        at = end
    else:
        raise FiniteFieldChosen(0, "the first message is in too many pieces")
    if len(records) > _BYTES_LIMIT:
        raise FiniteFieldChosen(0, "the first message is too long")
    return None


def _end_of_record(records: bytes, at: int) -> int:
    """Start of the next record, by what this one's head says (RFC 8446, 5.1)."""
    return at + 5 + int.from_bytes(records[at + 3 : at + 5], "big")


def _group_asked_for(message: bytes) -> int:
    """The group that a HelloRetryRequest names; 0 if the message is another, or names none."""
    random, rest = message[6:38], message[38:]
    if message[:1] != bytes([_SERVER_HELLO]) or random != _RETRY_RANDOM:
        return 0
    # Session id with its length, cipher suite, compression, length of the extensions.
    extensions = rest[1 + rest[0] + 5 :] if rest else b""
    while len(extensions) >= 4:
        size = int.from_bytes(extensions[2:4], "big")
        if extensions[:2] == _KEY_SHARE:
            return int.from_bytes(extensions[4 : 4 + size], "big")
        extensions = extensions[4 + size :]
    return 0
