"""Forms in which a receiver sends our secrets back: as they are, in JSON, percent-encoded, in
base64 and one inside the other. Used by the worker for every answer that is logged. Pure.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

import orjson

MASK: Final = b"***"
TELLING_BYTES: Final = 4
"""A shorter beginning of a secret tells nothing; masking it would spoil ordinary text."""
_SAFE: Final = ("", "/", "!'()*~", "!#$&'()*+,/:;=?@~")
"""Characters left by encoders: none, Python's quote, encodeURIComponent, encodeURI."""
_BASE64: Final = rb"[A-Za-z0-9+/_-]"


@dataclass(frozen=True, slots=True)
class _Form:
    """A text to look for. around: the same with what belongs to it on either side, where its ends
    share characters with the text around it.
    """

    text: bytes
    around: re.Pattern[bytes] | None = None

    def mask(self, body: bytes) -> bytes:
        # Looked for first: this is many times faster than any pattern, and nearly never found.
        if self.text not in body:
            return body
        return self.around.sub(MASK, body) if self.around else body.replace(self.text, MASK)


def without_secrets(body: bytes, secrets: tuple[str, ...], is_cut: bool = False) -> bytes:
    """The body with each secret, in whatever form it stands there, masked. is_cut: the body's bound
    took its end, so that the beginning of a secret may stand there.
    """
    if len(body) < TELLING_BYTES:
        return body
    forms = _forms(secrets)
    for form in forms:
        body = form.mask(body)
    return _masked_at_the_cut(body, forms) if is_cut else body


def _masked_at_the_cut(body: bytes, forms: tuple[_Form, ...]) -> bytes:
    # The longest beginning of all: a shorter one of another form would leave the rest in clear.
    longest = 0
    for form in forms:
        for size in range(min(len(form.text) - 1, len(body)), max(TELLING_BYTES - 1, longest), -1):
            if body.endswith(form.text[:size]):
                longest = size
                break
    return body[:-longest] + MASK if longest else body


# A webhook's forms are some kilobytes: kept for those that are answered, not for all that exist.
@lru_cache(maxsize=512)
def _forms(secrets: tuple[str, ...]) -> tuple[_Form, ...]:
    """Returns the texts to look for, longest first: a secret inside another one would leave the
    rest of the longer one in clear.
    """
    found: dict[bytes, _Form] = {}
    for secret in secrets:
        # Those of under four characters could be part of any text.
        if len(secret) >= TELLING_BYTES:
            for form in _forms_of(secret):
                found.setdefault(form.text, form)
    return tuple(sorted(found.values(), key=lambda form: len(form.text), reverse=True))


def _forms_of(secret: str) -> Iterator[_Form]:
    # Headers of an answer come as Latin-1, bodies mostly as UTF-8.
    plain = {secret.encode(), secret.encode("latin-1", "ignore"), *_in_json(secret)}
    for text in plain:
        yield _Form(text)
        yield from map(_Form, _percent_encoded(text))
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
    for encoded in {*(quote(text, safe=safe) for safe in _SAFE), quote_plus(text)}:
        yield encoded.encode()
        yield re.sub("%..", lambda found: found[0].lower(), encoded).encode()


def _in_base64(text: bytes) -> Iterator[_Form]:
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
            head = _BASE64 + b"?" if before else b""
            tail = _BASE64 + b"?" if (before + len(text)) % 3 else b""
            yield _Form(own, re.compile(head + re.escape(own) + tail))
