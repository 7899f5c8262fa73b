"""HTTP answers over plain ASGI. The view, the event stream, the health pages and the host check
call it.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]


async def send_body(
    send: Send, status: int, media_type: bytes, body: bytes, headers: Iterable[Header] = ()
) -> None:
    """A whole answer with its length."""
    start_headers = [
        (b"content-type", media_type),
        (b"content-length", b"%d" % len(body)),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": start_headers})
    await send({"type": "http.response.body", "body": body})


def abort(send: Send) -> None:
    """Drops a connection whose peer reads nothing. ASGI has no word for it, and uvicorn's own close
    waits for the peer for ever (0.54).
    """
    # No public way leads there: send is a method of uvicorn's protocol, which holds the transport.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
