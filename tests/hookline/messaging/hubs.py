"""Two hubs over one server, as two processes have them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from hookline.messaging.hub import EVERYTHING
from hookline.messaging.server_hub import TOPICS, ServerHub


class Hubs:
    """received: by the second one, topic and text."""

    def __init__(self, make: Callable[[], ServerHub]) -> None:
        self.one, self.two = make(), make()
        self.received = list[tuple[str, str]]()
        for topic in TOPICS:
            self.two.subscribe(topic, partial(self._receive, topic))
        self._count = 0

    def _receive(self, topic: str, text: str) -> None:
        self.received.append((topic, text))

    def reach(self) -> bool:
        """Announces once more; whether any such announcement has come to the second hub. For
        `eventually`.
        """
        self._count += 1
        self.one.publish("match", f"{self._count}")
        return any(topic == "match" and text != EVERYTHING for topic, text in self.received)

    def all_got_everything(self) -> bool:
        return {topic for topic, text in self.received if text == EVERYTHING} == set(TOPICS)


@asynccontextmanager
async def two_hubs(make: Callable[[], ServerHub]) -> AsyncIterator[Hubs]:
    hubs = Hubs(make)
    await hubs.one.open()
    await hubs.two.open()
    try:
        yield hubs
    finally:
        await hubs.one.close()
        await hubs.two.close()
