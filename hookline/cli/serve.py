"""`hookline serve`: the API as it runs in production."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from socket import socket

    from hookline.settings import Settings


@click.command()
@click.option("--host", help="Address to listen on. [default: HOOKLINE_HOST, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on. [default: HOOKLINE_PORT, else 8000]")
@click.option("--with-worker", is_flag=True, help="Deliver inside this process too. Always so on SQLite.")
def serve(host: str | None, port: int | None, with_worker: bool) -> None:
    """Serve the API. Needs a migrated database (`hookline migrate`) and tokens (`hookline token create`).

    On PostgreSQL run `hookline worker` beside it, or use --with-worker. SIGTERM or Ctrl-C ends it cleanly; a second one at once.
    """
    from contextlib import nullcontext

    from hookline import logs
    from hookline.cli.lock import alone
    from hookline.cli.server import listen, run
    from hookline.errors import Misconfigured
    from hookline.settings import read_settings

    settings = read_settings(host=host, port=port)
    has_worker = with_worker or settings.is_sqlite
    if not has_worker and settings.hub_url == "memory://":
        raise Misconfigured(
            "HOOKLINE_PUBSUB_URL is memory://, which reaches no worker outside of this process. Leave it empty, or add --with-worker."
        )
    logs.configure(settings.log_level, settings.log_format)
    with alone(settings) if settings.is_sqlite else nullcontext(), listen(settings) as listener:
        run(lambda: _serve(settings, listener, has_worker))


async def _serve(settings: "Settings", listener: "socket", has_worker: bool) -> None:
    import logging

    from hookline.cli.server import running, serve, url_of

    logger = logging.getLogger("hookline.server")

    def tell_started() -> None:
        logger.info("serving at %s, %s", url_of(listener), "delivering too" if has_worker else "deliveries are for `hookline worker`")

    async with running(settings, has_worker=has_worker, hosts=settings.allowed_hosts) as app:
        await serve(app, listener, settings.shutdown_seconds, tell_started)
    logger.info("stopped")
