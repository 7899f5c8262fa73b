"""One RabbitMQ for all processes of a run, with a virtual host for each: a node costs 4 s of CPU to
start (2026-11). The process that hands out the tests starts it when the first one asks.
"""

import os
import tempfile
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import ExitStack, suppress
from hashlib import sha256
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any

import orjson

from tests.servers import RabbitMQ, empty_queues, rabbitmq

_SPARE = 4
"""Virtual hosts for tests that ask for one more."""


class VirtualHost:
    """Queues of this process alone, on a node that nobody harms."""

    def __init__(self, url: str) -> None:
        self.url = url

    def empty(self) -> None:
        """Deletes every message."""
        empty_queues(self.url)


class Lender:
    """Lends the virtual hosts of a node, which `make` makes. address: where the processes of the
    run ask, by `borrow`.
    """

    def __init__(self, count: int, make: Callable[..., RabbitMQ] = rabbitmq) -> None:
        self._make = make
        self._names = [f"run-{number}" for number in range(count + _SPARE)]
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hl")))
        self.address = str(self._folder / "socket")
        self._listener = Listener(self.address, "AF_UNIX")
        self._node: RabbitMQ | None = None
        threading.Thread(target=self._serve, name="lender", daemon=True).start()

    def close(self) -> None:
        """Ends the node, if it was started."""
        self._listener.close()
        self._stack.close()

    def _serve(self) -> None:
        # one after the other: who comes second finds the node running
        with suppress(OSError):  # closed
            while True:
                with self._listener.accept() as asking:
                    asking.send(self._lend())

    def _lend(self) -> str | Exception:
        try:
            self._node = self._node or self._started()
            return self._node.url_of(self._names.pop())
        except Exception as error:  # noqa: BLE001  # for the process that asked
            return error

    def _started(self) -> RabbitMQ:
        options = definitions(self._folder / "definitions.json", self._names)
        node = self._make(self._folder, *options)
        return self._stack.enter_context(node)


def definitions(file: Path, names: list[str]) -> tuple[str, ...]:
    """Options of a node that is to have these virtual hosts, and `guest` as it usually is."""
    salt = os.urandom(4)
    guest = {
        "name": "guest",
        "password_hash": b64encode(salt + sha256(salt + b"guest").digest()).decode(),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ["administrator"],
    }
    rights = {"user": "guest", "configure": ".*", "write": ".*", "read": ".*"}
    content: dict[str, Any] = {
        "users": [guest],
        "vhosts": [{"name": name} for name in ("/", *names)],
        "permissions": [{"vhost": name, **rights} for name in ("/", *names)],
    }
    file.write_bytes(orjson.dumps(content))
    return ("-rabbit", "load_definitions", f'"{file}"')


def borrow(address: str) -> VirtualHost:
    """Asks the process that hands out the tests. Starting the node is part of that."""
    with Client(address, "AF_UNIX") as asking:
        answer = asking.recv()
    if isinstance(answer, Exception):
        raise answer
    return VirtualHost(answer)
