"""GraphQL over WebSocket: the graphql-transport-ws protocol and no other. The view hands every
socket of /graphql to `Sockets.serve`. It must hold a bounded number of unsent messages per socket,
and cancel no mutation that has begun.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import orjson
from graphql import OperationType

from api.auth import Authenticator, Unauthenticated
from api.context import Context, ContextMaker
from api.execution.documents import Operation
from api.execution.encoding import LARGE_BYTES
from api.execution.errors import Formatted, RequestRefused, internal, refusal_of
from api.execution.execute import Answer, Encoded, Execution, Request
from api.transport.json_reader import JsonReader
from api.transport.outgoing import Outbound
from api.transport.protocol import (
    FAILED,
    GOING_AWAY,
    INIT_TIMEOUT,
    NO_PROTOCOL,
    PROTOCOL,
    TOO_MANY_INITS,
    TOO_MANY_OPERATIONS,
    TOO_SLOW,
    UNAUTHORIZED,
    Close,
    ProtocolBroken,
    already_exists,
    id_of,
    object_of,
    pong_of,
    read_message,
    request_in,
)
from api.transport.responses import Receive, Scope, Send, abort, acknowledge, until_read
from api.transport.socket_operation import Running, SocketLimits, log_errors
from api.transport.unsent import Unsent, done_without_room
from hookline.access.actor import Actor
from hookline.errors import HooklineError, Unavailable
from hookline.ids import uuid7
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)


class Sockets:
    """The open sockets of this process."""

    def __init__(
        self,
        execution: Execution,
        authenticator: Authenticator,
        make_context: ContextMaker,
        limits: SocketLimits | None = None,
        unsent: Unsent | None = None,
        json_reader: JsonReader | None = None,
    ) -> None:
        self.unsent = unsent or Unsent()
        self.json_reader = json_reader or JsonReader()
        self.execution = execution
        self.authenticator = authenticator
        self.make_context = make_context
        self.limits = limits or SocketLimits()
        self._open: dict[_Socket, asyncio.Future[None]] = {}
        self._finishing: set[asyncio.Task[None]] = set()
        self._is_draining = False

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One socket from its handshake to its end."""
        if (await receive())["type"] != "websocket.connect":
            return
        speaks = PROTOCOL in scope["subprotocols"]
        # accepted even without the protocol: a browser sees a close code only after the handshake
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if speaks else None})
        if not speaks or self._is_draining:
            code, reason = GOING_AWAY if speaks else NO_PROTOCOL
            await send({"type": "websocket.close", "code": code, "reason": reason})
            return
        socket = _Socket(self, scope, receive, send)
        self._open[socket] = gone = asyncio.get_running_loop().create_future()
        try:
            await socket.run()
        finally:
            del self._open[socket]
            gone.set_result(None)

    async def drain(self) -> None:
        """Closes every socket with 1012 and takes no new one; returns when all are gone and the
        mutations they began have ended.
        """
        # Before the list is made: whoever connects during it is sent away at once.
        self._is_draining = True
        gone = list(self._open.values())
        for socket in list(self._open):
            socket.end(GOING_AWAY)
        if gone:
            await asyncio.wait(gone)
        if self._finishing:
            await asyncio.wait(self._finishing)

    def let_finish(self, task: asyncio.Task[None]) -> None:
        """Keeps a mutation that outlives its socket."""
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)


