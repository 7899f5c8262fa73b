"""Requests as they arrive: headers, body, JSON, GraphQL parameters. The view calls it,
the WebSocket for its messages. It must never guess: what is malformed is refused with a sentence
that says what would be right.
"""

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from api.execution.errors import (
    BAD_USER_INPUT,
    PERSISTED_QUERY_NOT_SUPPORTED,
    RequestRefused,
)
from api.execution.execute import LARGE_REQUEST_BYTES, Request

GRAPHQL_RESPONSE = b"application/graphql-response+json"
JSON = b"application/json"
EVENT_STREAM = b"text/event-stream"

# only tokens that publish or sync have a use for more
BODY_LIMIT_BYTES = 2 * 1024 * 1024
LARGE_BODY_LIMIT_BYTES = 16 * 1024 * 1024
LARGE_BODY_SCOPES = ("events:publish", "sync:plan", "sync:apply")
"""Beginnings of scopes: those of a sync may be bound to a set."""

_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONG_BYTES = 1024 * 1024
# Digits: any longer one is as much beyond 64 bits as one of these.
_LONGEST_INTEGER = 40


# For every request: there are few different sets of scopes.
@lru_cache(maxsize=256)
def body_limit_bytes(scopes: frozenset[str]) -> int:
    is_large = any(scope.startswith(LARGE_BODY_SCOPES) for scope in scopes)
    return LARGE_BODY_LIMIT_BYTES if is_large else BODY_LIMIT_BYTES


class Accepted(NamedTuple):
    """The forms that an Accept header allows. media_type: of a JSON answer, None for no JSON.
    is_legacy: the client names application/json alone, where a request error is a 200 (GraphQL over
    HTTP, "application/json").
    """

    media_type: bytes | None
    is_legacy: bool
    is_streaming: bool


# Clients send few different ones, on every request; hostile ones push each other out.
@lru_cache(maxsize=256)
def accepted(header: bytes) -> Accepted:
    """Reads an Accept header (RFC 9110, 12.5.1); an empty one accepts everything."""
    weights: dict[bytes, float] = {}
    for part in header.lower().split(b","):
        name, *parameters = [piece.strip() for piece in part.split(b";")]
        if name:
            weights[name] = _weight(parameters)
    graphql, plain = weights.get(GRAPHQL_RESPONSE, 0.0), weights.get(JSON, 0.0)
    is_any = not weights or weights.get(b"*/*", 0.0) > 0 or weights.get(b"application/*", 0.0) > 0
    media_type = (
        GRAPHQL_RESPONSE
        if graphql > 0 and graphql >= plain
        else JSON
        if plain > 0 or is_any
        else None
    )
    return Accepted(
        media_type,
        media_type == JSON and plain > 0,
        # Only allowed, not preferred: urql names it behind JSON in every query, which must not
        # stream.
        weights.get(EVENT_STREAM, 0.0) > 0,
    )


