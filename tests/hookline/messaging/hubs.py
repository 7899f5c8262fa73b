"""Two hubs over one server, as two processes have them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from hookline.messaging.carried_hub import TOPICS, CarriedHub
from hookline.messaging.hub import EVERYTHING


class Hubs:
    """heard: by the second one, topic and text."""

    def __init__(self, make: Callable[[], CarriedHub]) -> None:
        self.one, self.two = make(), make()
        self.heard = list[tuple[str, str]]()
        for topic in TOPICS:
            self.two.listen(topic, partial(self._hear, topic))
        self._count = 0

    def _hear(self, topic: str, text: str) -> None:
        self.heard.append((topic, text))

    def reach(self) -> bool:
        """Announces once more; whether any such announcement has come to the second hub. For
        `eventually`.
        """
        self._count += 1
        self.one.announce("match", f"{self._count}")
        return any(topic == "match" and text != EVERYTHING for topic, text in self.heard)

    def all_were_told(self) -> bool:
        return {topic for topic, text in self.heard if text == EVERYTHING} == set(TOPICS)


@asynccontextmanager
async def two_hubs(make: Callable[[], CarriedHub]) -> AsyncIterator[Hubs]:
    hubs = Hubs(make)
    await hubs.one.open()
    await hubs.two.open()
    try:
        yield hubs
    finally:
        await hubs.one.close()
        await hubs.two.close()
