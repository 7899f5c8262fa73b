"""Runs the application under uvicorn, on uvloop, in this process. Used by `hookline dev` and
`hookline serve`.

The application is found by its import string: the core does not import the API.
"""

import asyncio
import errno
import gc
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import Any, Protocol, cast

import uvicorn
import uvloop

from hookline.errors import Misconfigured
from hookline.metrics import Metrics
from hookline.serving import descriptors
from hookline.serving.config import BoundedConfig
from hookline.serving.connections import Connections, Watched
from hookline.serving.http import BoundedHttp
from hookline.serving.limits import ConnectionLimits
from hookline.serving.websocket import BoundedWebSocket
from hookline.settings.fields import Settings
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

# uvicorn's own default; the kernel caps it by net.core.somaxconn
_BACKLOG = 2048
# clients are told to come back elsewhere; those that do not read it are cut off afterwards
_DRAIN_SECONDS = 1.0
# the largest body that any token may send by HTTP (api.transport.requests)
_MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024
_COLLECT_EVERY = (60_000, 30, 200)
"""Most of what a request makes is freed by reference counts: looking for cycles rarely costs 10 %
less CPU per delivery, and 6 MB more (2026-11).
"""


class Application(Protocol):
    """The application that api.app makes."""

    metrics: Metrics

    # Any: ASGI.
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    async def drain(self) -> None: ...


def listen(settings: Settings) -> socket.socket:
    """The bound socket. It listens from here on: a client that connects while the rest starts is
    served a moment later.

    Raises Misconfigured when that address can't be had.
    """
    host, port = settings.host, settings.port
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=_BACKLOG,
        )
    except socket.gaierror:
        raise Misconfigured(f"HOOKLINE_HOST {host} is not an address of this machine.") from None
    except OSError as error:
        raise Misconfigured(_why_not(error, host, port)) from None


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. End that one, or choose "
            f"another port: --port {port + 1 if port < 65535 else 8001}"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights. Choose one above 1023: --port 8000"
    return (
        f"Cannot listen on {host}, port {port}: {error.strerror}. See HOOKLINE_HOST and "
        "HOOKLINE_PORT."
    )


def url_of(listener: socket.socket) -> str:
    """The URL at which a client on this machine reaches it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Runs a server's main coroutine on uvloop. The collector rests meanwhile: what start-up makes,
    stays.
    """
    gc.disable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_awaited(main()))


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable


def running(*arguments: Any, **options: Any) -> Any:
    """api.lifespan.running, whose arguments it takes: an asynchronous context manager that gives
    the Application.
    """
    return import_module("api.lifespan").running(*arguments, **options)


def exit_at_once(number: int) -> None:
    """Ends the process: a second signal means at once, and what is accepted is in the database."""
    # no clean-up: an exit handler that waits is what the second signal is against
    os._exit(128 + number)


async def serve(
    app: Application,
    listener: socket.socket,
    settings: Settings,
    on_started: Callable[[], None],
    on_second_signal: Callable[[int], None] = exit_at_once,
) -> None:
    """Answers until SIGINT or SIGTERM. on_second_signal: what a second signal does."""
    config = BoundedConfig(
        app,
        http=BoundedHttp,
        ws=BoundedWebSocket,
        ws_max_size=_MESSAGE_LIMIT_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Nothing asks who the client is, but the count of connections: before there are headers.
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
    )
    config.connections = Connections(_limits(settings), app.metrics)
    server = _Server(config, app, on_started, on_second_signal)
    async with _watching(server, config.connections):
        await server.serve(sockets=[listener])


def _limits(settings: Settings) -> ConnectionLimits:
    """The bounds of this process, told where they are lower than wanted."""
    descriptor_limit = descriptors.limit()
    limits = ConnectionLimits.of(settings, descriptor_limit)
    if limits.connections < limits.wanted_connections:
        log.warning(
            "taking %d connections instead of HOOKLINE_MAX_CONNECTIONS=%d: this process may have "
            "%d descriptors open (ulimit -n)",
            limits.connections,
            limits.wanted_connections,
            descriptor_limit,
        )
    return limits


@asynccontextmanager
async def _watching(server: uvicorn.Server, connections: Connections) -> AsyncIterator[None]:
    """Looks after the server's connections, to their end: a stop waits for them."""

    def open_connections() -> list[Watched]:
        return cast(list[Watched], list(server.server_state.connections))

    watch = asyncio.create_task(connections.watch(open_connections))
    try:
        yield
    finally:
        await end_tasks(watch)


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        app: Application,
        on_started: Callable[[], None],
        on_second_signal: Callable[[int], None],
    ) -> None:
        super().__init__(config)
        self._app, self._on_started, self._on_second_signal = app, on_started, on_second_signal

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # what start-up made lives as long as the process: collections need not look at it
        gc.freeze()
        gc.set_threshold(*_COLLECT_EVERY)
        gc.enable()
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends event streams and open sockets first: uvicorn 0.54 waits for them to end by
        themselves.
        """
        for server in self.servers:
            server.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._app.drain(), _DRAIN_SECONDS)
        await super().shutdown(sockets)

    # Any: a frame that nobody looks at.
    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stops the server without noting the signal, which uvicorn would raise again at the end:
        asked to stop and stopped is success.
        """
        if self.should_exit:
            self._on_second_signal(sig)
        self.should_exit = True
