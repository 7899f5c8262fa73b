"""A load generator that costs little: keep-alive connections that POST GraphQL bodies and look only
for errors. A process of its own. Usage: python -m benchmarks.load URL TOKEN (flood SECONDS
CONNECTIONS BATCH | steady RATE SECONDS). Prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

import uvloop

SINGLE = (
    "mutation($input:EventPublishInput!){eventPublish(input:$input){event{id} duplicate "
    "deliveryCount userErrors{field message code}}}"
)
BATCH = (
    "mutation($input:EventPublishBatchInput!){eventPublishBatch(input:$input)"
    "{results{event{id} duplicate} userErrors{field message code}}}"
)
FILLER = "x" * 850
"""About 1 KB for each event."""
_TIME = 1111111111.111111
"""In place of the time at which a request is sent, and as long."""
_SENT = b'"sent":%.6f'


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.buffer = cast(asyncio.WriteTransport, transport), b""
        self.answered: asyncio.Future[bytes] | None = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or self.answered is None:
            return
        head = self.buffer[:end].lower()
        size = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self.buffer) >= end + 4 + size:
            answer, self.buffer = self.buffer[: end + 4 + size], b""
            self.answered.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self.answered is not None and not self.answered.done():
            self.answered.set_exception(error or ConnectionResetError("closed"))

    async def post(self, request: bytes) -> bool:
        """Publishes; true if it was accepted."""
        self.answered = asyncio.get_running_loop().create_future()
        # Now, as to make a request takes 0.1 ms of a cold cache, which are nobody's but ours
        # (2026-11).
        self.transport.write(request.replace(_SENT % _TIME, _SENT % time.time()))
        answer = await self.answered
        return (
            # Searched, not parsed: the generator shares the cores with what it measures.
            answer.startswith(b"HTTP/1.1 200")
            and b'"errors"' not in answer
            and b'"userErrors":[]' in answer
        )


def event(seq: str) -> dict[str, object]:
    data = {"seq": seq, "sent": _TIME, "filler": FILLER}
    return {"type": "order.order.create", "environment": "production", "data": data}


def requests(url: str, token: str, batch: int) -> Iterator[bytes]:
    """Yields one request after the other; only numbers differ, and the time that `post` puts in."""
    # Of this run alone: what arrives late from another one is told apart.
    run = f"{time.time_ns():x}"
    fixed = {
        "Host": urlsplit(url).netloc,
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
    }
    head = (
        "POST /graphql HTTP/1.1\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in fixed.items())
        + "Content-Length: "
    )
    for number in range(2**62):
        given: object = (
            event(f"{run}-{number}")
            if batch == 1
            else {"events": [event(f"{run}-{number}-{n}") for n in range(batch)]}
        )
        body = json.dumps(
            {"query": SINGLE if batch == 1 else BATCH, "variables": {"input": given}},
            separators=(",", ":"),
        )
        yield f"{head}{len(body)}\r\n\r\n{body}".encode()


async def connect(url: str) -> Client:
    parts = urlsplit(url)
    _, client = await asyncio.get_running_loop().create_connection(
        Client, parts.hostname or "127.0.0.1", parts.port or 80
    )
    return client


async def flood(
    url: str, token: str, seconds: float, connections: int, batch: int
) -> dict[str, object]:
    source, until, latencies, accepted, failed = (
        requests(url, token, batch),
        time.monotonic() + seconds,
        list[float](),
        0,
        0,
    )

    async def one(client: Client) -> None:
        nonlocal accepted, failed
        while (now := time.monotonic()) < until:
            if await client.post(next(source)):
                accepted += batch
            else:
                failed += batch
            latencies.append(time.monotonic() - now)

    began = time.time()
    await asyncio.gather(*[one(await connect(url)) for _ in range(connections)])
    return {
        "began": began,
        "seconds": time.time() - began,
        "accepted": accepted,
        "failed": failed,
        "publish_ms": percentiles([s * 1_000 for s in latencies]),
    }


async def steady(url: str, token: str, rate: int, seconds: float) -> dict[str, object]:
    source, idle, accepted, failed = (
        requests(url, token, 1),
        [await connect(url) for _ in range(32)],
        0,
        0,
    )

    async def one(request: bytes) -> None:
        nonlocal accepted, failed
        client = None
        # servers close what is idle for some seconds
        while idle and (client is None or client.transport.is_closing()):
            client = idle.pop()
        # One more when all are busy: otherwise a server that stalls is not asked, and its stall is
        # not measured.
        if client is None or client.transport.is_closing():
            client = await connect(url)
        try:
            was_accepted = await client.post(request)
        # the server has closed it for idleness just now
        except ConnectionError:
            was_accepted = False
        accepted += was_accepted
        failed += not was_accepted
        idle.append(client)

    began, start, tasks = time.time(), time.monotonic(), list[asyncio.Task[None]]()
    for number in range(int(rate * seconds)):
        request = next(source)
        # By the start and not by the one before: a stall of this process is made up for, and the
        # rate stays.
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        # Not awaited: a slow answer must not hold back the next request.
        tasks.append(asyncio.create_task(one(request)))
    await asyncio.gather(*tasks)
    return {"began": began, "accepted": accepted, "failed": failed}


def percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


def main(url: str, token: str, mode: str, *numbers: str) -> None:
    if mode == "flood":
        seconds, connections, batch = numbers
        result = uvloop.run(flood(url, token, float(seconds), int(connections), int(batch)))
    else:
        rate, seconds = numbers
        result = uvloop.run(steady(url, token, int(rate), float(seconds)))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
