"""Verification of received webhooks after Standard Webhooks, for the handlers of receivers. `v1a`
(Ed25519) needs `cryptography`.
"""

import hmac
import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hookline_client.errors import NotVerified

TOLERANCE = timedelta(minutes=5)
_NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True, slots=True)
class Verified:
    """A webhook that is from who has the secret. id: the same whenever it is sent again; a receiver
    that keeps the ids of some days has each event once. sent_at: of this try.
    """

    id: str
    sent_at: datetime
    body: bytes

    def json(self) -> Any:
        """Returns the body as JSON.

        Raises ValueError.
        """
        return json.loads(self.body)


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    *,
    tolerance: timedelta = TOLERANCE,
    now: datetime | None = None,
) -> Verified:
    """Checks the signature and the time of a webhook. body: as it came, byte for byte. headers:
    their names in any case. secrets: whsec_… or, for Ed25519, the public key whpk_…; several while
    one is replaced by another.

    Raises NotVerified.

    Example: `verify(await request.body(), request.headers, "whsec_…").json()`
    """
    message_id, timestamp, signatures = _headers(headers)
    sent_at = _time(timestamp)
    distance = (now or datetime.now(UTC)) - sent_at
    if abs(distance) > tolerance:
        raise NotVerified(
            f"It was sent at {sent_at.isoformat()}, {abs(distance).total_seconds():.0f} s from "
            f"this machine's clock; {tolerance.total_seconds():.0f} s are allowed.",
            "TIME",
        )
    given = [secrets] if isinstance(secrets, str) else secrets
    # Each secret, also behind one that fits: a malformed one is told at the first webhook.
    fits = [_is_signed(secret, message_id, sent_at, body, signatures) for secret in given]
    if not any(fits):
        raise NotVerified(
            "No signature fits: the secret is another webhook's, or the body is not as it came "
            "(parsed and written again, or decoded).",
            "SIGNATURE",
        )
    return Verified(message_id, sent_at, body)


def _headers(headers: Mapping[str, str]) -> tuple[str, str, list[tuple[str, bytes]]]:
    found = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in _NAMES if not found.get(name)]
    if missing:
        raise NotVerified(f"It has no header {', '.join(missing)}.", "HEADER_MISSING")
    message_id, timestamp, text = (found[name] for name in _NAMES)
    signatures = list[tuple[str, bytes]]()
    for signature in text.split():
        version, _, code = signature.partition(",")
        try:
            signatures.append((version, b64decode(code, validate=True)))
        # Of a later version of the standard, maybe: the others decide.
        except (Base64Error, ValueError):
            continue
    return message_id, timestamp, signatures


def _time(timestamp: str) -> datetime:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 11):
        raise NotVerified("webhook-timestamp is no number of seconds.", "HEADER_MALFORMED")
    return datetime.fromtimestamp(int(timestamp), UTC)


def _is_signed(
    secret: str, message_id: str, sent_at: datetime, body: bytes, given: list[tuple[str, bytes]]
) -> bool:
    content = f"{message_id}.{sent_at.timestamp():.0f}.".encode() + body
    if secret.startswith("whpk_"):
        return _is_signed_by_key(secret, content, [code for kind, code in given if kind == "v1a"])
    expected = hmac.digest(_bytes_of(secret, "whsec_"), content, "sha256")
    return any(hmac.compare_digest(expected, code) for kind, code in given if kind == "v1")


def _is_signed_by_key(secret: str, content: bytes, codes: list[bytes]) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ModuleNotFoundError:
        raise NotVerified(
            "A public key (whpk_) needs: pip install 'hookline-client[ed25519]'.", "SECRET"
        ) from None
    try:
        key = Ed25519PublicKey.from_public_bytes(_bytes_of(secret, "whpk_"))
    except ValueError:
        raise NotVerified("A public key is whpk_ and base64 of 32 bytes.", "SECRET") from None
    for code in codes:
        try:
            key.verify(code, content)
        except InvalidSignature:
            continue
        return True
    return False


def _bytes_of(secret: str, prefix: str) -> bytes:
    """Returns the key behind the prefix, which every secret of Hookline has."""
    try:
        found = b64decode(secret.strip().removeprefix(prefix), validate=True)
    except (Base64Error, ValueError):
        found = b""
    if not found or not secret.strip().startswith(prefix):
        raise NotVerified(
            "The secret is none: whsec_ and base64, or the public key whpk_ and base64, as the "
            "webhook's page shows it.",
            "SECRET",
        )
    return found
