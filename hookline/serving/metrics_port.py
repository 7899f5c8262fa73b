"""A port where a process shows its metrics: for workers, and for API processes that share one. It
has the bounds of the API's port, and few connections.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, cast

from uvicorn.server import ServerState

from hookline.errors import Misconfigured
from hookline.metrics import Metrics
from hookline.serving.config import BoundedConfig
from hookline.serving.connections import Connections, Watched
from hookline.serving.http import BoundedHttp
from hookline.serving.limits import ConnectionLimits
from hookline.serving.metrics_page import MetricsPage
from hookline.settings.fields import Settings
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

PORTS: Final = 64
"""Processes of one machine that may show their metrics; as many as `hookline worker` starts."""
CONNECTIONS: Final = 16
"""For a few scrapers. Whoever holds all of them keeps the metrics from being read, and nothing
else: each must send a whole head in HOOKLINE_HEAD_SECONDS.
"""


@asynccontextmanager
async def metrics_port(metrics: Metrics, settings: Settings) -> AsyncIterator[int]:
    """Answers until the block ends, at the first port from HOOKLINE_METRICS_PORT on that is free.
    Gives the port; 0 if there is none: metrics are no reason to keep a process from its work.

    Raises Misconfigured when HOOKLINE_METRICS_HOST can't be had.
    """
    listener = _listen(settings) if settings.metrics_port else None
    if listener is None:
        yield 0
        return
    config, state = _config(metrics, settings), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedHttp(config, state, {}), sock=listener)
    # Without a look none of the bounds of time would hold.
    watch = asyncio.create_task(config.connections.watch(lambda: _open_connections(state)))
    host, port = listener.getsockname()[:2]
    log.info("metrics at http://%s:%d/metrics", f"[{host}]" if ":" in host else host, port)
    try:
        yield port
    finally:
        server.close()
        for connection in _open_connections(state):
            connection.drop()
        await end_tasks(watch)


def _open_connections(state: ServerState) -> Iterable[Watched]:
    return cast(list[Watched], list(state.connections))


def _config(metrics: Metrics, settings: Settings) -> BoundedConfig:
    config = BoundedConfig(
        MetricsPage(metrics, settings.metrics_token),
        http=BoundedHttp,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    config.load()
    limits = ConnectionLimits.of(settings, 10 * CONNECTIONS)
    config.connections = Connections(
        replace(
            limits,
            connections=CONNECTIONS,
            connections_per_address=CONNECTIONS,
            # Those beyond the bound are dropped at once: nobody asks for health here.
            guests=0,
            # Nothing here is large.
            held_bytes=1024 * 1024,
        ),
        metrics,
    )
    return config


def _listen(settings: Settings) -> socket.socket | None:
    host, first = settings.metrics_host, settings.metrics_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(first, first + PORTS):
        try:
            # Bound and listening at once: two processes can't both get it.
            return socket.create_server((host, port), family=family, backlog=CONNECTIONS)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise Misconfigured(
                    f"HOOKLINE_METRICS_HOST {host} can't be listened on: {error.strerror}."
                ) from None
    log.warning("no metrics: the ports %d to %d are taken", first, first + PORTS - 1)
    return None
