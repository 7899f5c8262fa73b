"""The receivers of three webhooks on one port, which note everything that arrives. A healthy one, a
slow one, one that fails now and then.
"""

import asyncio
import time
import zlib
from dataclasses import dataclass

import orjson

from tests.receivers import Reply, Server, read_request

CUT = "Chaos-Cut"
"""A request with this header is noted, but never answered: its connection ends."""
WEBHOOKS = ("healthy", "slow", "failing")
_SLOW_SECONDS = 0.15
_FAILS_ONE_IN = 4


@dataclass(slots=True, eq=False)
class Arrival:
    """A request as the receiver saw it. tag: what the publisher called the event; status: None as
    long as it has no answer; at: Unix seconds.
    """

    tag: str
    webhook: str
    webhook_id: str
    at: float
    status: int | None = None


class Receivers:
    """url(name) is where that webhook's events go."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.on_wire = 0
        self._failed: set[str] = set()
        self._server = Server(self._serve)

    async def __aenter__(self) -> "Receivers":
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(None, None, None)

    def url(self, webhook: str) -> str:
        return f"http://127.0.0.1:{self._server.port}/{webhook}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await read_request(reader)
            tag = str(orjson.loads(request.body)["data"]["tag"])
            arrival = Arrival(
                tag, request.path.removeprefix("/"), request.header("webhook-id") or "", time.time()
            )
            self.arrivals.append(arrival)
            if request.header(CUT):
                return
            self.on_wire += 1
            try:
                status = await self._status(arrival)
                writer.write(Reply(status).encoded())
                arrival.status = status
                await writer.drain()
            finally:
                self.on_wire -= 1

    async def _status(self, arrival: Arrival) -> int:
        if arrival.webhook == "slow":
            await asyncio.sleep(_SLOW_SECONDS)
        if (
            arrival.webhook == "failing"
            and arrival.tag not in self._failed
            and zlib.crc32(arrival.tag.encode()) % _FAILS_ONE_IN == 0
        ):
            self._failed.add(arrival.tag)
            return 500
        return 200
