"""The errors of both drivers: the database is away, a statement was surely undone, a row can't be
stored. Called by whoever asks a database.
"""

import asyncio
import sqlite3

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError

from hookline.errors import Unavailable

# Raised by a driver when the database is away or too busy.
FAULTS = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # "cannot switch to state" after a cut connection (asyncpg 0.31).
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    # A deadlock or a serialisation failure: the same call may come again.
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    # A failover left us at a standby. Taken for a refusal, it made answered events be sent again
    # (2026-11-25).
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # Its disk, above all.
    asyncpg.PostgresSystemError,
    DBConnectionError,
    # Locked, full or gone.
    sqlite3.OperationalError,
)
# Said by PostgreSQL of a statement that is a transaction: it was rolled back. Not all of class 40:
# 40003 says that nobody knows.
ROLLED_BACK = (
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
)
# Raised by a driver or the database when a row itself can't be stored, at any time by any caller.
REFUSALS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    ValueError,
    TypeError,
    OverflowError,
)


class faults_as_unavailable:
    """Turns the driver's connection faults into Unavailable; everything else passes."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if error is not None and is_fault(error):
            raise Unavailable() from error


def is_fault(error: BaseException) -> bool:
    """True when the database is away or too busy: the outcome is unknown, and the same call may
    come again.
    """
    # Tortoise wraps SQLite's errors, so that only their texts tell a busy database from a wrong
    # statement.
    return isinstance(error, FAULTS) or (isinstance(error, OperationalError) and _is_busy(error))


def _is_busy(error: OperationalError) -> bool:
    return any(
        text in str(error)
        for text in ("database is locked", "disk is full", "disk I/O error", "unable to open")
    )
