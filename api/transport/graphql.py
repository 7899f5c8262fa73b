"""GraphQL over HTTP (the GraphQL foundation's draft of that name) as a thin ASGI app, which
`api.app` mounts at /graphql. WebSockets go on to `websocket`. Publishing passes here: no Request
objects, no middleware of its own. It must never answer with an unmasked error or invalid JSON.
"""

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from graphql import OperationType

from api.auth import Authenticator
from api.context import Context, ContextMaker
from api.execution.documents import Operation
from api.execution.errors import (
    BAD_USER_INPUT,
    FORBIDDEN,
    RATE_LIMITED,
    UNAVAILABLE,
    Formatted,
    RequestRefused,
    internal,
    refusal_of,
)
from api.execution.execute import Answer, Execution, Request
from api.transport.json_reader import JsonReader
from api.transport.origins import Origins
from api.transport.request_body import ClientGone, read_body
from api.transport.request_log import RequestLog
from api.transport.requests import (
    JSON,
    Accepted,
    accepted,
    body_limit_bytes,
    check_body_headers,
    decode_json,
    request_of,
    request_of_query_string,
)
from api.transport.responses import (
    Header,
    Receive,
    Scope,
    Send,
    drop,
    send_body,
    send_pieces,
    until_gone,
)
from api.transport.sse import EventStreams
from api.transport.unsent import Unsent
from api.transport.websocket import Sockets
from hookline import clock
from hookline.access.actor import Actor
from hookline.access.audit import CLIENT, CONSOLE
from hookline.errors import HooklineError
from hookline.ids import uuid7
from hookline.large_work import short_turns, take_apart
from hookline.shutdown import end_tasks

T = TypeVar("T")

log = logging.getLogger(__name__)
# Enums' members cost a call each in Python 3.11, and a publish asks for four.
_QUERY, _MUTATION, _SUBSCRIPTION = OperationType
_CLIENT: Final = b"hookline-client"
"""The header by which the console names itself."""


class GraphQLEndpoint:
    """The ASGI app of /graphql. A browser that asks for HTML gets its page from api.pages.static
    before.
    """

    def __init__(
        self,
        execution: Execution,
        authenticator: Authenticator,
        make_context: ContextMaker,
        sockets: Sockets,
        streams: EventStreams,
        origins: Origins,
        unsent: Unsent,
    ) -> None:
        self._execution = execution
        self._authenticator = authenticator
        self._make_context = make_context
        self._sockets = sockets
        self._streams = streams
        self._origins = origins
        self._unsent = unsent
        # One for both, so that a token has one turn over all transports.
        self._json_reader = sockets.json_reader
        self._requests = RequestLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if await self._origins.allows_socket(scope, send):
                await self._sockets.serve(scope, receive, send)
            return
        headers = dict(scope["headers"])
        accepts = accepted(headers.get(b"accept", b""))
        exchange = _Exchange(scope, receive, send, headers, accepts, self._unsent, self._requests)
        try:
            await self._serve(exchange)
        # Nobody is left to answer.
        except ClientGone:
            return
        except RequestRefused as refused:
            await exchange.refuse(refused)
        except HooklineError as error:
            await exchange.refuse(refusal_of(error))
        # The last line of defence: masked and logged with its traceback.
        except Exception as error:  # noqa: BLE001
            await exchange.fail(error)

    async def drain(self) -> None:
        """Ends every socket (1012) and event stream, so that clients come back elsewhere. Returns
        when they are gone.
        """
        await self._sockets.drain()
        await self._streams.drain()

    async def _serve(self, exchange: "_Exchange") -> None:
        # In this order: nothing of a body is read before the token is known, whose scopes bound it.
        exchange.check_method()
        self._origins.check(exchange.headers)
        authorization = exchange.authorization
        actor = exchange.actor = await self._authenticator.authenticate(authorization)
        request = await exchange.read_request(actor, self._json_reader)
        operation = self._execution.select(request)
        if request.is_large:
            await self._execution.check_large(operation, request, actor)
        exchange.operation = operation
        _check_transport(operation, exchange)
        # Each request is a task: what it sets is its own.
        CLIENT.set(CONSOLE if exchange.headers.get(_CLIENT) == CONSOLE.encode() else None)
        context = self._make_context(actor, exchange.request_id)
        context.ends_with_token(partial(self._authenticator.authenticate, authorization))
        if exchange.must_stream(operation):
            await self._stream(exchange, operation, request, context)
            return
        answer = await self._running(exchange, operation, request, context)
        if not answer.pieces:
            await exchange.answer(answer)
        else:
            with self._unsent.admitted(answer, operation.kind, context) as admitted:
                await exchange.answer(admitted)
        if request.is_large and request.variables:
            # Nobody reads them any more, and 10,000 webhooks are freed at once where the last
            # reference is dropped: 50 ms (2026-11).
            with short_turns():
                await asyncio.to_thread(take_apart, request.variables)

    # Not async: that would be one more coroutine for each event published.
    def _running(
        self, exchange: "_Exchange", operation: Operation, request: Request, context: Context
    ) -> Coroutine[Any, Any, Answer]:
        """Runs a query while its client is there. A mutation goes on without it: cut short, nobody
        would know what was done.

        Raises ClientGone.
        """
        running = self._execution.run(operation, request, context)
        return exchange.unless_gone(running) if operation.kind is _QUERY else running

    async def _stream(
        self, exchange: "_Exchange", operation: Operation, request: Request, context: Context
    ) -> None:
        if operation.kind is not _SUBSCRIPTION:
            answer = await self._running(exchange, operation, request, context)
            with self._unsent.admitted(answer, operation.kind, context) as admitted:
                await self._streams.serve_one(
                    exchange.receive, exchange.send, admitted, exchange.request_id
                )
            return
        answers = await self._execution.subscribe(operation, request, context)
        if isinstance(answers, Answer):
            await exchange.answer(answers)
            return
        await self._streams.serve(
            exchange.receive,
            exchange.send,
            answers,
            exchange.authorization,
            exchange.request_id,
            context.caller,
        )


