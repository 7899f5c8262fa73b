"""The bytes of a request's body, as they come. The HTTP view calls it once the token is known."""

from api.transport.requests import too_long
from api.transport.responses import Receive


class ClientGone(Exception):
    """The client closed the connection before its body was there, or its answer."""


async def read_body(receive: Receive, limit_bytes: int) -> bytes:
    """The whole body.

    Raises RequestRefused for one that is too long, and ClientGone.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    # Most bodies come in one message: no list, no join.
    if not message.get("more_body") and message["type"] == "http.request":
        if len(body) > limit_bytes:
            raise too_long(limit_bytes)
        return body
    parts, length = [body], len(body)
    while message["type"] == "http.request" and message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        # While it is read, as content-length may be missing or a lie.
        if length > limit_bytes:
            raise too_long(limit_bytes)
    # http.disconnect in the middle of the body.
    if message["type"] != "http.request":
        raise ClientGone
    return b"".join(parts)
