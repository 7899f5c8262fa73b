"""Diagnosis of a signed request (Standard Webhooks): each piece with what is wrong with it. For
`hookline verify`; pure. Sentences never show a secret.
"""

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from hookline.outbound.signing import VerifyingKey, fits, secret_fault, verifying_key

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_PUBLIC_PREFIX: Final = "whpk_"
# 2286: longer ones are in milliseconds.
_LONGEST_TIMESTAMP: Final = 10


class PieceFinding(NamedTuple):
    """A piece of the request, what is known about it, and whether it is as it must be."""

    piece: str
    is_right: bool
    text: str


def examine(
    secret: str, headers: Mapping[str, str], body: bytes, tolerance: timedelta, now: datetime
) -> list[PieceFinding]:
    """Returns a finding for each piece. The request is verified when all of them are right.
    headers: names in lower case.
    """
    key = _key_of(secret)
    timestamp = _timestamp(headers.get(TIMESTAMP), tolerance, now)
    given = _signatures(headers.get(SIGNATURE))
    pieces = [_id(headers.get(ID)), timestamp, _secret(key)]
    if isinstance(key, str) or isinstance(given, str) or ID not in headers:
        text = given if isinstance(given, str) else "can't be checked without the other pieces"
        return [*pieces, PieceFinding(SIGNATURE, False, text)]
    signed = f"{headers[ID]}.{headers.get(TIMESTAMP, '')}."
    return [*pieces, _signature(key, secret, signed.encode(), body, given)]


def _id(value: str | None) -> PieceFinding:
    return PieceFinding(
        ID, bool(value), value or "is missing: the header is part of what is signed"
    )


def _timestamp(value: str | None, tolerance: timedelta, now: datetime) -> PieceFinding:
    if not value:
        text = "is missing: the header is part of what is signed"
        return PieceFinding(TIMESTAMP, False, text)
    if not (value.isascii() and value.isdigit()):
        return PieceFinding(
            TIMESTAMP, False, "is no number: whole seconds since 1970 must be there"
        )
    if len(value) > _LONGEST_TIMESTAMP:
        return PieceFinding(TIMESTAMP, False, "is too long for seconds since 1970: milliseconds?")
    sent_at = datetime.fromtimestamp(int(value), UTC)
    seconds = round((now - sent_at).total_seconds())
    distance = f"{abs(seconds)} s {'ago' if seconds >= 0 else 'from now'}"
    text = f"{sent_at:%Y-%m-%dT%H:%M:%SZ}, {distance}"
    if abs(seconds) <= tolerance.total_seconds():
        return PieceFinding(TIMESTAMP, True, text)
    reason = "too old" if seconds > 0 else "in the future: is a clock wrong?"
    return PieceFinding(
        TIMESTAMP, False, f"{text}: {reason} ({tolerance.total_seconds():.0f} s are allowed)"
    )


def _key_of(secret: str) -> VerifyingKey | str:
    """The key, or what is wrong with the text."""
    is_public = secret.startswith(_PUBLIC_PREFIX)
    if not is_public and (fault := secret_fault(secret)):
        return fault
    try:
        return verifying_key(secret)
    # base64's and the key's own
    except ValueError:
        return "is no public key: whpk_ and 32 bytes in base64 must be there"


def _secret(key: VerifyingKey | str) -> PieceFinding:
    if isinstance(key, str):
        return PieceFinding("secret", False, key)
    kind = f"HMAC-SHA256, {len(key)} bytes" if isinstance(key, bytes) else "Ed25519"
    return PieceFinding("secret", True, kind)


def _signatures(value: str | None) -> list[tuple[str, bytes]] | str:
    """Versions and codes, or what is wrong with all of them."""
    if not value:
        return "is missing"
    found, faults = list[tuple[str, bytes]](), list[str]()
    for one in value.split():
        version, comma, code = one.partition(",")
        if not comma:
            faults.append(f"{one[:12]!r} is not VERSION,BASE64 such as v1,K5oZ…")
            continue
        try:
            found.append((version, b64decode(code, validate=True)))
        except (Base64Error, ValueError):
            faults.append(f"what follows {version}, is no base64: is it cut?")
    return found or "; ".join(faults) or "is empty"


def _signature(
    key: VerifyingKey, secret: str, signed: bytes, body: bytes, given: list[tuple[str, bytes]]
) -> PieceFinding:
    version = "v1" if isinstance(key, bytes) else "v1a"
    codes = [code for kind, code in given if kind == version]
    if not codes:
        there = ", ".join(dict.fromkeys(kind for kind, _ in given))
        wanted = "its public key, whpk_…" if version == "v1" else "its secret, whsec_…"
        return PieceFinding(SIGNATURE, False, f"has only {there}: to check that, give {wanted}")
    if _fits(key, signed + body, codes):
        number = f", of {len(given)} signatures" if len(given) > 1 else ""
        return PieceFinding(SIGNATURE, True, f"{version} fits{number}")
    for text, other_key, content in _mistakes(key, secret, signed, body):
        if _fits(other_key, content, codes):
            return PieceFinding(SIGNATURE, False, text)
    return PieceFinding(
        SIGNATURE,
        False,
        "does not fit: the secret is another webhook's, or id, timestamp or body are not as they "
        "were sent",
    )


def _fits(key: VerifyingKey, content: bytes, codes: list[bytes]) -> bool:
    return any(fits(key, content, code) for code in codes)


def _mistakes(
    key: VerifyingKey, secret: str, signed: bytes, body: bytes
) -> Iterator[tuple[str, VerifyingKey, bytes]]:
    """Mistakes that are made often: the sentence, and the key and the content that would fit."""
    for text, other in _other_bodies(body):
        yield text, key, signed + other
    yield "was made of the body alone: it must be made of ID.TIMESTAMP.BODY", key, body
    if isinstance(key, bytes):
        text = "was made with the secret's text as the key, not with what its base64 stands for"
        yield text, secret.encode(), signed + body
        yield text, secret.partition("_")[2].encode(), signed + body


def _other_bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Bodies that may have been sent instead of this one."""
    yield "fits the body without the line break at its end", body.removesuffix(b"\n")
    yield "fits the body without the line break at its end", body.removesuffix(b"\r\n")
    yield "fits the body with a line break at its end, which is missing", body + b"\n"
    yield (
        "fits the body without the byte order mark at its beginning",
        body.removeprefix(b"\xef\xbb\xbf"),
    )
    with suppress(ValueError, RecursionError):
        compact = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
        text = "fits the same JSON without blanks: the body was parsed and written again"
        yield text, compact.encode("utf-8", "surrogatepass")