def _weight(parameters: list[bytes]) -> float:
    for parameter in parameters:
        if parameter.startswith(b"q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def check_body_headers(headers: Mapping[bytes, bytes], limit_bytes: int) -> None:
    """Refuses a body by its headers alone: 415 for another type or a compressed one, 413 for one
    that says it is too long.

    Raises RequestRefused.
    """
    if not _is_json(headers.get(b"content-type", b"")):
        raise RequestRefused(
            BAD_USER_INPUT, "Send the body as content-type: application/json, in UTF-8.", 415
        )
    # Never unpacked: 300 kB of gzip can hold a gigabyte.
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RequestRefused(
            BAD_USER_INPUT, "Send the body uncompressed, without content-encoding.", 415
        )
    length = headers.get(b"content-length", b"")
    # Cut, as int() refuses more than 4,300 digits; who lies about it is stopped while reading.
    if length.isdigit() and int(length[:20]) > limit_bytes:
        raise too_long(limit_bytes)


# As of Accept.
@lru_cache(maxsize=256)
def _is_json(content_type: bytes) -> bool:
    media_type, *parameters = [piece.strip() for piece in content_type.lower().split(b";")]
    return media_type == JSON and not any(
        part.startswith(b"charset=") and part[8:].strip(b'"') not in (b"utf-8", b"utf8")
        for part in parameters
    )


def too_long(limit_bytes: int) -> RequestRefused:
    return RequestRefused(
        BAD_USER_INPUT,
        f"The body is longer than {limit_bytes // 1024 // 1024} MiB, the most that this token may "
        "send.",
        413,
    )


def decode_json(body: bytes) -> Any:
    """The value of a JSON text. Integers keep their value whatever their size (those over 40
    digits: one as far beyond 64 bits), and so do lone surrogates in whatever is called data: who
    checks it tells their place.

    Raises RequestRefused for what is no JSON in UTF-8, is nested too deep, or has a number that no
    double can hold.
    """
    try:
        return decode_piece(body)
    # Not logged and not a 500: whoever sends 100,000 brackets causes this at will.
    except (ValueError, RecursionError):
        raise no_json() from None


def no_json() -> RequestRefused:
    return RequestRefused(
        BAD_USER_INPUT,
        "This is not valid JSON (UTF-8, at most 1,000 levels deep, numbers within a double's "
        "range).",
    )


def decode_piece(text: bytes, is_data: bool = False) -> Any:
    """The value of a JSON text, or of a piece of one that is one by itself. is_data: the piece
    stands in what is called data, where lone surrogates are for others to tell.

    Raises ValueError, RecursionError.
    """
    # orjson makes floats of integers beyond 64 bits, without a word (3.13.0)
    # All digits as zeros make one search of it: 19 of them in a row may be beyond 64 bits.
    # A long text with a surrogate is read slowly at once: orjson may find a lone one at its end.
    if b"0" * 19 in text.translate(_DIGITS_AS_ZERO) or (
        len(text) > _LONG_BYTES and has_surrogates(text)
    ):
        return _decode_slowly(text, is_data)
    try:
        return orjson.loads(text)
    except ValueError:
        if not _SURROGATE.search(text):
            raise
        return _decode_slowly(text, is_data)


def has_surrogates(text: bytes) -> bool:
    """True when a JSON text has the escape of a surrogate, paired or not: it may be read slowly."""
    return _SURROGATE.search(text) is not None


def _decode_slowly(text: bytes, is_data: bool) -> Any:
    read = partial(
        json.loads,
        text.decode(),
        parse_int=_integer,
        parse_float=_finite,
        parse_constant=_refuse_constant,
    )
    # Nothing else makes a lone one of a text in UTF-8.
    if is_data or not has_surrogates(text):
        return read()
    # Objects as pairs, since a member that a later one of the same name replaces counts too, as it
    # does in pieces.
    pairs = read(object_pairs_hook=tuple)
    _refuse_lone_surrogates(pairs)
    return _value_of(pairs)


def _refuse_lone_surrogates(value: Any) -> None:
    """Raises ValueError for one outside of what is called data. value: with objects as pairs."""
    if isinstance(value, str):
        # UnicodeEncodeError, which is a ValueError.
        value.encode()
    elif isinstance(value, tuple):
        for key, item in value:
            key.encode()
            # A half pair in an event's data is told at its path by who checks it; anywhere else it
            # is no JSON.
            if key != "data":
                _refuse_lone_surrogates(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_lone_surrogates(item)


def _value_of(pairs: Any) -> Any:
    """Returns a JSON value with objects as such, of one with objects as pairs."""
    if isinstance(pairs, tuple):
        return {key: _value_of(item) for key, item in pairs}
    return list(map(_value_of, pairs)) if isinstance(pairs, list) else pairs


def _integer(text: str) -> int:
    return int(text[:_LONGEST_INTEGER])


def _finite(text: str) -> float:
    number = float(text)
    # 1e999 would be infinite, and no answer could repeat it as JSON.
    if math.isinf(number):
        raise ValueError(text[:40])
    return number


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


def request_of(parameters: Any, length: int = 0) -> Request:
    """GraphQL's request parameters (query, operationName, variables, extensions), each of its type.
    length: of the text that they were read of.

    Raises RequestRefused.
    """
    if type(parameters) is not dict:
        raise RequestRefused(
            BAD_USER_INPUT,
            'Send one JSON object: {"query": "…", "variables": {…}}. Lists of requests are not '
            "taken.",
        )
    text, name, variables = (
        parameters.get("query"),
        parameters.get("operationName"),
        parameters.get("variables"),
    )
    # What is malformed is refused, also where it is falsy.
    if type(parameters.get("extensions") or {}) is not dict or parameters.get("extensions") in (
        "",
        0,
        False,
        [],
    ):
        raise RequestRefused(BAD_USER_INPUT, "extensions must be an object or left out.")
    if text is None and (parameters.get("extensions") or {}).get("persistedQuery"):
        # The words that clients look for beside the code (urql 4, Apollo Client 3): they send the
        # text then.
        raise RequestRefused(PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported")
    if type(text) is not str or not text:
        raise RequestRefused(
            BAD_USER_INPUT, "query is missing: it must be a string that holds a GraphQL document."
        )
    if name is not None and type(name) is not str:
        raise RequestRefused(BAD_USER_INPUT, "operationName must be a string or left out.")
    if variables is not None and type(variables) is not dict:
        raise RequestRefused(BAD_USER_INPUT, "variables must be an object or left out.")
    return Request(text, name or None, variables, length > LARGE_REQUEST_BYTES)


def request_of_query_string(query_string: bytes) -> Request:
    """The same, from a GET's query string, where variables and extensions are JSON texts.

    Raises RequestRefused.
    """
    try:
        pairs = parse_qsl(
            # A bound on the fields: parse_qsl would make a list of whatever is sent.
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=20,
        )
    except ValueError:
        raise RequestRefused(
            BAD_USER_INPUT,
            "The query string is not UTF-8 with percent signs, or has more than 20 parameters.",
        ) from None
    parameters: dict[str, Any] = dict(pairs)
    for name in ("variables", "extensions"):
        if parameters.get(name):
            parameters[name] = decode_json(parameters[name].encode())
        else:
            parameters.pop(name, None)
    return request_of(parameters)
