"""Loop of the relay: again and again, with pauses, through outages of the database and the server,
until a signal. Called by the command.
"""

import logging
import random
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hookline_client.client import Client
from hookline_client.errors import HooklineError, Unavailable
from hookline_client.outbox.database import DatabaseAway, Outbox
from hookline_client.outbox.relay import Relay, RelayOptions

log = logging.getLogger(__name__)
_LONGEST_WAIT_SECONDS = 30.0
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_ASKED_SECONDS = 600.0


def relay_all(url: str, client: Client, options: RelayOptions) -> None:
    """Publishes until nothing waits that could be leased.

    Raises HooklineError, DatabaseAway and OutboxError.
    """
    outbox = Outbox(url)
    try:
        relay = Relay(outbox, client, options)
        while relay.run_batch():
            pass
    finally:
        outbox.close()


def relay_forever(url: str, client: Client, options: RelayOptions, poll_seconds: float) -> None:
    """Publishes until SIGTERM or SIGINT; a batch that is under way is finished. Waits, ever longer,
    for a database or server that is away.

    Raises OutboxError: what no waiting mends.
    """
    with _signals() as stop:
        failures = 0
        outbox: Outbox | None = None
        while not stop.is_set:
            try:
                outbox = outbox or Outbox(url)
                count = Relay(outbox, client, options).run_batch()
            except (DatabaseAway, HooklineError) as error:
                failures += 1
                wait = _wait_seconds(failures, error)
                log.warning("nothing is published, again in %.1f s: %s", wait, error)
                if outbox and isinstance(error, DatabaseAway):
                    outbox.close()
                    outbox = None
                stop.wait(wait)
                continue
            if failures:
                log.info("publishing again")
            failures = 0
            if count < options.batch:
                stop.wait(poll_seconds)
        if outbox:
            outbox.close()
    log.info("ended")


def _wait_seconds(failures: int, error: Exception) -> float:
    longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** min(failures - 1, 10))
    wait = random.uniform(longest / 2, longest)
    asked = error.retry_after_seconds if isinstance(error, Unavailable) else None
    return max(wait, min(asked or 0.0, _LONGEST_ASKED_SECONDS))


class _Stop:
    """The wish to end, which also ends a wait."""

    def __init__(self) -> None:
        self.is_set = False
        self.reading, self.writing = socket.socketpair()
        self.writing.setblocking(False)

    def wait(self, seconds: float) -> None:
        """Waits for so long, or for the signal."""
        if not self.is_set:
            select.select([self.reading], [], [], seconds)

    def note(self, number: int, frame: FrameType | None) -> None:
        """Handles the signal."""
        self.is_set = True


@contextmanager
def _signals() -> Iterator[_Stop]:
    stop = _Stop()
    # A signal between the check and the select writes into the socket, so that it is not missed.
    before = signal.set_wakeup_fd(stop.writing.fileno())
    handlers = [(n, signal.signal(n, stop.note)) for n in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield stop
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        stop.reading.close()
        stop.writing.close()
