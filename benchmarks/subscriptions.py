"""Subscribers that cost little, and what following costs the API process. As a process of its own:
python -m benchmarks.subscriptions URL TOKEN SOCKETS EACH (reading | deaf). Subscribes EACH times on
every socket and answers each line of its input with one line of JSON: messages heard and sockets
closed. A deaf one reads nothing once it has subscribed.
"""

import asyncio
import base64
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import IO, Any, cast
from urllib.parse import urlsplit

import psutil
import uvloop

DOCUMENT = (
    "subscription { attempts { cursor gap node { id number outcome statusCode startedAt "
    "durationMs webhook { id name } } } }"
)
LARGE = (
    "subscription { attempts { cursor gap node { id webhook { id name } "
    f"{' '.join(f'body{n}: requestBody' for n in range(20))} }} }} }}"
)
SHAPES = {"20_sockets_of_50": (20, 50), "1000_sockets_of_1": (1_000, 1)}
DEAF = (20, 20)


class Subscriber(asyncio.Protocol):
    """One socket of graphql-transport-ws that counts what it hears."""

    def __init__(self, host: str, token: str, document: str, count: int) -> None:
        self._host, self._token, self._document, self._count = host, token, document, count
        self.messages, self.closed_with = 0, 0
        self.ready = asyncio.get_running_loop().create_future()
        self._buffer, self._is_open = bytearray(), False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        headers = (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
            f"{key}\r\nSec-WebSocket-Version: 13\r\n"
        )
        self.transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: {self._host}\r\n{headers}Sec-WebSocket-Protocol: "
            "graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            if (end := self._buffer.find(b"\r\n\r\n")) < 0:
                return
            del self._buffer[: end + 4]
            self._is_open = True
            self._say(
                {"type": "connection_init", "payload": {"authorization": f"Bearer {self._token}"}}
            )
        self._take_frames()

    def connection_lost(self, error: Exception | None) -> None:
        # 1006: without a close frame (RFC 6455).
        self.closed_with = self.closed_with or 1006
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionResetError("closed"))

    def _take_frames(self) -> None:
        buffer, start = self._buffer, 0
        while len(buffer) >= start + 2:
            length, begin = buffer[start + 1], start + 2
            if length > 125:
                begin += 2 if length == 126 else 8
                length = int.from_bytes(buffer[start + 2 : begin])
            if len(buffer) < begin + length:
                break
            self._take(buffer[start] & 15, buffer[begin : begin + length])
            start = begin + length
        del buffer[:start]

    def _take(self, opcode: int, body: bytearray) -> None:
        if opcode == 8:
            self.closed_with = struct.unpack_from("!H", body)[0]
        elif opcode == 9:
            self._send(10, bytes(body))
        # Not decoded: 1,000 subscribers in this process hear 20,000 messages a second.
        elif b'"next"' in body[:60]:
            self.messages += 1
        elif body == b'{"type":"connection_ack"}':
            for number in range(self._count):
                self._say(
                    {"id": str(number), "type": "subscribe", "payload": {"query": self._document}}
                )
            self.ready.set_result(None)

    def _say(self, message: dict[str, Any]) -> None:
        self._send(1, json.dumps(message).encode())

    def _send(self, opcode: int, body: bytes) -> None:
        length = (
            bytes([128 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack("!H", len(body))
        )
        # Masked with zeros.
        self.transport.write(bytes([128 | opcode]) + length + bytes(4) + body)


async def subscribe(url: str, token: str, sockets: int, each: int, is_deaf: bool) -> None:
    parts, loop, subscribers = urlsplit(url), asyncio.get_running_loop(), list[Subscriber]()
    for _ in range(sockets):
        plain = socket.create_connection((parts.hostname, parts.port))
        if is_deaf:
            # A small buffer, or the kernel would take megabytes for somebody who reads nothing.
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        document = LARGE if is_deaf else DOCUMENT
        _, subscriber = await loop.create_connection(
            partial(Subscriber, parts.netloc, token, document, each), sock=plain
        )
        await subscriber.ready
        subscribers.append(subscriber)
    if is_deaf:
        for subscriber in subscribers:
            subscriber.transport.pause_reading()
    while await loop.run_in_executor(None, sys.stdin.readline):
        closed = [subscriber.closed_with for subscriber in subscribers if subscriber.closed_with]
        print(
            json.dumps(
                {
                    "messages": sum(subscriber.messages for subscriber in subscribers),
                    "closed": closed,
                }
            ),
            flush=True,
        )


class Subscribers:
    """A running process of subscribers."""

    def __init__(self, url: str, token: str, sockets: int, each: int, hearing: str) -> None:
        command = [
            sys.executable,
            "-m",
            "benchmarks.subscriptions",
            url,
            token,
            str(sockets),
            str(each),
            hearing,
        ]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        # Returns once all have subscribed: the first answer comes then.
        self.ask()

    def ask(self) -> dict[str, Any]:
        print(file=cast(IO[str], self._process.stdin), flush=True)
        answer: dict[str, Any] = json.loads(cast(IO[str], self._process.stdout).readline())
        return answer

    def messages(self) -> int:
        return int(self.ask()["messages"])

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


class Measured:
    """The API process. publish: publishes that many events a second for that long, and gives how
    many were accepted.
    """

    def __init__(
        self, url: str, token: str, pid: int, publish: Callable[[int, float], int]
    ) -> None:
        self._url, self._token, self._process, self._publish = (
            url,
            token,
            psutil.Process(pid),
            publish,
        )

    def following(self, sockets: int, each: int, rate: int, seconds: float) -> dict[str, Any]:
        """Cost while all read: CPU seconds are the whole API process's, publishing too."""
        readers = Subscribers(self._url, self._token, sockets, each, "reading")
        try:
            self._until_all_follow(readers, sockets * each)
            before, cpu, began = readers.messages(), self._cpu_seconds(), time.monotonic()
            expected = self._publish(rate, seconds) * sockets * each
            heard = _settled(lambda: readers.messages() - before, expected)
            took, used = time.monotonic() - began, self._cpu_seconds() - cpu
        finally:
            readers.end()
        return {
            "events_per_s": rate,
            "messages": heard,
            "missed_or_twice": heard - expected,
            "messages_per_s": round(heard / took),
            "cpu_s_per_1000": round(used / heard * 1_000, 4),
            "microseconds_per_message": round(used / heard * 1e6, 1),
            "api_cores_busy": round(used / took, 2),
            "rss_mb": self._rss_mb(),
        }

    def deaf(self, rate: int, seconds: float) -> dict[str, Any]:
        """Memory while sockets that never read have large messages waiting."""
        before, connections = self._rss_mb(), self._connections()
        readers = Subscribers(self._url, self._token, *DEAF, "deaf")
        try:
            joined, peak = self._connections() - connections, before
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self._publish(rate, 1.0)
                peak = max(peak, self._rss_mb())
            left = self._connections() - connections
        finally:
            readers.end()
        return {
            "sockets": joined,
            "sockets_left": left,
            "rss_mb_before": before,
            "rss_mb_peak": peak,
            "rss_mb_after": self._rss_mb(),
        }

    def _until_all_follow(self, readers: Subscribers, count: int) -> None:
        """Publishes until one event brings a message to every subscriber: then all follow."""
        for _ in range(50):
            before = readers.messages()
            self._publish(1, 1.0)
            # called at once
            if _settled(lambda: readers.messages() - before, count) == count:  # noqa: B023
                return
        raise SystemExit("not everybody follows")

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    def _rss_mb(self) -> float:
        return round(self._process.memory_info().rss / 1e6, 1)

    def _connections(self) -> int:
        return sum(
            connection.status == psutil.CONN_ESTABLISHED
            for connection in self._process.net_connections("tcp")
        )


def _settled(count: Callable[[], int], expected: int) -> int:
    """The count, once it is what is expected or has not changed for 3 s."""
    last, quiet_since = count(), time.monotonic()
    while last < expected and time.monotonic() - quiet_since < 3:
        time.sleep(0.02)
        if (now := count()) != last:
            last, quiet_since = now, time.monotonic()
    return last


def measure(measured: Measured, rate: int, seconds: float) -> dict[str, Any]:
    """rate: events a second; each is a message to every one of 1,000 subscribers."""
    following = {name: measured.following(*shape, rate, seconds) for name, shape in SHAPES.items()}
    return {**following, "400_that_never_read": measured.deaf(rate, max(seconds, 30.0))}


if __name__ == "__main__":
    arguments = sys.argv[1:]
    uvloop.run(
        subscribe(
            arguments[0], arguments[1], int(arguments[2]), int(arguments[3]), arguments[4] == "deaf"
        )
    )
