"""Rules of trying again: how often, how long to wait, and what the server asked for. Pure, but for
the clock of a Retry-After that is a date, and the dice of a wait.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Retries:
    """Bounds of one request's tries. Before each further try it waits: half a second, then twice as
    long each time, up to the longest, of which a random half is left out; or as long as the server
    asked, if that is longer. It gives up after so many tries, or rather than wait beyond the
    deadline, which counts from the first try.
    """

    tries: int = 6
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0
    deadline_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError(f"tries is {self.tries}: give 1 (no further try) or more.")

    def wait_seconds(self, tries: int, retry_after_seconds: float | None) -> float:
        """Returns the wait after so many tries."""
        longest = min(self.longest_wait_seconds, self.first_wait_seconds * 2 ** (tries - 1))
        # Clients that failed together do not come back together.
        wait = random.uniform(longest / 2, longest)
        if retry_after_seconds is None:
            return wait
        return max(wait, retry_after_seconds + random.uniform(0, self.first_wait_seconds))


NO_RETRIES = Retries(tries=1)


def retry_after_seconds(header: str | None) -> float | None:
    """Returns the wait that `Retry-After` asks for (RFC 9110: seconds or a date); None when it is
    neither.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