class _Socket:
    """One connection. Its end is a future: the first reason to end it sets it, and `run`
    takes everything down.
    """

    def __init__(self, sockets: Sockets, scope: Scope, receive: Receive, send: Send) -> None:
        self._sockets, self._scope = sockets, scope
        self._limits = sockets.limits
        self._receive = receive
        self._send = send
        self._end: asyncio.Future[Close | None] = asyncio.get_running_loop().create_future()
        self._outbound = Outbound(self._limits.queued_bytes, sockets.unsent)
        self._operations: dict[str, Running] = {}
        # With those that the client completed, until they have really ended.
        self._unended: set[asyncio.Task[None]] = set()
        self._has_init = False
        self._principal: Actor | None = None
        self._header_value: str | None = None
        self._services: list[asyncio.Task[None]] = []

    def end(self, close: Close | None) -> None:
        """Ends the socket with a close code and reason; None: the peer is gone already. Only the
        first call counts.
        """
        if not self._end.done():
            self._end.set_result(close)

    async def run(self) -> None:
        init_timer = asyncio.get_running_loop().call_later(
            self._limits.init_seconds, self._end_without_init
        )
        self._start_service(self._read)
        self._start_service(self._write)
        self._start_service(self._watch_reader)
        try:
            close = await self._end
            await self._stop()
            if close is not None:
                await self._close(*close)
        finally:
            init_timer.cancel()
            await self._stop()
            self._outbound.drop()

    def _end_without_init(self) -> None:
        if not self._has_init:
            self.end(INIT_TIMEOUT)

    async def _stop(self) -> None:
        """Takes down readers, writers and operations; mutations that have begun go on by
        themselves.
        """
        tasks = list(self._services)
        for running in self._operations.values():
            # a mutation that was cancelled in the middle leaves the client unsure of what was done
            if running.must_finish:
                self._sockets.let_finish(running.task)
            else:
                tasks.append(running.task)
        self._operations.clear()
        await end_tasks(*tasks)

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(self._limits.stalled_seconds):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        # A peer that reads nothing (TimeoutError is one), or is gone.
        except OSError:
            log.info("socket ended without a close frame", extra={"code": code})
            abort(self._send)

    def _start_service(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._services.append(task)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs a part of the socket; what goes wrong in it ends the socket and no more."""
        try:
            # Made here: a task that is cancelled before its first turn would leave it behind.
            await work()
        except ProtocolBroken as broken:
            self.end(broken.close)
        # The last line of defence: masked and logged with its traceback.
        except Exception as error:  # noqa: BLE001
            internal(error, str(uuid7()), "socket")
            self.end(FAILED)

    async def _write(self) -> None:
        try:
            while True:
                message = await self._outbound.take()
                await self._send({"type": "websocket.send", "text": message.decode()})
                if len(message) > LARGE_BYTES:
                    await self._until_read(len(message))
                self._outbound.sent()
        # uvicorn's ClientDisconnected is one.
        except OSError:
            self.end(None)

    async def _until_read(self, count: int) -> None:
        """Waits until the client has taken a large message, which is given to the system at once;
        ends the socket when that takes too long.
        """
        # It may take minutes: its pace is looked at instead.
        self._outbound.sending = None
        try:
            async with asyncio.timeout_at(self._sockets.unsent.pace().until_taken(count)):
                await until_read(self._scope)
        except TimeoutError:
            self.end(TOO_SLOW)

    async def _watch_reader(self) -> None:
        """Ends the socket when one message waits too long. A deadline for each send would cost more
        than the send (2026-11).
        """
        seen = None
        while True:
            await asyncio.sleep(self._limits.stalled_seconds)
            if self._outbound.sending is not None and self._outbound.sending == seen:
                self.end(TOO_SLOW)
            seen = self._outbound.sending

    async def _read(self) -> None:
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                self.end(None)
                return
            actor, json_reader = self._principal, self._sockets.json_reader
            scopes, caller = (actor.scopes, actor.caller) if actor else (frozenset[str](), None)
            text = event.get("text")
            message = await read_message(text, scopes, json_reader, caller)
            await self._take(message, len(text or ""))

    async def _take(self, message: dict[str, Any], length: int) -> None:
        payload = message.get("payload")
        match message["type"]:
            case "connection_init":
                await self._init(object_of(payload))
            case "ping":
                await self._put(pong_of(payload))
            case "pong":
                object_of(payload)
            case "subscribe":
                await self._subscribe(id_of(message), payload, length)
            case "complete":
                self._complete(id_of(message))
            case _:
                raise ProtocolBroken((4400, "Unknown message type"))

    async def _init(self, payload: dict[str, Any]) -> None:
        if self._has_init:
            raise ProtocolBroken(TOO_MANY_INITS)
        self._has_init = True
        authorization = next(
            (value for key, value in payload.items() if key.lower() == "authorization"), None
        )
        header_value = authorization if type(authorization) is str else None
        self._header_value = header_value
        try:
            self._principal = await self._sockets.authenticator.authenticate(header_value)
        except Unauthenticated:
            raise ProtocolBroken(UNAUTHORIZED) from None
        except HooklineError as error:
            raise ProtocolBroken((1013, error.message[:120])) from None
        acknowledge(self._scope)
        self._start_service(partial(self._watch_token, header_value))
        await self._put({"type": "connection_ack"})

    async def _watch_token(self, header_value: str | None) -> None:
        await self._sockets.authenticator.wait_until_ended(header_value)
        raise ProtocolBroken(UNAUTHORIZED)

    async def _subscribe(self, operation_id: str, payload: Any, length: int) -> None:
        if self._principal is None:
            raise ProtocolBroken(UNAUTHORIZED)
        if operation_id in self._operations:
            raise already_exists(operation_id)
        if len(self._operations) >= self._limits.operations:
            raise ProtocolBroken(TOO_MANY_OPERATIONS)
        try:
            request = request_in(payload, length)
        except RequestRefused as refused:
            errors = refused.formatted(str(uuid7()))
            await self._put({"id": operation_id, "type": "error", "payload": errors})
            return
        # Completed ones end by themselves. Until then the client is not read on: subscribed and
        # completed in turns, any number of them would be at work.
        while len(self._unended) >= self._limits.operations:
            await asyncio.wait(self._unended, return_when=asyncio.FIRST_COMPLETED)
        running = Running(operation_id)
        # Before its task runs, which looks itself up there.
        self._operations[operation_id] = running
        running.task = asyncio.create_task(
            self._guarded(partial(self._operate, running, request, self._principal))
        )
        self._unended.add(running.task)
        running.task.add_done_callback(self._unended.discard)

    def _complete(self, operation_id: str) -> None:
        """Ends a query or a subscription. A mutation goes on, and its answer is dropped."""
        running = self._operations.pop(operation_id, None)
        if running is None:
            return
        if running.must_finish:
            self._sockets.let_finish(running.task)
        else:
            running.task.cancel()

    async def _operate(self, running: Running, request: Request, actor: Actor) -> None:
        request_id = str(uuid7())
        errors: list[Formatted] = []
        try:
            operation = self._sockets.execution.select(request)
            if request.is_large:
                await self._sockets.execution.check_large(operation, request, actor)
            running.must_finish = operation.kind is OperationType.MUTATION
            await self._answer(running, operation, request, actor, request_id)
        except RequestRefused as refused:
            errors = refused.formatted(request_id)
        except HooklineError as error:
            errors = refusal_of(error).formatted(request_id)
        # The last line of defence: masked and logged with its traceback.
        except Exception as error:  # noqa: BLE001
            errors = [internal(error, request_id, "socket operation")]
        if errors:
            log_errors(request_id, actor, errors)
        # Completed by the client, which may have used the id again since: nothing more is said
        # under it.
        if self._operations.get(running.id) is not running:
            return
        del self._operations[running.id]
        await self._put(
            {"id": running.id, "type": "error", "payload": errors}
            if errors
            else {"id": running.id, "type": "complete"}
        )

    async def _answer(
        self,
        running: Running,
        operation: Operation,
        request: Request,
        actor: Actor,
        request_id: str,
    ) -> None:
        context = self._sockets.make_context(actor, request_id)
        context.ends_with_token(
            partial(self._sockets.authenticator.authenticate, self._header_value)
        )
        if operation.kind is not OperationType.SUBSCRIPTION:
            answer = await self._sockets.execution.run(operation, request, context)
            # Waiting for a reader may be cut short.
            running.must_finish = False
            try:
                await self._tell(running, [answer], context)
            except Unavailable as error:
                if operation.kind is OperationType.QUERY:
                    raise
                await self._tell(running, [done_without_room(error, request_id)], context)
            return
        answers = await self._sockets.execution.subscribe(operation, request, context)
        if isinstance(answers, Answer):
            await self._tell(running, [answers], context)
            return
        try:
            async for step in answers:
                await self._tell(running, step, context)
        finally:
            await answers.aclose()

    async def _tell(self, running: Running, answers: Sequence[Encoded], context: Context) -> None:
        """Raises Unavailable: too much waits for its readers."""
        for answer in answers:
            if not isinstance(answer, bytes) and answer.errors:
                log_errors(context.request_id, context.actor, answer.errors)
        await self._outbound.put_answers(
            answers,
            context.caller,
            running.next,
            lambda: self._operations.get(running.id) is running,
        )

    async def _put(self, message: dict[str, Any]) -> None:
        await self._outbound.room()
        self._outbound.put(orjson.dumps(message))