def _check_transport(operation: Operation, exchange: "_Exchange") -> None:
    if operation.kind is _MUTATION and exchange.method == "GET":
        raise RequestRefused(
            BAD_USER_INPUT,
            "Mutations are not taken by GET: send them by POST.",
            405,
            [(b"allow", b"POST")],
        )
    if operation.kind is _SUBSCRIPTION and not exchange.accepts.is_streaming:
        raise RequestRefused(
            BAD_USER_INPUT,
            "Subscribe over a WebSocket (graphql-transport-ws), or with accept: text/event-stream.",
            406,
        )
    if exchange.accepts.media_type is None and not exchange.accepts.is_streaming:
        raise RequestRefused(
            BAD_USER_INPUT,
            "Accept application/graphql-response+json, application/json or text/event-stream.",
            406,
        )


class _Exchange:
    """One HTTP request and its answer."""

    __slots__ = (
        "_begun_seconds",
        "_requests",
        "_unsent",
        "accepts",
        "actor",
        "headers",
        "method",
        "operation",
        "query_string",
        "receive",
        "request_id",
        "send",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: dict[bytes, bytes],
        accepts: Accepted,
        unsent: Unsent,
        requests: RequestLog,
    ) -> None:
        self.receive = receive
        self.send = send
        self.headers = headers
        self.accepts = accepts
        self._unsent = unsent
        self._requests = requests
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self.request_id = str(uuid7())
        self.operation: Operation | None = None
        self.actor: Actor | None = None
        self._begun_seconds = clock.monotonic()

    @property
    def authorization(self) -> str | None:
        value = self.headers.get(b"authorization")
        # Every byte has a character there: a header that is no ASCII is an unknown token, not a
        # fault.
        return value.decode("latin-1") if value is not None else None

    def check_method(self) -> None:
        if self.method not in ("POST", "GET"):
            raise RequestRefused(
                BAD_USER_INPUT,
                "Send queries by GET or POST, mutations by POST.",
                405,
                [(b"allow", b"GET, POST")],
            )

    def must_stream(self, operation: Operation) -> bool:
        """True for a subscription, which has no other form, and for a client that takes nothing but
        a stream.
        """
        return operation.kind is _SUBSCRIPTION or self.accepts.media_type is None

    async def read_request(self, actor: Actor, json_reader: JsonReader) -> Request:
        if self.method == "GET":
            return request_of_query_string(self.query_string)
        limit_bytes = body_limit_bytes(actor.scopes)
        check_body_headers(self.headers, limit_bytes)
        body = await read_body(self.receive, limit_bytes)
        # Nearly every body: no coroutine, no task that looks for its client's end.
        if json_reader.reads_at_once(body):
            return request_of(decode_json(body), len(body))
        value = await self.unless_gone(json_reader.read(body, actor.caller))
        return request_of(value, len(body))

    async def unless_gone(self, work: Coroutine[Any, Any, T]) -> T:
        """The outcome of some work, which is cancelled when the client goes.

        Raises ClientGone.
        """
        working = asyncio.create_task(work)
        leaving = asyncio.create_task(until_gone(self.receive))
        try:
            await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ClientGone
            return working.result()
        finally:
            await end_tasks(working, leaving)
            # Else a task and the error that it raised hold each other, with the request's body.
            del working, leaving

    async def answer(self, answer: Answer) -> None:
        """Sends what came of an execution: 200, or 403, 429 and 503 when nothing of it
        succeeded.
        """
        status, headers = _status_of_lost(answer) if answer.is_all_lost else (200, ())
        try:
            pieces = answer.encoded()
        # What no JSON can hold: an integer beyond 64 bits, a lone surrogate.
        except TypeError as error:
            masked = [internal(error, self.request_id, "encoding")]
            await self._send(500, (orjson.dumps({"errors": masked}),), masked, ())
            return
        await self._send(status, pieces, answer.errors, headers)

    async def refuse(self, refused: RequestRefused) -> None:
        """Sends why nothing was executed. Under application/json the draft wants 200 for what is
        wrong with the document itself.
        """
        is_well_formed = self.operation is not None or refused.code in (
            "GRAPHQL_PARSE_FAILED",
            "PERSISTED_QUERY_NOT_SUPPORTED",
            "GRAPHQL_VALIDATION_FAILED",
        )
        status = (
            200
            if self.accepts.is_legacy and refused.status == 400 and is_well_formed
            else refused.status
        )
        errors = refused.formatted(self.request_id)
        await self._send(status, (orjson.dumps({"errors": errors}),), errors, refused.headers)

    async def fail(self, error: Exception) -> None:
        masked = [internal(error, self.request_id, "view")]
        await self._send(500, (orjson.dumps({"errors": masked}),), masked, ())

    async def _send(
        self,
        status: int,
        pieces: tuple[bytes, ...],
        errors: list[Formatted],
        headers: "tuple[Header, ...]",
    ) -> None:
        media_type = (self.accepts.media_type or JSON) + b"; charset=utf-8"
        fixed = ((b"x-request-id", self.request_id.encode()), (b"cache-control", b"no-store"))
        if len(pieces) == 1:
            await send_body(self.send, status, media_type, pieces[0], (*fixed, *headers))
        else:
            try:
                await send_pieces(
                    self.send, status, media_type, pieces, (*fixed, *headers), self._unsent.pace()
                )
            except TimeoutError:
                log.info("slow reader", extra={"request_id": self.request_id})
                await drop(self.send, self.receive)
        self._log(status, errors)

    def _log(self, status: int, errors: list[Formatted]) -> None:
        level = self._requests.level_of(errors)
        # Before the dictionary is made, thousands of times a second.
        if not log.isEnabledFor(level):
            return
        operation, actor = self.operation, self.actor
        about: dict[str, object] = {"request_id": self.request_id, "status": status}
        if operation:
            about |= {"kind": operation.kind.value, "operation": (operation.name or "")[:80]}
        if actor:
            about |= {"workspace_id": actor.workspace_id, "token_id": actor.token_id}
        if errors:
            about["codes"] = ",".join(sorted({error["extensions"]["code"] for error in errors}))
        log.log(
            level,
            "request",
            extra=about
            | {"milliseconds": round((clock.monotonic() - self._begun_seconds) * 1_000, 1)},
        )


def _status_of_lost(answer: Answer) -> "tuple[int, tuple[Header, ...]]":
    codes = set(answer.codes)
    if codes == {FORBIDDEN}:
        return 403, ()
    retry_after = ((b"retry-after", b"%d" % answer.retry_after_seconds),)
    if codes == {UNAVAILABLE}:
        return 503, retry_after
    return (429, retry_after) if codes == {RATE_LIMITED} else (200, ())
