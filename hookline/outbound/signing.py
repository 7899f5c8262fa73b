"""Standard Webhooks signatures (https://www.standardwebhooks.com): symmetric (v1) and asymmetric
(v1a). The pump calls it for every attempt, `hookline verify` for one; pure.
"""

import hmac
import os
import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HMAC_SHA256, ED25519 = ALGORITHMS = ("HMAC_SHA256", "ED25519")

SigningKey = bytes | Ed25519PrivateKey
"""The value that `decode_secret` gives: the bytes of an HMAC key, or a private key."""
VerifyingKey = bytes | Ed25519PublicKey
"""The bytes of an HMAC key, or a public key."""

_PREFIXES = {HMAC_SHA256: "whsec_", ED25519: "whsk_"}
_PUBLIC_PREFIX = "whpk_"
# As the Standard Webhooks specification has it.
_SHORTEST, _LONGEST = 24, 64
_SEED_BYTES = 32
_LONGEST_TEXT = 4_096


def sign(keys: Sequence[SigningKey], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one `v1,…` (HMAC-SHA256) or `v1a,…` (Ed25519) for each key,
    in their order, separated by single spaces.

    timestamp: whole seconds since 1970, the same as in `webhook-timestamp`. Signed is
    `{id}.{timestamp}.{body}`.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        [
            "v1," + _code(key, content)
            if isinstance(key, bytes)
            else "v1a," + _encoded(key.sign(content))
            for key in keys
        ]
    )


def _code(key: bytes, content: bytes) -> str:
    keyed = _keyed(key).copy()
    keyed.update(content)
    return _encoded(keyed.digest())


def _encoded(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


@lru_cache(10_000)
def _keyed(secret: bytes) -> hmac.HMAC:
    """Copied for each message: hmac.digest lets go of the GIL, which costs 25 instead of 3 us
    beside a busy thread (2026-11).
    """
    return hmac.new(secret, digestmod="sha256")


def algorithm_of(secret: str) -> str:
    """HMAC_SHA256 or ED25519, by the secret's prefix."""
    return ED25519 if secret.startswith(_PREFIXES[ED25519]) else HMAC_SHA256


def decode_secret(text: str) -> SigningKey:
    """The key in `whsec_…` (HMAC) or `whsk_…` (Ed25519: a seed of 32 bytes, or that and its public
    key, 64 bytes).

    Raises ValueError with a sentence for a person, which never shows the secret.
    """
    algorithm = algorithm_of(text)
    try:
        if not text.startswith(_PREFIXES[algorithm]):
            raise ValueError
        # strict_mode: else characters that are no base64 are skipped, and a mistyped secret would
        # pass.
        key = a2b_base64(text.removeprefix(_PREFIXES[algorithm]), strict_mode=True)
    except (Base64Error, ValueError):
        raise ValueError(
            "A signing secret is whsec_ (or whsk_ for Ed25519) followed by base64."
        ) from None
    if algorithm == ED25519:
        return _private_key(key)
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"A signing secret holds {_SHORTEST} to {_LONGEST} bytes in base64.")
    return key


def _private_key(data: bytes) -> Ed25519PrivateKey:
    if len(data) not in (_SEED_BYTES, 2 * _SEED_BYTES):
        raise ValueError(
            "A signing secret for Ed25519 holds a seed of 32 bytes in base64, or that and its "
            "public key."
        )
    key = Ed25519PrivateKey.from_private_bytes(data[:_SEED_BYTES])
    if len(data) > _SEED_BYTES and key.public_key().public_bytes_raw() != data[_SEED_BYTES:]:
        raise ValueError("The two halves of this Ed25519 signing secret do not belong together.")
    return key


