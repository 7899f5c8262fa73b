"""graphql-transport-ws as a client speaks it, one message at a time; limits that tests can wait
for.
"""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from api.transport.socket_operation import SocketLimits

QUICK = SocketLimits(init_seconds=0.5, stalled_seconds=0.5)


async def said(socket: ClientConnection, message: Any) -> None:
    await socket.send(json.dumps(message))


async def heard(socket: ClientConnection) -> dict[str, Any]:
    message = json.loads(await asyncio.wait_for(socket.recv(), 60))
    assert isinstance(message, dict)
    return message


async def welcomed(socket: ClientConnection, token: str = "hl_admin") -> None:
    await said(socket, {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
    assert await heard(socket) == {"type": "connection_ack"}


async def subscribed(socket: ClientConnection, text: str, id: str = "1", **parameters: Any) -> None:
    await said(socket, {"id": id, "type": "subscribe", "payload": {"query": text, **parameters}})


async def closed(socket: ClientConnection) -> int:
    """The code that the server closes with; what it says before is dropped."""

    async def end() -> int:
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as gone:
            return gone.rcvd.code if gone.rcvd else 1006

    return await asyncio.wait_for(end(), 60)
