"""A gate in front of a real server: passes requests on, or does to them what networks, proxies and
servers in trouble do. For tests of what publishes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

# Gets the request's body and what forwards it; returns the bytes of an answer, empty to drop the
# connection.
Forward = Callable[[], Awaitable[bytes]]
Behaviour = Callable[[Forward], Awaitable[bytes]]


async def passes(forward: Forward) -> bytes:
    return await forward()


async def drops(forward: Forward) -> bytes:
    """Ends the connection; the server never sees the request."""
    return b""


async def loses_answer(forward: Forward) -> bytes:
    """Ends the connection once the server has answered."""
    await forward()
    return b""


def answers(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Answers itself."""

    async def answer(forward: Forward) -> bytes:
        return _answer(status, body, headers)

    return answer


class Gate:
    """Listens at `url`. behaviours: of the next requests; behind them all pass. requests: the
    inputs of the events of each request that came. read_answers: number of answers that were read.
    """

    def __init__(self, target: str, *behaviours: Behaviour) -> None:
        self._target, self.behaviours = target, deque(behaviours)
        self.read_answers = 0
        self.requests = list[list[dict[str, Any]]]()

    async def __aenter__(self) -> Self:
        self._http = httpx.AsyncClient(timeout=120)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        await self._http.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers["content-length"]))
            self.requests.append(orjson.loads(body)["variables"]["input"]["events"])

            async def forward() -> bytes:
                kept = {name: headers[name] for name in ("authorization", "content-type", "accept")}
                url = f"{self._target}/graphql"
                answer = await self._http.post(url, content=body, headers=kept)
                return _answer(answer.status_code, answer.content, {})

            behave = self.behaviours.popleft() if self.behaviours else passes
            if answer := await behave(forward):
                writer.write(answer)
                await writer.drain()
                # The client closes the connection once it has read the answer.
                await reader.read()
                self.read_answers += 1
        # Who was killed reads no answer.
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def _answer(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
    head = f"HTTP/1.1 {status} -\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{more}\r\n"
    return head.encode() + body
