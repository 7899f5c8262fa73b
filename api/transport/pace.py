"""The pace of a client that reads a large answer. api.transport.unsent sets it."""

import asyncio


class ReadingPace:
    """Until when a reader must have taken what it was given. Each byte pays for its share of a
    second, and none for later.
    """

    def __init__(self, bytes_per_second: int, late_seconds: float) -> None:
        self._bytes_per_second, self._late_seconds = bytes_per_second, late_seconds
        self._now = asyncio.get_running_loop().time
        self.until = self._now() + late_seconds

    def took(self, count: int) -> None:
        self.until = min(
            self.until + count / self._bytes_per_second, self._now() + self._late_seconds
        )

    def until_taken(self, count: int) -> float:
        """The time for all of so many bytes that are given at once."""
        return self.until + count / self._bytes_per_second