def secret_fault(text: str) -> str | None:
    """The end of a sentence about a text that is no signing secret to be saved, such as "lacks its
    padding: …"; None for one that is. Never shows the secret.
    """
    if len(text) > _LONGEST_TEXT:
        return f"is {len(text):,} characters long: no key is longer than {_LONGEST} bytes in base64"
    if text != text.strip():
        return "has blanks or a line break at its ends: take them away"
    prefix = next((known for known in _PREFIXES.values() if text.startswith(known)), None)
    if prefix is None:
        return _prefix_fault(text)
    encoded = text.removeprefix(prefix)
    if fault := _base64_fault(encoded):
        return fault
    key = a2b_base64(encoded)
    if prefix == _PREFIXES[HMAC_SHA256] and not _SHORTEST <= len(key) <= _LONGEST:
        return f"holds {len(key)} bytes: {_SHORTEST} to {_LONGEST} must be behind whsec_, in base64"
    if len(set(key[:_SEED_BYTES])) == 1:
        return "is the same byte again and again, which anybody guesses: use random bytes"
    return _key_fault(text)


def _key_fault(text: str) -> str | None:
    try:
        decode_secret(text)
    except ValueError as error:
        return f"is no key of Ed25519: {str(error)[:1].lower()}{str(error)[1:].rstrip('.')}"
    return None


def _prefix_fault(text: str) -> str:
    if text.startswith(("v1,", "v1a,")):
        return "begins as a signature does (v1,): a secret begins with whsec_ or whsk_"
    if text.startswith(_PUBLIC_PREFIX):
        return "is a public key (whpk_): give the private one, whsk_ and base64 of a seed"
    return (
        "lacks its prefix: write whsec_ (HMAC-SHA256) or whsk_ (Ed25519) before the base64 of "
        "the key"
    )


def _base64_fault(encoded: str) -> str | None:
    if not encoded:
        return "has nothing behind its prefix: base64 of the key belongs there"
    if re.search("[-_]", encoded):
        return "is in base64's alphabet for URLs: write + for - and / for _"
    if not re.fullmatch("[A-Za-z0-9+/]+={0,2}", encoded):
        return "has a character that base64 has not: letters, digits, +, / and = at the end may be"
    if missing := -len(encoded) % 4:
        return (
            "is cut: base64 has four characters for each three bytes"
            if len(encoded.rstrip("=")) % 4 == 1
            else f"lacks its padding: write {'=' * missing} at its end"
        )
    return None


def public_key(secret: str) -> str | None:
    """`whpk_…`, with which receivers check; None for HMAC, which has none. secret: one that
    `decode_secret` takes.
    """
    if algorithm_of(secret) != ED25519 or isinstance(key := decode_secret(secret), bytes):
        return None
    return _PUBLIC_PREFIX + b64encode(key.public_key().public_bytes_raw()).decode()


def verifying_key(text: str) -> VerifyingKey:
    """The key that checks what the secret, `whsec_…` or `whsk_…`, or the owner of the public key
    `whpk_…` has signed.

    Raises ValueError.
    """
    if text.startswith(_PUBLIC_PREFIX):
        encoded = text.removeprefix(_PUBLIC_PREFIX)
        return Ed25519PublicKey.from_public_bytes(a2b_base64(encoded, strict_mode=True))
    key = decode_secret(text)
    return key if isinstance(key, bytes) else key.public_key()


def fits(key: VerifyingKey, content: bytes, code: bytes) -> bool:
    """True when the code is the signature of the content by the key."""
    if isinstance(key, bytes):
        return hmac.compare_digest(hmac.digest(key, content, "sha256"), code)
    try:
        key.verify(code, content)
    except InvalidSignature:
        return False
    return True


def new_secret(algorithm: str = HMAC_SHA256, random: Callable[[int], bytes] = os.urandom) -> str:
    """A fresh signing secret: `whsec_` and 32 random bytes in base64, or `whsk_`, a seed and its
    public key.
    """
    data = random(_SEED_BYTES)
    if algorithm == ED25519:
        data += Ed25519PrivateKey.from_private_bytes(data).public_key().public_bytes_raw()
    return _PREFIXES[algorithm] + b64encode(data).decode()
