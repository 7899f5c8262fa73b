"""The hub over Redis' PUBLISH. Channels carry the number of the URL's database: installations that
share a server take one each.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hookline.errors import Unavailable
from hookline.messaging.server_hub import (
    ANSWER_SECONDS,
    Announcement,
    PublisherConnection,
    ServerHub,
    SubscriberConnection,
)
from hookline.text import mask_url

if TYPE_CHECKING:
    from redis.asyncio.client import PubSub


class RedisHub(ServerHub):
    away = (RedisError, OSError)

    def __init__(self, url: str, hears_wakes: bool = True) -> None:
        super().__init__(hears_wakes)
        self._url = url
        self._prefix = f"hookline:{urlsplit(url).path.strip('/') or '0'}:"

    async def _open_subscriber(self, handle: Callable[[str, str], None]) -> SubscriberConnection:
        client = self._client()
        subscriber = _RedisSubscriber(
            client,
            client.pubsub(),
            lambda channel, text: handle(channel.removeprefix(self._prefix), text),
        )
        try:
            await subscriber.begin([self._prefix + topic for topic in self._topics])
        except BaseException:
            await subscriber.drop()
            raise
        return subscriber

    async def _open_publisher(self) -> PublisherConnection:
        return _RedisPublisher(self._client(), self._prefix)

    def _client(self) -> Redis:
        return Redis.from_url(
            self._url,
            decode_responses=True,
            socket_connect_timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            # The hub connects again by itself and says what was missed; redis-py's own retries
            # would hide the loss.
            retry=Retry(NoBackoff(), 0),
            client_name="hookline-hub",
        )

    def _no_answer(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"Redis at {mask_url(self._url)} takes no listener ({type(error).__name__}: {error}). "
            "Start it, or correct HOOKLINE_PUBSUB_URL "
            "(empty: the database itself)."
        )


class _RedisSubscriber:
    """A cut connection is known at once; the ping finds a half-open one within seconds."""

    def __init__(self, client: Redis, pubsub: "PubSub", handle: Callable[[str, str], None]) -> None:
        self._client, self._pubsub, self._handle = client, pubsub, handle

    async def begin(self, channels: Sequence[str]) -> None:
        """Returns once the server has confirmed all: nothing published from then on is missed."""
        # subscribe() only writes; the confirmations say that the server has subscribed it.
        await self._pubsub.subscribe(*channels)
        confirmed = 0
        async with asyncio.timeout(ANSWER_SECONDS):
            while confirmed < len(channels):
                message = await self._pubsub.get_message(timeout=ANSWER_SECONDS)
                confirmed += message is not None and message["type"] == "subscribe"

    async def receive(self) -> None:
        is_asked = False
        while True:
            message = await self._pubsub.get_message(timeout=ANSWER_SECONDS)
            if message is None:
                if is_asked:
                    # The ping before was not answered: the connection is half open.
                    raise TimeoutError("Redis does not answer")
                await self._pubsub.ping()
            elif message["type"] == "message":
                self._handle(message["channel"], message["data"])
            is_asked = message is None

    async def drop(self) -> None:
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py 8.1 left it untyped
        await self._client.aclose()


class _RedisPublisher:
    def __init__(self, client: Redis, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    async def publish(self, announcements: Sequence[Announcement]) -> None:
        # One round trip; announcements need no atomicity.
        pipeline = self._client.pipeline(transaction=False)
        for topic, text in announcements:
            pipeline.publish(self._prefix + topic, text)
        await pipeline.execute()

    async def drop(self) -> None:
        await self._client.aclose()
