"""A shop with a database of its own: it takes orders, and writes an event of each in the same
transaction. Its relay is a real process.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hookline_client import outbox
from tests.leftovers import watch_group
from tests.processes import PROJECT, kill_group

CLIENT = PROJECT / "clients/python/src"


class Shop:
    """Orders and their outbox. url: of the database, for the relay too."""

    def __init__(self, url: str, folder: Path, server: str, token: str) -> None:
        self.url, self.folder = url, folder
        self.is_sqlite = url.startswith("sqlite")
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CLIENT),
            "HOOKLINE_SERVER": server,
            "HOOKLINE_TOKEN": token,
            "HOOKLINE_OUTBOX_DATABASE": url,
        }
        self.log = folder / "relay.txt"

    def connect(self) -> Any:
        """A connection of sqlite3 or psycopg."""
        if self.is_sqlite:
            return sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=60)
        import psycopg

        return psycopg.connect(self.url)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Any]:
        """A connection whose transaction is committed at the end, or rolled back by an error."""
        connection = self.connect()
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def order(self, *numbers: int, event_type: str = "order.order.create") -> None:
        """Takes orders, each with its event, in one transaction."""
        with self.transaction() as connection:
            for number in numbers:
                connection.execute(f"insert into orders values ({number})")
                outbox.publish(connection, event_type, {"number": number}, environment="production")

    def rows(self, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Rows of the outbox in the order in which they were written."""
        with self.transaction() as connection:
            select = f"select {columns} from hookline_outbox where {where} order by id"
            return [tuple(row) for row in connection.execute(select).fetchall()]

    def expire_leases(self) -> None:
        """Moves the end of every lease into the past, as if the relay had died long ago."""
        with self.transaction() as connection:
            connection.execute("update hookline_outbox set leased_until = 0")

    def run(self, *arguments: str, exit_code: int = 0, **environment: str) -> str:
        """Runs a command of the outbox to its end; what it printed, with its errors."""
        done = subprocess.run(
            [sys.executable, "-m", "hookline_client.outbox", *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert done.returncode == exit_code, done.stdout
        return done.stdout

    @contextlib.contextmanager
    def relay(self, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A relay that goes on, killed at the end."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "hookline_client.outbox", "relay", "--poll=0.05", *options],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        watch_group(process.pid)
        try:
            yield process
        finally:
            kill_group(process)
