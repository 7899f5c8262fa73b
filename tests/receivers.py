"""Real HTTP receivers for tests: one that records and answers, and many that misbehave. Raw asyncio
servers on a free loopback port.
"""

import asyncio
import socket
import ssl
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Received:
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The header's value, whatever its letter case; None when it did not come."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(slots=True)
class Reply:
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b"{}"

    def encoded(self) -> bytes:
        lines = [
            f"HTTP/1.1 {self.status} Reply",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class Server:
    """An asyncio server on 127.0.0.1 that ends with all its connections. url: where it listens."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self.connection_count = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._tls, backlog=1_000
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/in"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        # asyncio's own loop attaches an accepted connection a few turns later.
        for _ in range(5):
            await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connection_count += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._handler(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()


@dataclass
class Receiver:
    """Records every request, then answers. replies: given one after the other, the last one for
    ever; made from the request if it is a function.

    Use: `async with Receiver() as receiver:`, then `receiver.url`, `receiver.requests`, `await
    receiver.wait_for(3)`. While `gate` is clear, requests are recorded but not answered.
    """

    replies: "list[Reply | Callable[[Received], Reply]]" = field(default_factory=lambda: [Reply()])
    tls: ssl.SSLContext | None = None
    requests: list[Received] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        self.gate.set()
        self._news = asyncio.Condition()
        self._server = Server(self._answer, self.tls)
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def connection_count(self) -> int:
        return self._server.connection_count

    async def wait_for(self, count: int, seconds: float = 60) -> list[Received]:
        """The first `count` requests, as soon as they have come.

        Raises TimeoutError when they don't.
        """
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: len(self.requests) >= count)
        return self.requests[:count]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            received = await read_request(reader)
            async with self._news:
                self.requests.append(received)
                given = self.replies[min(len(self.requests), len(self.replies)) - 1]
                reply = given if isinstance(given, Reply) else given(received)
                self._news.notify_all()
            await self.gate.wait()
            writer.write(reply.encoded())
            await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Received:
    """One request with its whole body.

    Raises IncompleteReadError when the connection ends.
    """
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Received(method, path, headers, await reader.readexactly(length))


@asynccontextmanager
async def hostile(behaviour: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A receiver that misbehaves after it has read the request. Gives its URL."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await behaviour(reader, writer)

    async with Server(handle, tls) as server:
        yield server.url


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _drip(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.05)


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drips_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await _drip(writer, b"a")


async def drips_informational_answers(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await _drip(writer, b"HTTP/1.1 102 Processing\r\n\r\n")


async def drips_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    await _drip(writer, b"x")


async def sends_endless_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def never_ends_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    await asyncio.Event().wait()


async def resets_before_the_answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    reset(writer)


async def closes_without_an_answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.close()


async def resets_in_the_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Half:")
    await writer.drain()
    reset(writer)


async def closes_in_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    writer.close()


async def redirects(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    )
    await writer.drain()


async def sends_gzip_bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(bytes(30_000_000)) + packer.flush()
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
        + bomb
    )
    await writer.drain()


async def sends_ten_thousand_headers(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\n"
        + b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
        + b"Content-Length: 0\r\n\r\n"
    )
    await writer.drain()


async def sends_megabyte_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 1_000_000 + b"\r\nContent-Length: 0\r\n\r\n"
    )
    await writer.drain()


async def sends_endless_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b"y" * 65536)
        await writer.drain()


async def sends_endless_trailer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Long: ")
    while True:
        writer.write(b"y" * 65536)
        await writer.drain()


async def floods_trailers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    while True:
        writer.write(b"a:b\r\n" * 10_000)
        await writer.drain()


async def sends_endless_extension(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=")
    while True:
        writer.write(b"y" * 65536)
        await writer.drain()


async def sends_garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x16SSH-2.0 nothing like HTTP\r\n\r\n")
    await writer.drain()


async def sends_bad_length(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")
    await writer.drain()


async def sends_garbage_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await writer.drain()
    writer.write(b"ZZZ\r\nno chunk\r\n")
    await writer.drain()


async def sends_garbage_chunks_at_once(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\nno chunk\r\n")
    await writer.drain()


async def sends_more_than_announced(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more")
    await writer.drain()


async def floods_informational_answers(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n" * 2000)
        await writer.drain()


def make_tls(
    host: str,
    ca_file: Path,
    valid_from: timedelta = timedelta(-1),
    valid_until: timedelta = timedelta(1),
) -> ssl.SSLContext:
    """A server's context with a certificate for the host, which goes into ca_file as its own
    authority. valid_…: from now.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + valid_from)
        .not_valid_after(now + valid_until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    ).public_bytes(Encoding.PEM)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with NamedTemporaryFile() as file:
        file.write(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate
        )
        file.flush()
        server.load_cert_chain(file.name)
    ca_file.write_bytes(certificate)
    return server
