"""SQLite's one writer: a thread that runs jobs, many in one transaction. Used by queue/sqlite.py.

A job is a function of the connection. One that fails is undone alone; the others keep their commit.
No caller hears of success before the commit.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from hookline.db.sqlite import PRAGMAS

T = TypeVar("T")
WriteJob = Callable[[sqlite3.Connection], Any]  # Any: each job has a result of its own kind
# All of them share one flush to disk.
_MOST_JOBS = 500
"""Jobs in one transaction; bounded, so that the ORM's turn comes soon."""


class SqliteWriter:
    """turn: what every writer of this process takes first (the ORM's units of work too), so that
    none waits in SQLite's busy handler.
    """

    def __init__(self, path: Path, turn: asyncio.Lock) -> None:
        self._path, self._turn = path, turn
        self._waiting: list[tuple[WriteJob, asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None
        # SQLite takes one writer at a time.
        self._thread = ThreadPoolExecutor(1, "sqlite-writer")
        self._connection: sqlite3.Connection
        self._is_closed = False

    async def open(self) -> None:
        self._connection = await asyncio.get_running_loop().run_in_executor(
            self._thread, self._connect
        )

    def _connect(self) -> sqlite3.Connection:
        # isolation_level=None: else Python's module begins and commits transactions by itself.
        connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=256)
        for name, value in PRAGMAS.items():
            connection.execute(f"pragma {name} = {value}").close()
        return connection

    async def close(self) -> None:
        self._is_closed = True
        # What was asked before the close is still written.
        while self._task:
            await asyncio.wait([self._task])
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """The job's result, after its commit. Raises what the job raised, or sqlite3.Error when the
        transaction itself failed or the writer is closed.
        """
        if self._is_closed:
            raise sqlite3.OperationalError("the database is closed")
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((job, done))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return cast(T, await done)

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                async with self._turn:
                    # Taken under the turn: what came while the ORM wrote shares this commit.
                    batch, self._waiting = self._waiting[:_MOST_JOBS], self._waiting[_MOST_JOBS:]
                    outcomes = await loop.run_in_executor(
                        self._thread, self._commit, [job for job, _ in batch]
                    )
                for (_, done), (result, error) in zip(batch, outcomes, strict=True):
                    # The caller was cancelled and has gone.
                    if done.done():
                        continue
                    if error is None:
                        done.set_result(result)
                    else:
                        done.set_exception(error)
        finally:
            self._task = None

    def _commit(self, jobs: list[WriteJob]) -> list[tuple[Any, Exception | None]]:
        connection = self._connection
        try:
            # A plain BEGIN that reads first gets no write lock later: 50 of 100 such transactions
            # failed with "database is locked".
            connection.execute("begin immediate")
            outcomes = [self._run_one(job) for job in jobs]
            connection.execute("commit")
            return outcomes
        except sqlite3.Error as error:
            # A full disk may have rolled it back already.
            if connection.in_transaction:
                connection.execute("rollback")
            return [(None, error)] * len(jobs)

    def _run_one(self, job: WriteJob) -> tuple[Any, Exception | None]:
        # A job that fails is undone alone; the others keep their commit.
        self._connection.execute("savepoint job")
        try:
            result = job(self._connection)
        # Handed to the job's own caller.
        except Exception as error:  # noqa: BLE001
            self._connection.execute("rollback to job")
            self._connection.execute("release job")
            return None, error
        self._connection.execute("release job")
        return result, None
