"""Hookline's processes with the time of each event's steps written down, for benchmarks.phases.
python -m benchmarks.traced serve; Dramatiq imports it as the worker's module. At its end a process
writes phases-PID.json into HOOKLINE_HOME: {step: [[key, seconds since 1970], …]}, the key an
event's "seq", where a step knows it.
"""

import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from hookline.deliveries.queue.base import ClaimedDelivery
from hookline.deliveries.queue.postgres import PostgresQueue
from hookline.events.publishing import Publisher
from workers.connections import ReceiverConnection
from workers.pump import Pump

SEQ = re.compile(r'"seq": ?"([^"]+)"')
_steps: dict[str, list[tuple[str, float]]] = defaultdict(list)
_asked_at: ContextVar[float] = ContextVar("asked_at")
Call = Callable[..., Any]  # any: of whatever is wrapped


def note(step: str, *keys: str, at: float | None = None) -> None:
    moment = time.time() if at is None else at
    _steps[step] += [(key, moment) for key in keys]


def wrap(owner: type[Any], name: str, wrapper: Callable[[Call], Call]) -> None:
    setattr(owner, name, wrapper(getattr(owner, name)))


def seqs(texts: list[str]) -> list[str]:
    return [found[1] for text in texts if (found := SEQ.search(text))]


def publishing(original: Callable[..., Awaitable[Any]]) -> Call:
    async def publish(self: Publisher, workspace_id: Any, inputs: Any) -> Any:
        keys = [str(given.data.get("seq", "")) for given in inputs]
        note("asked", *keys, at=_asked_at.get(0.0))
        note("parsed", *keys)
        return await original(self, workspace_id, inputs)

    return publish


def writing(original: Callable[..., Awaitable[Any]]) -> Call:
    async def publish(self: PostgresQueue, *given: Any) -> Any:
        keys = seqs([event.data for event in given[3]])
        note("publish_begun", *keys)
        written = await original(self, *given)
        note("publish_ended", *keys)
        return written

    return publish


def claiming(original: Callable[..., Awaitable[list[ClaimedDelivery]]]) -> Call:
    async def claim(self: PostgresQueue, *given: Any) -> list[ClaimedDelivery]:
        begun = time.time()
        rows = await original(self, *given)
        keys = seqs([row.data or "" for row in rows])
        note("claim_begun", *keys, at=begun)
        note("claimed", *keys)
        return rows

    return claim


def hearing(original: Call) -> Call:
    def hear(self: Pump, text: str) -> None:
        note("heard", "")
        original(self, text)

    return hear


def sending(original: Call) -> Call:
    def ask(self: ReceiverConnection, head: bytes, body: bytes, until: float) -> Any:
        note("sent", *seqs([body.decode()]))
        return original(self, head, body, until)

    return ask


def saving(original: Callable[..., Awaitable[None]]) -> Call:
    async def end(self: Any, *given: Any) -> None:
        await original(self, *given)
        path = Path(os.environ["HOOKLINE_HOME"]) / f"phases-{os.getpid()}.json"
        path.write_text(json.dumps(_steps), "utf-8")

    return end


wrap(Publisher, "publish", publishing)
wrap(PostgresQueue, "publish", writing)
wrap(PostgresQueue, "claim", claiming)
wrap(Pump, "_on_wakeup", hearing)
wrap(ReceiverConnection, "ask", sending)
# Not at the interpreter's end, which a process that Dramatiq forked has none of.
wrap(Publisher, "close", saving)
wrap(Pump, "stop", saving)

if __name__ == "__main__":
    from api.transport.graphql import GraphQLEndpoint
    from hookline.cli.main import main

    def serving(original: Callable[..., Awaitable[None]]) -> Call:
        async def serve(self: GraphQLEndpoint, *given: Any) -> None:
            _asked_at.set(time.time())
            await original(self, *given)

        return serve

    wrap(GraphQLEndpoint, "__call__", serving)
    sys.argv = ["hookline", *sys.argv[1:]]
    main()
else:
    from workers.main import broker as broker
