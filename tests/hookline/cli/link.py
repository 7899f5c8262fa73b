"""A connection between a command and its server that a test cuts and mends."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Link:
    """Passes bytes between `url` and a server. While it is cut it refuses connections."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._target = (parts.hostname or "", parts.port or 80)
        self._address = ("127.0.0.1", 0)
        self._open: list[socket.socket] = []
        self._listener: socket.socket

    def __enter__(self) -> Self:
        self.mend()
        self.url = f"http://127.0.0.1:{self._address[1]}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()

    def mend(self) -> None:
        self._listener = socket.create_server(self._address)
        self._address = self._listener.getsockname()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Ends every connection, and takes no further ones."""
        # shutdown wakes the thread that accepts; closing alone does not.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        while self._open:
            _end(self._open.pop())

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for source, goal in ((near, far), (far, near)):
                    threading.Thread(target=_pass, args=(source, goal), daemon=True).start()


def _pass(source: socket.socket, goal: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65_536):
            goal.sendall(content)
    _end(source)
    _end(goal)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
