"""GraphQL over server-sent events, the "distinct connections" mode of the graphql-sse protocol: one
answer per `next`, then `complete`. The view calls it once a request is known to be good. It must
hold at most one unsent step of answers per stream.
"""

import asyncio
from collections.abc import AsyncGenerator, Hashable, Sequence
from typing import Any

import orjson
from graphql import GraphQLError

from api.auth import Authenticator, Unauthenticated
from api.execution.encoding import LARGE_BYTES
from api.execution.errors import UNAUTHENTICATED, RequestRefused, internal, refusal_of
from api.execution.execute import Answer, Encoded
from api.transport.responses import Receive, Send, drop, send_in_pace, until_gone
from api.transport.unsent import Unsent
from hookline.errors import HooklineError, Unavailable
from hookline.shutdown import end_tasks

# below the 15 to 60 s after which proxies close a quiet connection
KEEP_ALIVE_SECONDS = 12.0
# A reader that is only slow takes some bytes in that time; until then one step is held for it.
STALLED_SECONDS = 10.0

_COMPLETE = b"event: complete\ndata: \n\n"
_KEEP_ALIVE = b":\n\n"


class EventStreams:
    """The open streams of this process. A reader that takes nothing for stalled_seconds is given
    up.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
        stalled_seconds: float = STALLED_SECONDS,
        unsent: Unsent | None = None,
    ) -> None:
        self._unsent = unsent or Unsent()
        self._authenticator = authenticator
        self._keep_alive_seconds = keep_alive_seconds
        self._stalled_seconds = stalled_seconds
        self._draining = asyncio.Event()
        self._open: set[asyncio.Future[None]] = set()

    async def drain(self) -> None:
        """Ends every stream with `complete`; returns when they are gone."""
        # New streams end at once too: each waits for this event.
        self._draining.set()
        if self._open:
            await asyncio.wait(self._open)

    async def serve_one(
        self, receive: Receive, send: Send, answer: Answer, request_id: str
    ) -> None:
        """A query's or a mutation's single answer, for a client that takes nothing but a stream."""
        stream = _Stream(send, request_id, self._stalled_seconds, self._unsent)
        try:
            await stream.start()
            # Counted by the view.
            await stream.next([answer])
            await stream.complete()
        # The reader stalled (TimeoutError is one) or went away.
        except OSError:
            await drop(send, receive)

    async def serve(
        self,
        receive: Receive,
        send: Send,
        answers: AsyncGenerator[Sequence[Encoded], None],
        authorization: str | None,
        request_id: str,
        caller: Hashable,
    ) -> None:
        """Sends each answer until the subscription ends, the client goes, the token is revoked or
        the process drains. Closes answers.
        """
        ends = {
            asyncio.create_task(until_gone(receive)),
            asyncio.create_task(
                self._authenticator.wait_until_ended(authorization), name="token ended"
            ),
            asyncio.create_task(self._draining.wait()),
        }
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open.add(gone)
        try:
            stream = _Stream(send, request_id, self._stalled_seconds, self._unsent)
            await self._pump(stream, answers, ends, caller)
        # The reader stalled (TimeoutError is one) or went away in the middle of a write.
        except OSError:
            await drop(send, receive)
        finally:
            await end_tasks(*ends)
            await answers.aclose()
            self._open.discard(gone)
            gone.set_result(None)

    async def _pump(
        self,
        stream: "_Stream",
        answers: AsyncGenerator[Sequence[Encoded], None],
        ends: set[asyncio.Task[Any]],
        caller: Hashable,
    ) -> None:
        await stream.start()
        sending = asyncio.create_task(self._send_all(stream, answers, caller))
        try:
            while not sending.done():
                count = stream.count
                done, _ = await asyncio.wait(
                    {sending, *ends},
                    # Only what was quiet for the whole time gets a comment: proxies close what says
                    # nothing.
                    timeout=self._keep_alive_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if ended := done & ends:
                    await end_tasks(sending)
                    await stream.end(ended)
                    return
                # Not during a write: two of them would be mixed.
                if not done and stream.count == count and not stream.is_writing:
                    await stream.keep_alive()
            sending.result()
            await stream.complete()
        finally:
            await end_tasks(sending)

    async def _send_all(
        self,
        stream: "_Stream",
        answers: AsyncGenerator[Sequence[Encoded], None],
        caller: Hashable,
    ) -> None:
        async for step in answers:
            body = stream.encoded(step)
            try:
                count = self._unsent.take(caller, len(body))
            except Unavailable as error:
                # It goes on from its last cursor, with another stream.
                await stream.refuse(error)
                return
            try:
                await stream.write(body)
            finally:
                self._unsent.give_back(caller, count)


class _Stream:
    """The bytes of one stream."""

    def __init__(self, send: Send, request_id: str, stalled_seconds: float, unsent: Unsent) -> None:
        self._unsent = unsent
        self._send = send
        self._request_id = request_id
        self._stalled_seconds = stalled_seconds
        self.count, self.is_writing = 0, False

    async def start(self) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            # nginx would keep events back.
            (b"x-accel-buffering", b"no"),
            (b"x-request-id", self._request_id.encode()),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def next(self, answers: Sequence[Encoded]) -> None:
        """Some answers in one piece."""
        await self.write(self.encoded(answers))

    def encoded(self, answers: Sequence[Encoded]) -> bytes:
        return b"".join(b"event: next\ndata: %b\n\n" % self._encoded(one) for one in answers)

    async def refuse(self, error: HooklineError) -> None:
        """Tells why the next answer is not there."""
        errors = refusal_of(error).formatted(self._request_id)
        await self.next([orjson.dumps({"errors": errors})])

    def _encoded(self, answer: Encoded) -> bytes:
        if isinstance(answer, bytes):
            return answer
        try:
            return b"".join(answer.encoded())
        except TypeError as error:
            return orjson.dumps({"errors": [internal(error, self._request_id, "encoding")]})

    async def keep_alive(self) -> None:
        await self.write(_KEEP_ALIVE)

    async def end(self, ended: set[asyncio.Task[Any]]) -> None:
        """Ends a stream whose subscription goes on: because of the token (which is told), a drain
        or a client that is gone.
        """
        # The client sees why, and does not connect again with the same token.
        if any(task.get_name() == "token ended" for task in ended):
            refused = RequestRefused(UNAUTHENTICATED, [GraphQLError(Unauthenticated().message)])
            await self.next([orjson.dumps({"errors": refused.formatted(self._request_id)})])
        await self.complete()

    async def complete(self) -> None:
        await self.write(_COMPLETE, more=False)

    async def write(self, body: bytes, more: bool = True) -> None:
        self.is_writing = True
        if len(body) > LARGE_BYTES:
            await self._write_in_pace(body)
            return
        # uvicorn waits in send while the peer takes nothing, without an end of its own.
        async with asyncio.timeout(self._stalled_seconds):
            await self._send({"type": "http.response.body", "body": body, "more_body": more})
        self.is_writing = False
        self.count += 1

    async def _write_in_pace(self, body: bytes) -> None:
        pieces = [body[at : at + LARGE_BYTES] for at in range(0, len(body), LARGE_BYTES)]
        await send_in_pace(self._send, pieces, self._unsent.pace(), is_last=False)
        self.is_writing = False
        self.count += 1
