"""`hookline worker`: becomes Dramatiq's own command for `workers.main`."""

import os
import sys

import click

THREADS = 8
"""Dramatiq's own default, in each process. A contract test holds it above what jobs and periodic
actors may hold at a time (workers.context.THREADS_HELD).
"""


@click.command()
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Worker processes; one is one core.",
)
def worker(processes: int) -> None:
    """Deliver events, send mails and do jobs, beside an API process, on PostgreSQL. `dramatiq
    workers.main` does the same.

    On SQLite the worker runs inside `hookline dev` and `hookline serve`.
    """
    from hookline.serving import descriptors
    from hookline.settings.fields import read_settings
    from hookline.settings.processes import check_lone_worker
    from hookline.shutdown import GRACE_SECONDS

    settings = read_settings()
    check_lone_worker(settings)
    descriptors.raise_limit()
    # Longer than the worker's own stop, which ends requests and records them: Dramatiq kills
    # afterwards.
    grace_millis = int((settings.shutdown_seconds + GRACE_SECONDS) * 1_000)
    options = [
        "--processes",
        str(processes),
        "--threads",
        str(THREADS),
        "--skip-logging",
        "--worker-shutdown-timeout",
        str(grace_millis),
    ]
    # exec replaces the process with whatever it has not written yet.
    sys.stdout.flush()
    # Not a child: signals of a supervisor reach Dramatiq's parent, which hands them on.
    os.execv(sys.executable, [sys.executable, "-m", "dramatiq", "workers.main", *options])
