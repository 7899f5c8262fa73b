"""Forms in which a receiver sends our secrets back: as they are, in JSON, percent-encoded, in
base64 and one inside the other. Used by the worker for every answer that is logged. Pure.

Encoders differ in what they escape, so escapes of JSON are undone where there are some.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson

MASK: Final = b"***"
TELLING_BYTES: Final = 4
"""A shorter beginning of a secret tells nothing; masking it would spoil ordinary text."""
_SAFE: Final = (b"", b"/", b"!'()*~", b"!#$&'()*+,/:;=?@~")
"""Characters left by encoders: none, Python's quote, encodeURIComponent, encodeURI."""
_JSON_LEVELS: Final = 2
"""JSON, and JSON that is a text of JSON."""
_CUT_ESCAPE: Final = re.compile(rb"\\u[0-9A-Fa-f]{0,3}\Z")
_UNDO: Final = ("raw_unicode_escape", "replace")
_BASE64: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")
_UNRESERVED: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"
)
"""Characters that no encoder writes with a percent sign."""
_BLANK, _PERCENT = ord(" "), ord("%")
_SHORT_LENGTH: Final = 1_024


@dataclass(frozen=True, slots=True)
class SecretForm:
    """A text that is looked for. has_before, has_after: the character of base64 on that side
    belongs to it, as it holds bits of the text and of what stands around.
    """

    text: bytes
    has_before: bool = False
    has_after: bool = False

    def mask(self, body: bytes) -> bytes:
        # Looked for first: nearly never found.
        if self.text not in body:
            return body
        if not self.has_before and not self.has_after:
            return body.replace(self.text, MASK)
        # No pattern: to compile one of 16 KiB takes 15 ms (Python 3.11).
        parts, at = list[bytes](), 0
        while (found := body.find(self.text, at)) >= 0:
            end = found + len(self.text)
            is_shared = self.has_before and found > at and body[found - 1] in _BASE64
            parts.append(body[at : found - is_shared])
            at = end + (self.has_after and end < len(body) and body[end] in _BASE64)
        return MASK.join([*parts, body[at:]])


SecretForms = tuple[SecretForm, ...]


def is_short(secrets: tuple[str, ...]) -> bool:
    """True for secrets that are looked for in 20 ms. A webhook may have 87,000 characters of them,
    whose forms are 22 MB and take 0.4 s (2026-11).
    """
    return sum(map(len, secrets)) <= _SHORT_LENGTH


def forms_of(secrets: tuple[str, ...]) -> SecretForms:
    """Returns the texts to look for, longest first: a secret inside another one would leave the
    rest of the longer one in clear.
    """
    return _kept_forms(secrets) if is_short(secrets) else _forms(secrets)


def without_secrets(body: bytes, forms: SecretForms, is_cut: bool = False) -> bytes:
    """The body with each secret, in whatever form it stands there, masked. is_cut: the body's bound
    took its end, so that the beginning of a secret may stand there.
    """
    if len(body) < TELLING_BYTES:
        return body
    body = _masked(body, forms, is_cut)
    # Nearly no answer has such an escape, and undoing takes as long as looking does.
    has_escapes = b"\\u" in body or b"\\/" in body or (is_cut and body.endswith(b"\\"))
    return _masked_behind_escapes(body, forms, is_cut) if has_escapes else body


def _masked(body: bytes, forms: SecretForms, is_cut: bool) -> bytes:
    for form in forms:
        body = form.mask(body)
    return _masked_at_the_cut(body, forms) if is_cut else body


def _masked_behind_escapes(body: bytes, forms: SecretForms, is_cut: bool) -> bytes:
    """The body as it is, or, where a secret shows once escapes are undone, without these escapes:
    which of them stood in the secret is not looked for.
    """
    cut = _CUT_ESCAPE.sub(b"", body).rstrip(b"\\") if is_cut else body
    text = cut.decode("utf-8", "replace")
    for _ in range(_JSON_LEVELS):
        # By Python's own decoder: a pattern would call back for each of the thousands of escapes
        # that a hostile answer holds. It takes no text, so what is no Latin-1 is escaped for it.
        text = text.replace("\\/", "/").encode("raw_unicode_escape").decode(*_UNDO)
        # Two escapes are one character above U+FFFF; a half by itself is none.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        plain = text.encode()
        masked = _masked(plain, forms, is_cut)
        if masked != plain:
            body, text = masked, masked.decode("utf-8", "replace")
        # The text of JSON that was in a text of JSON.
        text = text.replace('\\"', '"').replace("\\\\", "\\")
    return body


