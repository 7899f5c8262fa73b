"""Relay: publishes what committed transactions wrote into the outbox. Called by the commands.

An event is marked after the server has it. A crash in between publishes it again with the same key,
which the server knows for 24 hours.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import time

from hookline_client.client import Client
from hookline_client.errors import HooklineError, Refused
from hookline_client.outbox.database import Outbox, Row

log = logging.getLogger(__name__)

LEASE_SECONDS = 120.0
"""Longer than a batch takes: one that takes longer is published twice with the same keys."""
FAILURES_LIMIT = 10
_OF_THE_EVENT = frozenset(
    {"INTERNAL_SERVER_ERROR", "BAD_USER_INPUT", "QUERY_TOO_COSTLY", "HTTP_413"}
)
"""Codes that one event may cause by itself. Any other is the server's trouble, or the token's."""
_CLEANED = 1_000


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """batch: events that are leased and published at once. keep_sent_seconds: time for which
    published events stay in the table.
    """

    batch: int = 100
    keep_sent_seconds: float = 86_400.0


class Relay:
    """Publishes the outbox of one database in batches."""

    def __init__(self, outbox: Outbox, client: Client, options: RelayOptions) -> None:
        self._outbox, self._client, self._options = outbox, client, options

    def run_batch(self) -> int:
        """Publishes the oldest waiting events in their order, and deletes some of those that were
        published long ago. Returns how many there were.

        Raises HooklineError if the server is in trouble, after giving the events back; DatabaseAway
        and OutboxError.
        """
        rows = self._outbox.lease(time(), LEASE_SECONDS, self._options.batch)
        self._publish(self._readable(rows))
        self._outbox.delete_sent(time() - self._options.keep_sent_seconds, _CLEANED)
        return len(rows)

    def _readable(self, rows: Sequence[Row]) -> list[Row]:
        """Returns the rows that hold events; the others are set aside."""
        found = []
        for row in rows:
            try:
                row.event()
            except (ValueError, RecursionError) as error:
                self._set_aside(row, f"The row holds no event: {error}")
            else:
                found.append(row)
        return found

    def _publish(self, rows: Sequence[Row]) -> None:
        """Publishes rows in their order; those that are refused are left out, and the others are
        published.
        """
        while rows:
            try:
                self._client.publish_batch([row.event() for row in rows])
            except HooklineError as error:
                rows = self._after(error, rows)
            else:
                self._mark_sent(rows)
                return

    def _after(self, error: HooklineError, rows: Sequence[Row]) -> Sequence[Row]:
        """Returns the rows that are still to be published."""
        done = len(error.published)
        self._mark_sent(rows[:done])
        left = rows[done:]
        if isinstance(error, Refused):
            reasons = _reasons(error, done)
            # About the batch as a whole: one alone says whose fault it is.
            if not reasons and len(left) > 1:
                return self._first_alone(left)
            for index, row in enumerate(left):
                if reason := reasons.get(index) or ("" if reasons else error.message):
                    self._set_aside(row, reason)
            return [row for index, row in enumerate(left) if reasons and index not in reasons]
        if error.code not in _OF_THE_EVENT:
            self._outbox.release([row.id for row in left])
            raise error
        if len(left) > 1:
            return self._first_alone(left)
        if left[0].failures + 1 < FAILURES_LIMIT:
            self._outbox.count_failure(left[0].id, error.message)
            raise error
        self._set_aside(left[0], error.message)
        return []

    def _first_alone(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Publishes the first row by itself, so that the event at fault is found. If it has to
        wait, so have the others, which would else come before it.
        """
        try:
            self._publish(rows[:1])
        except HooklineError:
            self._outbox.release([row.id for row in rows[1:]])
            raise
        return rows[1:]

    def _mark_sent(self, rows: Sequence[Row]) -> None:
        self._outbox.mark_sent([row.id for row in rows], time())
        if rows:
            log.info("published: %d, up to id %d", len(rows), rows[-1].id)

    def _set_aside(self, row: Row, reason: str) -> None:
        self._outbox.set_aside(row.id, reason, time())
        log.error(
            "set aside event %d (%s, key %s): %s", row.id, row.type, row.idempotency_key, reason
        )


def _reasons(error: Refused, done: int) -> dict[int, str]:
    """Returns why events are refused, by their index behind those that were published."""
    found = dict[int, str]()
    for problem in error.problems:
        if problem.index is not None:
            text = ": ".join(filter(None, (".".join(problem.field), problem.message)))
            index = problem.index - done
            found[index] = f"{found[index]} {text}" if index in found else text
    return found
