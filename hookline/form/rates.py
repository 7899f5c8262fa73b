"""Rate limits, `20/s` or `600/m`: their meaning, and the figures of GCRA for the claim. Pure. GCRA
(generic cell rate algorithm, ITU-T I.371): a webhook keeps the time of its next free slot; a
request may go when that is no further ahead than the tolerance, and moves it on by one interval. So
any second holds at most the rate and one burst, whichever worker claims.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

PER_MINUTE_LIMIT: Final = 600_000
_FORM = re.compile(r"([1-9][0-9]{0,6})/([sm])")
# A burst is 100 ms worth: of a minute the 600th part.
_BURST_SHARE = 600
_LATE_MICROSECONDS = 25_000


@dataclass(frozen=True, slots=True)
class Rate:
    """The most requests in a minute."""

    per_minute: int

    def __str__(self) -> str:
        # One text for each rate: 600/m and 10/s are no change.
        return f"{self.per_minute // 60}/s" if self.per_minute % 60 == 0 else f"{self.per_minute}/m"

    @property
    def interval(self) -> float:
        """Microseconds from slot to slot."""
        return 60_000_000 / self.per_minute

    @property
    def burst(self) -> int:
        """Requests that may go at once: those of 100 ms, at least one."""
        return max(1, self.per_minute // _BURST_SHARE)

    @property
    def tolerance(self) -> float:
        """Microseconds that the next slot may lie ahead. With a burst of one a little, so that a
        claim that comes late loses no slot.
        """
        # Never a whole interval, which would let two go for one slot.
        return max((self.burst - 1) * self.interval, min(_LATE_MICROSECONDS, self.interval / 2))


@lru_cache(1_000)
def parse_rate(text: str) -> Rate:
    """The rate that a text says.

    Raises ValueError with a sentence for a person.
    """
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError(
            "Write a rate as a whole number per second or minute, such as 20/s or 600/m."
        )
    per_minute = int(found[1]) * (60 if found[2] == "s" else 1)
    if per_minute > PER_MINUTE_LIMIT:
        raise ValueError(f"A rate is at most {PER_MINUTE_LIMIT // 60:,}/s.")
    return Rate(per_minute)


def free_slots(next_slot: float, now: float, rate: Rate) -> int:
    """Number of requests that may go now. Times in microseconds, here and below; hl_claim_paced
    does the same on PostgreSQL.
    """
    # A slot in the past counts as now: what was not used is not saved up.
    ahead = max(next_slot, now) - now
    return max(0, int((rate.tolerance - ahead) // rate.interval) + 1)


def slot_after(next_slot: float, now: float, taken: int, rate: Rate) -> float:
    """The next free slot once so many have gone."""
    return max(next_slot, now) + taken * rate.interval


def seconds_until_free(next_slot: float, now: float, rate: Rate) -> float:
    """Seconds until another request may go."""
    return max(0.0, (max(next_slot, now) - now - rate.tolerance) / 1e6)