def _masked_at_the_cut(body: bytes, forms: SecretForms) -> bytes:
    # Most forms have nothing there: one look instead of one for each of their beginnings.
    texts = sorted(
        form.text for form in forms if form.text[:TELLING_BYTES] in body[-len(form.text) :]
    )
    # The longest beginning of all: a shorter one of another form would leave the rest in clear.
    for size in range(min(max(map(len, texts), default=0), len(body)), TELLING_BYTES - 1, -1):
        end = body[-size:]
        # The first of those that begin with it, if any does: a secret of 4 KiB has a hundred forms,
        # which together have a million beginnings.
        place = bisect_left(texts, end)
        if place < len(texts) and texts[place].startswith(end):
            return body[:-size] + MASK
    return body


# For those that are answered, not for all that exist.
@lru_cache(maxsize=512)
def _kept_forms(secrets: tuple[str, ...]) -> SecretForms:
    return _forms(secrets)


def _forms(secrets: tuple[str, ...]) -> SecretForms:
    found: dict[bytes, SecretForm] = {}
    for secret in secrets:
        # Those of under four characters could be part of any text.
        if len(secret) >= TELLING_BYTES:
            for form in _forms_of(secret):
                found.setdefault(form.text, form)
    return tuple(sorted(found.values(), key=lambda form: len(form.text), reverse=True))


def _forms_of(secret: str) -> Iterator[SecretForm]:
    plain = {secret.encode(), *_in_json(secret)}
    # Headers of an answer come as Latin-1, bodies mostly as UTF-8.
    with suppress(UnicodeEncodeError):
        plain.add(secret.encode("latin-1"))
    for text in plain:
        yield SecretForm(text)
        yield from map(SecretForm, _percent_encoded(text))
        yield from _in_base64(text)


def _in_json(secret: str) -> Iterator[bytes]:
    """As text of JSON, and of JSON that is a text of JSON, as encoders differ."""
    texts = [secret]
    for _ in range(2):
        texts = [escaped for text in texts for escaped in _escaped(text)]
        yield from (text.encode() for text in texts)


def _escaped(text: str) -> set[str]:
    ascii_only = json.dumps(text)[1:-1]
    return {orjson.dumps(text).decode()[1:-1], ascii_only, ascii_only.replace("/", "\\/")}


def _percent_encoded(text: bytes) -> Iterator[bytes]:
    for digits in (b"%%%02X", b"%%%02x"):
        for safe in _SAFE:
            yield _quoted(text, _UNRESERVED | frozenset(safe), digits)
        # As forms of HTML have it.
        yield _quoted(text, _UNRESERVED | {_BLANK}, digits).replace(b" ", b"+")


def _quoted(text: bytes, kept: frozenset[int], digits: bytes) -> bytes:
    """As urllib's quote, which looks at each character in Python: 50 times as long."""
    quoted = text.replace(b"%", b"%25")
    for code in set(text) - kept - {_PERCENT}:
        quoted = quoted.replace(bytes((code,)), digits % code)
    return quoted


def _in_base64(text: bytes) -> Iterator[SecretForm]:
    """Inside a longer text that was encoded: three bytes become four characters, so it matters at
    which of the three it begins.
    """
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(b"\0" * before + text)
            # Characters that hold bits of nothing but the secret.
            first, last = -(-before * 8 // 6), (before + len(text)) * 8 // 6
            own = encoded[first:last]
            if len(own) < TELLING_BYTES:
                continue
            yield SecretForm(own, before > 0, (before + len(text)) % 3 > 0)
