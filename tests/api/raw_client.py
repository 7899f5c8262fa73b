"""Clients that speak bytes, as hostile ones do: what they send, how fast, and all that the server
says until it ends the connection.
"""

import asyncio
import base64
from contextlib import suppress
from dataclasses import dataclass

MIB = 1024 * 1024
SUBSCRIPTION = b"/graphql?query=subscription%7B__typename%7D"
HEAD = b"POST /graphql HTTP/1.1\r\nHost: hooks.example\r\n"
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: hooks.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(b"0123456789abcdef") + b"\r\n"
)
PING = b"\x89\x80\0\0\0\0"


@dataclass(frozen=True, slots=True)
class Attack:
    """begin is sent at once, more again and again: `times`, with a pause before each. frames: what
    follows a WebSocket's handshake. status: of the last answer, or a close frame's code; 0: no
    answer. says: a part of that answer.
    """

    name: str
    begin: bytes
    more: bytes = b""
    times: int = 0
    pause_seconds: float = 0.0
    frames: bytes = b""
    status: int = 0
    says: bytes = b""

    async def run(self, port: int) -> bytes:
        """Everything that the server said until the end of the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        is_answered = asyncio.Event()
        sending = asyncio.create_task(self._send(writer, is_answered))
        try:
            return await read_to_end(reader, is_answered)
        finally:
            sending.cancel()
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter, is_answered: asyncio.Event) -> None:
        with suppress(ConnectionError):
            writer.write(self.begin)
            if self.frames:
                # uvicorn drops what comes in the same piece as the handshake (0.54).
                await is_answered.wait()
                writer.write(self.frames)
            for _ in range(self.times):
                await asyncio.sleep(self.pause_seconds)
                writer.write(self.more)
                await writer.drain()

    def is_answered_by(self, said: bytes) -> bool:
        return status_of(said) == self.status and self.says in said


def status_of(said: bytes) -> int:
    """The status of the last answer of HTTP, or the code of the close frame; 0: there is none."""
    head, _, rest = said.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    if not head.startswith(b"101"):
        return int(head[:3] or 0)
    frames = rest.replace(b"\x8a\x00", b"")
    return int.from_bytes(frames[2:4], "big") if frames[:1] == b"\x88" else 0


async def read_to_end(
    reader: asyncio.StreamReader, is_answered: asyncio.Event | None = None
) -> bytes:
    """All until the server ends the connection. is_answered: set at the first byte."""
    said = bytearray()  # bytes would be copied as often as a piece comes
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            said += piece
            if is_answered:
                is_answered.set()
    return bytes(said)


async def ask(port: int, path: bytes, address: str = "127.0.0.1") -> int:
    """The status of a GET on a new connection from this address; 0: no answer."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        writer.write(b"GET %b HTTP/1.1\r\nHost: hooks.example\r\nConnection: close\r\n\r\n" % path)
        said = await read_to_end(reader)
    except ConnectionError:
        return 0
    writer.close()
    return status_of(said)
