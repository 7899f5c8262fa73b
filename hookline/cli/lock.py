"""One server per SQLite database (and per home folder). Held by `hookline dev` and `hookline serve`
for as long as they run, and by commands with --local.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookline.errors import Misconfigured
from hookline.settings.fields import Settings


@contextmanager
def process_lock(settings: Settings) -> Iterator[None]:
    """Holds the lock until the block ends; the system frees it when the process dies.

    Raises Misconfigured when another process holds it.
    """
    path = _path(settings)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never emptied, never deleted: a file that is replaced would have a lock of its own.
        file = path.open("a")
    except OSError as error:
        raise Misconfigured(
            f"Cannot write in {path.parent} ({error.strerror}). Mend that, or set HOOKLINE_HOME "
            "to another folder."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(_taken(settings)) from None
        yield


@contextmanager
def local_lock(settings: Settings) -> Iterator[None]:
    """The same for a command with --local: SQLite serves one process, and its hub reaches nobody
    else.

    Raises Misconfigured, also for PostgreSQL.
    """
    if not settings.is_sqlite:
        raise Misconfigured(
            "--local works on SQLite only: HOOKLINE_DATABASE_URL names PostgreSQL. Ask a server, "
            "with --server."
        )
    with process_lock(settings):
        yield


def _path(settings: Settings) -> Path:
    return (
        # Beside the database, as two home folders may name one. Not the database itself, whose
        # locks SQLite manages.
        settings.sqlite_path.with_name(settings.sqlite_path.name + ".lock")
        if settings.is_sqlite
        else settings.home / "lock"
    )


def _taken(settings: Settings) -> str:
    if settings.is_sqlite:
        return (
            f"Another Hookline works on {settings.sqlite_path}: SQLite serves one process at a "
            "time."
            " End that one, or set HOOKLINE_HOME to another folder (a second server needs another "
            "HOOKLINE_PORT too)."
        )
    return (
        f"Another `hookline dev` uses {settings.home}. End that one, or set HOOKLINE_HOME to "
        "another folder (a second server needs another HOOKLINE_PORT too)."
    )
