"""The ASGI application over an open runtime: /graphql, the pages, health. Made by `api.lifespan`,
and by tests. Publishing passes here: GraphQL by POST and WebSocket goes straight to its endpoint,
past Starlette's router.
"""

from collections.abc import Awaitable, Iterable

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from api.context import Context, ContextMaker
from api.execution.execute import Execution
from api.pages import console, docs, graphiql, health, mail_consent, metrics, static
from api.pages.echo import Echo
from api.schema import make_schema
from api.schema.loaders import Loaders
from api.schema.sizes import SIZES
from api.tokens import TokenAuthenticator
from api.transport.graphql import GraphQLEndpoint
from api.transport.hosts import AllowedHosts
from api.transport.json_pieces import JsonLimits
from api.transport.json_reader import JsonReader
from api.transport.origins import Origins
from api.transport.responses import Receive, Scope, Send
from api.transport.sse import EventStreams
from api.transport.unsent import Unsent
from api.transport.websocket import Sockets
from hookline.access.actor import Actor
from hookline.access.audit import REQUEST_ID
from hookline.metrics import Metrics
from hookline.notifications import consents
from hookline.runtime import Runtime
from hookline.settings.fields import Settings


class App:
    """hosts: see AllowedHosts."""

    def __init__(
        self,
        endpoint: GraphQLEndpoint,
        authenticator: TokenAuthenticator,
        routes: list[BaseRoute],
        hosts: Iterable[str],
        metrics: Metrics,
    ) -> None:
        self._endpoint = endpoint
        self._authenticator = authenticator
        self._pages = Starlette(routes=routes)
        self._guarded = AllowedHosts(self._serve, hosts)
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Not wrapped: api.transport.responses finds uvicorn's request behind `send`.
        await self._guarded(scope, receive, send)

    async def drain(self) -> None:
        """Ends sockets and event streams, so that a stop need not wait for clients to leave."""
        await self._endpoint.drain()

    async def close(self) -> None:
        """Ends what it still does in the background."""
        await self._authenticator.close()

    # Not async: that would be one more coroutine for each event published.
    def _serve(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # publishing does not pay for the router; a GET may be a browser that wants a page
        if scope["path"] == "/graphql" and scope.get("method") != "GET":
            return self._endpoint(scope, receive, send)
        if scope["type"] == "http":
            return self._pages(scope, receive, send)
        return send({"type": "websocket.close", "code": 1008})  # before the handshake: HTTP 403


def make_app(
    runtime: Runtime,
    *,
    redeem: static.Redeem | None = None,
    has_echo: bool = False,
    hosts: Iterable[str] = (),
    is_alone: bool = True,
) -> App:
    """redeem: for links that fill a token into a page, for `hookline dev` only.
    has_echo: offers /_echo and /docs. is_alone: no other process answers at the same port.
    """
    # Suggestions are for people who write a document, on their own machine.
    execution = Execution(make_schema(), SIZES, has_suggestions=has_echo)
    authenticator = TokenAuthenticator(runtime.database, runtime.hub)
    make_context = context_maker(runtime)
    settings = runtime.settings
    unsent = Unsent(settings.max_held_bytes, settings.answer_bytes_per_second)
    json_reader = JsonReader(JsonLimits(waiting_bytes=settings.max_held_bytes))
    sockets = Sockets(
        execution, authenticator, make_context, unsent=unsent, json_reader=json_reader
    )
    streams = EventStreams(authenticator, unsent=unsent)
    origins = Origins(settings.allowed_origins)
    endpoint = GraphQLEndpoint(
        execution, authenticator, make_context, sockets, streams, origins, unsent
    )
    routes = [
        *graphiql.routes(redeem, settings.base_path),
        Route("/graphql", endpoint),
        *health.routes(runtime.database),
        *mail_consent.routes(consent_pages(runtime), origins.check),
        *metrics.routes(runtime.metrics, runtime.settings.metrics_token, is_alone=is_alone),
        *((*Echo().routes(), *docs.routes(settings.base_path)) if has_echo else ()),
        # The last one: it takes every path that is left.
        *_console_routes(settings, redeem, has_docs=has_echo),
    ]
    return App(endpoint, authenticator, routes, hosts, runtime.metrics)


def _console_routes(
    settings: Settings, redeem: static.Redeem | None, *, has_docs: bool
) -> list[BaseRoute]:
    if not settings.console:
        return []
    ancestors = settings.console_frame_ancestors
    docs_path = "/docs" if has_docs else ""
    return console.routes(redeem, settings.base_path, ancestors, docs_path=docs_path)


def consent_pages(runtime: Runtime) -> mail_consent.Consents:
    """Lookup and answer of links in confirmation mails, for the page behind them."""
    database, seconds = runtime.database, runtime.settings.operation_seconds

    async def find(token: str) -> consents.Consent | None:
        return await consents.find(database, token, seconds)

    async def answer(token: str, answer: consents.Wish) -> consents.Consent | None:
        return await consents.answer(database, token, answer)

    return mail_consent.Consents(find, answer)


def context_maker(runtime: Runtime) -> ContextMaker:
    """The function that makes the context of each operation."""

    seconds = runtime.settings.operation_seconds

    async def read_cursor(context: Context) -> str:
        return await runtime.feeds.live_cursor(context.actor.workspace_id)

    def make(actor: Actor, request_id: str) -> Context:
        REQUEST_ID.set(request_id)
        return Context(runtime, actor, request_id, read_cursor, Loaders, seconds)

    return make
