"""Forms in which a receiver sends our secrets back: as they are, in JSON, percent-encoded, in
base64 and one inside the other. Used by the worker for every answer that is logged. Pure.

Encoders differ in what they escape, so escapes of JSON are undone where there are some.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import suppress
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
_JSON_LEVELS: Final = 2
"""JSON, and JSON that is a text of JSON."""
_CUT_ESCAPE: Final = re.compile(rb"\\u[0-9A-Fa-f]{0,3}\Z")
_UNDO: Final = ("raw_unicode_escape", "replace")
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
    body = _masked(body, forms, is_cut)
    # Nearly no answer has such an escape, and undoing takes as long as looking does.
    has_escapes = b"\\u" in body or b"\\/" in body or (is_cut and body.endswith(b"\\"))
    return _masked_behind_escapes(body, forms, is_cut) if has_escapes else body


def _masked(body: bytes, forms: tuple[_Form, ...], is_cut: bool) -> bytes:
    for form in forms:
        body = form.mask(body)
    return _masked_at_the_cut(body, forms) if is_cut else body


def _masked_behind_escapes(body: bytes, forms: tuple[_Form, ...], is_cut: bool) -> bytes:
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


def _masked_at_the_cut(body: bytes, forms: tuple[_Form, ...]) -> bytes:
    # The longest beginning of all: a shorter one of another form would leave the rest in clear.
    longest = 0
    for form in forms:
        # Most forms have nothing there: one look instead of one for each of their beginnings.
        if form.text[:TELLING_BYTES] not in body[-len(form.text) :]:
            continue
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
    plain = {secret.encode(), *_in_json(secret)}
    # Headers of an answer come as Latin-1, bodies mostly as UTF-8.
    with suppress(UnicodeEncodeError):
        plain.add(secret.encode("latin-1"))
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
