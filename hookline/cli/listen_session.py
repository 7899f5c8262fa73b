"""One run of `hookline listen`: makes the listener, forwards its requests, answers them, renews the
lease, and ends the listener when the command ends, however it does.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any, Final

from hookline.cli.client import ServerFault
from hookline.cli.following import follow
from hookline.cli.listen_forwarding import ForwardedRequest, Forwarder, LocalAnswer
from hookline.cli.listen_output import ListenOutput
from hookline.cli.listen_server import FOLLOW, Gone, ListenerServer
from hookline.shutdown import end_tasks
from hookline.text import mask_url

RENEW_SECONDS: Final = 6.0
_AGAIN_SECONDS: Final = 1.0
# The server's lease is 22 s: without a renewal for so long it may have ended by itself.
_LEASE_SECONDS: Final = 15.0
_GOODBYE_SECONDS: Final = 5.0
_REMEMBERED: Final = 500
_AT_ONCE: Final = 50

# A request that is answered, or one that is being forwarded (None).
Answers = OrderedDict[str, LocalAnswer | None]


class ListenerEnded(ServerFault):
    """Somebody deleted the listener."""


class Session:
    """form: of the listener to make."""

    def __init__(
        self,
        server: ListenerServer,
        forwarder: Forwarder,
        output: ListenOutput,
        form: dict[str, Any],
    ) -> None:
        self._server, self._forwarder, self._output = server, forwarder, output
        self._form = form
        self._listener_id = ""
        self._renewed_at = (0.0, 0.0)
        self._making = asyncio.Lock()
        self._answers: Answers = OrderedDict()
        self._forwarding: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, *beside: Callable[[], Awaitable[None]]) -> None:
        """Goes on until one of these returns, it is cancelled, or the listener is gone. beside:
        run with it.

        Raises ServerFault.
        """
        await self._make()
        tasks = [
            asyncio.ensure_future(one()) for one in (self._follow, self._renew_always, *beside)
        ]
        try:
            done, _ = await asyncio.wait(
                [*tasks, self._broken], return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                one.result()
        except ServerFault as fault:
            if fault.code != "NOT_ALLOWED":
                raise
            text = f"The token is no longer valid, so the listener ends. {fault.message}"
            raise ServerFault(fault.code, text) from None
        finally:
            await end_tasks(*tasks, *self._forwarding)
            await self._end()

    async def resend(self, request: ForwardedRequest) -> None:
        """Asks the server to send a delivery again.

        Raises Gone, ServerFault.
        """
        await self._server.resend(request.delivery_id)

    async def _make(self) -> None:
        self._listener_id = await self._server.create(self._form)
        self._note_renewal()
        self._output.ready(self._listener_id, mask_url(self._forwarder.url))

    async def _end(self) -> None:
        """Takes the listener away. Where that fails, the server does so half a minute later."""
        with suppress(Gone, ServerFault, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._server.delete(self._listener_id)

    # the lease

    def _note_renewal(self) -> None:
        # By both clocks: one stands still while a laptop sleeps, the other may be set.
        self._renewed_at = (time.monotonic(), time.time())

    @property
    def _has_lapsed(self) -> bool:
        now = (time.monotonic(), time.time())
        return any(a - b > _LEASE_SECONDS for a, b in zip(now, self._renewed_at, strict=True))

    async def _renew_always(self) -> None:
        wait = RENEW_SECONDS
        while True:
            await asyncio.sleep(wait)
            renewed = self._listener_id
            try:
                await self._server.renew(renewed)
                self._note_renewal()
                wait = RENEW_SECONDS
            except Gone:
                await self._replace(renewed)
            except ServerFault as fault:
                if fault.code != "CANNOT_REACH":
                    raise
                # Who follows tells of a server that is away.
                wait = _AGAIN_SECONDS

    async def _replace(self, gone: str) -> None:
        """Makes another listener in place of one whose lease has ended while the server could not
        be reached.

        Raises ListenerEnded for one that somebody deleted.
        """
        async with self._making:
            if self._listener_id != gone:
                return
            if not self._has_lapsed:
                raise ListenerEnded(
                    "FAILED",
                    f"The listener {gone} was deleted on the server. Run the command again for "
                    "another one.",
                )
            self._output.tell("The listener's lease had ended meanwhile. Making another one.")
            while self._listener_id == gone:
                try:
                    await self._make()
                except ServerFault as fault:
                    if fault.code != "CANNOT_REACH":
                        raise
                    await asyncio.sleep(_AGAIN_SECONDS)

    # requests

    async def _follow(self) -> None:
        while True:
            followed = self._listener_id
            async with aclosing(self._events(followed)) as events:
                async for happened in events:
                    if happened["ended"]:
                        break
                    self._take(ForwardedRequest.of(happened["request"]))
            await self._replace(followed)

    def _events(self, followed: str) -> AsyncGenerator[dict[str, Any], None]:
        stream = follow(
            self._server.access,
            FOLLOW,
            lambda: {"id": followed},
            role=self._server.role,
            tell=self._output.tell,
        )

        async def events() -> AsyncGenerator[dict[str, Any], None]:
            async with aclosing(stream):
                async for data in stream:
                    yield data["listenerRequests"]

        return events()

    def _take(self, request: ForwardedRequest) -> None:
        """Forwards a request. One that comes again after a lost connection is answered again."""
        if request.id in self._answers:
            known = self._answers[request.id]
            work = self._repeat(request, known) if known else None
        else:
            self._answers[request.id] = None
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
            self._output.event_in(request)
            work = self._forward(request)
        if work is not None:
            task = asyncio.ensure_future(work)
            self._forwarding.add(task)
            task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """Ends the session for what nothing expects: nobody reads its output any more."""
        self._forwarding.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._broken.done():
            self._broken.set_exception(error)

    async def _forward(self, request: ForwardedRequest) -> None:
        async with self._room:
            answer = await self._forwarder.forward(request)
        self._answers[request.id] = answer
        note = await self._answer(request, answer)
        self._output.answer_out(request, answer, note)

    async def _repeat(self, request: ForwardedRequest, answer: LocalAnswer) -> None:
        await self._answer(request, answer)

    async def _answer(self, request: ForwardedRequest, answer: LocalAnswer) -> str:
        """Answers within the attempt's time. Returns why it was not recorded, if so."""
        until = time.monotonic() + request.timeout_seconds
        while True:
            try:
                await self._server.answer(request.id, answer)
                return ""
            except Gone:
                return "too late: the attempt had ended"
            except ServerFault as fault:
                if fault.code != "CANNOT_REACH":
                    return f"not recorded: {fault.message}"
                if time.monotonic() > until:
                    return "not recorded: the server is away"
            await asyncio.sleep(_AGAIN_SECONDS)
