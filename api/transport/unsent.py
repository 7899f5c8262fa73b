"""Large answers that wait for their readers: their bytes are bounded in this process and for each
caller, and a reader must keep a pace. All transports share one Unsent.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from graphql import OperationType

from api.context import Context
from api.execution.encoding import LARGE_BYTES
from api.execution.errors import QUERY_TOO_COSTLY, RequestRefused
from api.execution.execute import Answer, Encoded
from api.transport.pace import ReadingPace
from hookline.errors import Unavailable

LIMIT_BYTES: Final = 268_435_456
BYTES_PER_SECOND: Final = 32_768
_LATE_SECONDS: Final = 60.0
"""The system tells of progress only when a third of its own buffer is free: 1.3 MiB, which takes a
reader that keeps the pace 40 s (Linux).
"""


class Unsent:
    """limit_bytes: of all callers together; one has half of it, and with half of it taken there is
    room only for callers that have nothing there. bytes_per_second: the pace of a reader.
    """

    def __init__(
        self,
        limit_bytes: int = LIMIT_BYTES,
        bytes_per_second: int = BYTES_PER_SECOND,
        late_seconds: float = _LATE_SECONDS,
    ) -> None:
        self._limit_bytes = limit_bytes
        self._bytes_per_second, self._late_seconds = bytes_per_second, late_seconds
        self._taken = Counter[Hashable]()

    @contextmanager
    def admitted(self, answer: Answer, kind: OperationType, context: Context) -> Iterator[Answer]:
        """Counts a large answer during the block, and yields what is to be sent. For a mutation
        without room that is an answer that says so, since it must not be taken for undone.

        Raises Unavailable: there is no room for another one.
        """
        try:
            count = self.take(context.caller, length_of(answer))
        except Unavailable as error:
            if kind is not OperationType.MUTATION:
                raise
            answer, count = done_without_room(error, context.request_id), 0
        try:
            yield answer
        finally:
            self.give_back(context.caller, count)

    def take(self, caller: Hashable, count: int) -> int:
        """Counts so many bytes, if that is the size of a large answer, and returns the count.

        Raises Unavailable: there is no room for them.
        """
        if count <= LARGE_BYTES:
            return 0
        # Not waited for: it would be in memory meanwhile.
        if not self._has_room(caller, count):
            raise Unavailable(
                f"This answer has {count:,} bytes, and {self._taken[caller]:,} of your answers "
                f"wait to be read; for all callers this server has {self._limit_bytes:,} "
                "(HOOKLINE_MAX_HELD_BYTES), for one token half of that. Read answers before you "
                "ask for more, or ask for less at a time."
            )
        self._taken[caller] += count
        return count

    def give_back(self, caller: Hashable, count: int) -> None:
        if count:
            self._taken[caller] -= count
            if not self._taken[caller]:
                del self._taken[caller]

    def pace(self) -> "ReadingPace":
        return ReadingPace(self._bytes_per_second, self._late_seconds)

    def _has_room(self, caller: Hashable, count: int) -> bool:
        total, own = self._taken.total() + count, self._taken[caller]
        return total <= self._limit_bytes if not own else total <= self._limit_bytes // 2


def length_of(answer: Encoded) -> int:
    """Bytes of a large answer, and of an encoded one; 0: few."""
    return len(answer) if isinstance(answer, bytes) else sum(map(len, answer.pieces))


def done_without_room(error: Unavailable, request_id: str) -> Answer:
    """The answer to a mutation whose own has no room: it must not be taken for undone."""
    told = RequestRefused(QUERY_TOO_COSTLY, f"This was done. {error.message}")
    return Answer(None, told.formatted(request_id))
