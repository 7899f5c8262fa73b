"""HTTP answers over plain ASGI. The view, the event stream, the health pages and the host check
call it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any

from api.transport.pace import ReadingPace

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
    # No public way leads there: send is a method of uvicorn's request (hookline.serving.http).
    answer_at_once = getattr(getattr(send, "__self__", None), "answer", None)
    if answer_at_once is None or not answer_at_once(status, start_headers, body):
        await send({"type": "http.response.start", "status": status, "headers": start_headers})
        await send({"type": "http.response.body", "body": body})


async def send_pieces(
    send: Send,
    status: int,
    media_type: bytes,
    pieces: Sequence[bytes],
    headers: Iterable[Header],
    pace: ReadingPace,
) -> None:
    """A whole answer with its length, in pieces: at least one. Each waits until the client has
    taken most of those before it.

    Raises TimeoutError: the client reads too slowly.
    """
    length = sum(map(len, pieces))
    start_headers = [
        (b"content-type", media_type),
        (b"content-length", b"%d" % length),
        *headers,
    ]
    _note_pieces(send, length)
    await send({"type": "http.response.start", "status": status, "headers": start_headers})
    await send_in_pace(send, pieces, pace, is_last=True)


async def send_in_pace(
    send: Send, pieces: Sequence[bytes], pace: ReadingPace, *, is_last: bool
) -> None:
    """Pieces of a body. is_last: nothing comes after them.

    Raises TimeoutError: the client reads too slowly.
    """
    left_bytes = sum(map(len, pieces))
    for number, piece in enumerate(pieces, 1):
        more = not is_last or number < len(pieces)
        _note_pieces(send, left_bytes)
        left_bytes -= len(piece)
        async with asyncio.timeout_at(pace.until):
            await send({"type": "http.response.body", "body": piece, "more_body": more})
        pace.took(len(piece))
    _note_pieces(send, 0)


def _note_pieces(send: Send, count: int) -> None:
    """Tells the server of the bytes that wait here for a slow reader, which it bounds for all
    connections together (hookline.serving.connections).
    """
    # No public way leads there: send is a method of uvicorn's request, which its connection holds.
    request = getattr(send, "__self__", None)
    if request is not None:
        request.pieces_bytes = count


def abort(send: Send) -> None:
    """Drops a connection whose peer reads nothing. ASGI has no word for it, and uvicorn's own close
    waits for the peer for ever (0.54).
    """
    # No public way leads there: send is a method of uvicorn's protocol, which holds the transport.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()


async def drop(send: Send, receive: Receive) -> None:
    """Drops the connection of an answer that nobody reads, and returns when it is gone: before,
    uvicorn would log an error of ours, for an answer that is not complete (0.54).
    """
    abort(send)
    await until_gone(receive)


def acknowledge(scope: Scope) -> None:
    """Tells the server that a WebSocket's client is known: until then it takes little of it."""
    _handshake(scope)["acknowledge"]()


async def refuse_handshake(scope: Scope, send: Send, text: str) -> None:
    """Answers 403 to the handshake of a WebSocket."""
    if refuse := _handshake(scope).get("refuse"):
        refuse(text)
    else:
        await send({"type": "websocket.close", "code": 1008})


async def until_read(scope: Scope) -> None:
    """Returns when the client of a WebSocket has taken most of what was sent."""
    if drained := _handshake(scope).get("drained"):
        await drained()


def _handshake(scope: Scope) -> Any:
    """The extension of hookline.serving.websocket, which not every server of tests has."""
    return scope.get("extensions", {}).get("hookline_handshake", {"acknowledge": lambda: None})


async def until_gone(receive: Receive) -> None:
    """Returns when the client is gone. The body was read: whatever comes besides is skipped."""
    while (await receive())["type"] != "http.disconnect":
        pass
