"""A program that a developer writes: it takes what `hookline listen` forwards, and answers as a
test likes.
"""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self


class Taken(NamedTuple):
    """A request as it came."""

    headers: dict[str, str]
    body: bytes


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-seen: yes\r\n\r\nok"


def reply(head: bytes, body: bytes = b"") -> bytes:
    """An answer. head: its status line behind the version, and headers."""
    return b"HTTP/1.1 " + head + b"\r\n\r\n" + body


Reply = Callable[[Taken], bytes]


class LocalProgram:
    """reply: the bytes of the answer to a request; empty ones close the connection."""

    def __init__(self, reply: Reply = lambda taken: OK) -> None:
        self.taken: list[Taken] = []
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                taken = Taken({name.lower(): text for name, text in self.headers.items()}, body)
                program.taken.append(taken)
                self.wfile.write(reply(taken))
                self.close_connection = True

            def log_message(self, format: str, *values: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hooks"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
