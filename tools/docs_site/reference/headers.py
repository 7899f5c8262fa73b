"""The page of headers: what receivers get, what clients send and get."""

from collections.abc import Mapping
from typing import Final

from hookline.outbound.addresses import (
    HEADER_COUNT_LIMIT,
    HEADER_NAME_LENGTH_LIMIT,
    HEADER_VALUE_BYTES_LIMIT,
    REFUSED_HEADER_PREFIXES,
    REFUSED_HEADERS,
)
from hookline.outbound.request_head import TEST_HEADER, fixed_head
from tools.docs_site.reference.markdown import cell, code, table

SENT: Final[Mapping[str, str]] = {
    "Content-Type": "`application/json`, or the webhook's `payloadContentType`.",
    "User-Agent": "`Hookline/` and the version.",
    "webhook-id": "ID of the event for this webhook. The same for every attempt: drop what you have seen.",
    "webhook-timestamp": "Time of the attempt, in seconds since 1970. Refuse what is more than 5 minutes off.",
    "webhook-signature": "A signature for each of the webhook's secrets, separated by blanks: `v1,` (HMAC-SHA256) or "
    "`v1a,` (Ed25519) and base64, over `ID.TIMESTAMP.BODY`.",
    "traceparent": "W3C Trace Context: the same trace for every attempt of a delivery.",
    TEST_HEADER: "`true`, on requests of `webhookTest` only.",
}
"""Headers that every request to a receiver has, but for the last one."""

_HEAD: Final = """# Headers on the wire

## Of a request to a receiver

In this order, then those of the webhook (`headers`, `secretHeader`, `basicAuth`). How to check a signature: [Standard
Webhooks](https://www.standardwebhooks.com).
"""
_OWN: Final = """A webhook may add up to {count} headers: names of 1 to {name} characters, values of up to {value} bytes
of printable ASCII. Not these: {refused}, and none that begins with {prefixes}.
"""
_RECEIVER: Final = """## Of a receiver's answer

| header | |
|---|---|
| `Retry-After` | on 429 and 503: seconds or an HTTP date, at most 10 hours; the next attempt is not before |
| `Connection`, `Keep-Alive` | [how long a connection is kept](../delivering.md#connections) |

Redirects (`Location`) are not followed.

## Of a request to the API

| header | |
|---|---|
| `Authorization` | `Bearer hl_…`: the token. A WebSocket has it in the payload of `connection_init`: `{"authorization": "Bearer hl_…"}` |
| `Content-Type` | `application/json`, in UTF-8, uncompressed |
| `Accept` | `application/graphql-response+json` or `application/json`; `text/event-stream` for subscriptions by event stream |
| `Hookline-Client` | `console`: the audit log then has `CONSOLE` as the source |
| `Origin`, `Sec-Fetch-Site` | of browsers: pages of other origins are refused unless `HOOKLINE_ALLOWED_ORIGINS` has them |

## Of an answer of the API

| header | |
|---|---|
| `X-Request-Id` | names the request in the server's log and in `extensions.requestId` of errors |
| `Retry-After` | on 429 and 503: seconds to wait before it is sent again |
| `WWW-Authenticate` | `Bearer`, on 401 |
"""


def page() -> str:
    named = [name for name, _ in fixed_head("", "", 0, None, "", is_test=True)]
    own = _OWN.format(
        count=HEADER_COUNT_LIMIT,
        name=HEADER_NAME_LENGTH_LIMIT,
        value=f"{HEADER_VALUE_BYTES_LIMIT:,}",
        refused=", ".join(map(code, sorted(REFUSED_HEADERS))),
        prefixes=", ".join(map(code, REFUSED_HEADER_PREFIXES)),
    )
    sent = table(["header", "value"], ([code(name), cell(SENT[name])] for name in named))
    return "\n".join([_HEAD, sent, own, _RECEIVER])
