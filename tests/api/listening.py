"""The whole application behind uvicorn, on a free port of loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from api.app import make_app
from hookline.runtime import Runtime
from tests.waiting import eventually


@asynccontextmanager
async def listening(runtime: Runtime) -> AsyncIterator[int]:
    """Serves the runtime on a free port, which is given."""
    app, listener = make_app(runtime), socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
        )
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await eventually(lambda: server.started)
        yield listener.getsockname()[1]
    finally:
        await app.drain()
        await app.close()
        server.should_exit = True
        await running
        listener.close()
