"""A shop with a database of its own: it takes orders, and writes an event of each in the same
transaction. Its relay is a real process.
"""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from hookline_client import outbox
from tests.processes import PROJECT, Process, kill_group, start_python

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
        with tempfile.TemporaryFile("w+") as output:
            process = self._start(output, arguments, environment)
            try:
                code = process.wait(120)
            finally:
                kill_group(process)
            output.seek(0)
            said = output.read()
        assert code == exit_code, said
        return said

    def _start(
        self, output: IO[Any], arguments: Sequence[str], environment: Mapping[str, str]
    ) -> Process:
        return start_python(
            "hookline_client.outbox",
            *arguments,
            folder=self.folder,
            environment={**self.environment, **environment},
            output=output,
        )

    @contextlib.contextmanager
    def relay(self, *options: str) -> Iterator[Process]:
        """A relay that goes on, killed at the end."""
        with self.log.open("ab") as log:
            process = self._start(log, ("relay", "--poll=0.05", *options), {})
        try:
            yield process
        finally:
            kill_group(process)
