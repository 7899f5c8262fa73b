"""The graphql-transport-ws protocol: close codes, and the form of a message. Pure; called by the
sockets in api.transport.websocket.
"""

from collections.abc import Hashable
from typing import Any

import orjson

from api.execution.errors import PERSISTED_QUERY_NOT_SUPPORTED, RequestRefused
from api.execution.execute import Request
from api.transport.json_pieces import TooMuchJson
from api.transport.json_reader import JsonReader
from api.transport.requests import body_limit_bytes, request_of
from hookline.errors import Unavailable

PROTOCOL = "graphql-transport-ws"

# After 1012 and 1013 graphql-ws connects again; after 1009, 1011 and 4401 it gives up.
GOING_AWAY = (1012, "The server restarts: connect again")
TOO_BIG = (1009, "Message too big")
FAILED = (1011, "Internal error")
TOO_SLOW = (1013, "Messages were not read: connect again, after your last cursor")
UNAUTHORIZED = (4401, "Unauthorized")
BUSY = (1013, "Too many long messages wait to be read: connect again")
TOO_MUCH = (4400, "The message holds too many values, or too long a text: send less at a time")
NO_PROTOCOL = (4406, "Subprotocol not acceptable")
INIT_TIMEOUT = (4408, "Connection initialisation timeout")
TOO_MANY_INITS = (4429, "Too many initialisation requests")
TOO_MANY_OPERATIONS = (4429, "Too many operations on this socket")

# Code, reason (at most 123 bytes).
Close = tuple[int, str]


class ProtocolBroken(Exception):
    """The peer did what the protocol forbids; the socket is closed with this code and reason."""

    def __init__(self, close: Close) -> None:
        super().__init__(close)
        self.close = close


async def read_message(
    text: str | None, scopes: frozenset[str], json_reader: JsonReader, caller: Hashable
) -> dict[str, Any]:
    """A message as an object with a type. text: None for a frame of bytes. Others have the loop
    while a long one is read.

    Raises ProtocolBroken.
    """
    if text is None:
        raise ProtocolBroken((4400, "Send messages as text, not as bytes"))
    # By characters, which are at most as many as bytes: uvicorn has bounded the bytes already.
    if len(text) > body_limit_bytes(scopes):
        raise ProtocolBroken(TOO_BIG)
    try:
        message = await json_reader.read(text.encode(), caller)
    except TooMuchJson:
        raise ProtocolBroken(TOO_MUCH) from None
    except Unavailable:
        raise ProtocolBroken(BUSY) from None
    # Half of a surrogate pair has no bytes in UTF-8.
    except (RequestRefused, UnicodeEncodeError):
        raise ProtocolBroken((4400, "The message is not valid JSON")) from None
    # A list, a number or an id that is not a string ended Strawberry's sockets with 1006 (0.341.2).
    if type(message) is not dict or type(message.get("type")) is not str:
        raise ProtocolBroken((4400, "A message is a JSON object with a type"))
    return message


def id_of(message: dict[str, Any]) -> str:
    operation_id = message.get("id")
    if type(operation_id) is not str or not operation_id:
        raise ProtocolBroken((4400, "A message of this type has an id: a string that is not empty"))
    return operation_id


def object_of(payload: Any) -> dict[str, Any]:
    if payload is None:
        return {}
    if type(payload) is not dict:
        raise ProtocolBroken((4400, "A payload is a JSON object"))
    return payload


def pong_of(payload: Any) -> dict[str, Any]:
    """The answer to a `ping`, which repeats its payload.

    Raises ProtocolBroken.
    """
    message = {"type": "pong"} if payload is None else {"type": "pong", "payload": payload}
    try:
        object_of(payload)
        orjson.dumps(message)
    # An integer beyond 64 bits, or a lone surrogate in what is called data: both are read, so that
    # whoever checks an event tells their place, and neither can be written.
    except TypeError:
        raise ProtocolBroken(
            (4400, "A payload of ping has integers of at most 64 bits, and whole characters")
        ) from None
    return message


def request_in(payload: Any, length: int) -> Request:
    """The request of a `subscribe`. length: of its message.

    Raises ProtocolBroken, and RequestRefused for a persisted query.
    """
    try:
        return request_of(payload, length)
    except RequestRefused as refused:
        # Not the end of the socket: the client sends the text then.
        if refused.code == PERSISTED_QUERY_NOT_SUPPORTED:
            raise
        raise ProtocolBroken(
            (4400, "A payload of subscribe has query, operationName, variables, extensions")
        ) from None


def already_exists(operation_id: str) -> ProtocolBroken:
    """The error for an id that is in use."""
    # The reason of a close frame has at most 123 bytes, whatever the client calls its operation.
    text = f"Subscriber for {operation_id[:40]} already exists"
    return ProtocolBroken((4409, text.encode("ascii", "replace").decode()))
