"""`hookline serve`: the API as it runs in production."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from hookline.runtime import Runtime
    from hookline.settings.fields import Settings


@click.command()
@click.option("--host", help="Address to listen on. [default: HOOKLINE_HOST, else 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on. [default: HOOKLINE_PORT, else 8000]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="API processes behind one port; one is one core.",
)
@click.option(
    "--with-worker",
    is_flag=True,
    help="Deliver inside the API's processes too. Always so on SQLite.",
)
@click.option(
    "--sync",
    "sync_path",
    metavar="PATH",
    help="Follow this file or folder of webhooks, and apply it when it changes. [default: "
    "HOOKLINE_SYNC_PATH]",
)
@click.option(
    "--sync-interval",
    metavar="TIME",
    help="Time between two looks at it. [default: HOOKLINE_SYNC_INTERVAL, else 30s]",
)
def serve(
    host: str | None,
    port: int | None,
    workers: int,
    with_worker: bool,
    sync_path: str | None,
    sync_interval: str | None,
) -> None:
    """Serve the API. Needs a migrated database (`hookline migrate`) and tokens (`hookline token
    create`).

    On PostgreSQL run `hookline worker` beside it, or use --with-worker. SIGTERM or Ctrl-C ends it
    cleanly; a second one at once.
    """
    import sys
    from contextlib import nullcontext

    from hookline import logs
    from hookline.cli.lock import process_lock
    from hookline.cli.server import listen
    from hookline.serving import descriptors
    from hookline.settings.fields import read_settings
    from hookline.settings.processes import check_api_processes

    settings = read_settings(host=host, port=port, sync_path=sync_path, sync_interval=sync_interval)
    check_api_processes(settings, workers, with_worker)
    logs.configure(settings.log_level, settings.log_format)
    descriptors.raise_limit()
    # The socket is made before the fork: all processes accept from one queue.
    with (
        process_lock(settings) if settings.is_sqlite else nullcontext(),
        listen(settings) as listener,
    ):
        if workers == 1:
            _run_alone(settings, listener, with_worker)
        else:
            sys.exit(_run_several(settings, listener, workers, with_worker))


def _run_alone(settings: "Settings", listener: "socket", with_worker: bool) -> None:
    from hookline.cli.server import exit_at_once, run

    # A lambda, so that the coroutine is made by the loop that runs it.
    run(lambda: _serve(settings, listener, with_worker, lambda: None, exit_at_once, is_alone=True))


def _run_several(settings: "Settings", listener: "socket", workers: int, with_worker: bool) -> int:
    from hookline.cli.main import exit_code_of
    from hookline.cli.server import run
    from hookline.cli.supervisor import Supervisor
    from hookline.shutdown import GRACE_SECONDS

    def serve(on_started: "Callable[[], None]") -> int:
        # a supervisor of the system tells every process, the parent tells its own: twice is no
        # hurry
        return exit_code_of(
            lambda: run(
                lambda: _serve(settings, listener, with_worker, on_started, lambda number: None)
            )
        )

    return Supervisor(workers, serve, settings.shutdown_seconds + GRACE_SECONDS).run()


async def _serve(
    settings: "Settings",
    listener: "socket",
    with_worker: bool,
    on_started: "Callable[[], None]",
    on_second_signal: "Callable[[int], None]",
    is_alone: bool = False,
) -> None:
    import logging

    from hookline.cli.server import running, serve, url_of

    log = logging.getLogger(__name__)
    has_worker = with_worker or settings.is_sqlite

    def started() -> None:
        log.info(
            "serving at %s, %s",
            url_of(listener),
            "delivering too" if has_worker else "deliveries are for `hookline worker`",
        )
        on_started()

    async with running(
        settings,
        has_worker=has_worker,
        hosts=settings.allowed_hosts,
        is_alone=is_alone,
        companions=_companions(settings),
    ) as app:
        await serve(app, listener, settings, started, on_second_signal)
    log.info("stopped")


def _companions(settings: "Settings") -> "tuple[Callable[[Runtime], Any], ...]":
    """Companions of the API: of pull mode the follower of its path."""
    if not settings.sync_path:
        return ()
    import os
    from functools import partial

    from hookline.sync.pull.following import following

    return (partial(following, os.path.abspath(settings.sync_path)),)
