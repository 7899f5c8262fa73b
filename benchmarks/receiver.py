"""A receiver that costs little, as a process of its own: python -m benchmarks.receiver PORT. POSTs
get 200, to /late after 10 s, to /hang never; each "seq" is counted, with the time since its "sent".
`GET /reset` forgets. As JSON: `/stats` {"count", "unique", "first", "last"}, `/latencies` in ms,
`/times` when each came (seconds since 1970), `/arrivals` "sent" and that by "seq".
"""

import asyncio
import json
import re
import sys
import time
from typing import cast

import uvloop

SEQ = re.compile(rb'"seq":"([^"]+)"')
SENT = re.compile(rb'"sent":([0-9.]+)')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
LATE_SECONDS = 10
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Ledger:
    def __init__(self) -> None:
        self.count = 0
        self.seen: set[bytes] = set()
        self.first = self.last = 0.0
        self.latencies_ms: list[float] = []
        self.times: list[float] = []
        self.arrivals: dict[str, tuple[float, float]] = {}

    def arrived(self, body: bytes, now: float) -> None:
        """now: seconds since 1970 when its last byte came."""
        self.count += 1
        self.first = self.first or now
        self.last = now
        self.times.append(now)
        seq, sent = SEQ.search(body), SENT.search(body)
        if seq:
            self.seen.add(seq[1])
        if sent:
            self.latencies_ms.append((now - float(sent[1])) * 1_000)
        if seq and sent:
            self.arrivals[seq[1].decode()] = (float(sent[1]), now)

    def stats(self) -> dict[str, object]:
        return {
            "count": self.count,
            "unique": len(self.seen),
            "first": self.first,
            "last": self.last,
        }


class Connection(asyncio.Protocol):
    ledger = Ledger()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.buffer = cast(asyncio.WriteTransport, transport), b""

    def data_received(self, data: bytes) -> None:
        # The wall clock: the generator, another process, wrote `sent` by it.
        now = time.time()
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n") + 4) > 3:
            head = self.buffer[:end]
            length = LENGTH.search(head)
            size = int(length[1]) if length else 0
            if len(self.buffer) < end + size:
                return
            body, self.buffer = self.buffer[end : end + size], self.buffer[end + size :]
            # The connection stays open and says nothing, as a receiver that hangs does.
            if head.startswith(b"POST /hang"):
                continue
            if head.startswith(b"POST /late"):
                asyncio.get_running_loop().call_later(LATE_SECONDS, self.transport.write, OK)
                continue
            if head.startswith(b"POST"):
                Connection.ledger.arrived(body, now)
                self.transport.write(OK)
            else:
                self.tell(head.split(b" ", 2)[1])

    def tell(self, path: bytes) -> None:
        if path == b"/reset":
            Connection.ledger = Ledger()
        ledger = Connection.ledger
        asked: dict[bytes, object] = {
            b"/latencies": ledger.latencies_ms,
            b"/times": ledger.times,
            b"/arrivals": ledger.arrivals,
        }
        body = json.dumps(asked.get(path, ledger.stats())).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(
        Connection, "127.0.0.1", port, backlog=1_024
    )
    await server.serve_forever()


if __name__ == "__main__":
    # The receiver runs on the cores that are measured: its own cost counts against all.
    uvloop.run(main(int(sys.argv[1])))
